//! What `wasi:http` calls when a plugin sends a request.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::capture_connection;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::connect::{CONNECT_TIMEOUT, DEFAULT_CONNECT_TIMEOUT};
use super::errors;
use super::limits::BoundedBody;
use super::pool::Client;
use crate::instance::{Outside, Record};
use crate::policy::{Denial, Origin};

/// How long to wait for a head, and between two pieces of a body, where the plugin does not say.
/// The time of the call ends it earlier by default.
const DEFAULT_READ_TIMEOUT: Duration = Duration::from_secs(600);

/// The way out of one instance.
pub(crate) struct Hook {
    outside: Arc<Outside>,
    record: Arc<Record>,
}

type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(Response<WasiBody>, Transmission), Error>;

impl Hook {
    pub(crate) fn new(outside: Arc<Outside>, record: Arc<Record>) -> Self {
        Self { outside, record }
    }
}

impl WasiHttpHooks for Hook {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Transmission,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let outside = Arc::clone(&self.outside);
        let Some(origin) = Origin::of(request.uri()) else {
            return Box::new(async { Err(Error::HttpRequestUriInvalid) });
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
                let error = deny(&outside, &self.record, denial, request.into_body());
                return Box::new(async { Err(error) });
            }
        };
        let record = Arc::clone(&self.record);
        Box::new(async move {
            send(
                client,
                request,
                options.unwrap_or_default(),
                outside,
                &record,
                origin,
            )
            .await
        })
    }
}

/// Notes a denial, and takes in what the guest still writes: a guest whose stream is closed under
/// its hands would report that, and not the denial.
fn deny(outside: &Outside, record: &Record, denial: Denial, mut body: WasiBody) -> Error {
    outside.counters.denied.add(1);
    record.deny(denial);
    // It ends with the guest's body, at the latest when the instance is dropped.
    tokio::spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
    Error::HttpRequestDenied
}

async fn send(
    client: Client,
    request: Request<WasiBody>,
    options: RequestOptions,
    outside: Arc<Outside>,
    record: &Record,
    origin: Origin,
) -> Answer {
    outside.counters.requests.add(1);
    let counted = Arc::clone(&outside);
    let mut request = request.map(|body| {
        body.map_frame(move |frame| {
            counted
                .counters
                .bytes_sent
                .add(frame.data_ref().map_or(0, Buf::remaining) as u64);
            frame
        })
        .boxed_unsync()
    });
    let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_READ_TIMEOUT);
    let connect = options.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
    let mut connected = capture_connection(&mut request);
    let late = async {
        // The time for the first byte begins with the connection; until then the connector's
        // own limit holds.
        if connected.wait_for_connection_metadata().await.is_none() {
            pending::<()>().await;
        }
        tokio::time::sleep(first_byte).await;
    };
    let sending = CONNECT_TIMEOUT.scope(connect, client.hyper.request(request));
    let response = tokio::select! {
        response = sending => response,
        () = late => return Err(Error::ConnectionReadTimeout),
    };
    match response {
        Ok(response) => {
            let between = options
                .between_bytes_timeout
                .unwrap_or(DEFAULT_READ_TIMEOUT);
            let response =
                response.map(|body| BoundedBody::new(body, outside, between).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) })))
        }
        Err(error) => {
            if let Some(refused) = errors::refusal(&error) {
                outside.counters.denied.add(1);
                record.deny(Denial {
                    origin,
                    address: Some((refused.address, refused.kind)),
                });
            }
            Err(errors::of_request(&error))
        }
    }
}
