//! Waiting for many things at once, over `wasi:io/poll`.
//!
//! A future that cannot go on leaves its pollable and its waker here. When the whole call can go
//! no further, [`wait`] polls all of them in one host call and wakes those that are ready.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ::wasi::io::poll::{Pollable, poll};

#[derive(Default)]
struct Waiting {
    next_id: u64,
    entries: Vec<Entry>,
}

struct Entry {
    id: u64,
    pollable: Pollable,
    waker: Waker,
    ready: bool,
}

thread_local! {
    // A component has one thread; this is a global that needs no lock.
    static WAITING: RefCell<Waiting> = RefCell::default();
}

/// Waits until the pollable is ready.
pub(super) fn ready(pollable: Pollable) -> Ready {
    Ready(State::New(Some(pollable)))
}

/// The future of [`ready`].
pub(super) struct Ready(State);

enum State {
    New(Option<Pollable>),
    Waiting(u64),
}

impl Future for Ready {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        WAITING.with_borrow_mut(|waiting| match &mut self.0 {
            State::New(pollable) => {
                let Some(pollable) = pollable.take() else {
                    return Poll::Ready(());
                };
                let id = waiting.next_id;
                waiting.next_id += 1;
                waiting.entries.push(Entry {
                    id,
                    pollable,
                    waker: context.waker().clone(),
                    ready: false,
                });
                self.0 = State::Waiting(id);
                Poll::Pending
            }
            // `wait` takes out what became ready.
            State::Waiting(id) => match waiting.entries.iter_mut().find(|entry| entry.id == *id) {
                None => Poll::Ready(()),
                Some(entry) => {
                    entry.waker.clone_from(context.waker());
                    Poll::Pending
                }
            },
        })
    }
}

impl Drop for Ready {
    /// A pollable is a child of what it polls and must be gone before it, also when the wait is
    /// given up: a stream that still has one traps when it is dropped.
    fn drop(&mut self) {
        if let State::Waiting(id) = self.0 {
            WAITING.with_borrow_mut(|waiting| waiting.entries.retain(|entry| entry.id != id));
        }
    }
}

/// Blocks until at least one of the pollables is ready, and wakes whoever waits for those.
pub(super) fn wait() {
    let woken: Vec<Waker> = WAITING.with_borrow_mut(|waiting| {
        let ready = {
            let pollables: Vec<&Pollable> = waiting.entries.iter().map(|e| &e.pollable).collect();
            // The host traps on an empty list. It cannot be empty here: a call that waits for
            // nothing at all would be a future that never ends.
            poll(&pollables)
        };
        // Hosts answer in any order, so nothing is moved before all of them are marked.
        for index in ready {
            let entry = usize::try_from(index)
                .ok()
                .and_then(|index| waiting.entries.get_mut(index));
            if let Some(entry) = entry {
                entry.ready = true;
            }
        }
        let (ready, pending) = std::mem::take(&mut waiting.entries)
            .into_iter()
            .partition(|entry| entry.ready);
        waiting.entries = pending;
        let ready: Vec<Entry> = ready;
        ready.into_iter().map(|entry| entry.waker).collect()
    });
    woken.into_iter().for_each(Waker::wake);
}
