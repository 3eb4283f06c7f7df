//! Making a connection: name, address, socket, TLS, within the time that the request gives.
//!
//! The addresses that a name resolves to are checked here, and only checked ones are handed on to
//! be connected to. A DNS server that answers differently the next time changes nothing.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::pool::HttpPoolMetrics;
use crate::metrics::Counter;
use crate::network::AddressRules;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The name of an allowed origin led to addresses that are not allowed.
#[derive(Debug)]
pub(crate) struct AddressRefused {
    pub(crate) address: IpAddr,
    pub(crate) kind: &'static str,
}

impl fmt::Display for AddressRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is {}", self.address, self.kind)
    }
}

impl std::error::Error for AddressRefused {}

/// The name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NameError(pub(crate) String);

/// The connection was not made in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection in time")]
pub(crate) struct ConnectTimeout;

/// The system's resolver, under address rules.
#[derive(Clone)]
pub(crate) struct Resolver {
    rules: Arc<AddressRules>,
}

impl Resolver {
    pub(crate) fn new(rules: AddressRules) -> Self {
        Self {
            rules: Arc::new(rules),
        }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response, BoxError>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rules = Arc::clone(&self.rules);
        Box::pin(async move {
            let host = name
                .as_str()
                .strip_suffix('.')
                .unwrap_or(name.as_str())
                .to_ascii_lowercase();
            let mut refused = None;
            let mut allowed = Vec::new();
            let found = tokio::net::lookup_host((host.as_str(), 0))
                .await
                .map_err(|error| NameError(error.to_string()))?;
            for address in found {
                match rules.check(&host, address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(kind) => {
                        refused = Some(AddressRefused {
                            address: address.ip(),
                            kind,
                        })
                    }
                }
            }
            match refused {
                Some(refused) if allowed.is_empty() => Err(refused.into()),
                _ if allowed.is_empty() => Err(NameError("no address".to_owned()).into()),
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}

/// Connections made, and those still open.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    opened: Counter,
    closed: Counter,
}

impl Gauge {
    pub(crate) fn snapshot(&self) -> HttpPoolMetrics {
        let closed = self.closed.get();
        let opened = self.opened.get();
        HttpPoolMetrics {
            opened,
            open: opened.saturating_sub(closed),
        }
    }
}

/// Makes connections within a time, and counts them.
#[derive(Clone)]
pub(crate) struct Connector<C> {
    inner: C,
    gauge: Arc<Gauge>,
}

impl<C> Connector<C>
where
    C: Service<http::Uri, Error = BoxError> + Clone,
{
    pub(crate) fn new(inner: C, gauge: Arc<Gauge>) -> Self {
        Self { inner, gauge }
    }

    /// Makes one.
    pub(crate) async fn connect(
        &self,
        uri: http::Uri,
        limit: Duration,
    ) -> Result<Counted<C::Response>, BoxError> {
        let mut connector = self.inner.clone();
        let connecting = async {
            poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(uri).await
        };
        let stream = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| ConnectTimeout)??;
        let gauge = Arc::clone(&self.gauge);
        gauge.opened.add(1);
        Ok(Counted { stream, gauge })
    }
}

/// A stream that says when it is closed.
pub(crate) struct Counted<S> {
    stream: S,
    gauge: Arc<Gauge>,
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.gauge.closed.add(1);
    }
}

impl<S: Read + Unpin> Read for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
