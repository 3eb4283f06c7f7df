//! The pool of HTTP connections, shared by every plugin of a process.
//!
//! A connection that was made under one policy must not serve another that would have refused its
//! address, so connections are shared between policies with equal address rules: in practice all
//! but those with allowed networks. TLS sessions are shared by all.
//!
//! HTTP/1.1 only: it is what SQS and the like speak, and one request at a time on a connection
//! makes the time limits mean what they say.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use super::begun::Begun;
use super::connect::{BoxError, Connector, Gauge, Resolver};
use super::errors::AnswerTimeout;
use super::wire::{Answer, Unanswered, Wire};
use crate::error::LoadError;
use crate::network::AddressRules;
use crate::policy::Origin;

/// Bound on the head of a response (status line and header fields), in bytes.
pub(crate) const MAXIMUM_HEAD_BYTES: usize = 256 << 10;

/// How a pool is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Certificate authorities (PEM) to trust beside the bundled ones of Mozilla's programme.
    pub certificates: Option<PathBuf>,
    /// How long a connection may lie idle. Keep it below the servers' own limit, so that it is
    /// seldom the server that closes first.
    pub idle_timeout: Duration,
    /// How many connections to one origin may lie idle.
    pub maximum_idle: usize,
}

impl Default for HttpOptions {
    /// No further authorities, 20 seconds, 64 connections.
    fn default() -> Self {
        Self {
            certificates: None,
            idle_timeout: Duration::from_secs(20),
            maximum_idle: 64,
        }
    }
}

/// Connections of the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpPoolMetrics {
    /// Connections made since the start.
    pub opened: u64,
    /// Connections open now, idle or in use.
    pub open: u64,
}

type HttpsTcp = HttpsConnector<HttpConnector<Resolver>>;

/// A way out under certain address rules.
#[derive(Clone)]
pub(crate) struct Client {
    shelf: Arc<Shelf>,
}

impl Client {
    /// Sends a request and gives the head of its answer.
    ///
    /// The time to connect counts where a connection has to be made, and the time for the first
    /// byte from when there is one.
    ///
    /// # Errors
    /// What `errors::of_request` has words for.
    pub(crate) async fn send(
        &self,
        mut request: Request<Begun>,
        origin: Origin,
        connect: Duration,
        first_byte: Duration,
    ) -> Result<Response<Answer>, BoxError> {
        let place = Place {
            shelf: Arc::downgrade(&self.shelf),
            origin,
        };
        let address = request.uri().clone();
        // On the wire there is only what stands behind the authority.
        *request.uri_mut() = match address.path_and_query() {
            Some(path) => path.clone().into(),
            None => Uri::from_static("/"),
        };
        loop {
            let (wire, is_fresh) = match self.shelf.take(&place.origin) {
                Some(wire) => (wire, false),
                None => {
                    let connector = &self.shelf.connector;
                    let stream = connector.connect(address.clone(), connect).await?;
                    (Wire::over(stream).await?, true)
                }
            };
            let answer = timeout(first_byte, wire.exchange(request, place.clone())).await;
            match answer.map_err(|_| AnswerTimeout)? {
                Ok(response) => return Ok(response),
                // An idle connection that the server closes just now; not a byte was written.
                Err(Unanswered::Unsent(unsent, _)) if !is_fresh => request = *unsent,
                Err(Unanswered::Unsent(_, error) | Unanswered::Failed(error)) => {
                    return Err(error.into());
                }
            }
        }
    }
}

/// How connections are made under certain address rules, and those that are idle, by origin.
struct Shelf {
    connector: Connector<HttpsTcp>,
    idle_timeout: Duration,
    maximum_idle: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: HashMap<Origin, Vec<Idle>>,
    is_swept: bool,
}

struct Idle {
    wire: Wire,
    since: Instant,
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection to an origin that was used last, where there is one that is still fit.
    fn take(&self, origin: &Origin) -> Option<Wire> {
        loop {
            // Taken out first: to close one may take a while.
            let mut idle = self.state().idle.get_mut(origin)?.pop()?;
            if idle.since.elapsed() < self.idle_timeout && idle.wire.is_fit() {
                return Some(idle.wire);
            }
        }
    }

