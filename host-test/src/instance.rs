//! One instance of a plugin: its memory, what it may reach, and how a call of it ends.
//!
//! A call takes the instance by value. It gives the instance back only where the plugin returned;
//! after a trap or a timeout, and where the caller drops the future of the call, the instance is
//! gone: a plugin that was stopped in the middle of something must not be entered again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use wasmtime::component::{ResourceAny, ResourceTable};
use wasmtime::{PoolConcurrencyLimitError, ResourceLimiter, Store};
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView, WasiClocksView};
use wasmtime_wasi::random::{WasiRandomCtx, WasiRandomView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use wasmtime_wasi_io::IoView;

use crate::contract::{Error, Settings};
use crate::error::CallError;
use crate::exports::{Exports, ExportsPre};
use crate::http::{Client, Hook};
use crate::metrics::Counters;
use crate::plugin::Plugin;
use crate::policy::{Denial, Policy};

/// Entries of a function table; a plugin of a few megabytes has some thousand.
const MAXIMUM_TABLE_ENTRIES: usize = 1_000_000;

/// Bounds on what a plugin may use.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Limits {
    /// Linear memory of an instance, in bytes.
    pub memory_bytes: u64,
    /// How long one call may take, waiting included.
    pub call_time: Duration,
    /// Instances of a connection, which is how many calls run side by side; further ones wait.
    pub instances: usize,
    /// Body of an HTTP response, in bytes.
    pub response_bytes: u64,
}

impl Default for Limits {
    /// 256 MiB, 5 minutes, 8 instances, 64 MiB.
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            call_time: Duration::from_secs(300),
            instances: 8,
            response_bytes: 64 << 20,
        }
    }
}

/// What all instances of a connection share: the way out, the bounds and the figures.
pub(crate) struct Outside {
    pub(crate) policy: Policy,
    /// None where nothing may leave anyway.
    pub(crate) client: Option<Client>,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
}

impl Outside {
    /// Nothing is allowed.
    pub(crate) fn sealed() -> Self {
        Self {
            policy: Policy::deny_all(),
            client: None,
            limits: Limits::default(),
            counters: Counters::default(),
        }
    }
}

/// What happened during the present call of one instance.
#[derive(Default)]
pub(crate) struct Record {
    denial: Mutex<Option<Denial>>,
    denied: Notify,
}

impl Record {
    /// Keeps the first denial of a call: later ones are mostly the plugin's retries.
    pub(crate) fn deny(&self, denial: Denial) {
        self.denial
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(denial);
        self.denied.notify_one();
    }

