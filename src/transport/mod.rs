//! The two ports through which everything outside is reached: HTTP, and time with chance.
//!
//! The core knows these traits only. [`wasi`] stands behind them in the component; in tests it is
//! a recorded transport with a clock that is moved by hand.

pub mod executor;
#[cfg(target_arch = "wasm32")]
pub mod wasi;

use std::future::Future;
use std::time::Duration;

use crate::connection::endpoint::Endpoint;

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bound of connecting.
    pub connect: Duration,
    /// Bound of the whole exchange. The caller enforces it; a transport passes it on to its host
    /// as the bound of silence, so that the host gives up no later.
    pub total: Duration,
    /// Bytes of the answer's body that are read at most.
    pub answer_bytes: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// What kind of failure it is.
    pub kind: TransportErrorKind,
    /// In words, without anything of the request or the answer.
    pub message: String,
}

/// The kinds of [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The host's policy forbids the request; nothing was sent, and nothing will be.
    Denied,
    /// No connection: name resolution, connecting or TLS failed. Nothing was sent.
    Connect,
    /// A bound of time was reached.
    Timeout,
    /// The answer is larger than [`Limits::answer_bytes`].
    TooLarge,
    /// The connection broke, or what came is not HTTP.
    Broken,
    /// The request cannot be sent at all; a fault of ours.
    Invalid,
}

impl TransportError {
    /// A failure of that kind.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// A request: a POST to the root of an endpoint.
#[derive(Clone)]
pub struct Request<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// Names in lower case, and values. `host` and `content-length` are for the transport to set.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: &'a [u8],
}

/// An answer, read to its end.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Names as they came, and values; those that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// One HTTP exchange.
pub trait Transport {
    /// Sends a request and reads its whole answer. Follows no redirect and tries once. Dropping
    /// the future gives the exchange up.
    fn send(
        &self,
        request: Request<'_>,
        limits: Limits,
    ) -> impl Future<Output = Result<Response, TransportError>>;
}

/// Time and chance.
pub trait Clock {
    /// Time since 1970-01-01T00:00:00Z, as the host's wall clock has it.
    fn now(&self) -> Duration;

    /// Time since some fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;

    /// 64 random bits.
    fn random(&self) -> u64;
}

/// Both ports.
pub trait Ports: Transport + Clock {}

impl<P: Transport + Clock> Ports for P {}
