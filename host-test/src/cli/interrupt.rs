//! SIGINT and SIGTERM: the first one lets what runs finish, the second one abandons it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// How often the user asked to stop.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    count: AtomicU32,
    changed: Notify,
}

impl Interrupt {
    /// Takes the signals from now on, and says what the first and each later one does.
    pub(crate) fn listen([first, later]: [&'static str; 2]) -> Self {
        let interrupt = Self::default();
        let other = interrupt.clone();
        tokio::spawn(async move {
            while signal().await {
                let before = other.shared.count.fetch_add(1, Ordering::SeqCst);
                eprintln!("sqs-connector: {}", if before == 0 { first } else { later });
                other.shared.changed.notify_waiters();
            }
        });
        interrupt
    }

    /// Whether to start nothing more.
    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.count.load(Ordering::SeqCst) > 0
    }

    /// Ends when nothing more is to be started.
    pub(crate) async fn stopping(&self) {
        self.reached(1).await;
    }

    /// Ends when what runs is to be abandoned.
    pub(crate) async fn abandoned(&self) {
        self.reached(2).await;
    }

    async fn reached(&self, count: u32) {
        loop {
            // Registered before the check, so that a signal in between is not lost.
            let changed = self.shared.changed.notified();
            if self.shared.count.load(Ordering::SeqCst) >= count {
                return;
            }
            changed.await;
        }
    }
}

/// Waits for the next signal; false where there will be none.
#[cfg(unix)]
async fn signal() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return false;
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
        terminated = terminate.recv() => terminated.is_some(),
    }
}

#[cfg(not(unix))]
async fn signal() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