    pub(crate) fn denial(&self) -> Option<Denial> {
        self.denial
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn clear(&self) {
        *self.denial.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits for a denial.
    pub(crate) async fn first_denial(&self) -> Denial {
        loop {
            if let Some(denial) = self.denial() {
                return denial;
            }
            self.denied.notified().await;
        }
    }
}

/// What a call into the guest ends with: the instance, and an error of wasmtime's or the plugin's
/// own answer.
pub(crate) type Answered<R> = (Instance, wasmtime::Result<Result<R, Error>>);

/// A call of one of the functions of the contract's `connection`, for [`Instance::run`].
macro_rules! on_connection {
    ($function:ident($($argument:expr),*)) => {
        |mut instance: $crate::instance::Instance| async move {
            let answer = match instance.connection() {
                Ok(connection) => {
                    let exports = &instance.exports;
                    exports.$function(&mut instance.store, connection $(, $argument)*).await
                }
                Err(error) => Err(error),
            };
            (instance, answer)
        }
    };
}
pub(crate) use on_connection;

/// A running plugin.
pub(crate) struct Instance {
    pub(crate) store: Store<HostState>,
    pub(crate) exports: Exports,
    connection: Option<ResourceAny>,
    /// Which of the connection's credentials it has; 0: those it was opened with.
    pub(crate) generation: u64,
    pub(crate) record: Arc<Record>,
    outside: Arc<Outside>,
}

impl Instance {
    /// Makes one wherever there is room.
    pub(crate) async fn create(plugin: &Plugin, outside: &Arc<Outside>) -> Result<Self, CallError> {
        let made = match plugin.first() {
            Some(first) => Self::create_from(first, outside).await,
            None => Err(CallError::Exhausted),
        };
        match made {
            Err(CallError::Exhausted) => match plugin.second() {
                None => Err(CallError::Exhausted),
                Some(Err(words)) => Err(CallError::Instantiation(words.to_owned())),
                Some(Ok(second)) => Self::create_from(second, outside).await,
            },
            made => made,
        }
    }

    async fn create_from(plugin: &ExportsPre, outside: &Arc<Outside>) -> Result<Self, CallError> {
        let record = Arc::new(Record::default());
        let state = HostState {
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            clocks: WasiClocksCtx::default(),
            random: WasiRandomCtx::default(),
            hook: Hook::new(Arc::clone(outside), Arc::clone(&record)),
            memory: MemoryLimiter {
                limit: outside.limits.memory_bytes,
                ..MemoryLimiter::default()
            },
        };
        let mut store = Store::new(plugin.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let exports = match plugin.instantiate(&mut store).await {
            Ok(exports) => exports,
            Err(_) if store.data().memory.exceeded => {
                return Err(CallError::MemoryExceeded(outside.limits.memory_bytes));
            }
            Err(error) if error.is::<PoolConcurrencyLimitError>() => {
                return Err(CallError::Exhausted);
            }
            Err(error) => return Err(CallError::Instantiation(format!("{error:#}"))),
        };
        outside.counters.instances_created.add(1);
        Ok(Self {
            store,
            exports,
            connection: None,
            generation: 0,
            record,
            outside: Arc::clone(outside),
        })
    }

    /// Opens the instance's own connection.
    pub(crate) async fn open(self, settings: &Settings) -> Result<Self, CallError> {
        let (instance, connection) = self
            .run(|mut instance| async move {
                let opened = instance
                    .exports
                    .call_open(&mut instance.store, settings.as_properties())
                    .await;
                (instance, opened)
            })
            .await;
        let connection = connection?;
        let mut instance = instance
            .ok_or_else(|| CallError::Instantiation("it was opened, and is gone".to_owned()))?;
        instance.connection = Some(connection);
        Ok(instance)
    }

    /// The connection that [`Instance::open`] opened.
    pub(crate) fn connection(&self) -> wasmtime::Result<ResourceAny> {
        self.connection
            .ok_or_else(|| wasmtime::Error::msg("the instance has no open connection"))
    }

    /// Linear memory that the instance holds, in bytes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.store.data().memory.used
    }

    /// Runs one call, and gives the instance back where it can take another.
    pub(crate) async fn run<R, F>(
        self,
        call: impl FnOnce(Self) -> F,
    ) -> (Option<Self>, Result<R, CallError>)
    where
        F: Future<Output = Answered<R>>,
    {
        let outside = Arc::clone(&self.outside);
        self.record.clear();
        outside.counters.calls.add(1);
        let limit = outside.limits.call_time;
        let Ok((instance, answer)) = tokio::time::timeout(limit, call(self)).await else {
            outside.counters.timeouts.add(1);
            return (None, Err(CallError::TimedOut(limit)));
        };
        match answer {
            Ok(Ok(value)) => (Some(instance), Ok(value)),
            Ok(Err(error)) => {
                let error = explain(error, instance.record.denial().as_ref());
                (Some(instance), Err(CallError::Connector(error)))
            }
            Err(_) if instance.store.data().memory.exceeded => {
                outside.counters.memory_exceeded.add(1);
                (
                    None,
                    Err(CallError::MemoryExceeded(outside.limits.memory_bytes)),
                )
            }
            Err(error) => {
                outside.counters.traps.add(1);
                // Without the frames of the guest: they have no names in a stripped plugin.
                (
                    None,
                    Err(CallError::Trapped(error.root_cause().to_string())),
                )
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.outside.counters.instances_dropped.add(1);
    }
}

/// Adds to a transport error why the policy refused the request: a guest only learns that it did.
pub(crate) fn explain(error: Error, denial: Option<&Denial>) -> Error {
    match (error, denial) {
        (Error::Transport(words), Some(denial)) => Error::Transport(format!("{words}; {denial}")),
        (error, _) => error,
    }
}

/// What a store holds beside the guest's memory.
pub(crate) struct HostState {
    table: ResourceTable,
    http: WasiHttpCtx,
    clocks: WasiClocksCtx,
    random: WasiRandomCtx,
    hook: Hook,
    memory: MemoryLimiter,
}

impl HostState {
    /// Where the plugin's resources are, and its way out.
    pub(crate) fn http_parts(&mut self) -> (&mut ResourceTable, &mut Hook) {
        (&mut self.table, &mut self.hook)
    }
}

impl IoView for HostState {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiClocksView for HostState {
    fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView {
            ctx: &mut self.clocks,
            table: &mut self.table,
        }
    }
}

impl WasiRandomView for HostState {
    fn random(&mut self) -> &mut WasiRandomCtx {
        &mut self.random
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hook,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Bounds the memory of a store, and remembers that the bound was met: the guest itself can only
/// crash over it.
#[derive(Default)]
struct MemoryLimiter {
    limit: u64,
    used: u64,
    exceeded: bool,
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The sum over the memories of a component, of which there is mostly one.
        let used = self
            .used
            .saturating_add(desired.saturating_sub(current) as u64);
        if used > self.limit {
            self.exceeded = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAXIMUM_TABLE_ENTRIES)
    }
}
