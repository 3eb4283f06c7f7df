//! What the loop needs of a connection. Tests put a service in memory in its place.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::connection::Connection;
use crate::contract::{CommitMode, Delivery, Settings, Settled, Settlement};
use crate::error::CallError;
use crate::listener::Listener;

/// Where deliveries come from and settlements go.
pub(super) trait Port: Clone + Send + Sync + 'static {
    type Source: Source;

    fn listen(&self) -> impl Future<Output = Result<Self::Source, CallError>> + Send;

    fn settle(
        &self,
        settlements: &[Settlement],
    ) -> impl Future<Output = Result<Vec<Settled>, CallError>> + Send;

    /// The clock that leases are told by: since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}

/// A listener.
pub(super) trait Source: Send + 'static {
    fn commit(&self) -> CommitMode;
    fn is_alive(&self) -> bool;
    fn next(&mut self) -> impl Future<Output = Result<Vec<Delivery>, CallError>> + Send;
    fn stop(&mut self) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// An object of a connection.
#[derive(Clone)]
pub(super) struct Bound {
    pub(super) connection: Connection,
    pub(super) object: Arc<str>,
    pub(super) settings: Arc<Settings>,
}

impl Port for Bound {
    type Source = Listener;

    async fn listen(&self) -> Result<Listener, CallError> {
        self.connection.listen(&self.object, &self.settings).await
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, CallError> {
        self.connection.settle(&self.object, settlements).await
    }

    fn now(&self) -> Duration {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    }
}

impl Source for Listener {
    fn commit(&self) -> CommitMode {
        Self::commit(self)
    }

    fn is_alive(&self) -> bool {
        Self::is_alive(self)
    }

    async fn next(&mut self) -> Result<Vec<Delivery>, CallError> {
        Self::next(self).await
    }

    async fn stop(&mut self) -> Result<(), CallError> {
        Self::stop(self).await
    }
}
