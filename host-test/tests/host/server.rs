//! Servers that do one thing, well or badly, on a free port of this machine.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A running server; it ends with this value.
pub(crate) struct Server {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    /// One message for every connection that the server has closed.
    closed: mpsc::UnboundedReceiver<()>,
    task: JoinHandle<()>,
}

/// One connection, as its handler sees it.
pub(crate) struct Exchange {
    stream: TcpStream,
    requests: Arc<AtomicUsize>,
}

impl Exchange {
    /// Reads one request, body included; its head in lower case. None at the end.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let head = self.head().await?;
        self.body(&head).await?;
        Some(head)
    }

    /// Reads the head of a request, in lower case. None at the end.
    pub(crate) async fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.ok()?);
        }
        Some(String::from_utf8_lossy(&head).to_lowercase())
    }

    /// Reads the body that a head announces. None where it breaks off.
    pub(crate) async fn body(&mut self, head: &str) -> Option<()> {
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |text| text.trim().parse().expect("a length"));
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        self.requests.fetch_add(1, Ordering::SeqCst);
        Some(())
    }

    pub(crate) async fn write(&mut self, text: &[u8]) {
        // A client that gave up is part of some tests.
        let _ = self.stream.write_all(text).await;
    }

    /// Waits until the client goes.
    pub(crate) async fn until_closed(&mut self) {
        let _ = self.stream.read_u8().await;
    }
}

/// A whole answer.
pub(crate) fn answer(body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

impl Server {
    /// Runs `handle` for every connection.
    pub(crate) async fn start<F>(handle: impl Fn(Exchange) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let accepted = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let (closing, closed) = mpsc::unbounded_channel();
        let counters = (Arc::clone(&accepted), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counters.0.fetch_add(1, Ordering::SeqCst);
                let handling = handle(Exchange {
                    stream,
                    requests: Arc::clone(&counters.1),
                });
                let closing = closing.clone();
                tokio::spawn(async move {
                    handling.await;
                    let _ = closing.send(());
                });
            }
        });
        Self {
            address,
            accepted,
            requests,
            closed,
            task,
        }
    }

    /// Answers every request with `body`, and keeps the connection.
    pub(crate) async fn answering(body: Vec<u8>) -> Self {
        let body = Arc::new(answer(&body));
        Self::start(move |mut exchange| {
            let body = Arc::clone(&body);
            async move {
                while exchange.request().await.is_some() {
                    exchange.write(&body).await;
                }
            }
        })
        .await
    }

    /// Its origin, by address.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections up to now.
    pub(crate) fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Whole requests up to now.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Waits until the server has closed a connection.
    pub(crate) async fn closed(&mut self) {
        self.closed.recv().await.expect("the server runs");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
