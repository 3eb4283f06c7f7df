//! Packing messages into batches.

use crate::catalogue::limits::{BATCH_ENTRIES, MESSAGE_BYTES};
use crate::operations::message::Message;
use crate::operations::queues::Queue;

/// Messages that go out in one request.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) queue: Queue,
    pub(super) messages: Vec<Message>,
}

/// Packs the messages of one queue, in their order, into as few batches as that order allows: by
/// ten entries and by the bytes that the service counts.
pub(super) fn pack(queue: &Queue, messages: Vec<Message>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::with_capacity(messages.len().div_ceil(BATCH_ENTRIES));
    let mut bytes = 0;
    for message in messages {
        let size = message.bytes();
        match batches.last_mut() {
            Some(batch)
                if batch.messages.len() < BATCH_ENTRIES && bytes + size <= MESSAGE_BYTES =>
            {
                bytes += size;
                batch.messages.push(message);
            }
            _ => {
                bytes = size;
                batches.push(Batch {
                    queue: queue.clone(),
                    messages: vec![message],
                });
            }
        }
    }
    batches
}
