//! A document as a message to send: read, checked, measured and written.

use super::attributes::{Attributes, Given};
use super::queues::Target;
use super::{Problems, text};
use crate::catalogue::Operation;
use crate::catalogue::limits::MESSAGE_BYTES;
use crate::client::checksum::{self, AttributeValue};
use crate::client::fault;
use crate::client::json::Object;
use crate::connection::fields::Values;
use crate::connection::queue::QueueReference;
use crate::contract::{Document, Error, Value};

/// The one system attribute that a message can be sent with.
const TRACE_HEADER: &str = "AWSTraceHeader";

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Message {
    /// Index of its document.
    pub(super) document: usize,
    /// Messages with the same number go out in their order.
    pub(super) lane: Option<usize>,
    body: String,
    delay_seconds: Option<i64>,
    pub(super) group_id: Option<String>,
    pub(super) deduplication_id: Option<String>,
    trace_header: Option<String>,
    attributes: Attributes,
}

/// A document that is no message.
pub(super) struct Unfit {
    /// The FIFO queue and message group that it was for, as far as they can be told.
    pub(super) lane: Option<(QueueReference, String)>,
    /// Why.
    pub(super) error: Error,
}

/// What holds for documents that do not say otherwise.
pub(super) struct Defaults {
    delay_seconds: Option<i64>,
    group_id: Option<String>,
}

impl Defaults {
    pub(super) fn new(settings: &Values) -> Self {
        Self {
            delay_seconds: settings.integer("delay-seconds"),
            group_id: settings.text("message-group-id").map(str::to_owned),
        }
    }
}

impl Message {
    /// Reads a document and says which queue it is for.
    ///
    /// # Errors
    /// `invalid-document` with every problem that can be seen before the queue is resolved.
    pub(super) fn read(
        index: usize,
        document: Document,
        operation: &Operation,
        target: &Target,
        region: &str,
        defaults: &Defaults,
    ) -> Result<(QueueReference, Self), Box<Unfit>> {
        let mut problems = Problems::default();
        let mut attributes = Given::default();
        let mut queue = None;
        let mut message = Self {
            document: index,
            lane: None,
            body: String::new(),
            delay_seconds: defaults.delay_seconds,
            group_id: defaults.group_id.clone(),
            deduplication_id: None,
            trace_header: None,
            attributes: Attributes::default(),
        };
        for property in document.properties {
            let Some(property) = attributes.take(property) else {
                continue;
            };
            let name = property.name.as_str();
            let slot = match name {
                "queue" => &mut queue,
                "message-group-id" => &mut message.group_id,
                "message-deduplication-id" => &mut message.deduplication_id,
                "aws-trace-header" => &mut message.trace_header,
                "delay-seconds" => {
                    if let Some(Value::Integer(seconds)) =
                        problems.read(operation, name, property.value)
                    {
                        message.delay_seconds = Some(seconds);
                    }
                    continue;
                }
                _ => continue,
            };
            if let Some(Value::Text(text)) = problems.read(operation, name, property.value) {
                *slot = Some(text);
            }
        }
        message.attributes = attributes.check(&mut problems);
        message.body = body(document.payload, &mut problems);
        message.check(&mut problems);
        let queue = target.of_document(queue.as_deref(), region, &mut problems);
        if let Some(queue) = &queue {
            message.check_for(queue.is_fifo(), &mut problems);
        }
        match queue {
            Some(queue) if problems.0.is_empty() => Ok((queue, message)),
            // Without a queue there is a problem that says so.
            queue => Err(Box::new(Unfit {
                lane: queue
                    .filter(QueueReference::is_fifo)
                    .zip(message.group_id.take()),
                error: Error::InvalidDocument(problems.0),
            })),
        }
    }

    fn check(&self, problems: &mut Problems) {
        for (name, id) in [
            ("message-group-id", &self.group_id),
            ("message-deduplication-id", &self.deduplication_id),
        ] {
            if id.as_deref().is_some_and(|id| !text::is_identifier(id)) {
                problems.add(name, text::IDENTIFIER_PROBLEM);
            }
        }
        if let Some(message) = self.trace_header.as_deref().and_then(text::problem) {
            problems.add("aws-trace-header", message);
        }
        let bytes = self.bytes();
        if bytes > MESSAGE_BYTES {
            problems.add(
                "payload",
                format!("has {bytes} bytes with its message attributes; SQS takes {MESSAGE_BYTES} at most"),
            );
        }
    }

