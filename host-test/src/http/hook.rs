//! What is done with a request of a plugin: the policy is asked, it is sent, and time is kept.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Request, Response};
use http_body_util::BodyExt;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpHooks,
};

use super::begun::Begun;
use super::errors;
use super::limits::BoundedBody;
use super::outgoing::Outcome;
use super::pool::Client;
use crate::instance::{Outside, Record};
use crate::policy::{Denial, Origin};

/// How long a connection may take to be made where the plugin does not say.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for a head, and between two pieces of a body, where the plugin does not say.
/// The time of the call ends it earlier by default.
const DEFAULT_READ_TIMEOUT: Duration = Duration::from_secs(600);

/// The way out of one instance.
pub(crate) struct Hook {
    outside: Arc<Outside>,
    record: Arc<Record>,
}

impl Hook {
    pub(crate) fn new(outside: Arc<Outside>, record: Arc<Record>) -> Self {
        Self { outside, record }
    }

    /// Sends a request, where the policy allows it.
    pub(crate) fn send(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        let outside = Arc::clone(&self.outside);
        let Some(origin) = Origin::of(request.uri()) else {
            return Box::pin(async { Err(ErrorCode::HttpRequestUriInvalid) });
        };
        let allowed = outside.policy.check(&origin).and_then(|()| {
            // Without a client nothing may leave, whatever the policy says.
            outside.client.clone().ok_or_else(|| Denial {
                origin: origin.clone(),
                address: None,
            })
        });
        let client = match allowed {
            Ok(client) => client,
            Err(denial) => {
                let code = deny(&outside, &self.record, denial, request.into_body());
                return Box::pin(async { Err(code) });
            }
        };
        let record = Arc::clone(&self.record);
        Box::pin(send(client, request, options, outside, record, origin))
    }
}

type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(Response<WasiBody>, Transmission), Error>;

impl WasiHttpHooks for Hook {
    /// Not for plugins, whose way is `outgoing`; it does the same.
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Transmission,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let sent = self.send(request, options.unwrap_or_default());
        Box::new(async {
            let transmission: Transmission = Box::new(async { Ok(()) });
            Ok((sent.await?, transmission))
        })
    }

    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }
}

/// Notes a denial, and takes in what the guest still writes: a guest whose stream is closed under
/// its hands would report that, and not the denial.
fn deny(outside: &Outside, record: &Record, denial: Denial, mut body: WasiBody) -> ErrorCode {
    outside.counters.denied.add(1);
    record.deny(denial);
    // It ends with the guest's body, at the latest when the instance is dropped.
    tokio::spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
    ErrorCode::HttpRequestDenied
}

async fn send(
    client: Client,
    request: Request<WasiBody>,
    options: RequestOptions,
    outside: Arc<Outside>,
    record: Arc<Record>,
    origin: Origin,
) -> Outcome {
    outside.counters.requests.add(1);
    let (head, body) = request.into_parts();
    let body = Begun::wait(&head.headers, body, Arc::clone(&outside)).await;
    let body = body.map_err(|error| errors::of_request(&error))?;
    let sent = client.send(
        Request::from_parts(head, body),
        origin.clone(),
        options.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
        options.first_byte_timeout.unwrap_or(DEFAULT_READ_TIMEOUT),
    );
    match sent.await {
        Ok(response) => {
            let between = options
                .between_bytes_timeout
                .unwrap_or(DEFAULT_READ_TIMEOUT);
            Ok(response.map(|body| BoundedBody::new(body, outside, between).boxed_unsync()))
        }
        Err(error) => {
            let error = error.as_ref();
            if let Some(refused) = errors::refusal(error) {
                outside.counters.denied.add(1);
                record.deny(Denial {
                    origin,
                    address: Some((refused.address, refused.kind)),
                });
            }
            Err(errors::of_request(error))
        }
    }
}
