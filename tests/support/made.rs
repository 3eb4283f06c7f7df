//! Queues that the plugin itself makes, and operations that take one document.

use connector_host::CallError;
use connector_host::contract::{Document, Error};
use serde_json::Value;

use crate::client::{Client, failed};
use crate::document::{Read, text};
use crate::random;

impl Client {
    /// An operation with one document, whose payload is this JSON (null: nothing); for it the one
    /// document that it gave, or its error, or that of the whole call.
    ///
    /// # Errors
    /// See above.
    ///
    /// # Panics
    /// Where the host fails, or there is not one document.
    pub async fn one(
        &self,
        operation: &str,
        object: Option<&str>,
        settings: &[(&str, &str)],
        payload: &Value,
    ) -> Result<Document, Error> {
        let payload = if payload.is_null() {
            String::new()
        } else {
            payload.to_string()
        };
        let called = self
            .execute(operation, object, settings, &[text(payload)])
            .await;
        match called {
            Ok(mut outcomes) => outcomes.remove(0).output.map(|mut output| {
                assert_eq!(output.len(), 1, "one document of {operation}");
                output.remove(0)
            }),
            Err(CallError::Connector(error)) => Err(error),
            Err(other) => panic!("{operation}: {other}"),
        }
    }
}

/// A queue that the plugin made.
pub struct Made<'c> {
    client: &'c Client,
    /// Its name, which no other test has.
    pub name: String,
    /// Its URL, as the plugin says it.
    pub url: String,
}

impl<'c> Made<'c> {
    /// A standard queue with settings of `create-queue`.
    pub async fn standard(client: &'c Client, settings: &[(&str, &str)]) -> Self {
        Self::create(client, random::name(), settings).await
    }

    /// A FIFO queue with settings of `create-queue`.
    pub async fn fifo(client: &'c Client, settings: &[(&str, &str)]) -> Self {
        Self::create(client, random::name() + ".fifo", settings).await
    }

    /// A queue of this name.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn create(client: &'c Client, name: String, settings: &[(&str, &str)]) -> Self {
        let all = [&[("queue-name", &*name)], settings].concat();
        let created = client.one("create-queue", None, &all, &Value::Null).await;
        let url = match &created {
            Ok(document) => document.words("queue-url"),
            Err(_) => panic!("{name} is not made: {}", failed(created)),
        };
        Self { client, name, url }
    }

    /// An operation on it that has to work.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn run(
        &self,
        operation: &str,
        settings: &[(&str, &str)],
        payload: &Value,
    ) -> Document {
        let done = self.try_run(operation, settings, payload).await;
        match done {
            Ok(document) => document,
            Err(_) => panic!("{operation}: {}", failed(done)),
        }
    }

    /// An operation on it.
    ///
    /// # Errors
    /// That of the document, or of the whole call.
    pub async fn try_run(
        &self,
        operation: &str,
        settings: &[(&str, &str)],
        payload: &Value,
    ) -> Result<Document, Error> {
        self.client
            .one(operation, Some(&self.url), settings, payload)
            .await
    }

    /// One of its attributes, in the property's JSON form; null where it has none of that name.
    pub async fn attribute(&self, name: &str) -> Value {
        let got = self.run("get-queue-attributes", &[], &Value::Null).await;
        got.property(&format!("queue-attribute.{name}"))
    }

    /// Its ARN.
    ///
    /// # Panics
    /// Where the service does not say it.
    pub async fn arn(&self) -> String {
        let arn = self.attribute("QueueArn").await;
        arn.as_str().expect("an ARN").to_owned()
    }

    /// Deletes it. A test that fails leaves its queue for a look at it.
    pub async fn delete(self) {
        self.run("delete-queue", &[], &Value::Null).await;
    }
}

/// A payload of JSON.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn json_of(document: &Document) -> Value {
    serde_json::from_slice(&document.payload).expect("a payload of JSON")
}