    /// Closes what has lain idle for too long; when the next one will have, where any is left.
    fn sweep(&self) -> Option<Instant> {
        let mut expired = Vec::new();
        let mut state = self.state();
        state.idle.retain(|_, idle| {
            // The oldest come first.
            let count = idle.partition_point(|idle| idle.since.elapsed() >= self.idle_timeout);
            expired.extend(idle.drain(..count));
            !idle.is_empty()
        });
        let oldest = state.idle.values().filter_map(|idle| idle.first());
        let next = oldest.map(|idle| idle.since + self.idle_timeout).min();
        state.is_swept = next.is_some();
        drop(state);
        next
    }
}

/// Where a connection lies when no request is on it.
#[derive(Clone)]
pub(crate) struct Place {
    shelf: Weak<Shelf>,
    origin: Origin,
}

impl Place {
    /// Keeps a connection for the next request, where there is room.
    pub(crate) fn keep(self, wire: Wire) {
        let Some(shelf) = self.shelf.upgrade() else {
            return;
        };
        // Without a runtime there are no connections either.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut state = shelf.state();
        let idle = state.idle.entry(self.origin).or_default();
        if idle.len() >= shelf.maximum_idle {
            drop(state);
            return;
        }
        let since = Instant::now();
        idle.push(Idle { wire, since });
        if !std::mem::replace(&mut state.is_swept, true) {
            let first = since + shelf.idle_timeout;
            runtime.spawn(sweep(self.shelf, first));
        }
    }
}

/// Closes connections when they have lain idle for too long, until there are none.
async fn sweep(shelf: Weak<Shelf>, first: Instant) {
    let mut next = first;
    loop {
        tokio::time::sleep_until(next).await;
        match shelf.upgrade().and_then(|shelf| shelf.sweep()) {
            Some(due) => next = due,
            None => return,
        }
    }
}

/// Connections to servers, kept warm. A clone is another handle to the same pool.
#[derive(Clone)]
pub struct HttpPool {
    shared: Arc<Shared>,
}

struct Shared {
    tls: rustls::ClientConfig,
    options: HttpOptions,
    gauge: Arc<Gauge>,
    shelves: Mutex<HashMap<AddressRules, Weak<Shelf>>>,
}

impl HttpPool {
    /// Makes a pool; nothing is opened yet.
    ///
    /// # Errors
    /// Where the certificates cannot be read.
    pub fn new(options: HttpOptions) -> Result<Self, LoadError> {
        let tls = tls(options.certificates.as_deref())?;
        Ok(Self {
            shared: Arc::new(Shared {
                tls,
                options,
                gauge: Arc::default(),
                shelves: Mutex::default(),
            }),
        })
    }

    /// How many connections there are and were.
    #[must_use]
    pub fn metrics(&self) -> HttpPoolMetrics {
        self.shared.gauge.snapshot()
    }

    pub(crate) fn client(&self, rules: AddressRules) -> Client {
        let shared = &self.shared;
        let mut shelves = shared
            .shelves
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(shelf) = shelves.get(&rules).and_then(Weak::upgrade) {
            return Client { shelf };
        }
        shelves.retain(|_, shelf| shelf.strong_count() > 0);
        let shelf = Arc::new(Shelf {
            connector: shared.connector(rules.clone()),
            idle_timeout: shared.options.idle_timeout,
            maximum_idle: shared.options.maximum_idle,
            state: Mutex::default(),
        });
        shelves.insert(rules, Arc::downgrade(&shelf));
        Client { shelf }
    }
}

impl Shared {
    fn connector(&self, rules: AddressRules) -> Connector<HttpsTcp> {
        let mut http = HttpConnector::new_with_resolver(Resolver::new(rules));
        http.enforce_http(false);
        // A body of more than one piece is more than one write: without this, each waits for the
        // delayed acknowledgement of the one before (measured: 5 ms a request instead of 0.3).
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(60)));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Connector::new(https, Arc::clone(&self.gauge))
    }
}

fn tls(certificates: Option<&Path>) -> Result<rustls::ClientConfig, LoadError> {
    let mut roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = certificates {
        let failed = |message: String| LoadError::Certificates {
            path: path.to_owned(),
            message,
        };
        let mut found = false;
        for certificate in
            CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?
        {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| failed(error.to_string()))?;
            found = true;
        }
        if !found {
            return Err(failed("it holds no certificate".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| LoadError::Engine(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
