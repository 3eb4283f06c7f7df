//! The plugin in the host.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use connector_host::contract::{Document, Error, Outcome, Value};
use connector_host::{
    CallError, Connection, ConnectionOptions, Engine, EngineOptions, HttpOptions, HttpPool, Plugin,
    Policy, Settings,
};

use crate::document::text;
use crate::environment::{self, Service};
use crate::queue::Queue;
use crate::{bounded, error, sqs};

/// The engine of this process.
#[must_use]
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut options = EngineOptions::default();
        // Some test runners start a process for each test.
        options.cache_directory = Some(environment::target().join("end-to-end").join("components"));
        Engine::new(options).expect("an engine")
    })
}

/// The plugin under test.
#[must_use]
pub fn plugin() -> &'static Plugin {
    static PLUGIN: OnceLock<Plugin> = OnceLock::new();
    PLUGIN.get_or_init(|| Plugin::load(engine(), &environment::plugin()).expect("the plugin"))
}

/// The plugin that misbehaves on purpose.
#[must_use]
pub fn fixture() -> &'static Plugin {
    static FIXTURE: OnceLock<Plugin> = OnceLock::new();
    FIXTURE.get_or_init(|| Plugin::load(engine(), &environment::fixture()).expect("the fixture"))
}

/// A pool of connections for one test: idle sockets belong to the test's runtime.
#[must_use]
pub fn pool() -> HttpPool {
    HttpPool::new(HttpOptions::default()).expect("a pool")
}

/// An open connection of the plugin. Every error that it gives is searched for what no error may
/// say: keys, tokens, signatures, bodies, receipt handles.
pub struct Client {
    connection: Connection,
    pool: HttpPool,
    unspeakable: Mutex<BTreeSet<String>>,
}

