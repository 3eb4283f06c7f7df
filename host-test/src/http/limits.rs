//! Response bodies that end at a bound: of bytes, and of time between two pieces.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::Error;

use super::errors;
use super::wire::Answer;
use crate::instance::Outside;

/// The body of a response, for the guest to read.
pub(crate) struct BoundedBody {
    inner: Answer,
    outside: Arc<Outside>,
    read: u64,
    between: Duration,
    /// Runs while the guest waits for the server, not while the server waits for the guest.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl BoundedBody {
    pub(crate) fn new(inner: Answer, outside: Arc<Outside>, between: Duration) -> Self {
        Self {
            inner,
            outside,
            read: 0,
            between,
            waiting: None,
        }
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let limit = self.outside.limits.response_bytes;
        let too_large = Poll::Ready(Some(Err(Error::HttpResponseBodySize(Some(limit)))));
        // Where the server says beforehand that it is too much, nothing of it is read.
        if self.inner.size_hint().lower() > limit - self.read {
            return too_large;
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = None;
                let length = frame.data_ref().map_or(0, Buf::remaining) as u64;
                self.outside.counters.bytes_received.add(length);
                if length > limit - self.read {
                    return too_large;
                }
                self.read += length;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(errors::of_body(&error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let between = self.between;
                let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(between)));
                match waiting.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(Error::ConnectionReadTimeout))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
