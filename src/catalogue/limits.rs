//! Amazon SQS quotas, and bounds of our own.
//!
//! Source of the quotas: Amazon SQS Developer Guide, "Amazon SQS message quotas" and "Amazon SQS
//! standard queue quotas"; API Reference of the actions.

/// Bytes of one message, and of one batch: body and message attributes together.
pub const MESSAGE_BYTES: usize = 1_048_576;
/// Entries of one batch request, and messages of one `ReceiveMessage`.
pub const BATCH_ENTRIES: usize = 10;
/// Message attributes of one message.
pub const MESSAGE_ATTRIBUTES: usize = 10;
/// Characters of a message attribute's name, and of its data type.
pub const ATTRIBUTE_NAME: usize = 256;
/// Characters of a queue name, `.fifo` included.
pub const QUEUE_NAME: usize = 80;
/// Characters of a message group id, a deduplication id and a receive request attempt id.
pub const IDENTIFIER: i32 = 128;
/// Seconds that a message can be delayed.
pub const DELAY_SECONDS: i32 = 900;
/// Seconds that a message can be invisible: 12 hours from its receipt.
pub const VISIBILITY_SECONDS: i32 = 43_200;
/// Seconds of one long poll.
pub const WAIT_SECONDS: i32 = 20;
/// Requests side by side that a connection may be set to.
pub const IN_FLIGHT: i32 = 64;

/// Messages that a listener hands over together at most: they are in memory together.
pub const LISTEN_MESSAGES: i32 = 100;
/// Requests of a listener that wait side by side at most.
pub const LISTEN_POLLS: i32 = 10;
/// Milliseconds that a listener's poll interval can be set to: ten minutes.
pub const POLL_INTERVAL_MILLISECONDS: i32 = 600_000;
/// Characters of a listener's filter.
pub const FILTER_CHARACTERS: i32 = 4_096;

/// Bytes of one answer that are read at most: ten messages of 1 MiB, each character of them
/// escaped threefold (`\u00e9` for two bytes), and room for attributes.
pub const ANSWER_BYTES: usize = 40 * 1_048_576;
/// Bytes of bodies that one `receive` gathers at most before it asks for no more, so that what
/// it holds fits into an instance's memory whatever is in the queue.
pub const RECEIVE_BYTES: usize = 48 * 1_048_576;
