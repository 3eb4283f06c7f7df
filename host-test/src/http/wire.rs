//! One connection, driven by whoever uses it.
//!
//! hyper's connections want to be polled: mostly that is a task of their own, and each request and
//! each answer goes from task to task. Here the request's future polls the connection, and then
//! the body of its answer does, until that has ended; between two requests nobody does. That saves
//! a round of wake-ups and a few allocations a request. What happens to an idle connection is seen
//! when it is taken up again.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;

use super::begun::Begun;
use super::connect::Counted;
use super::pool::{MAXIMUM_HEAD_BYTES, Place};
use super::relay::Quiet;

/// What a connection is over.
pub(crate) type Stream = Counted<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// A connection that no request is on.
pub(crate) struct Wire {
    sender: SendRequest<Begun>,
    connection: http1::Connection<Stream, Begun>,
    quiet: Quiet,
}

/// Why there is no answer.
pub(crate) enum Unanswered {
    /// Nothing of the request was sent, so it may go out on another connection.
    Unsent(Box<Request<Begun>>, hyper::Error),
    /// It was sent, or a part of it.
    Failed(hyper::Error),
}

impl Wire {
    /// Begins to speak HTTP/1.1.
    pub(crate) async fn over(stream: Stream) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAXIMUM_HEAD_BYTES)
            .handshake(stream)
            .await?;
        Ok(Self {
            sender,
            connection,
            quiet: Quiet::new(),
        })
    }

    /// Whether it takes a request now: the server has not closed it, and has not sent what nobody
    /// asked for.
    pub(crate) fn is_fit(&mut self) -> bool {
        let mut nobody = Context::from_waker(Waker::noop());
        let (quiet, connection) = (&self.quiet, &mut self.connection);
        let look =
            poll_fn(|context| quiet.poll(context, |quiet| Pin::new(&mut *connection).poll(quiet)));
        // A task that has used up its share of the runtime would see nothing.
        let ended = pin!(unconstrained(look)).poll(&mut nobody);
        // It is ready when it has ended, be it well or not.
        ended.is_pending() && self.sender.is_ready()
    }

    /// Sends a request, and gives the head of the answer. Dropped, it closes the connection.
    pub(crate) async fn exchange(
        mut self,
        request: Request<Begun>,
        place: Place,
    ) -> Result<Response<Answer>, Unanswered> {
        let is_sent = request.body().is_over();
        let mut sending = pin!(self.sender.try_send_request(request));
        let (quiet, connection) = (&self.quiet, &mut self.connection);
        let mut ended = false;
        let result = poll_fn(|context| {
            quiet.poll(context, |quiet| {
                if !ended {
                    // Where it fails, the request hears why.
                    ended = Pin::new(&mut *connection).poll(quiet).is_ready();
                }
                sending.as_mut().poll(quiet)
            })
        });
        match result.await {
            Ok(response) => {
                let wire = if ended {
                    None
                } else if is_sent.load(Ordering::Relaxed) {
                    Some((self, place))
                } else {
                    // The answer came early. The guest may go on sending before it reads, so that
                    // somebody else has to see to the connection.
                    tokio::spawn(self.connection);
                    None
                };
                let mut response = response.map(|incoming| Answer { incoming, wire });
                // Nobody may ask for a body that is empty.
                if response.body().is_end_stream() {
                    response.body_mut().release();
                }
                Ok(response)
            }
            Err(mut error) => Err(match error.take_message() {
                Some(request) => Unanswered::Unsent(Box::new(request), error.into_error()),
                None => Unanswered::Failed(error.into_error()),
            }),
        }
    }
}

/// The body of an answer, and the connection that it comes over.
pub(crate) struct Answer {
    incoming: Incoming,
    /// None once the connection has gone back to its place, has ended, or is seen to elsewhere.
    wire: Option<(Wire, Place)>,
}

impl Answer {
    /// Gives the connection back to its place where it can take another request.
    fn release(&mut self) {
        if let Some((mut wire, place)) = self.wire.take()
            && wire.is_fit()
        {
            place.keep(wire);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Self { incoming, wire } = &mut *self;
        let mut incoming = Pin::new(incoming);
        let polled = match wire {
            None => incoming.poll_frame(context),
            Some((over, _)) => {
                let (quiet, connection) = (&over.quiet, &mut over.connection);
                let mut ended = false;
                let polled = quiet.poll(context, |quiet| {
                    // The first poll tells the connection that the body is wanted, the second one
                    // takes what it brought.
                    let polled = incoming.as_mut().poll_frame(quiet);
                    if polled.is_ready() || ended {
                        return polled;
                    }
                    ended = Pin::new(&mut *connection).poll(quiet).is_ready();
                    incoming.as_mut().poll_frame(quiet)
                });
                if ended {
                    *wire = None;
                }
                polled
            }
        };
        // Who knows the length of a body does not ask for its end.
        if matches!(polled, Poll::Ready(None)) || self.incoming.is_end_stream() {
            self.release();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
