//! One call to the service: sign, try, try again, check, classify.

pub mod checksum;
pub mod fault;
pub mod json;
mod retry;
mod sign;
mod skew;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use crate::catalogue::faults::Class;
use crate::catalogue::limits::ANSWER_BYTES;
use crate::connection::Config;
use crate::connection::credentials::Credentials;
use crate::contract::Error;
use crate::transport::executor::{First, race};
use crate::transport::{Limits, Ports};
use fault::Failure;
use json::Node;
use retry::{Bucket, Retry};
use sign::Signer;

/// An answer that is no fault.
#[derive(Debug)]
pub struct Answer {
    /// Its body, JSON.
    pub body: Vec<u8>,
    /// HTTP status.
    pub status: u16,
    /// How it came about.
    pub trace: Trace,
}

/// How an answer came about.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The service's name of the request that was answered.
    pub request_id: Option<String>,
    /// Attempts it took.
    pub attempts: u32,
    /// Whether an earlier attempt may have taken effect as well: its answer was lost, or said
    /// that the service failed.
    pub repeated: bool,
}

/// One request to the service.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The action, such as `SendMessage`.
    pub action: &'static str,
    /// Its input, JSON.
    pub body: &'a [u8],
    /// How long the service may wait by itself before it answers (a long poll).
    pub wait: Duration,
    /// Whether the caller paces its calls by itself: then a failure is the caller's to wait for
    /// and to try again, but for a wrong clock.
    pub paced: bool,
}

impl<'a> Call<'a> {
    /// A request that the service answers at once.
    pub fn new(action: &'static str, body: &'a [u8]) -> Self {
        Self {
            action,
            body,
            wait: Duration::ZERO,
            paced: false,
        }
    }
}

impl Answer {
    /// The answer's output, an object.
    ///
    /// # Errors
    /// `corrupted` where it is none.
    pub fn read(&self) -> Result<Node<'_>, Error> {
        // Some actions answer with nothing at all, where the protocol has an empty object.
        if self.body.is_empty() {
            return Ok(Node::Object(Vec::new()));
        }
        match Node::parse(&self.body) {
            Some(node @ Node::Object(_)) => Ok(node),
            _ => Err(Error::Corrupted(format!(
                "the answer is not one of SQS: {} bytes that are no JSON object (HTTP {})",
                self.body.len(),
                self.status,
            ))),
        }
    }
}

/// Calls the service over one connection.
pub struct Client<P> {
    ports: P,
    config: Config,
    signer: RefCell<Signer>,
    bucket: RefCell<Bucket>,
    /// What is added to the clock, in seconds, to have the service's time.
    skew_seconds: Cell<i64>,
}

impl<P: Ports> Client<P> {
    /// A client; nothing is sent.
    pub fn new(ports: P, config: Config, credentials: Credentials) -> Self {
        Self {
            ports,
            config,
            signer: RefCell::new(Signer::new(credentials)),
            bucket: RefCell::default(),
            skew_seconds: Cell::new(0),
        }
    }

    /// The connection's settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Time, sleep and chance.
    pub fn ports(&self) -> &P {
        &self.ports
    }

    /// Signs all later requests with other credentials.
    pub fn renew(&self, credentials: Credentials) {
        self.signer.replace(Signer::new(credentials));
    }

    /// Calls the service, and again as AWS's standard retry mode has it, until there is an
    /// answer, the failure is final, or the attempts are used up.
    ///
    /// # Errors
    /// A fault of the service by its class, or `transport`, `timeout` or `corrupted`.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, Error> {
        let mut attempt = 1;
        let (mut retried, mut repeated) = (None, false);
        loop {
            let failure = match self.attempt(call).await {
                Ok(mut answer) => {
                    answer.trace.attempts = attempt;
                    answer.trace.repeated = repeated;
                    self.bucket.borrow_mut().succeeded(retried);
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let ours = |retry: &Retry| {
                attempt < self.config.max_attempts && (!call.paced || *retry == Retry::ClockSkew)
            };
            let Some(retry) = failure.retry.filter(ours) else {
                return Err(failure.into_error(attempt));
            };
            let pause = retry.pause(attempt, failure.retry_after, self.ports.random());
            if !self.bucket.borrow_mut().take(retry) {
                // A poller that had its error at once would poll again at once: the pause is kept
                // although there is no further attempt.
                if !call.wait.is_zero() {
                    self.ports.sleep(pause).await;
                }
                return Err(failure.into_error(attempt));
            }
            self.ports.sleep(pause).await;
            retried = Some(retry);
            repeated |= failure.may_have_worked;
            attempt += 1;
        }
    }

    /// Whether to try again what failed inside an answer that was no fault itself, an entry of a
    /// batch; waits as long as is due before that.
    pub async fn try_again(&self, class: Class, attempt: u32) -> bool {
        let retry = match class {
            Class::Throttled => Retry::Throttling,
            Class::Unavailable => Retry::Transient,
            _ => return false,
        };
        if attempt >= self.config.max_attempts || !self.bucket.borrow_mut().take(retry) {
            return false;
        }
        let pause = retry.pause(attempt, None, self.ports.random());
        self.ports.sleep(pause).await;
        true
    }

    async fn attempt(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let config = &self.config;
        let time = skew::corrected(self.ports.now(), self.skew_seconds.get());
        let request = self.signer.borrow().request(config, call, time);
        let limits = Limits {
            // See the setting: some hosts count a connection's silence as connecting.
            connect: config.connect_timeout.saturating_add(call.wait),
            total: config.request_timeout.saturating_add(call.wait),
            answer_bytes: ANSWER_BYTES,
        };
        let begun = self.ports.monotonic();
        let exchange = self.ports.send(request, limits);
        let deadline = self.ports.sleep(limits.total);
        let response = match race(exchange, deadline).await {
            First::One(Ok(response)) => response,
            First::One(Err(error)) => return Err(fault::no_answer(config, &error)),
            First::Other(()) => return Err(fault::timed_out(config, limits.total)),
        };
        if (200..300).contains(&response.status) {
            return Ok(Answer {
                status: response.status,
                trace: Trace {
                    request_id: fault::request_id(&response),
                    attempts: 1,
                    repeated: false,
                },
                body: response.body,
            });
        }
        let mut failure = fault::read(config, &response);
        fault::hide(&mut failure.error, self.signer.borrow().secrets());
        let took = self.ports.monotonic().saturating_sub(begun);
        let seen = skew::Seen {
            response: &response,
            code: failure.code(),
            midpoint: self.ports.now().saturating_sub(took / 2),
            took,
        };
        if let Some(skew) = seen.correction(self.skew_seconds.get()) {
            self.skew_seconds.set(skew);
            failure.retry = Some(Retry::ClockSkew);
        }
        Err(failure)
    }
}

#[cfg(test)]
mod tests;
