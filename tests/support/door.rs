//! A way to a server that can be shut and opened again, and counts who tries it meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::environment::Service;

/// The way; dropped, it is gone with all its connections.
pub struct Door {
    service: Service,
    is_open: watch::Sender<bool>,
    turned_away: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Door {
    /// An open way to a service, on a free port of the loopback interface.
    ///
    /// # Panics
    /// Where there is no port.
    pub async fn to(service: &Service) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let target = service.endpoint.trim_start_matches("http://").to_owned();
        let is_open = watch::Sender::new(true);
        let turned_away = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(accept(
            listener,
            target,
            is_open.clone(),
            Arc::clone(&turned_away),
        ));
        Self {
            service: Service {
                endpoint,
                keys: service.keys.clone(),
            },
            is_open,
            turned_away,
            task,
        }
    }

    /// The service at the other end of this way.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Cuts all connections, and closes each new one at once.
    pub fn shut(&self) {
        self.is_open.send_replace(false);
    }

    /// Lets everybody through again.
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// How many connections came while it was shut. A client that keeps none open needs one for
    /// each request that it tries.
    #[must_use]
    pub fn turned_away(&self) -> usize {
        self.turned_away.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: String,
    is_open: watch::Sender<bool>,
    turned_away: Arc<AtomicUsize>,
) {
    // Aborted together with this task.
    let mut connections = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        if !*is_open.borrow() {
            turned_away.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        let (target, mut open) = (target.clone(), is_open.subscribe());
        connections.spawn(async move {
            let Ok(mut far) = TcpStream::connect(target).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = open.wait_for(|open| !open) => {}
            }
        });
    }
}