    /// What the kind of queue demands.
    fn check_for(&self, fifo: bool, problems: &mut Problems) {
        if fifo {
            if self.group_id.is_none() {
                problems.add("message-group-id", "is required on a FIFO queue");
            }
            if self.delay_seconds.is_some_and(|seconds| seconds > 0) {
                problems.add(
                    "delay-seconds",
                    "cannot be set for a message on a FIFO queue, only for the whole queue",
                );
            }
        } else if self.deduplication_id.is_some() {
            problems.add("message-deduplication-id", "is for FIFO queues only");
        }
    }

    /// Bytes that count for the service: the body and the message attributes, and not the system
    /// attributes.
    pub(super) fn bytes(&self) -> usize {
        self.body.len() + self.attributes.bytes()
    }

    /// About how many bytes it takes in a request, with what has to be escaped.
    pub(super) fn room(&self) -> usize {
        let bytes = self.bytes();
        bytes + bytes / 8 + 256
    }

    /// Takes the body out of an error's words, should the service repeat it there.
    pub(super) fn hide(&self, error: &mut Error) {
        fault::hide(error, [self.body.as_str()]);
    }

    /// Writes the members that a request of one message and an entry of a batch share.
    pub(super) fn write(&self, object: &mut Object<'_>) {
        object
            .text("MessageBody", &self.body)
            .optional_integer("DelaySeconds", self.delay_seconds)
            .optional_text("MessageDeduplicationId", self.deduplication_id.as_deref())
            .optional_text("MessageGroupId", self.group_id.as_deref());
        self.attributes.write(object);
        if let Some(trace_header) = &self.trace_header {
            object.object("MessageSystemAttributes", |map| {
                map.object(TRACE_HEADER, |value| {
                    value
                        .text("DataType", "String")
                        .text("StringValue", trace_header);
                });
            });
        }
    }

    /// The checksum that the service should come to for the body.
    pub(super) fn body_checksum(&self) -> String {
        checksum::of_body(self.body.as_bytes())
    }

    /// Compares the service's checksums with those of what was sent, of which that of the body is
    /// given; `None` stands for one that the answer does not have.
    ///
    /// # Errors
    /// `corrupted`, naming the part that differs.
    pub(super) fn verify(
        &self,
        body: &str,
        of_body: Option<&str>,
        of_attributes: Option<&str>,
        of_system_attributes: Option<&str>,
    ) -> Result<(), Error> {
        let body = of_body.is_none_or(|sum| sum == body);
        let attributes = of_attributes.is_none_or(|sum| sum == self.attributes.checksum());
        let system = of_system_attributes.is_none_or(|sum| sum == self.system_checksum());
        let part = match (body, attributes, system) {
            (true, true, true) => return Ok(()),
            (false, _, _) => "body",
            (_, false, _) => "message attributes",
            _ => "message system attributes",
        };
        Err(Error::Corrupted(format!(
            "the service took the message, but its MD5 checksum of the {part} is not that of what was sent"
        )))
    }

    fn system_checksum(&self) -> String {
        let value = self
            .trace_header
            .as_ref()
            .map(|header| AttributeValue::Text(header.as_str().into()));
        checksum::of_attributes(value.as_ref().map(|value| (TRACE_HEADER, "String", value)))
    }
}

/// The payload as a message body, unaltered.
fn body(payload: Vec<u8>, problems: &mut Problems) -> String {
    match String::from_utf8(payload) {
        Ok(body) => {
            if body.is_empty() {
                problems.add("payload", "must not be empty");
            } else if let Some(message) = text::problem(&body) {
                problems.add("payload", message);
            }
            body
        }
        Err(error) => {
            problems.add(
                "payload",
                format!(
                    "must be UTF-8 text, and is not at byte {}; encode other bytes first, as base64 for example",
                    error.utf8_error().valid_up_to()
                ),
            );
            String::new()
        }
    }
}
