//! Which batch may go out next, so that every message group of a FIFO queue stays in order.
//!
//! A message group of one queue is a lane, known by a number. A lane is never in two batches under
//! way at once, and a batch never overtakes one that waits with a lane of its own.

use std::collections::VecDeque;

use super::pack::Batch;
use crate::contract::Error;
use crate::operations::queues::Ids;

/// How many waiting batches are looked through for one that may go: a bound on the work for each
/// step where thousands wait for one slow group.
const LOOK_AHEAD: usize = 64;

/// Batches that wait, lanes that are under way, and lanes that a failure has ended.
#[derive(Default)]
pub(super) struct Lanes {
    ids: Ids,
    states: Vec<State>,
    waiting: VecDeque<Batch>,
    /// Number of the present search, so that marks of earlier ones need no cleaning up.
    search: u64,
}

#[derive(Clone, Copy, Default)]
struct State {
    under_way: bool,
    /// The document that failed.
    ended: Option<usize>,
    /// The last search in which a batch with this lane was passed by.
    passed: u64,
}

/// A document that is not sent, and why.
pub(super) type HeldBack = (usize, Error);

/// The error of a document that is not sent because an earlier one of its group failed.
pub(super) fn held_back(failed: usize) -> Error {
    Error::Other(format!(
        "not sent: document {failed}, earlier in the same message group, failed, and to send this one would change their order"
    ))
}

impl Lanes {
    /// The lane of a message group.
    pub(super) fn id(&mut self, destination: usize, group: &str) -> usize {
        // A group has no line ends, see the check of identifiers.
        let id = self.ids.id(&format!("{destination}\n{group}"));
        self.states.resize(self.ids.len(), State::default());
        id
    }

    /// The document that ended a lane, if it has ended.
    pub(super) fn ended(&self, lane: usize) -> Option<usize> {
        self.states.get(lane)?.ended
    }

    /// Ends a lane: a document of it failed.
    pub(super) fn end(&mut self, lane: usize, document: usize) {
        if let Some(state) = self.states.get_mut(lane) {
            state.ended.get_or_insert(document);
        }
    }

    /// Adds batches behind those that wait.
    pub(super) fn add(&mut self, batches: Vec<Batch>) {
        self.waiting.extend(batches);
    }

    /// The next batch that may go out now, without the documents whose lane has ended, and
    /// those. None where all that wait must wait for a batch under way, or none waits.
    pub(super) fn next(&mut self) -> Option<(Batch, Vec<HeldBack>)> {
        self.search += 1;
        let (search, states) = (self.search, &mut self.states);
        let position = self.waiting.iter().take(LOOK_AHEAD).position(|batch| {
            let free = lanes(batch).all(|lane| {
                let state = states.get(lane).copied().unwrap_or_default();
                !state.under_way && state.passed != search
            });
            if !free {
                for lane in lanes(batch) {
                    if let Some(state) = states.get_mut(lane) {
                        state.passed = search;
                    }
                }
            }
            free
        })?;
        let mut batch = self.waiting.remove(position)?;
        let mut held = Vec::new();
        batch.messages.retain(|message| {
            match message.lane.and_then(|lane| states.get(lane)?.ended) {
                // What stands before the document that failed is in order without it.
                Some(failed) if failed < message.document => {
                    held.push((message.document, held_back(failed)));
                    false
                }
                _ => true,
            }
        });
        for lane in lanes(&batch) {
            if let Some(state) = states.get_mut(lane) {
                state.under_way = true;
            }
        }
        Some((batch, held))
    }

    /// Frees the lanes of a batch, and ends those of which a message failed.
    pub(super) fn finished<T>(&mut self, batch: &Batch, sent: &[Result<T, Error>]) {
        for (message, result) in batch.messages.iter().zip(sent) {
            let Some(lane) = message.lane else {
                continue;
            };
            if let Some(state) = self.states.get_mut(lane) {
                state.under_way = false;
            }
            if result.is_err() {
                self.end(lane, message.document);
            }
        }
    }
}

fn lanes(batch: &Batch) -> impl Iterator<Item = usize> {
    batch.messages.iter().filter_map(|message| message.lane)
}
