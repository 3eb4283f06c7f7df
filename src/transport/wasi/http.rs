//! One exchange over `wasi:http/outgoing-handler`.
//!
//! The order matters and is the same in every host: hand the request over, write the body, finish
//! it, wait for the answer, read it. Resources are dropped children first; a parent dropped before
//! its child traps.

use ::wasi::http::outgoing_handler;
use ::wasi::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use ::wasi::io::streams::{InputStream, OutputStream, StreamError};

use super::errors::{describe, stream_failure};
use super::reactor;
use crate::connection::endpoint;
use crate::transport::{Limits, Request, Response, TransportError, TransportErrorKind};

/// Bytes asked for in one read.
const READ: u64 = 256 * 1024;

pub(super) async fn send(request: Request<'_>, limits: Limits) -> Result<Response, TransportError> {
    let body = request.body;
    let outgoing = outgoing(request)?;
    let writer = outgoing.body().map_err(|()| invalid("the body"))?;
    let future = outgoing_handler::handle(outgoing, Some(options(limits))).map_err(describe)?;
    // The server may answer, or go away, before it has read everything; the host then refuses
    // the rest. What became of the request is for the answer to say: the host knows what went
    // wrong more exactly than its stream does, denial above all.
    write(writer, body).await;
    reactor::ready(future.subscribe()).await;
    match future.get() {
        Some(Ok(answer)) => read(answer.map_err(describe)?, limits.answer_bytes).await,
        _ => Err(TransportError::new(
            TransportErrorKind::Broken,
            "the host gave no answer",
        )),
    }
}

fn outgoing(request: Request<'_>) -> Result<OutgoingRequest, TransportError> {
    // Without a length the host would send the body in chunks, which SQS does not take.
    let length = ("content-length", request.body.len().to_string());
    let entries: Vec<(String, Vec<u8>)> = request
        .headers
        .into_iter()
        .chain([length])
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .collect();
    let fields = Fields::from_list(&entries).map_err(|_| invalid("a header"))?;
    let outgoing = OutgoingRequest::new(fields);
    let scheme = match request.endpoint.scheme {
        endpoint::Scheme::Http => Scheme::Http,
        endpoint::Scheme::Https => Scheme::Https,
    };
    outgoing
        .set_method(&Method::Post)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(&request.endpoint.authority)))
        // To leave the path out is an error in some hosts.
        .and_then(|()| outgoing.set_path_with_query(Some("/")))
        .map_err(|()| invalid("the address"))?;
    Ok(outgoing)
}

/// The bounds, as far as the host takes them: it may refuse to be told, and then its own hold.
/// The caller's clock bounds the exchange in any case, and first: the host's word for a silence in
/// the middle of a body is often no more than that something broke.
fn options(limits: Limits) -> RequestOptions {
    const MARGIN: std::time::Duration = std::time::Duration::from_secs(5);
    let nanoseconds = |bound: std::time::Duration| u64::try_from(bound.as_nanos()).ok();
    let silence = limits.total.saturating_add(MARGIN);
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(nanoseconds(limits.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(silence));
    let _ = options.set_between_bytes_timeout(nanoseconds(silence));
    options
}

/// Writes the body, as far as the host takes it.
async fn write(body: OutgoingBody, mut bytes: &[u8]) {
    {
        let Ok(stream) = body.write() else { return };
        while !bytes.is_empty() {
            let Some(room) = room(&stream).await else {
                return;
            };
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if stream.write(now).is_err() {
                return;
            }
            bytes = later;
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

/// How many bytes the stream takes now; waits until it takes some. None where it never will.
async fn room(stream: &OutputStream) -> Option<u64> {
    loop {
        match stream.check_write().ok()? {
            0 => reactor::ready(stream.subscribe()).await,
            room => return Some(room),
        }
    }
}

async fn read(answer: IncomingResponse, bound: usize) -> Result<Response, TransportError> {
    let headers: Vec<(String, String)> = answer
        .headers()
        .entries()
        .into_iter()
        .filter_map(|(name, value)| Some((name, String::from_utf8(value).ok()?)))
        .collect();
    let mut response = Response {
        status: answer.status(),
        headers,
        body: Vec::new(),
    };
    let announced = response
        .header("content-length")
        // More than the address space holds is still a length.
        .and_then(|length| length.parse::<u64>().ok())
        .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > bound) {
        return Err(too_large(bound));
    }
    let body = answer
        .consume()
        .map_err(|()| broken("the answer has no body"))?;
    response.body = read_body(&body, announced, bound).await?;
    if announced.is_some_and(|length| length != response.body.len()) {
        return Err(broken("the answer is shorter than it says"));
    }
    Ok(response)
}

async fn read_body(
    body: &IncomingBody,
    announced: Option<usize>,
    bound: usize,
) -> Result<Vec<u8>, TransportError> {
    let stream: InputStream = body
        .stream()
        .map_err(|()| broken("the answer has no body"))?;
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        // To ask for the end of a body that is all there would be one more wait.
        if announced.is_some_and(|length| length <= bytes.len()) {
            return Ok(bytes);
        }
        let expected = announced.unwrap_or(0);
        match stream.read(READ) {
            // Ready need not mean that there is something.
            Ok(chunk) if chunk.is_empty() => reactor::ready(stream.subscribe()).await,
            Ok(chunk) if bytes.len() + chunk.len() > bound => return Err(too_large(bound)),
            // Most answers come in one piece, which then needs no copy.
            Ok(chunk) if bytes.is_empty() && chunk.len() >= expected => bytes = chunk,
            Ok(chunk) => {
                // Room for the rest at once; `announced` is within the bound, see `read`.
                bytes.reserve(chunk.len().max(expected.saturating_sub(bytes.len())));
                bytes.extend_from_slice(&chunk);
            }
            Err(StreamError::Closed) => return Ok(bytes),
            Err(failed) => return Err(stream_failure(failed)),
        }
    }
}

fn invalid(what: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::Invalid,
        format!("the host refused {what} of the request"),
    )
}

fn broken(message: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Broken, message)
}

fn too_large(bound: usize) -> TransportError {
    TransportError::new(
        TransportErrorKind::TooLarge,
        format!("the answer is too large, over {bound} bytes"),
    )
}
