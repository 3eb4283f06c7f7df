//! What an operation is, and which there are.

use super::{Default, Field, Kind};

pub use super::administration::Action;
use super::{administration, listen, messages};

/// Where a document property is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Read from input documents.
    Input,
    /// Set on output documents.
    Output,
    /// Both.
    Both,
}

/// A property and where it is met.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// What it is.
    pub field: &'static Field,
    /// Where it is met.
    pub direction: Direction,
}

/// An operation, as `describe` tells it.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Stable name.
    pub id: &'static str,
    /// Short name for people.
    pub label: &'static str,
    /// What it does.
    pub description: &'static str,
    /// How it is run.
    pub run: Run,
    /// Whether it acts on a queue.
    pub takes_queue: bool,
    /// Its own settings, in groups; one that is executed has [`COMMON`] besides.
    pub settings: &'static [&'static [Field]],
    /// The properties of its documents, in groups.
    pub properties: &'static [&'static [Property]],
    /// Whether running it twice has the same effect as running it once.
    pub idempotent: bool,
}

/// How an operation is run.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// Documents become messages.
    Send,
    /// Messages become documents.
    Receive,
    /// Messages are deleted by their receipt handles.
    Delete,
    /// Messages are made visible, or kept invisible, by their receipt handles.
    ChangeVisibility,
    /// One request of an action for each document.
    Action(&'static Action),
    /// Messages are waited for, and settled one by one: no call of `execute`.
    Listen,
}

/// Every operation that the plugin has.
pub static OPERATIONS: &[Operation] = &[
    messages::SEND,
    messages::RECEIVE,
    listen::LISTEN,
    messages::DELETE,
    messages::CHANGE_VISIBILITY,
    administration::queues::QUEUE_DEPTH,
    administration::queues::CREATE_QUEUE,
    administration::queues::DELETE_QUEUE,
    administration::queues::PURGE_QUEUE,
    administration::queues::GET_QUEUE_URL,
    administration::queues::GET_QUEUE_ATTRIBUTES,
    administration::queues::SET_QUEUE_ATTRIBUTES,
    administration::queues::LIST_QUEUES,
    administration::queues::LIST_DEAD_LETTER_SOURCE_QUEUES,
    administration::access::ADD_PERMISSION,
    administration::access::REMOVE_PERMISSION,
    administration::access::TAG_QUEUE,
    administration::access::UNTAG_QUEUE,
    administration::access::LIST_QUEUE_TAGS,
    administration::moves::START_MESSAGE_MOVE_TASK,
    administration::moves::CANCEL_MESSAGE_MOVE_TASK,
    administration::moves::LIST_MESSAGE_MOVE_TASKS,
];

/// Settings of every operation that is executed.
pub const COMMON: &[Field] = &[Field::new(
    Kind::Boolean,
    "return-errors-as-documents",
    "Return errors as documents",
    "A fault of the service becomes an output document, with the code and the words as properties and as JSON, in place of an error.",
)
.default(Default::Boolean(false))];

/// Properties of the documents that `return-errors-as-documents` makes.
pub const ERROR_PROPERTIES: &[Property] = &[
    output!(Field::new(
        Kind::Text,
        "error-kind",
        "Error kind",
        "With `return-errors-as-documents`: the contract's name of the error, such as not-found.",
    )),
    output!(Field::new(
        Kind::Text,
        "error-code",
        "Error code",
        "With `return-errors-as-documents`: the service's own code.",
    )),
    output!(Field::new(
        Kind::Text,
        "error-message",
        "Error message",
        "With `return-errors-as-documents`: the service's words.",
    )),
    output!(Field::new(
        Kind::Integer,
        "http-status",
        "HTTP status",
        "With `return-errors-as-documents`: the status of the answer.",
    )),
];

impl Operation {
    /// The operation of that name.
    pub fn find(id: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|operation| operation.id == id)
    }

    /// Its own settings. A list, as are [all](Self::all_settings): what is done with an iterator
    /// over groups would be compiled anew for each.
    pub fn own_settings(&self) -> Vec<&'static Field> {
        let mut settings = Vec::new();
        for group in self.settings {
            settings.extend(*group);
        }
        settings
    }

    /// All settings, the common ones last.
    pub fn all_settings(&self) -> Vec<&'static Field> {
        let mut settings = self.own_settings();
        if !self.listens() {
            settings.extend(COMMON);
        }
        settings
    }

    /// All properties of its documents, those of error documents last.
    pub fn all_properties(&self) -> impl Iterator<Item = &'static Property> {
        let common: &[Property] = if self.listens() {
            &[]
        } else {
            ERROR_PROPERTIES
        };
        self.properties.iter().copied().chain([common]).flatten()
    }

    /// Whether it is run with `listen`, and not with `execute`.
    pub const fn listens(&self) -> bool {
        matches!(self.run, Run::Listen)
    }
}
