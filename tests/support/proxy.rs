//! A proxy in front of a real server that does to requests, by chance, what bad networks and bad
//! days of a service do.
//!
//! It forwards a request as it came, the signed `Host` included. What it does to which request
//! follows from the seed and the number of the request alone. Most of the time a few requests
//! suffer; now and then, for a while, most of them do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::random::Data;
use crate::reply::{Reply, reset};
use crate::server::{Request, read};

/// What is done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is forwarded after less time than a client waits.
    Slow,
    /// It is forwarded after more time than that: it takes effect when its client has given up.
    Late,
    /// The connection is reset; the request goes nowhere.
    ResetBefore,
    /// The connection is reset after the request has taken effect.
    ResetAfter,
    /// The answer breaks off.
    Cut,
    /// The answer breaks off, and its length says that it does not.
    Shortened,
    /// The answer says that there is more of it than there is, and stops.
    Stalled,
    /// Throttled, and not forwarded.
    Throttled,
    /// Failed, and not forwarded.
    Failed,
    /// Told as failed after it has taken effect.
    FailedAfter,
    /// Unavailable, and not forwarded.
    Unavailable,
    /// A page of HTML with status 502, and not forwarded.
    Page,
    /// A page of HTML with status 200 after it has taken effect.
    PageAfter,
}

impl Fault {
    /// All there are.
    pub const ALL: [Self; 13] = [
        Self::Slow,
        Self::Late,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Cut,
        Self::Shortened,
        Self::Stalled,
        Self::Throttled,
        Self::Failed,
        Self::FailedAfter,
        Self::Unavailable,
        Self::Page,
        Self::PageAfter,
    ];
}

/// Of how many requests one row of calm and storm consists, and how many of them are in the storm.
const WEATHER: (u64, u64) = (400, 60);
/// How many of a thousand requests suffer, in calm and in storm.
const SUFFERING: (usize, usize) = (120, 700);

/// What of an answer's head says something about it, and not about its connection.
const KEPT: [&str; 4] = [
    "content-type",
    "date",
    "x-amzn-requestid",
    "x-amzn-query-error",
];

struct State {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    data: Mutex<Data>,
    requests: AtomicU64,
    is_clear: AtomicBool,
    counts: [AtomicU64; Fault::ALL.len()],
    /// Requests that suffer now.
    suffering: watch::Sender<usize>,
    patience: Duration,
}

