//! `aws-sdk-sqs` as a component, over `aws-smithy-wasm`: its HTTP client is the host's.

#[path = "../../src/contenders/calls.rs"]
mod calls;

use std::cell::{Cell, RefCell};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Config, Credentials, Region};
use aws_smithy_wasm::wasi::{WasiHttpClientBuilder, WasiSleep};
use futures_util::future::try_join_all;

use calls::{BATCH, receive, send, send_batch};

wit_bindgen::generate!({ path: "world.wit", world: "contender" });

struct Sdk;

export!(Sdk);

#[derive(Clone)]
struct Place {
    client: Client,
    queue_url: String,
}

thread_local! {
    // A component has one thread.
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
    static BODIES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl Guest for Sdk {
    fn open(
        endpoint: String,
        region: String,
        access_key_id: String,
        secret_access_key: String,
        queue_url: String,
    ) {
        let credentials = Credentials::new(access_key_id, secret_access_key, None, None, "bench");
        let config = Config::builder()
            .region(Region::new(region))
            .endpoint_url(endpoint)
            .credentials_provider(credentials)
            .http_client(WasiHttpClientBuilder::new().build())
            .sleep_impl(WasiSleep)
            .build();
        let client = Client::from_conf(config);
        PLACE.set(Some(Place { client, queue_url }));
    }

    fn prepare(bodies: Vec<String>) {
        BODIES.set(bodies);
    }

    fn work(name: String, in_flight: u32, calls: u32) -> Result<(), String> {
        let Some(place) = PLACE.with_borrow(Option::clone) else {
            return Err("it is not open".to_owned());
        };
        let bodies = BODIES.take();
        let next = Cell::new(0);
        let done = wstd::runtime::block_on(async {
            let one = || worker(&place, &bodies, &name, &next, calls as usize);
            try_join_all((0..in_flight).map(|_| one())).await
        });
        BODIES.set(bodies);
        done.map(drop).map_err(|error| format!("{error:#}"))
    }
}

/// Takes the numbers of calls until there are none.
async fn worker(
    Place { client, queue_url }: &Place,
    bodies: &[String],
    name: &str,
    next: &Cell<usize>,
    calls: usize,
) -> anyhow::Result<()> {
    loop {
        let number = next.replace(next.get() + 1);
        if number >= calls {
            return Ok(());
        }
        match name {
            "batch-send" => {
                let bodies = bodies.chunks(BATCH).nth(number).unwrap_or(&[]);
                send_batch(client, queue_url, bodies).await?;
            }
            "receive-delete" | "listen" => receive(client, queue_url).await?,
            _ => send(client, queue_url, bodies[0].clone()).await?,
        }
    }
}