impl Client {
    /// Sends a message to the scripted server's queue: after whatever went wrong, the connection
    /// still works.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn works(&self) {
        self.send(sqs::QUEUE_URL, &[text("x")])
            .await
            .remove(0)
            .expect("the next call works");
    }

    /// A connection to a service, with further settings (`name`, text).
    ///
    /// # Panics
    /// Where the settings are refused.
    pub async fn open(service: &Service, settings: &[(&str, &str)]) -> Self {
        match Self::try_open(service, settings).await {
            Ok(client) => client,
            Err(error) => panic!("the connection does not open: {error}"),
        }
    }

    /// The same where the settings may be refused. The service's endpoint is the only origin that
    /// is allowed.
    ///
    /// # Errors
    /// What `open` of the contract gives.
    pub async fn try_open(service: &Service, settings: &[(&str, &str)]) -> Result<Self, CallError> {
        let mut all = service.settings();
        for (name, text) in settings {
            all.set(*name, Value::Text((*text).to_owned()));
        }
        let mut policy = Policy::deny_all();
        policy
            .allow(&service.endpoint)
            .expect("an endpoint that can be allowed");
        Self::connect(all, policy).await
    }

    /// A connection with exactly these settings, under a policy.
    ///
    /// # Errors
    /// What `open` of the contract gives.
    pub async fn connect(settings: Settings, policy: Policy) -> Result<Self, CallError> {
        let pool = pool();
        let secrets = ["secret-access-key", "session-token"];
        let unspeakable: BTreeSet<String> = secrets
            .iter()
            .filter_map(|name| match settings.get(name) {
                Some(Value::Text(secret)) if !secret.is_empty() => Some(secret.clone()),
                _ => None,
            })
            .collect();
        let options = ConnectionOptions::new(policy, pool.clone());
        match bounded("opening", plugin().connect(settings, options)).await {
            Ok(connection) => {
                let unspeakable = Mutex::new(unspeakable);
                Ok(Self {
                    connection,
                    pool,
                    unspeakable,
                })
            }
            Err(error) => {
                audit(&unspeakable, &words_of(&error));
                Err(error)
            }
        }
    }

    /// The host's connection itself.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How many of the pool's sockets are open.
    #[must_use]
    pub fn open_sockets(&self) -> u64 {
        self.pool.metrics().open
    }

    /// `execute` of the contract; every document has to have its outcome, in order.
    ///
    /// # Errors
    /// Where the whole call fails.
    ///
    /// # Panics
    /// Where an error says what no error may say.
    pub async fn execute(
        &self,
        operation: &str,
        object: Option<&str>,
        settings: &[(&str, &str)],
        documents: &[Document],
    ) -> Result<Vec<Outcome>, CallError> {
        self.hush(documents);
        let given = settings
            .iter()
            .fold(Settings::new(), |all, (name, text)| all.with(*name, *text));
        let call = self
            .connection
            .execute(operation, object, &given, documents);
        let outcomes = bounded(operation, call).await;
        match &outcomes {
            Err(error) => self.audit(&words_of(error)),
            Ok(outcomes) => {
                let order: Vec<u32> = outcomes.iter().map(|outcome| outcome.document).collect();
                let expected: Vec<u32> = (0..).take(documents.len()).collect();
                assert_eq!(order, expected, "one outcome a document, in their order");
                for outcome in outcomes {
                    match &outcome.output {
                        Ok(output) => self.hush(output),
                        Err(failed) => self.audit(&error::words(failed)),
                    }
                }
            }
        }
        outcomes
    }

    /// `test` of the contract.
    ///
    /// # Errors
    /// What it says.
    pub async fn test(&self) -> Result<(), CallError> {
        let tested = bounded("test", self.connection.test()).await;
        tested
            .map(|_| ())
            .inspect_err(|error| self.audit(&words_of(error)))
    }

    /// Sends documents; for each the one document that it gave, or its error.
    ///
    /// # Panics
    /// Where the whole call fails.
    pub async fn send(&self, queue: &str, documents: &[Document]) -> Vec<Result<Document, Error>> {
        self.each("send", Some(queue), documents).await
    }

    /// Deletes documents; for each the one document that it gave, or its error.
    ///
    /// # Panics
    /// Where the whole call fails.
    pub async fn delete(
        &self,
        queue: &str,
        documents: &[Document],
    ) -> Vec<Result<Document, Error>> {
        self.each("delete", Some(queue), documents).await
    }

    /// An operation that gives one document for each, or its error.
    ///
    /// # Panics
    /// Where the whole call fails, or a document gave none or several.
    pub async fn each(
        &self,
        operation: &str,
        queue: Option<&str>,
        documents: &[Document],
    ) -> Vec<Result<Document, Error>> {
        let outcomes = match self.execute(operation, queue, &[], documents).await {
            Ok(outcomes) => outcomes,
            Err(error) => panic!("{operation} failed as a whole: {error}"),
        };
        let single = |mut output: Vec<Document>| {
            assert_eq!(output.len(), 1, "one document of {operation}");
            output.remove(0)
        };
        outcomes
            .into_iter()
            .map(|outcome| outcome.output.map(single))
            .collect()
    }

    /// Receives messages.
    ///
    /// # Errors
    /// That of the one input document, or of the whole call.
    pub async fn receive(
        &self,
        queue: &str,
        settings: &[(&str, &str)],
    ) -> Result<Vec<Document>, CallError> {
        let empty = [crate::document::empty()];
        let mut outcomes = self
            .execute("receive", Some(queue), settings, &empty)
            .await?;
        outcomes.remove(0).output.map_err(CallError::Connector)
    }

    /// Receives exactly so many messages, in as many calls as it takes, and deletes them.
    ///
    /// # Panics
    /// Where receiving or deleting fails, or there are not so many.
    pub async fn drain(&self, queue: &str, count: usize) -> Vec<Document> {
        let settings = [("maximum-message-count", "-1"), ("wait-time-seconds", "1")];
        let mut messages = Vec::with_capacity(count);
        let gathering = async {
            while messages.len() < count {
                let some = self.receive(queue, &settings).await.expect("messages");
                for deleted in self.delete(queue, &some).await {
                    assert!(
                        deleted.is_ok(),
                        "a message is not deleted: {}",
                        failed(deleted)
                    );
                }
                messages.extend(some);
            }
        };
        bounded("messages", gathering).await;
        assert_eq!(messages.len(), count, "messages in the queue");
        messages
    }

    /// From now on no error may hold these documents' payloads and receipt handles.
    fn hush(&self, documents: &[Document]) {
        // What is short may stand in any text.
        const TELLING: usize = 12;
        let mut unspeakable = self
            .unspeakable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // A few of many are enough to search for.
        for document in documents.iter().take(20) {
            let handle = document
                .properties
                .iter()
                .find(|property| property.name == "receipt-handle");
            if let Some(Value::Text(handle)) = handle.map(|property| &property.value) {
                unspeakable.insert(handle.clone());
            }
            if let Ok(body) = std::str::from_utf8(&document.payload) {
                unspeakable.insert(body.chars().take(40).collect());
            }
        }
        unspeakable.retain(|text| text.len() >= TELLING);
    }

    fn audit(&self, words: &str) {
        audit(
            &self
                .unspeakable
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            words,
        );
    }
}

/// The words of the error in a result that should have been good.
#[must_use]
pub fn failed<T>(result: Result<T, Error>) -> String {
    result
        .err()
        .as_ref()
        .map_or_else(String::new, connector_host::describe)
}

fn words_of(error: &CallError) -> String {
    let contract = error.connector().map(error::words).unwrap_or_default();
    format!("{error}\n{error:?}\n{contract}")
}

fn audit(unspeakable: &BTreeSet<String>, words: &str) {
    for secret in unspeakable {
        assert!(
            !words.contains(secret.as_str()),
            "an error says {secret:?}: {words}"
        );
    }
    for sign in [
        "AWS4-HMAC-SHA256",
        "Signature=",
        "Authorization:",
        "Credential=",
    ] {
        assert!(!words.contains(sign), "an error holds a signature: {words}");
    }
}

/// A queue with so many messages, and a client.
///
/// # Panics
/// Where one cannot be sent.
pub async fn filled(count: usize) -> (Queue, Client) {
    let queue = Queue::standard().await;
    let client = Client::open(&queue.service, &[]).await;
    let documents: Vec<_> = (0..count)
        .map(|number| text(format!("message {number}")))
        .collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    (queue, client)
}
