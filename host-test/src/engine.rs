//! The engine: one per process, shared by every plugin and connection.
//!
//! It compiles for speed of a call and of an instance: memory, tables and stacks come from pools
//! made once (where the machine does not let so much address space be reserved, from the system
//! for each instance). A ticker lets a plugin that computes for ever yield to the runtime, so
//! that the timeout of its call can end it.
//!
//! A pool takes time to make by the stacks that it has, so there are two: a small one for every
//! process, and one with the rest of the room for a process that gets that far. wasmtime's pools
//! belong to an engine of its own, which is why each is a [`Lane`] with its own engine; instances
//! of one plugin may stand in both, and nothing tells them apart.
//!
//! A plugin is linked with HTTP, clocks, randomness and the streams and pollables that these need.
//! There is no file, socket, environment or output to reach for, whatever the plugin imports.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::{clocks, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};

use crate::cache;
use crate::error::LoadError;
use crate::exports::ExportsPre;
use crate::http;
use crate::instance::HostState;

/// How often a computing plugin yields to the runtime.
const TICK: Duration = Duration::from_millis(10);

/// Instances of the pool that every process makes.
const FIRST_INSTANCES: u32 = 32;

/// The packages that a plugin may import from.
const LINKED: [&str; 6] = [
    "wasi:http/types@0.2.",
    "wasi:http/outgoing-handler@0.2.",
    "wasi:io/",
    "wasi:clocks/wall-clock@0.2.",
    "wasi:clocks/monotonic-clock@0.2.",
    "wasi:random/",
];

/// How an engine is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Where compiled components are kept; none: nowhere, every start compiles. The directory is
    /// made, for its owner only; one that others can write to is not used, since what lies in it
    /// is run.
    pub cache_directory: Option<PathBuf>,
    /// How many instances of plugins there may be at once, over all connections and listeners.
    /// Each reserves address space (some 8 GiB), not memory. For those beyond the first 32 that is
    /// done when the 33rd is made, which then takes some milliseconds.
    pub maximum_instances: u32,
}

impl Default for EngineOptions {
    /// No cache, 2,048 instances.
    fn default() -> Self {
        Self {
            cache_directory: None,
            maximum_instances: 2_048,
        }
    }
}

/// Compiles and runs plugins. A clone is another handle to the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    cache_directory: Option<PathBuf>,
    first: Lane,
    /// How many instances the second lane is for.
    rest: u32,
    second: OnceLock<Result<Lane, LoadError>>,
}

impl Engine {
    /// Makes an engine.
    ///
    /// # Errors
    /// [`LoadError::Engine`] where this machine cannot run one.
    pub fn new(options: EngineOptions) -> Result<Self, LoadError> {
        let first = options.maximum_instances.min(FIRST_INSTANCES);
        Ok(Self {
            shared: Arc::new(Shared {
                cache_directory: options.cache_directory,
                first: Lane::new(first)?,
                rest: options.maximum_instances - first,
                second: OnceLock::new(),
            }),
        })
    }

    /// The lane that is always there.
    pub(crate) fn first(&self) -> &Lane {
        &self.shared.first
    }

    /// The lane with the rest of the room, made when it is first asked for; none where the first
    /// one has all of it.
    pub(crate) fn second(&self) -> Option<Result<&Lane, &LoadError>> {
        let rest = self.shared.rest;
        (rest > 0).then(|| self.shared.second.get_or_init(|| Lane::new(rest)).as_ref())
    }

    /// The place in the cache of a component; none without a cache.
    ///
    /// # Errors
    /// Where the component cannot be read.
    pub(crate) fn entry(&self, component: impl Read) -> io::Result<Option<cache::Entry>> {
        match &self.shared.cache_directory {
            Some(directory) => cache::Entry::of(&self.first().inner, directory, component),
            None => Ok(None),
        }
    }
}

/// An engine of wasmtime's, with a pool of its own.
pub(crate) struct Lane {
    pub(crate) inner: wasmtime::Engine,
    instances: u32,
    linker: Linker<HostState>,
    _ticker: Ticker,
}

