//! Requests of plugins: `wasi:http/outgoing-handler`, and the future that it gives.
//!
//! The future is one task, which ends with the answer and wakes the plugin. wasmtime's own has two,
//! of which the second finds the plugin awake already and wakes another thread for itself. With
//! that, and with a connection that wakes its own task (see `relay`), a small request changed
//! threads four times and a half, which was half of what it took; now it waits once, for the
//! answer. Everything else of `wasi:http` is wasmtime's.

use std::mem;

use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Empty};
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::p2::bindings::http::types::{self, ErrorCode};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{FieldMap, RequestOptions, WasiBody};
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

use crate::instance::HostState;

/// The packages as `wasmtime_wasi_http` has them; another version would be another interface.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";
const TYPES: &str = "wasi:http/types@0.2.12";

type Handled = Result<(Result<Resource<Exchange>, ErrorCode>,)>;
type Got = Option<Result<Result<Resource<HostIncomingResponse>, ErrorCode>, ()>>;

/// What a request comes to.
pub(crate) type Outcome = Result<Response<WasiBody>, ErrorCode>;

/// The plugin's `future-incoming-response`.
pub(crate) enum Exchange {
    Pending(AbortOnDropJoinHandle<Outcome>),
    Ready(Outcome),
    Consumed,
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Exchange {
    async fn ready(&mut self) {
        if let Self::Pending(task) = self {
            *self = Self::Ready(task.await);
        }
    }
}

/// Puts this in the place of what wasmtime linked.
pub(crate) fn link(linker: &mut Linker<HostState>) -> Result<()> {
    linker.allow_shadowing(true);
    let mut handler = linker.instance(HANDLER)?;
    handler.func_wrap("handle", handle)?;
    let mut instance = linker.instance(TYPES)?;
    let kind = ResourceType::host::<Exchange>();
    instance.resource("future-incoming-response", kind, |mut store, id| {
        let (table, _) = store.data_mut().http_parts();
        table.delete(Resource::<Exchange>::new_own(id))?;
        Ok(())
    })?;
    instance.func_wrap("[method]future-incoming-response.subscribe", wait)?;
    instance.func_wrap("[method]future-incoming-response.get", get)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn handle(
    mut store: StoreContextMut<'_, HostState>,
    (request, options): (
        Resource<HostOutgoingRequest>,
        Option<Resource<RequestOptions>>,
    ),
) -> Handled {
    let (table, hook) = store.data_mut().http_parts();
    let options = match options {
        Some(options) => table.delete(options)?,
        None => RequestOptions::default(),
    };
    let exchange = match read(table.delete(request)?) {
        Ok(request) => Exchange::Pending(spawn(hook.send(request, options))),
        Err(code) => return Ok((Err(code),)),
    };
    Ok((Ok(table.push(exchange)?),))
}

fn wait(
    mut store: StoreContextMut<'_, HostState>,
    (exchange,): (Resource<Exchange>,),
) -> Result<(Resource<DynPollable>,)> {
    let (table, _) = store.data_mut().http_parts();
    Ok((subscribe(table, exchange)?,))
}

fn get(
    mut store: StoreContextMut<'_, HostState>,
    (exchange,): (Resource<Exchange>,),
) -> Result<(Got,)> {
    let (table, hook) = store.data_mut().http_parts();
    let exchange = table.get_mut(&exchange)?;
    let outcome = match mem::replace(exchange, Exchange::Consumed) {
        Exchange::Ready(outcome) => outcome,
        pending @ Exchange::Pending(_) => {
            *exchange = pending;
            return Ok((None,));
        }
        Exchange::Consumed => return Ok((Some(Err(())),)),
    };
    let response = match outcome {
        Ok(response) => response,
        Err(code) => return Ok((Some(Ok(Err(code))),)),
    };
    let (head, body) = response.into_parts();
    let response = table.push(HostIncomingResponse {
        status: head.status.as_u16(),
        headers: FieldMap::new_immutable(hook, head.headers),
        body: Some(HostIncomingBody::new(body)),
    })?;
    Ok((Some(Ok(Ok(response))),))
}

/// The request that a plugin put together, as one of `http`.
fn read(given: HostOutgoingRequest) -> Result<Request<WasiBody>, ErrorCode> {
    let mut headers: http::HeaderMap = given.headers.into();
    let announced = match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok().and_then(|text| text.parse().ok()),
        None => Some(0_u64),
    };
    // A plugin need not ask for the body of a request; then there is none.
    if given.body.is_none() && announced != Some(0) {
        return Err(ErrorCode::HttpRequestBodySize(Some(0)));
    }
    let scheme = match given.scheme {
        Some(types::Scheme::Http) => "http",
        Some(types::Scheme::Https) | None => "https",
        Some(types::Scheme::Other(_)) => return Err(ErrorCode::HttpProtocolError),
    };
    let authority = given.authority.unwrap_or_default();
    let host = HeaderValue::from_str(&authority).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    headers.insert(header::HOST, host);
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(given.path_with_query.unwrap_or_else(|| "/".to_owned()))
        .build()
        .map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let body = given
        .body
        .unwrap_or_else(|| Empty::new().map_err(|never| match never {}).boxed_unsync());
    let mut request = Request::new(body);
    *request.method_mut() = method(&given.method)?;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

fn method(given: &types::Method) -> Result<Method, ErrorCode> {
    Ok(match given {
        types::Method::Get => Method::GET,
        types::Method::Head => Method::HEAD,
        types::Method::Post => Method::POST,
        types::Method::Put => Method::PUT,
        types::Method::Delete => Method::DELETE,
        types::Method::Options => Method::OPTIONS,
        types::Method::Trace => Method::TRACE,
        types::Method::Patch => Method::PATCH,
        // A tunnel is not an exchange.
        types::Method::Connect => return Err(ErrorCode::HttpRequestMethodInvalid),
        types::Method::Other(name) => match Method::from_bytes(name.as_bytes()) {
            Ok(method) if method != Method::CONNECT => method,
            _ => return Err(ErrorCode::HttpRequestMethodInvalid),
        },
    })
}
