//! Ports for native tests: a scripted service and a clock that jumps from event to event.

pub(crate) mod fuzz;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::transport::{
    Clock, Limits, Request, Response, Transport, TransportError, TransportErrorKind, executor,
};

/// A request as the service saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) action: String,
    pub(crate) body: serde_json::Value,
    /// When it came.
    pub(crate) at: Duration,
    /// Signing time and all.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What the service does with a request.
pub(crate) struct Reply {
    pub(crate) after: Duration,
    pub(crate) result: Result<Response, TransportError>,
}

/// An answer with that status and body.
pub(crate) fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        after: Duration::from_millis(10),
        result: Ok(Response {
            status,
            headers: vec![("x-amzn-RequestId".to_owned(), "request-1".to_owned())],
            body: body.into(),
        }),
    }
}

/// A fault with that code.
pub(crate) fn fault(status: u16, code: &str) -> Reply {
    let body = format!("{{\"__type\":\"com.amazonaws.sqs#{code}\",\"message\":\"words\"}}");
    reply(status, body)
}

/// A broken connection.
pub(crate) fn broken() -> Reply {
    Reply {
        after: Duration::from_millis(10),
        result: Err(TransportError::new(TransportErrorKind::Broken, "cut")),
    }
}

impl Reply {
    /// The same, later.
    pub(crate) fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }

    /// The same, with a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(response) = &mut self.result {
            response.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

type Service = Box<dyn FnMut(&Seen) -> Reply>;

#[derive(Default)]
struct Timers {
    next: u64,
    waiting: Vec<(u64, Duration, Waker)>,
}

struct Shared {
    now: Cell<Duration>,
    timers: RefCell<Timers>,
    service: RefCell<Service>,
    seen: RefCell<Vec<Seen>>,
    under_way: Cell<usize>,
    most_under_way: Cell<usize>,
}

/// Both ports, scripted; clones share one world.
#[derive(Clone)]
pub(crate) struct Script(Rc<Shared>);

impl Script {
    /// A service that does with each request what the function says.
    pub(crate) fn new(service: impl FnMut(&Seen) -> Reply + 'static) -> Self {
        Self(Rc::new(Shared {
            now: Cell::new(Duration::ZERO),
            timers: RefCell::default(),
            service: RefCell::new(Box::new(service)),
            seen: RefCell::default(),
            under_way: Cell::new(0),
            most_under_way: Cell::new(0),
        }))
    }

    /// Runs a call; time passes only where it waits.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        executor::block_on(future, || self.advance())
    }

    fn advance(&self) {
        let mut timers = self.0.timers.borrow_mut();
        let next = timers.waiting.iter().map(|(_, at, _)| *at).min();
        let next = next.expect("the call waits for something");
        self.0.now.set(next);
        timers.waiting.retain(|(_, at, waker)| {
            if *at <= next {
                waker.wake_by_ref();
            }
            *at > next
        });
    }

    /// How much time has passed.
    pub(crate) fn monotonic_now(&self) -> Duration {
        self.0.now.get()
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.seen.borrow().clone()
    }

    /// The actions of every request so far.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.action).collect()
    }

    /// How many requests were under way at once, at most.
    pub(crate) fn most_under_way(&self) -> usize {
        self.0.most_under_way.get()
    }
}

impl Transport for Script {
    async fn send(&self, request: Request<'_>, _: Limits) -> Result<Response, TransportError> {
        let target = request
            .headers
            .iter()
            .find(|(name, _)| *name == "x-amz-target");
        let (_, action) = target.unwrap().1.split_once('.').unwrap();
        let seen = Seen {
            action: action.to_owned(),
            body: serde_json::from_slice(request.body).unwrap(),
            at: self.0.now.get(),
            headers: request.headers,
        };
        self.0.seen.borrow_mut().push(seen.clone());
        let reply = (self.0.service.borrow_mut())(&seen);
        self.0.under_way.set(self.0.under_way.get() + 1);
        let most = self.0.most_under_way.get().max(self.0.under_way.get());
        self.0.most_under_way.set(most);
        self.sleep(reply.after).await;
        self.0.under_way.set(self.0.under_way.get() - 1);
        reply.result
    }
}

impl Clock for Script {
    fn now(&self) -> Duration {
        // 2026-11-21T00:00:00Z and on.
        Duration::from_secs(1_795_219_200) + self.0.now.get()
    }

    fn monotonic(&self) -> Duration {
        self.0.now.get()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        Sleep {
            shared: self.0.clone(),
            at: self.0.now.get().saturating_add(duration),
            id: None,
        }
    }

    /// The largest, so that pauses are as long as they can be.
    fn random(&self) -> u64 {
        u64::MAX
    }
}

struct Sleep {
    shared: Rc<Shared>,
    at: Duration,
    id: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shared.now.get() >= self.at {
            return Poll::Ready(());
        }
        let mut timers = self.shared.timers.borrow_mut();
        match self.id {
            // A later call may wait for what an earlier one began.
            Some(id) => {
                let waiting = timers.waiting.iter_mut().find(|(known, ..)| *known == id);
                if let Some((_, _, waker)) = waiting {
                    waker.clone_from(context.waker());
                }
            }
            None => {
                timers.next += 1;
                let id = timers.next;
                timers.waiting.push((id, self.at, context.waker().clone()));
                drop(timers);
                self.id = Some(id);
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let mut timers = self.shared.timers.borrow_mut();
            timers.waiting.retain(|(waiting, _, _)| *waiting != id);
        }
    }
}
