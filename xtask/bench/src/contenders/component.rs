//! `aws-sdk-sqs` compiled to a component, in wasmtime with all of WASI 0.2 and a warm pool of HTTP
//! connections: what one would build with AWS's client where we have a plugin.

use std::path::Path;

use anyhow::{Result, anyhow};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Mutex;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::Worker;
use super::calls::BATCH;
use crate::work::{Place, Round};

wasmtime::component::bindgen!({
    path: "sdk/world.wit",
    world: "contender",
    exports: { default: async },
});

/// The component, ready for rounds.
pub(super) struct Sdk(Mutex<Running>);

struct Running {
    store: Store<Host>,
    exports: self::Contender,
}

impl Sdk {
    pub(super) async fn new(place: &Place, component: &str) -> Result<Self> {
        let failed = |error: wasmtime::Error| anyhow!("{error:#}");
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).map_err(failed)?;
        let component = Component::from_file(&engine, Path::new(component)).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(failed)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).map_err(failed)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let host = Host {
            wasi: WasiCtx::builder().inherit_stderr().build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            way: Way(Client::builder(TokioExecutor::new()).build(connector)),
        };
        let mut store = Store::new(&engine, host);
        let exports = self::Contender::instantiate_async(&mut store, &component, &linker);
        let exports = exports.await.map_err(failed)?;
        let opened = exports.call_open(
            &mut store,
            &place.endpoint,
            &place.region,
            &place.access_key_id,
            &place.secret_access_key,
            &place.queue_url,
        );
        opened.await.map_err(failed)?;
        Ok(Self(Mutex::new(Running { store, exports })))
    }
}

impl Worker for Sdk {
    async fn prepare(&mut self, round: Round) -> Result<()> {
        let bodies: Vec<String> = round.bodies().collect();
        let Running { store, exports } = self.0.get_mut();
        let prepared = exports.call_prepare(store, &bodies).await;
        prepared.map_err(|error| anyhow!("{error:#}"))
    }

    async fn work(&self, round: Round) -> Result<()> {
        let mut running = self.0.lock().await;
        let Running { store, exports } = &mut *running;
        let in_flight = u32::try_from(round.in_flight)?;
        let calls = u32::try_from(round.calls(BATCH))?;
        let worked = exports.call_work(store, round.work.name(), in_flight, calls);
        let worked = worked.await.map_err(|error| anyhow!("{error:#}"))?;
        worked.map_err(|words| anyhow!(words))
    }
}

struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    way: Way,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.way,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// The pool: wasmtime's own way out would connect anew for each request.
struct Way(Client<HttpConnector, WasiBody>);

type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(Response<WasiBody>, Transmission), Error>;

impl WasiHttpHooks for Way {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Transmission,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let sent = self.0.request(request);
        Box::new(async move {
            let failed = |error: String| Error::InternalError(Some(error));
            let response = sent.await.map_err(|error| failed(error.to_string()))?;
            let response = response.map(|body| body.map_err(Error::Hyper).boxed_unsync());
            let transmission: Transmission = Box::new(async { Ok(()) });
            Ok((response, transmission))
        })
    }
}