/// The proxy; dropped, it is gone with all its connections.
pub struct Proxy {
    /// Such as `http://127.0.0.1:12345`.
    pub origin: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts on a free port of the loopback interface, in front of an origin, for clients that
    /// wait so long for an answer.
    ///
    /// # Panics
    /// Where there is no port.
    pub async fn start(upstream: &str, seed: u64, patience: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            data: Mutex::new(Data::seeded(seed)),
            requests: AtomicU64::new(0),
            is_clear: AtomicBool::new(false),
            counts: Default::default(),
            suffering: watch::Sender::new(0),
            patience,
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            origin,
            state,
            task,
        }
    }

    /// From now on no request suffers; ends when those that do have come to their end.
    pub async fn clear(&self) {
        self.state.is_clear.store(true, Ordering::SeqCst);
        let mut suffering = self.state.suffering.subscribe();
        // The sender lives in `state`.
        let _ = suffering.wait_for(|count| *count == 0).await;
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// How many of them suffered what.
    pub fn faults(&self) -> impl Iterator<Item = (Fault, u64)> {
        let counts = self.state.counts.iter();
        let counts = counts.map(|count| count.load(Ordering::SeqCst));
        Fault::ALL.into_iter().zip(counts)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    /// What is done to the next request, and for how long it is held where it is.
    fn next(&self) -> (Option<Fault>, Duration) {
        // Under one lock, so that a number has the same fate in every run.
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let (all, stormy) = WEATHER;
        let of_a_thousand = if number % all >= all - stormy {
            SUFFERING.1
        } else {
            SUFFERING.0
        };
        let suffers = data.between(0, 999) < of_a_thousand;
        let fault = Fault::ALL[data.between(0, Fault::ALL.len() - 1)];
        let part = data.between(0, 999) as f64 / 1_000.0;
        let held = match fault {
            Fault::Late => self.patience.mul_f64(1.05 + part),
            _ => self.patience.mul_f64(part / 2.0),
        };
        let is_clear = self.is_clear.load(Ordering::SeqCst);
        (Some(fault).filter(|_| suffers && !is_clear), held)
    }

    /// The server's answer; none where it gives none.
    async fn forward(&self, request: Request) -> Option<Reply> {
        let (method, path) = request.line.split_once(' ')?;
        let mut forwarded = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.upstream));
        for (name, value) in &request.headers {
            forwarded = forwarded.header(name, value);
        }
        let forwarded = forwarded.body(Full::from(request.body)).ok()?;
        let (head, body) = self.client.request(forwarded).await.ok()?.into_parts();
        let kept = |name: &'static str| {
            let value = head.headers.get(name)?.to_str().ok()?;
            Some((name, value.to_owned()))
        };
        Some(Reply::Answer {
            status: head.status.as_u16(),
            headers: KEPT.into_iter().filter_map(kept).collect(),
            body: body.collect().await.ok()?.to_bytes().to_vec(),
        })
    }

    /// What the client gets.
    async fn answer(&self, request: Request) -> Option<Reply> {
        let (fault, held) = self.next();
        let Some(fault) = fault else {
            return self.forward(request).await;
        };
        self.counts[fault as usize].fetch_add(1, Ordering::SeqCst);
        self.suffering.send_modify(|count| *count += 1);
        let reply = self.suffer(fault, held, request).await;
        self.suffering.send_modify(|count| *count -= 1);
        reply
    }

    async fn suffer(&self, fault: Fault, held: Duration, request: Request) -> Option<Reply> {
        match fault {
            Fault::Slow | Fault::Late => {
                tokio::time::sleep(held).await;
                self.forward(request).await
            }
            Fault::ResetBefore => Some(Reply::Reset),
            Fault::Throttled => Some(Reply::fault(400, "RequestThrottled", "slow down")),
            Fault::Failed => Some(Reply::fault(500, "InternalError", "it failed")),
            Fault::Unavailable => Some(Reply::fault(503, "ServiceUnavailable", "not now")),
            Fault::Page => Some(page(502)),
            Fault::ResetAfter => self.forward(request).await.map(|_| Reply::Reset),
            Fault::FailedAfter => {
                let failed = Reply::fault(500, "InternalError", "it failed, or so it says");
                self.forward(request).await.map(|_| failed)
            }
            Fault::PageAfter => self.forward(request).await.map(|_| page(200)),
            Fault::Cut => Some(Reply::Raw(self.half(request).await?)),
            Fault::Stalled => Some(Reply::Stalled(self.half(request).await?)),
            Fault::Shortened => match self.forward(request).await? {
                Reply::Answer {
                    status,
                    headers,
                    mut body,
                } => {
                    body.truncate(body.len() / 2);
                    Some(Reply::Answer {
                        status,
                        headers,
                        body,
                    })
                }
                other => Some(other),
            },
        }
    }

    /// The first half of the answer's bytes.
    async fn half(&self, request: Request) -> Option<Vec<u8>> {
        let mut bytes = self.forward(request).await?.bytes();
        bytes.truncate(bytes.len() / 2);
        Some(bytes)
    }
}

fn page(status: u16) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: b"<html><body><h1>Something went wrong</h1></body></html>".to_vec(),
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Aborted together with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let state = Arc::clone(&state);
                connections.spawn(async move { serve(stream, &state).await });
            }
            // Thousands come and go.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves until the connection ends. A client that goes away does not take back what it sent.
async fn serve(stream: TcpStream, state: &State) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let request = read(&mut stream).await?;
        let Some(reply) = state.answer(request).await else {
            reset(stream.into_inner());
            return None;
        };
        stream = reply.write(stream).await?;
    }
}
