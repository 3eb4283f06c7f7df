//! From what a person or a document calls a queue to the URL that requests name it by.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{DYNAMIC, Problems, Session};
use crate::client::{Call, json};
use crate::connection::queue::QueueReference;
use crate::contract::{Error, Fault, Problem};
use crate::transport::{Ports, executor};

/// Names that are resolved already. A queue that is deleted and made again has the same URL.
#[derive(Default)]
pub(super) struct Queues {
    known: RefCell<HashMap<String, Rc<str>>>,
}

/// Small numbers for texts, in the order in which they were first seen.
#[derive(Default)]
pub(super) struct Ids(HashMap<String, usize>);

impl Ids {
    /// The number of a text.
    pub(super) fn id(&mut self, text: &str) -> usize {
        let next = self.0.len();
        match self.0.get(text) {
            Some(id) => *id,
            None => *self.0.entry(text.to_owned()).or_insert(next),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The queues that the documents of a call are for, each once.
#[derive(Default)]
pub(super) struct Destinations {
    ids: Ids,
    references: Vec<QueueReference>,
}

impl Destinations {
    /// The number of a queue.
    pub(super) fn id(&mut self, reference: QueueReference) -> usize {
        let id = self.ids.id(&reference.key());
        if id == self.references.len() {
            self.references.push(reference);
        }
        id
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.references.len()
    }
}

/// A queue that requests can name.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) url: Rc<str>,
}

impl Queue {
    /// Whether it keeps order within groups; the service demands the ending.
    pub(crate) fn is_fifo(&self) -> bool {
        self.url.ends_with(".fifo")
    }
}

/// Which queue an operation acts on.
#[derive(Debug)]
pub(crate) enum Target {
    /// This one, whatever the documents say.
    Fixed(QueueReference),
    /// The one that each document names; else the connection's default, where it has one and the
    /// operation did not ask for `dynamic`.
    PerDocument(Option<QueueReference>),
}

impl Target {
    /// The queue of one document, given what it calls its queue.
    pub(super) fn of_document(
        &self,
        named: Option<&str>,
        region: &str,
        problems: &mut Problems,
    ) -> Option<QueueReference> {
        match (self, named) {
            (Self::Fixed(reference), _) => Some(reference.clone()),
            (Self::PerDocument(_), Some(text)) => QueueReference::parse(text, region)
                .map_err(|message| problems.add("queue", message))
                .ok(),
            (Self::PerDocument(default), None) => {
                if default.is_none() {
                    problems.add(
                        "queue",
                        "is required: neither the operation nor the connection names a queue",
                    );
                }
                default.clone()
            }
        }
    }
}

impl<P: Ports> Session<P> {
    /// What `object` stands for; a problem where it is no queue.
    pub(crate) fn target(&self, object: Option<&str>, problems: &mut Vec<Problem>) -> Target {
        let config = self.client.config();
        match object.map(str::trim).filter(|object| !object.is_empty()) {
            None => Target::PerDocument(config.default_queue.clone()),
            Some(DYNAMIC) => Target::PerDocument(None),
            Some(text) => match QueueReference::parse(text, &config.region) {
                Ok(reference) => Target::Fixed(reference),
                Err(message) => {
                    problems.push(Problem::new("object", message));
                    Target::PerDocument(None)
                }
            },
        }
    }

    /// The queue that a reference names; a name is resolved once.
    ///
    /// # Errors
    /// What `GetQueueUrl` answers, `not-found` among others.
    pub(crate) async fn queue(&self, reference: &QueueReference) -> Result<Queue, Error> {
        let (name, owner) = match reference {
            QueueReference::Url(url) => {
                return Ok(Queue {
                    url: url.as_str().into(),
                });
            }
            QueueReference::Name { name, owner } => (name, owner),
        };
        let key = reference.key();
        if let Some(url) = self.queues.known.borrow().get(key.as_ref()) {
            return Ok(Queue { url: url.clone() });
        }
        let mut body = Vec::new();
        json::object(&mut body, |input| {
            input
                .text("QueueName", name)
                .optional_text("QueueOwnerAWSAccountId", owner.as_deref());
        });
        let answer = self
            .client
            .call(Call::new("GetQueueUrl", &body))
            .await
            .map_err(|error| explain(name, error))?;
        let url: Rc<str> = answer
            .read()?
            .text("QueueUrl")
            .ok_or_else(|| Error::Corrupted("the answer has no queue URL".to_owned()))?
            .into();
        self.queues
            .known
            .borrow_mut()
            .insert(key.into_owned(), url.clone());
        Ok(Queue { url })
    }

    /// The queues of a call, by number, each resolved once, several at a time.
    pub(super) async fn queues_of(&self, destinations: &Destinations) -> Vec<Result<Queue, Error>> {
        let tasks = destinations
            .references
            .iter()
            .map(|reference| self.queue(reference));
        executor::all(self.client.config().max_in_flight, tasks).await
    }
}

/// Says which queue it is that is missing, or may not be looked up.
fn explain(name: &str, error: Error) -> Error {
    let named = |fault: Fault, hint: &str| Fault {
        message: format!("queue `{name}`: {}{hint}", fault.message),
        ..fault
    };
    match error {
        Error::NotFound(fault) => Error::NotFound(named(fault, "")),
        Error::Forbidden(fault) => Error::Forbidden(named(
            fault,
            " (resolving a name takes sqs:GetQueueUrl; give the queue's URL to do without)",
        )),
        other => other,
    }
}
