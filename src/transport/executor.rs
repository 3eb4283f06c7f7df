//! How several requests are in flight inside one synchronous call.
//!
//! An export runs to its end before the next one starts, so there is one future to drive: the
//! call. It is polled; where it can go no further, `idle` waits until something that it waits for
//! is ready, and wakes it. Operations say what may run side by side, with [`InFlight`] and
//! [`all`]; only this module and the reactor behind `idle` know how.
//!
//! A few dozen futures run side by side at most, so a wake polls all of them: that is cheaper,
//! in time and in bytes of the component, than to keep a waker for each.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Remembers that the call's future was woken while it was being polled.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives a future to its end. `idle` is called when nothing can go on; it returns once something
/// was woken.
pub fn block_on<F: Future>(future: F, mut idle: impl FnMut()) -> F::Output {
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(flag.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        while !flag.0.swap(false, Ordering::Relaxed) {
            idle();
        }
    }
}

/// Which of two futures was ready first.
pub enum First<A, B> {
    /// The one given first; it also wins where both are ready.
    One(A),
    /// The other one.
    Other(B),
}

/// Runs two futures until one of them is ready, and drops the other.
pub async fn race<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> First<A, B> {
    let mut one = pin!(one);
    let mut other = pin!(other);
    poll_fn(|context| {
        if let Poll::Ready(output) = one.as_mut().poll(context) {
            return Poll::Ready(First::One(output));
        }
        other.as_mut().poll(context).map(First::Other)
    })
    .await
}

/// Runs a future, and does some work as soon as the future waits for the first time, so that what
/// it waits for goes on meanwhile.
pub async fn meanwhile<A, B>(future: impl Future<Output = A>, work: impl Fn() -> B) -> (A, B) {
    let mut future = pin!(future);
    let mut worked = None;
    let output = poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        worked.get_or_insert_with(&work);
        polled
    })
    .await;
    (output, worked.unwrap_or_else(work))
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Futures that are under way side by side.
pub struct InFlight<'a, T> {
    futures: Vec<Boxed<'a, T>>,
}

impl<T> Default for InFlight<'_, T> {
    fn default() -> Self {
        Self {
            futures: Vec::new(),
        }
    }
}

impl<'a, T> InFlight<'a, T> {
    /// Adds one. It starts when [`next`](Self::next) is awaited.
    pub fn push(&mut self, future: impl Future<Output = T> + 'a) {
        self.futures.push(Box::pin(future));
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.futures.len()
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.futures.is_empty()
    }

    /// Runs them until one is ready, and gives what it came to; none where none is under way.
    pub async fn next(&mut self) -> Option<T> {
        poll_fn(|context| {
            if self.futures.is_empty() {
                return Poll::Ready(None);
            }
            let ready =
                self.futures
                    .iter_mut()
                    .enumerate()
                    .find_map(|(index, future)| match future.as_mut().poll(context) {
                        Poll::Ready(output) => Some((index, output)),
                        Poll::Pending => None,
                    });
            match ready {
                Some((index, output)) => {
                    drop(self.futures.swap_remove(index));
                    Poll::Ready(Some(output))
                }
                None => Poll::Pending,
            }
        })
        .await
    }
}

/// Runs tasks side by side, `limit` of them at a time; their outputs, in the order of the tasks.
pub async fn all<'a, T: 'a, F: Future<Output = T> + 'a>(
    limit: usize,
    tasks: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let mut outputs: Vec<Option<T>> = Vec::new();
    let mut running = InFlight::default();
    let mut tasks = tasks.into_iter();
    loop {
        while running.len() < limit {
            let Some(task) = tasks.next() else {
                break;
            };
            let index = outputs.len();
            outputs.push(None);
            running.push(async move { (index, task.await) });
        }
        let Some((index, output)) = running.next().await else {
            break;
        };
        if let Some(slot) = outputs.get_mut(index) {
            *slot = Some(output);
        }
    }
    outputs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Ready when it is polled for the given time.
    fn after<T: Clone>(polls: u32, output: T) -> impl Future<Output = T> {
        let mut left = polls;
        poll_fn(move |context| {
            left = left.saturating_sub(1);
            if left == 0 {
                return Poll::Ready(output.clone());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    #[test]
    fn outputs_come_in_the_order_of_the_tasks_whichever_ends_first() {
        let tasks = [3, 1, 2, 5, 4].map(|polls| after(polls, polls));
        assert_eq!(block_on(all(2, tasks), || ()), [3, 1, 2, 5, 4]);
    }

    #[test]
    fn no_more_than_the_limit_is_under_way_at_once() {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let tasks = (0..20).map(|polls| {
            let (running, most) = (&running, &most);
            async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                after(polls % 4 + 1, ()).await;
                running.set(running.get() - 1);
            }
        });
        block_on(all(3, tasks), || ());
        assert_eq!(most.get(), 3);
    }

    #[test]
    fn work_is_done_once_while_the_future_waits_or_after_it_was_ready_at_once() {
        for polls in 1..4 {
            let log = RefCell::new(Vec::new());
            let future = async {
                log.borrow_mut().push("begun");
                after(polls, ()).await;
                log.borrow_mut().push("ended");
            };
            let work = || log.borrow_mut().push("worked");
            block_on(meanwhile(future, work), || ());
            let expected = match polls {
                1 => ["begun", "ended", "worked"],
                _ => ["begun", "worked", "ended"],
            };
            assert_eq!(*log.borrow(), expected);
        }
    }

    #[test]
    fn a_race_drops_the_one_that_lost() {
        struct Dropped<'a>(&'a RefCell<Vec<&'static str>>);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.borrow_mut().push("dropped");
            }
        }
        let log = RefCell::new(Vec::new());
        let slow = async {
            let _guard = Dropped(&log);
            after(100, ()).await;
            log.borrow_mut().push("ended");
        };
        let first = block_on(race(slow, after(2, ())), || ());
        assert!(matches!(first, First::Other(())));
        assert_eq!(*log.borrow(), ["dropped"]);
    }
}
