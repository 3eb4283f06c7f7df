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
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use wasmtime_wasi_http::WasiBody;

use super::connect::{Connector, Gauge, Resolver};
use crate::error::LoadError;
use crate::network::AddressRules;

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

type HyperClient = hyper_util::client::legacy::Client<
    Connector<HttpsConnector<HttpConnector<Resolver>>>,
    WasiBody,
>;

/// A way out under certain address rules.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) hyper: Arc<HyperClient>,
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
    clients: Mutex<HashMap<AddressRules, Weak<HyperClient>>>,
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
                clients: Mutex::default(),
            }),
        })
    }

    /// How many connections there are and were.
    #[must_use]
    pub fn metrics(&self) -> HttpPoolMetrics {
        self.shared.gauge.snapshot()
    }

    pub(crate) fn client(&self, rules: AddressRules) -> Client {
        let mut clients = self
            .shared
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(hyper) = clients.get(&rules).and_then(Weak::upgrade) {
            return Client { hyper };
        }
        clients.retain(|_, client| client.strong_count() > 0);
        let hyper = Arc::new(self.shared.build(rules.clone()));
        clients.insert(rules, Arc::downgrade(&hyper));
        Client { hyper }
    }
}

impl Shared {
    fn build(&self, rules: AddressRules) -> HyperClient {
        let mut http = HttpConnector::new_with_resolver(Resolver::new(rules));
        http.enforce_http(false);
        // Head and body are two writes: without this, the second one waits for the first one's
        // delayed acknowledgement (measured: 5 ms a request instead of 0.3).
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(60)));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(self.options.idle_timeout)
            .pool_max_idle_per_host(self.options.maximum_idle)
            .http1_max_buf_size(MAXIMUM_HEAD_BYTES)
            // A request that found its idle connection closed goes out on another one; hyper does
            // that only where not a byte of it was written.
            .retry_canceled_requests(true)
            .build(Connector::new(https, Arc::clone(&self.gauge)))
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
