//! The plugin in the host library, called as docs/host.md says.
//!
//! At one in flight there is one caller that makes one call at a time; within a call of many
//! documents the plugin keeps its requests side by side by itself, as it does by default. At eight
//! there are eight callers, and each of their calls makes one request at a time: eight requests,
//! as with every other contender.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail, ensure};
use connector_host::contract::{Document, Outcome, Value};
use connector_host::{
    Connection, ConnectionOptions, Engine, EngineOptions, HttpOptions, HttpPool, Listener, Policy,
    Settings,
};
use tokio::sync::Mutex;

use super::{Worker, listening, side_by_side};
use crate::work::{BODY_BYTES, Place, Round, WINDOW, Work, body};

/// What a process has once.
pub(crate) struct Host {
    pub(crate) plugin: connector_host::Plugin,
    pub(crate) http: HttpPool,
}

impl Host {
    /// Makes it.
    pub(crate) fn new(component: &Path) -> Result<Self> {
        Self::over(&Self::engine(component)?, component)
    }

    /// Its engine; compiled code is kept beside the component.
    pub(crate) fn engine(component: &Path) -> Result<Engine> {
        let mut options = EngineOptions::default();
        options.cache_directory = component
            .parent()
            .map(|folder| folder.join("bench/compiled"));
        Ok(Engine::new(options)?)
    }

    /// Loads the plugin into an engine.
    pub(crate) fn over(engine: &Engine, component: &Path) -> Result<Self> {
        Ok(Self {
            plugin: connector_host::Plugin::load(engine, component)?,
            http: HttpPool::new(HttpOptions::default())?,
        })
    }
}

/// Opens a connection with these settings beside those that every one needs.
pub(crate) async fn open(
    host: &Host,
    place: &Place,
    settings: &[(&str, Value)],
) -> Result<Connection> {
    let mut policy = Policy::deny_all();
    policy.allow(&place.endpoint)?;
    let mut all = Settings::new()
        .with("region", &place.region)
        .with("endpoint", &place.endpoint)
        .with("access-key-id", &place.access_key_id)
        .with("secret-access-key", &place.secret_access_key);
    for (name, value) in settings {
        all.set(*name, value.clone());
    }
    let options = ConnectionOptions::new(policy, host.http.clone());
    Ok(host.plugin.connect(all, options).await?)
}

pub(super) struct Plugin {
    queue: Arc<str>,
    /// With everything at its default.
    alone: Connection,
    /// One request a call.
    beside_others: Connection,
    documents: Arc<[Document]>,
    /// That of the present round.
    listener: Mutex<Option<Listener>>,
}

impl Plugin {
    pub(super) async fn new(place: &Place, component: &str, checked: bool) -> Result<Self> {
        let host = Host::new(Path::new(component))?;
        let checked = ("verify-checksums", Value::Boolean(checked));
        let one = ("max-in-flight", Value::Integer(1));
        Ok(Self {
            queue: place.queue_url.as_str().into(),
            alone: open(&host, place, std::slice::from_ref(&checked)).await?,
            beside_others: open(&host, place, &[checked, one]).await?,
            documents: Arc::default(),
            listener: Mutex::default(),
        })
    }

    fn connection(&self, round: Round) -> Connection {
        match round.in_flight {
            1 => self.alone.clone(),
            _ => self.beside_others.clone(),
        }
    }
}

impl Worker for Plugin {
    async fn prepare(&mut self, round: Round) -> Result<()> {
        let (count, length) = match round.work.single_bytes() {
            Some(length) => (1, length),
            None if round.work == Work::BatchSend => (round.messages, BODY_BYTES),
            None if round.work == Work::Listen => {
                // The last one may have requests under way, which must not take this round's
                // messages.
                if let Some(mut last) = self.listener.get_mut().take() {
                    last.stop().await?;
                }
                let connection = self.connection(round);
                let listener = listening::listener(&connection, &self.queue, round.in_flight, 0);
                *self.listener.get_mut() = Some(listener.await?);
                return Ok(());
            }
            None => return Ok(()),
        };
        self.documents = (0..count)
            .map(|number| document(&body(number, length)))
            .collect();
        Ok(())
    }

    async fn work(&self, round: Round) -> Result<()> {
        let connection = self.connection(round);
        if round.work == Work::Listen {
            let mut listener = self.listener.lock().await;
            let listener = listener.as_mut().context("there is no listener")?;
            return listening::drain(listener, &connection, &self.queue, round).await;
        }
        // Of many callers, none should be left with a large window at the end, and all together
        // receive as many messages as there are.
        let window = WINDOW.min(round.messages) / round.in_flight;
        side_by_side(round.in_flight, round.calls(window), |numbers| {
            let connection = connection.clone();
            let queue = Arc::clone(&self.queue);
            let documents = Arc::clone(&self.documents);
            async move {
                while let Some(number) = numbers.next() {
                    let some = documents.chunks(window).nth(number);
                    match round.work {
                        Work::BatchSend => send(&connection, &queue, some.unwrap_or(&[])).await?,
                        Work::ReceiveDelete => receive(&connection, &queue, window).await?,
                        Work::Listen => bail!("it is a listener's own loop"),
                        // Every message is made anew, as it is for the others.
                        _ => send(&connection, &queue, &[documents[0].clone()]).await?,
                    }
                }
                Ok(())
            }
        })
        .await
    }
}

fn document(body: &str) -> Document {
    Document {
        payload: body.as_bytes().to_vec(),
        content_type: None,
        properties: Vec::new(),
    }
}

async fn send(connection: &Connection, queue: &str, documents: &[Document]) -> Result<()> {
    let outcomes = connection
        .execute("send", Some(queue), &Settings::new(), documents)
        .await?;
    ensure!(outcomes.len() == documents.len(), "outcomes are missing");
    all_well(outcomes).map(drop)
}

async fn receive(connection: &Connection, queue: &str, count: usize) -> Result<()> {
    let mut settings = Settings::new();
    settings.set("maximum-message-count", Value::Integer(count as i64));
    let outcomes = connection
        .execute("receive", Some(queue), &settings, &[document("")])
        .await?;
    let received = all_well(outcomes)?;
    ensure!(
        received.len() == count,
        "{} of {count} came",
        received.len()
    );
    let outcomes = connection
        .execute("delete", Some(queue), &Settings::new(), &received)
        .await?;
    all_well(outcomes).map(drop)
}

/// The documents of all outcomes; the first error among them.
fn all_well(outcomes: Vec<Outcome>) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    for outcome in outcomes {
        match outcome.output {
            Ok(output) if documents.is_empty() => documents = output,
            Ok(output) => documents.extend(output),
            Err(error) => return Err(anyhow!(connector_host::describe(&error))),
        }
    }
    Ok(documents)
}
