//! A listener that drains a queue, and accepts what it is handed.
//!
//! At one in flight one call is made at a time: `next` until as many deliveries are there as are
//! settled together, then `settle`, whose requests the plugin keeps side by side. At eight the
//! listener has eight receives under way, and up to eight settlements of one request each run
//! beside it, on instances of their own.

use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use connector_host::contract::{Disposition, Settlement, Value};
use connector_host::{Connection, Listener, Settings};
use tokio::task::JoinSet;

use crate::work::{BATCH, Round};

/// How many deliveries a caller that makes one call at a time settles together.
const TOGETHER: usize = 100;

/// A listener with so many receives under way, which wait so many seconds for a message.
pub(crate) async fn listener(
    connection: &Connection,
    queue: &str,
    receives: usize,
    wait_seconds: i64,
) -> Result<Listener> {
    let mut settings = Settings::new();
    for (name, number) in [
        ("receives-in-flight", receives as i64),
        ("wait-time-seconds", wait_seconds),
        // Given here, the queue is not asked for it.
        ("visibility-timeout-seconds", 3_600),
    ] {
        settings.set(name, Value::Integer(number));
    }
    Ok(connection.listen(queue, &settings).await?)
}

/// Takes as many messages as the round says, and accepts them.
pub(super) async fn drain(
    listener: &mut Listener,
    connection: &Connection,
    queue: &Arc<str>,
    round: Round,
) -> Result<()> {
    let together = if round.in_flight == 1 {
        TOGETHER
    } else {
        BATCH
    };
    let (mut came, mut empty, mut waiting) = (0, 0, Vec::with_capacity(together + BATCH));
    let mut settling = JoinSet::new();
    while came < round.messages {
        let deliveries = listener.next().await?;
        // Of receives side by side, one can come back empty while another one has the rest.
        empty += usize::from(deliveries.is_empty());
        ensure!(empty <= 2 * round.in_flight, "only {came} came");
        came += deliveries.len();
        waiting.extend(deliveries.into_iter().map(|delivery| Settlement {
            token: delivery.token,
            disposition: Disposition::Accept,
        }));
        if waiting.is_empty() || (waiting.len() < together && came < round.messages) {
            continue;
        }
        let settlements = std::mem::take(&mut waiting);
        if round.in_flight == 1 {
            accept(connection, queue, settlements).await?;
            continue;
        }
        while settling.len() >= round.in_flight
            && let Some(settled) = settling.join_next().await
        {
            settled??;
        }
        let (connection, queue) = (connection.clone(), Arc::clone(queue));
        settling.spawn(async move { accept(&connection, &queue, settlements).await });
    }
    while let Some(settled) = settling.join_next().await {
        settled??;
    }
    Ok(())
}

async fn accept(connection: &Connection, queue: &str, settlements: Vec<Settlement>) -> Result<()> {
    for settled in connection.settle(queue, &settlements).await? {
        let said = |error| anyhow!(connector_host::describe(&error));
        settled.outcome.map_err(said)?;
    }
    Ok(())
}
