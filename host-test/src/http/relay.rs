//! A waker that is quiet while its connection is being polled.
//!
//! The two halves of a connection wake each other. Where one task polls both, that wakes a task
//! that runs already: a runtime then runs it once more, mostly on another thread. Whoever polls
//! both looks again by itself instead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// How often one poll looks again. What still wants more then has its task woken: it may have used
/// up the task's share of the runtime, which comes back only when the task has yielded.
const ROUNDS: usize = 8;

/// Passes wakes on to the task that polled last, but for those that come while it polls.
struct Relay {
    is_polled: AtomicBool,
    is_woken: AtomicBool,
    task: Mutex<Waker>,
}

impl Relay {
    fn task(&self) -> MutexGuard<'_, Waker> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        if !self.is_polled.load(Ordering::SeqCst) {
            self.task().wake_by_ref();
        }
    }
}

/// What [`Relay`]s are used by.
pub(crate) struct Quiet {
    relay: Arc<Relay>,
    waker: Waker,
}

impl Quiet {
    pub(crate) fn new() -> Self {
        let relay = Arc::new(Relay {
            is_polled: AtomicBool::new(false),
            is_woken: AtomicBool::new(false),
            task: Mutex::new(Waker::noop().clone()),
        });
        Self {
            waker: Waker::from(Arc::clone(&relay)),
            relay,
        }
    }

    /// Polls until something is ready, or nothing that is polled wants to be polled again.
    pub(crate) fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.relay.task().clone_from(context.waker());
        let mut quiet = Context::from_waker(&self.waker);
        for _ in 0..ROUNDS {
            self.relay.is_polled.store(true, Ordering::SeqCst);
            self.relay.is_woken.store(false, Ordering::SeqCst);
            let polled = poll(&mut quiet);
            // In this order: a wake from another thread is either seen here, or passed on.
            self.relay.is_polled.store(false, Ordering::SeqCst);
            if polled.is_ready() || !self.relay.is_woken.load(Ordering::SeqCst) {
                return polled;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count(Mutex<u32>);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn a_wake_during_the_poll_polls_again_and_leaves_the_task_alone() {
        let count = Arc::new(Count(Mutex::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        let quiet = Quiet::new();
        let mut polls = 0;
        let polled: Poll<()> = quiet.poll(&mut context, |inner| {
            polls += 1;
            if polls < 3 {
                inner.waker().wake_by_ref();
            }
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!(polls, 3);
        assert_eq!(*count.0.lock().unwrap(), 0);
    }

    #[test]
    fn what_wakes_itself_on_and_on_is_left_to_the_runtime() {
        let count = Arc::new(Count(Mutex::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let polled: Poll<()> = Quiet::new().poll(&mut Context::from_waker(&waker), |context| {
            context.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!(*count.0.lock().unwrap(), 1);
    }

    #[test]
    fn a_wake_between_polls_reaches_the_task_that_polled_last() {
        let counts = [0, 0].map(|_| Arc::new(Count(Mutex::new(0))));
        let quiet = Quiet::new();
        let mut inner = None;
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            let polled: Poll<()> = quiet.poll(&mut Context::from_waker(&waker), |context| {
                inner = Some(context.waker().clone());
                Poll::Pending
            });
            assert!(polled.is_pending());
        }
        inner.unwrap().wake();
        assert_eq!(counts.map(|count| *count.0.lock().unwrap()), [0, 1]);
    }
}