impl Lane {
    fn new(instances: u32) -> Result<Self, LoadError> {
        let failed = |error: wasmtime::Error| LoadError::Engine(format!("{error:#}"));
        let inner = wasmtime::Engine::new(&config(Some(instances)))
            // Some machines and containers bound the address space of a process.
            .or_else(|_| wasmtime::Engine::new(&config(None)))
            .map_err(failed)?;
        let mut linker = Linker::new(&inner);
        link(&mut linker).map_err(failed)?;
        let ticker = Ticker::start(&inner).map_err(|error| LoadError::Engine(error.to_string()))?;
        Ok(Self {
            inner,
            instances,
            linker,
            _ticker: ticker,
        })
    }

    /// Whether there seems to be room for one more instance: to find out by trying takes longer.
    pub(crate) fn has_room(&self) -> bool {
        let metrics = self.inner.pooling_allocator_metrics();
        metrics.is_none_or(|metrics| metrics.component_instances() < u64::from(self.instances))
    }

    /// Links a component that was compiled for this lane.
    pub(crate) fn link(&self, component: &Component) -> Result<ExportsPre, LoadError> {
        self.linker
            .instantiate_pre(component)
            .and_then(|linked| ExportsPre::new(component, linked))
            .map_err(|error| LoadError::NotAPlugin(format!("{error:#}")))
    }

    /// Every import that is not linked, by name.
    pub(crate) fn forbidden_imports(&self, component: &Component) -> Vec<String> {
        component
            .component_type()
            .imports(&self.inner)
            .filter(|(name, item)| {
                !LINKED.iter().any(|linked| name.starts_with(linked))
                    && !is_types_only(&self.inner, &item.ty)
            })
            .map(|(name, _)| name.to_owned())
            .collect()
    }
}

/// Whether an import brings nothing that could be called: the contract's own `types`.
fn is_types_only(
    engine: &wasmtime::Engine,
    item: &wasmtime::component::types::ComponentItem,
) -> bool {
    use wasmtime::component::types::ComponentItem;
    match item {
        ComponentItem::ComponentInstance(instance) => instance
            .exports(engine)
            .all(|(_, item)| matches!(item.ty, ComponentItem::Type(_))),
        ComponentItem::Type(_) => true,
        _ => false,
    }
}

fn config(pooled_instances: Option<u32>) -> Config {
    let mut config = Config::new();
    // The contract's exports are plain functions; without the machinery of WASI 0.3 a call is
    // several times cheaper.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    // An artefact is read at each start. What only tells places of the guest's code apart is a
    // tenth of it, and nobody looks: the kind of a trap and where it may happen are kept apart.
    config.generate_address_map(false);
    // Nothing unwinds through the guest's frames but wasmtime, which goes by frame pointers. To
    // register tables for others takes time at each load. (Windows cannot do without.)
    config.native_unwind_info(cfg!(windows));
    if let Some(instances) = pooled_instances {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(instances);
        // A component has a core module of its own and one or two small ones for its imports.
        pool.total_core_instances(instances.saturating_mul(4));
        pool.total_memories(instances.saturating_mul(2));
        pool.total_tables(instances.saturating_mul(4));
        pool.total_stacks(instances);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    wasmtime_wasi_io::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    http::link(linker)?;
    clocks::wall_clock::add_to_linker::<HostState, WasiClocks>(linker, HostState::clocks)?;
    clocks::monotonic_clock::add_to_linker::<HostState, WasiClocks>(linker, HostState::clocks)?;
    random::random::add_to_linker::<HostState, WasiRandom>(linker, HostState::random)?;
    random::insecure::add_to_linker::<HostState, WasiRandom>(linker, HostState::random)?;
    random::insecure_seed::add_to_linker::<HostState, WasiRandom>(linker, HostState::random)?;
    Ok(())
}

/// The thread that advances the engine's epoch. It ends with the engine.
struct Ticker {
    stop: std::sync::mpsc::Sender<()>,
}

impl Ticker {
    fn start(engine: &wasmtime::Engine) -> io::Result<Self> {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let engine = engine.weak();
        std::thread::Builder::new()
            .name("plugin-epoch".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(TICK) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                {
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })?;
        Ok(Self { stop })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // The thread may have ended before; then there is no one to tell.
        let _ = self.stop.send(());
    }
}
