//! A server on this machine that plays a script, well or badly, and records what it is asked.
//!
//! It speaks HTTP/1.1 by hand: no library would let it break its promises.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::bounded;
use crate::environment::Service;
use crate::reply::reset;
pub use crate::reply::{Gate, Reply};

/// A request, as it came.
#[derive(Clone)]
pub struct Request {
    /// How many requests came before it.
    pub number: usize,
    /// How many connections were accepted before its own.
    pub connection: usize,
    /// Method and path, such as `POST /`.
    pub line: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The action of SQS that is asked for.
    #[must_use]
    pub fn action(&self) -> &str {
        self.header("x-amz-target").trim_start_matches("AmazonSQS.")
    }

    /// The body, which has to be JSON.
    ///
    /// # Panics
    /// Where it is not.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a request of JSON")
    }
}

type Script = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

struct State {
    script: Script,
    requests: Mutex<Vec<Request>>,
    recorded: watch::Sender<usize>,
    connections: AtomicUsize,
    /// Connections that are still to be reset before anything is read.
    refusals: AtomicUsize,
}

/// The server; dropped, it is gone with all its connections.
pub struct Server {
    /// Such as `http://127.0.0.1:12345`.
    pub origin: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on a free port of the loopback interface.
    pub async fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::refusing(0, script).await
    }

    /// The same, but the first connections are reset before anything is read from them.
    ///
    /// # Panics
    /// Where there is no port.
    pub async fn refusing(
        refusals: usize,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            script: Box::new(script),
            requests: Mutex::default(),
            recorded: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
            refusals: AtomicUsize::new(refusals),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            origin,
            state,
            task,
        }
    }

    /// It as a service, with credentials to search errors for.
    #[must_use]
    pub fn service(&self) -> Service {
        Service::scripted(&self.origin)
    }

    /// All requests so far, in the order of their coming.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The actions of all requests so far.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|request| request.action().to_owned())
            .collect()
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have come.
    pub async fn requested(&self, count: usize) {
        let mut recorded = self.state.recorded.subscribe();
        let enough = recorded.wait_for(|recorded| *recorded >= count);
        // The sender lives in `state`.
        let _ = bounded("requests", enough).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Aborted together with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = state.connections.fetch_add(1, Ordering::SeqCst);
        let one_less = |left: usize| left.checked_sub(1);
        if state
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
        {
            reset(stream);
            continue;
        }
        let state = Arc::clone(&state);
        connections.spawn(async move { serve(stream, number, &state).await });
    }
}

/// Serves until the client goes away or the script ends the connection.
async fn serve(stream: TcpStream, connection: usize, state: &State) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut request = read(&mut stream).await?;
        request.connection = connection;
        {
            let mut requests = state
                .requests
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            request.number = requests.len();
            requests.push(request.clone());
        }
        let mut reply = (state.script)(&request);
        state.recorded.send_modify(|count| *count += 1);
        let mut closing = false;
        loop {
            match reply {
                Reply::Held(gate, next) => {
                    gate.pass().await;
                    reply = *next;
                }
                Reply::Last(next) => {
                    closing = true;
                    reply = *next;
                }
                other => {
                    reply = other;
                    break;
                }
            }
        }
        stream = reply.write(stream).await?;
        if closing {
            stream.shutdown().await.ok()?;
            return None;
        }
    }
}

/// One request; none at the end of the connection, or where it is not HTTP.
pub(crate) async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut first = String::new();
    stream
        .read_line(&mut first)
        .await
        .ok()
        .filter(|length| *length > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream
            .read_line(&mut line)
            .await
            .ok()
            .filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    // SQS takes no body without a length, so this server takes none either.
    let length = headers.iter().find(|(name, _)| name == "content-length")?;
    let mut body = vec![0; length.1.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    let line = first.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Request {
        number: 0,
        connection: 0,
        line,
        headers,
        body,
    })
}
