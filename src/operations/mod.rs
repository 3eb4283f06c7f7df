//! What the plugin does over an open connection, one file an operation family.

mod administration;
pub(crate) mod attributes;
mod batch;
mod browse;
mod errors;
mod message;
mod profile;
pub(crate) mod queues;
pub(crate) mod receipts;
pub(crate) mod receive;
mod send;
mod text;

use crate::catalogue::operations::Run;
use crate::catalogue::{OPERATIONS, Operation};
use crate::client::Client;
use crate::connection;
use crate::connection::fields::Values;
use crate::contract::{
    Document, Error, Identity, ObjectType, Outcome, Problem, Profile, Property, Value,
};
use crate::transport::Ports;
use queues::{Queues, Target};

/// The object for queues that each document names by itself.
pub const DYNAMIC: &str = "dynamic";

/// An open connection.
pub struct Session<P> {
    pub(crate) client: Client<P>,
    queues: Queues,
}

impl<P: Ports> Session<P> {
    /// Checks the settings; nothing is sent.
    ///
    /// # Errors
    /// `invalid-settings` with every problem at once.
    pub fn open(ports: P, settings: Vec<Property>) -> Result<Self, Error> {
        let (config, identity) = connection::open(settings)?;
        Ok(Self {
            client: Client::new(ports, config, identity),
            queues: Queues::default(),
        })
    }

    /// Replaces the credentials.
    ///
    /// # Errors
    /// `invalid-settings`; the old ones then stay.
    pub fn renew(&self, settings: Vec<Property>) -> Result<(), Error> {
        self.client.renew(connection::renew(settings)?);
        Ok(())
    }

    /// Proves endpoint and credentials. SQS does not say whom they belong to.
    ///
    /// # Errors
    /// What the service or the network says; `forbidden` says which permission the test needs.
    pub async fn test(&self) -> Result<Option<Identity>, Error> {
        browse::test(self).await.map(|()| None)
    }

    /// Lists the queues that an operation can act on: 10,000 of them at most, which a longer prefix
    /// narrows down. None for an operation that acts on no queue.
    ///
    /// # Errors
    /// `other` for an unknown operation; what the service says.
    pub async fn browse(
        &self,
        operation: &str,
        prefix: Option<&str>,
    ) -> Result<Vec<ObjectType>, Error> {
        if !find(operation)?.takes_queue {
            return Ok(Vec::new());
        }
        browse::queues(self, prefix.unwrap_or_default()).await
    }

    /// The schemas of an operation's documents.
    ///
    /// # Errors
    /// `other` for an unknown operation.
    pub fn profile(&self, operation: &str) -> Result<Profile, Error> {
        find(operation).map(profile::of)
    }

    /// Runs an operation: one outcome a document, in their order.
    ///
    /// # Errors
    /// Where no document could be tried.
    pub async fn execute(
        &self,
        operation: &str,
        object: Option<&str>,
        settings: Vec<Property>,
        documents: Vec<Document>,
    ) -> Result<Vec<Outcome>, Error> {
        let operation = find(operation)?;
        if operation.listens() {
            return Err(Error::Other(format!(
                "`{}` is no operation to execute: use the contract's `listen` and `settle`",
                operation.id
            )));
        }
        let table = operation.all_settings();
        let (mut values, mut problems) = Values::read(&table, settings);
        // A required member of an action may come with the document instead; that is seen there.
        if !matches!(operation.run, Run::Action(_)) {
            values.require(&table, &mut problems);
        }
        let target = match operation.takes_queue {
            true => self.target(object, &mut problems),
            false => Target::PerDocument(None),
        };
        if !problems.is_empty() {
            return Err(Error::InvalidSettings(problems));
        }
        let as_documents = values.flag("return-errors-as-documents");
        let count = documents.len();
        let done = match operation.run {
            Run::Send => send::execute(self, operation, &target, &values, documents).await,
            Run::Receive => receive::execute(self, operation, &target, &values, documents).await,
            Run::Delete => {
                let action = receipts::Action::Delete;
                receipts::execute(self, operation, action, &target, &values, documents).await
            }
            Run::ChangeVisibility => {
                let action = receipts::Action::ChangeVisibility;
                receipts::execute(self, operation, action, &target, &values, documents).await
            }
            Run::Action(action) => {
                administration::execute(self, operation, action, &target, &mut values, documents)
                    .await
            }
            // Refused above.
            Run::Listen => Ok(Vec::new()),
        };
        if as_documents {
            errors::as_documents(done, count)
        } else {
            done
        }
    }
}

fn find(id: &str) -> Result<&'static Operation, Error> {
    Operation::find(id).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Error {
    let known: Vec<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
    let shown: String = id.chars().take(64).collect();
    Error::Other(format!(
        "there is no operation `{shown}`; there are: {}",
        known.join(", ")
    ))
}

/// A document without payload, for operations whose result is all properties.
fn result(properties: Vec<Property>) -> Vec<Document> {
    vec![Document {
        payload: Vec::new(),
        content_type: None,
        properties,
    }]
}

/// The problems of one document.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(field, message));
    }

    /// The value of a known property, coerced, or none and a problem.
    fn read(&mut self, operation: &Operation, name: &str, value: Value) -> Option<Value> {
        let field = operation
            .all_properties()
            .find(|property| property.field.covers(name))?
            .field;
        match connection::fields::coerce(field, value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.add(name, message);
                None
            }
        }
    }
}

/// What became of each document so far, by index.
type Results = Vec<Option<Result<Vec<Document>, Error>>>;

fn settle(results: &mut Results, document: usize, result: Result<Vec<Document>, Error>) {
    if let Some(slot) = results.get_mut(document) {
        *slot = Some(result);
    }
}

/// One outcome a document, from results by index. A document without a result is a fault of ours,
/// and is told, not hidden.
fn outcomes(results: Results) -> Vec<Outcome> {
    results
        .into_iter()
        .zip(0..)
        .map(|(result, document)| Outcome {
            document,
            output: result.unwrap_or_else(|| {
                Err(Error::Other(
                    "this document was not handled; please report it as a bug".to_owned(),
                ))
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests;
