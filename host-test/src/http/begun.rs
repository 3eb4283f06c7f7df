//! Request bodies that have begun when their request goes out.
//!
//! A guest hands its request over before it writes the body. To send the head at once would be a
//! packet and a system call of its own, and wake the server for nothing; the body follows within
//! microseconds.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::instance::Outside;

/// How long the head waits for the body. A guest may want an answer before it writes anything: it
/// loses no more than this.
const PATIENCE: Duration = Duration::from_millis(1);

/// The body of a request, whose first piece may be here already. Counts what is sent.
pub(crate) struct Begun {
    first: Option<Frame<Bytes>>,
    rest: WasiBody,
    outside: Arc<Outside>,
    is_over: Arc<AtomicBool>,
}

impl Begun {
    /// Waits for the first piece, where the head announces a body.
    ///
    /// # Errors
    /// The guest's own, such as that it wrote less than it announced.
    pub(crate) async fn wait(
        head: &HeaderMap,
        mut body: WasiBody,
        outside: Arc<Outside>,
    ) -> Result<Self, Error> {
        let announced = head
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0");
        let first = match announced {
            true => tokio::time::timeout(PATIENCE, body.frame()).await,
            false => Ok(None),
        };
        Ok(Self {
            first: first.ok().flatten().transpose()?,
            rest: body,
            outside,
            is_over: Arc::default(),
        })
    }

    /// What becomes true when nothing more will be asked of this body.
    pub(crate) fn is_over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_over)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Body for Begun {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match self.first.take() {
            Some(frame) => Some(Ok(frame)),
            None => ready!(Pin::new(&mut self.rest).poll_frame(context)),
        };
        if let Some(Ok(frame)) = &frame {
            let length = frame.data_ref().map_or(0, Buf::remaining);
            self.outside.counters.bytes_sent.add(length as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // The length is the head's to say; a hint that counts the first piece twice or not at all
        // would contradict it.
        match self.first {
            Some(_) => SizeHint::default(),
            None => self.rest.size_hint(),
        }
    }
}
