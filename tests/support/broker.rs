//! A queue for the misbehaving plugin to listen to: leases, groups, and failures on request.
//!
//! `tests/fixtures/misbehaving/src/listening.rs` has the protocol.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use connector_host::{Connection, ConnectionOptions, Policy, Settings};
use tokio::sync::watch;

use crate::bounded;
use crate::client::{fixture, pool};
use crate::server::{Reply, Request, Server};

/// A message in the queue.
#[derive(Clone)]
pub struct Message {
    /// Its payload.
    pub body: String,
    /// Its group.
    pub group: Option<String>,
    /// How often it was handed out.
    pub attempts: u32,
    /// Whether it was accepted.
    pub is_removed: bool,
    hidden_until: SystemTime,
}

/// What the queue was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Deliveries, with these credentials.
    Next(String),
    /// The end of a listener.
    Stop,
    /// To remove a message.
    Accept(String),
    /// To offer one again after so many seconds.
    Retry(String, u32),
    /// To renew a lease for so many seconds.
    Extend(String, u32),
}

/// What the queue holds and what is to go wrong.
pub struct State {
    /// All messages, in the order of sending.
    pub messages: Vec<Message>,
    /// What was asked and granted, in order.
    pub asked: Vec<Asked>,
    /// Length of a lease.
    pub lease: Duration,
    /// Most deliveries of one answer.
    pub largest: usize,
    /// Answers that the next requests for deliveries get in place of deliveries.
    pub next_fails: VecDeque<&'static str>,
    /// The same for settlements.
    pub settle_fails: VecDeque<&'static str>,
    /// What a settlement gets in place of being made, such as `later` or `refused`.
    pub refuse: Option<fn(&Asked, u32) -> Option<&'static str>>,
}

/// The queue with its server.
pub struct Broker {
    /// Its server.
    pub server: Server,
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
}

impl Broker {
    /// An empty queue with leases of 30 seconds.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            messages: Vec::new(),
            asked: Vec::new(),
            lease: Duration::from_secs(30),
            largest: 10,
            next_fails: VecDeque::new(),
            settle_fails: VecDeque::new(),
            refuse: None,
        }));
        let changed = watch::Sender::new(());
        let (shared, changing) = (Arc::clone(&state), changed.clone());
        let server = Server::start(move |request| {
            let body = answer(&mut lock(&shared), request);
            changing.send_replace(());
            Reply::Answer {
                status: 200,
                headers: Vec::new(),
                body: body.into_bytes(),
            }
        })
        .await;
        Self {
            server,
            state,
            changed,
        }
    }

    /// A connection of the misbehaving plugin to it.
    ///
    /// # Panics
    /// Where it does not open.
    pub async fn connect(&self) -> Connection {
        let mut policy = Policy::deny_all();
        policy.allow(&self.server.origin).expect("an origin");
        let settings = Settings::new().with("url", &*self.server.origin);
        let options = ConnectionOptions::new(policy, pool());
        fixture()
            .connect(settings, options)
            .await
            .expect("a connection")
    }

    /// What it holds.
    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Puts a message into the queue.
    pub fn send(&self, body: impl Into<String>, group: Option<&str>) {
        self.state().messages.push(Message {
            body: body.into(),
            group: group.map(str::to_owned),
            attempts: 0,
            is_removed: false,
            hidden_until: SystemTime::UNIX_EPOCH,
        });
    }

    /// What was asked and granted so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// The messages that were removed, in the order of their removal.
    #[must_use]
    pub fn accepted(&self) -> Vec<String> {
        let accepted = |asked| match asked {
            Asked::Accept(body) => Some(body),
            _ => None,
        };
        self.asked().into_iter().filter_map(accepted).collect()
    }

    /// Waits until something holds after a request.
    ///
    /// # Panics
    /// When it does not for long.
    pub async fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let mut changes = self.changed.subscribe();
        let waiting = async {
            while !holds(&self.state()) {
                changes.changed().await.expect("a queue");
            }
        };
        bounded(what, waiting).await;
    }

    /// Waits until every message was removed.
    pub async fn until_empty(&self) {
        self.until("an empty queue", |state| {
            state.messages.iter().all(|message| message.is_removed)
        })
        .await;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(state: &mut State, request: &Request) -> String {
    let body = String::from_utf8(request.body.clone()).expect("text");
    match request.line.as_str() {
        "POST /next" => {
            state.asked.push(Asked::Next(body));
            match state.next_fails.pop_front() {
                Some(words) => words.to_owned(),
                None => take(state),
            }
        }
        "POST /settle" => match state.settle_fails.pop_front() {
            Some(words) => words.to_owned(),
            None => body
                .lines()
                .map(|line| format!("{}\n", settle(state, line)))
                .collect(),
        },
        "POST /stop" => {
            state.asked.push(Asked::Stop);
            String::new()
        }
        other => panic!("an unknown request: {other}"),
    }
}

/// Hands out what can be, a line each.
fn take(state: &mut State) -> String {
    let now = SystemTime::now();
    let is_out = |message: &Message| !message.is_removed && message.hidden_until > now;
    let closed: HashSet<String> = state
        .messages
        .iter()
        .filter(|message| is_out(message))
        .filter_map(|message| message.group.clone())
        .collect();
    let ends = now + state.lease;
    let milliseconds = ends
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| time.as_millis());
    let free = state
        .messages
        .iter_mut()
        .enumerate()
        .filter(|(_, message)| {
            !message.is_removed
                && message.hidden_until <= now
                && message
                    .group
                    .as_ref()
                    .is_none_or(|group| !closed.contains(group))
        });
    let mut lines = String::new();
    for (number, message) in free.take(state.largest) {
        message.attempts += 1;
        message.hidden_until = ends;
        lines.push_str(&format!(
            "{number}/{attempt}/secret-token\t{group}\t{attempt}\t{milliseconds}\t1\t{body}\n",
            attempt = message.attempts,
            group = message.group.as_deref().unwrap_or("-"),
            body = message.body,
        ));
    }
    lines
}

fn settle(state: &mut State, line: &str) -> &'static str {
    let (token, disposition) = line.split_once('\t').expect("a settlement");
    let mut parts = token
        .split('/')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let (number, attempt) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let message = &mut state.messages[number as usize];
    let (kind, seconds) = disposition.split_once(' ').unwrap_or((disposition, "0"));
    let seconds: u32 = seconds.parse().expect("seconds");
    let asked = match kind {
        "accept" => Asked::Accept(message.body.clone()),
        "retry" => Asked::Retry(message.body.clone(), seconds),
        "extend" => Asked::Extend(message.body.clone(), seconds),
        other => panic!("an unknown disposition: {other}"),
    };
    if let Some(words) = state.refuse.and_then(|refuse| refuse(&asked, attempt)) {
        return words;
    }
    let now = SystemTime::now();
    if message.is_removed || message.attempts != attempt || message.hidden_until <= now {
        return "refused";
    }
    match asked {
        Asked::Accept(_) => message.is_removed = true,
        _ => message.hidden_until = now + Duration::from_secs(seconds.into()),
    }
    state.asked.push(asked);
    "ok"
}
