//! The ports over WASI 0.2: `wasi:http`, `wasi:clocks` and `wasi:random`.

mod errors;
mod http;
mod reactor;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ::wasi::clocks::{monotonic_clock, wall_clock};
use ::wasi::random::random;

use super::{Clock, Limits, Request, Response, Transport, TransportError, executor};

/// What a component can reach.
#[derive(Clone, Copy, Default, Debug)]
pub struct Wasi;

/// Runs a call to its end. Behind a pointer, so that the executor is in the component once for
/// each kind of result, and not for each call.
pub fn block_on<T>(future: Pin<Box<dyn Future<Output = T> + '_>>) -> T {
    executor::block_on(future, reactor::wait)
}

impl Transport for Wasi {
    async fn send(&self, request: Request<'_>, limits: Limits) -> Result<Response, TransportError> {
        http::send(request, limits).await
    }
}

impl Clock for Wasi {
    fn now(&self) -> Duration {
        let now = wall_clock::now();
        Duration::new(now.seconds, now.nanoseconds)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    async fn sleep(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        reactor::ready(monotonic_clock::subscribe_duration(nanoseconds)).await;
    }

    fn random(&self) -> u64 {
        random::get_random_u64()
    }
}
