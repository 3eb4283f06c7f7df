//! What is measured of the plugin alone, each in a process of its own: a cold start, what one more
//! instance costs, and what many idle listeners do.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use bytes::Bytes;
use connector_host::contract::{Document, Value};
use connector_host::{Connection, Settings};
use http::Uri;
use serde_json::json;
use tokio::task::JoinSet;

use crate::contenders::{Host, Wire, listener, open};
use crate::measure::{cpu_ns, median, resident_bytes};
use crate::server::IDLE;
use crate::work::{Place, body};

/// Instances that are there at once, well below the engine's bound.
const INSTANCES: usize = 200;
/// Listeners that wait at once.
const LISTENERS: usize = 1_000;
/// Their long polls, the longest that SQS allows.
const POLL_SECONDS: i64 = 20;
/// How long they are looked at: two polls of each.
const LOOKED_AT: Duration = Duration::from_secs(2 * POLL_SECONDS as u64);
/// By then all of them wait.
const SETTLING_DOWN: Duration = Duration::from_secs(5);

/// Runs one of them and prints what it found, JSON.
pub(crate) fn run(name: &str, place: &Place, plugin: &Path) -> Result<()> {
    // A platform's runtime runs before it loads a plugin.
    let runtime = crate::runtime()?;
    let found = match name {
        "cold-start" => runtime.block_on(cold_start(place, plugin))?,
        "instances" => runtime.block_on(instances(place, plugin))?,
        "idle" => runtime.block_on(idle(place, plugin))?,
        _ => bail!("there is no probe {name:?}"),
    };
    println!("{found}");
    Ok(())
}

/// From nothing, but with the compiled plugin in its cache, to the answer to the first message.
async fn cold_start(place: &Place, plugin: &Path) -> Result<serde_json::Value> {
    let document = document(&body(0, 64));
    let begun = Instant::now();
    let engine = Host::engine(plugin)?;
    let ready = begun.elapsed();
    let host = Host::over(&engine, plugin)?;
    let loaded = begun.elapsed();
    let connection = open(&host, place, &[("max-attempts", Value::Integer(1))]).await?;
    let opened = begun.elapsed();
    send(&connection, place, &document).await?;
    let answered = begun.elapsed();

    // The same way without a plugin: a connection, a request, its answer.
    let input = json!({ "QueueUrl": place.queue_url, "MessageBody": body(1, 64) }).to_string();
    let authority = authority(place)?;
    let before = Instant::now();
    let mut wire = Wire::open(&authority).await?;
    wire.call("SendMessage", Bytes::from(input)).await?;
    let server = before.elapsed();
    let ns = |duration: Duration| duration.as_nanos() as u64;
    Ok(json!({
        "engine_ns": ns(ready),
        "load_ns": ns(loaded - ready),
        "open_ns": ns(opened - loaded),
        "first_answer_ns": ns(answered - opened),
        "server_ns": ns(server),
        "beyond_server_ns": ns(answered.saturating_sub(server)),
    }))
}

/// One more instance: each connection opened has exactly one, made and opened with its settings.
async fn instances(place: &Place, plugin: &Path) -> Result<serde_json::Value> {
    let host = Host::new(plugin)?;
    let document = document(&body(0, 4 << 10));
    // What the first ones bring along for all is not what a further one costs.
    let mut connections = Vec::with_capacity(INSTANCES);
    for _ in 0..8 {
        let connection = open(&host, place, &[]).await?;
        send(&connection, place, &document).await?;
        connections.push(connection);
    }
    let before = resident_bytes();
    let mut times = Vec::new();
    while connections.len() < INSTANCES {
        let begun = Instant::now();
        connections.push(open(&host, place, &[]).await?);
        times.push(begun.elapsed().as_nanos() as f64);
    }
    let made = resident_bytes();
    for connection in &connections {
        send(connection, place, &document).await?;
    }
    let used = resident_bytes();
    let further = times.len() as u64;
    Ok(json!({
        "ns": median(times).round(),
        "bytes": made.saturating_sub(before) / further,
        "bytes_after_a_call": used.saturating_sub(before) / further,
    }))
}

/// Listeners to whom nothing comes: what they take of the memory and of a processor.
async fn idle(place: &Place, plugin: &Path) -> Result<serde_json::Value> {
    let host = Host::new(plugin)?;
    let connection = open(&host, place, &[]).await?;
    let queue = format!("{}/000000000000/{IDLE}", place.endpoint);
    let mut waiting = JoinSet::new();
    for _ in 0..LISTENERS {
        let mut listener = listener(&connection, &queue, 1, POLL_SECONDS).await?;
        waiting.spawn(async move {
            loop {
                match listener.next().await {
                    Ok(none) if none.is_empty() => {}
                    Ok(_) => return anyhow!("the idle queue had a message"),
                    Err(error) => return error.into(),
                }
            }
        });
    }
    tokio::time::sleep(SETTLING_DOWN).await;
    let (begun, before) = (Instant::now(), cpu_ns());
    match tokio::time::timeout(LOOKED_AT, waiting.join_next()).await {
        Err(_) => {}
        Ok(Some(ended)) => return Err(ended?.context("a listener ended")),
        Ok(None) => bail!("there was no listener"),
    }
    let busy = cpu_ns().saturating_sub(before) as f64;
    Ok(json!({
        "listeners": LISTENERS,
        "seconds": LOOKED_AT.as_secs(),
        "resident_bytes": resident_bytes(),
        "core_share": busy / begun.elapsed().as_nanos() as f64,
    }))
}

async fn send(connection: &Connection, place: &Place, document: &Document) -> Result<()> {
    let outcomes = connection
        .execute(
            "send",
            Some(&place.queue_url),
            &Settings::new(),
            std::slice::from_ref(document),
        )
        .await?;
    let done = outcomes
        .first()
        .is_some_and(|outcome| outcome.output.is_ok());
    ensure!(done, "the message was not sent");
    Ok(())
}

fn document(body: &str) -> Document {
    Document {
        payload: body.as_bytes().to_vec(),
        content_type: None,
        properties: Vec::new(),
    }
}

fn authority(place: &Place) -> Result<String> {
    let endpoint: Uri = place.endpoint.parse()?;
    Ok(endpoint.authority().context("no authority")?.to_string())
}
