//! A connection as a platform sees it: one handle, any number of callers.
//!
//! Behind it stand instances of the plugin, each with a `connection` resource of its own from the
//! same settings. A call takes an idle one or makes one (some microseconds), up to a bound, and
//! gives it back; calls beyond the bound wait. The contract makes instances interchangeable:
//! nothing that matters lives in one alone.
//!
//! Renewed credentials are kept here with a number that grows. An instance that has an older
//! number is renewed before its next call, and a new one right after it was opened, so a renewal
//! reaches every instance without waiting for those at work.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::contract::{
    Document, Identity, ObjectType, Outcome, Profile, Settings, Settled, Settlement,
};
use crate::error::CallError;
use crate::http::HttpPool;
use crate::instance::{Answered, Instance, Limits, Outside, explain, on_connection};
use crate::metrics::{Counters, Metrics};
use crate::plugin::Plugin;
use crate::policy::{Denial, Policy};

/// An idle instance with more memory than this is dropped: a large call is rare, and a fresh
/// instance costs less than memory that lies about.
const RETAINED_MEMORY_BYTES: u64 = 32 << 20;

/// How a connection is made.
#[derive(Clone)]
pub struct ConnectionOptions {
    /// What it may reach.
    pub policy: Policy,
    /// Bounds on what it may use.
    pub limits: Limits,
    /// Where its HTTP connections come from; share one between connections.
    pub http: HttpPool,
}

impl ConnectionOptions {
    /// Default limits.
    #[must_use]
    pub fn new(policy: Policy, http: HttpPool) -> Self {
        Self {
            policy,
            limits: Limits::default(),
            http,
        }
    }
}

/// An open connection. A clone is another handle to the same one.
///
/// Every call is cancelled by dropping its future. That, a trap and a timeout cost the instance
/// that was at work, and nothing else.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    plugin: Plugin,
    settings: Settings,
    outside: Arc<Outside>,
    permits: Semaphore,
    idle: Mutex<Vec<Instance>>,
    /// The newest credentials and their number; 0: those of `settings`.
    credentials: Mutex<(u64, Arc<Settings>)>,
    last_denial: Mutex<Option<Denial>>,
}

/// No code that holds one of these locks can panic half-way; a poisoned one is as good.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    pub(crate) async fn open(
        plugin: Plugin,
        settings: Settings,
        options: ConnectionOptions,
    ) -> Result<Self, CallError> {
        let client = options.http.client(options.policy.address_rules());
        let outside = Arc::new(Outside {
            policy: options.policy,
            client: Some(client),
            limits: options.limits,
            counters: Counters::default(),
        });
        let shared = Arc::new(Shared {
            permits: Semaphore::new(options.limits.instances.clamp(1, Semaphore::MAX_PERMITS)),
            plugin,
            settings,
            outside,
            idle: Mutex::default(),
            credentials: Mutex::default(),
            last_denial: Mutex::default(),
        });
        // The first instance proves the settings.
        let first = shared.create().await?;
        shared.put_back(first);
        Ok(Self { shared })
    }

    /// `connection.test` of the contract.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn test(&self) -> Result<Option<Identity>, CallError> {
        self.call(on_connection!(call_test())).await
    }

    /// `connection.browse` of the contract.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn browse(
        &self,
        operation: &str,
        filter: Option<&str>,
    ) -> Result<Vec<ObjectType>, CallError> {
        self.call(on_connection!(call_browse(operation, filter)))
            .await
    }

    /// `connection.profile` of the contract.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn profile(
        &self,
        operation: &str,
        object: Option<&str>,
    ) -> Result<Profile, CallError> {
        self.call(on_connection!(call_profile(operation, object)))
            .await
    }

    /// `connection.execute` of the contract: one outcome a document, in their order.
    ///
    /// A `transport` error that comes from the host's policy says what would have to be allowed.
    ///
    /// # Errors
    /// Where no document could be tried; see [`CallError`].
    pub async fn execute(
        &self,
        operation: &str,
        object: Option<&str>,
        settings: &Settings,
        documents: &[Document],
    ) -> Result<Vec<Outcome>, CallError> {
        let properties = settings.as_properties();
        let call = on_connection!(call_execute(operation, object, properties, documents));
        let (denial, outcomes) = self.call_recorded(call).await;
        let mut outcomes = outcomes?;
        if denial.is_some() {
            for outcome in &mut outcomes {
                let output = std::mem::replace(&mut outcome.output, Ok(Vec::new()));
                outcome.output = output.map_err(|error| explain(error, denial.as_ref()));
            }
        }
        Ok(outcomes)
    }

    /// `connection.settle` of the contract: one result a settlement, in their order.
    ///
    /// # Errors
    /// Where no settlement could be tried; see [`CallError`].
    pub async fn settle(
        &self,
        object: &str,
        settlements: &[Settlement],
    ) -> Result<Vec<Settled>, CallError> {
        let call = on_connection!(call_settle(object, settlements));
        let (denial, settled) = self.call_recorded(call).await;
        let mut settled = settled?;
        if denial.is_some() {
            for one in &mut settled {
                let outcome = std::mem::replace(&mut one.outcome, Ok(()));
                one.outcome = outcome.map_err(|error| explain(error, denial.as_ref()));
            }
        }
        Ok(settled)
    }

    /// Replaces the credentials of every instance, present and future: of those at work after
    /// their present call. It takes the settings that concern credentials and no others.
    ///
    /// # Errors
    /// Where the plugin refuses them (`invalid-settings`); every instance then keeps the old ones.
    pub async fn renew(&self, settings: Settings) -> Result<(), CallError> {
        let shared = &self.shared;
        let _permit = shared.permit().await?;
        let settings = Arc::new(settings);
        let instance = shared.take().await?;
        // One instance proves them before any other sees them.
        let properties = settings.as_properties();
        let (instance, renewed) = instance.run(on_connection!(call_renew(properties))).await;
        if renewed.is_ok() {
            let generation = {
                let mut newest = lock(&shared.credentials);
                *newest = (newest.0 + 1, settings);
                newest.0
            };
            if let Some(mut instance) = instance {
                instance.generation = generation;
                shared.put_back(instance);
            }
        } else if let Some(instance) = instance {
            shared.put_back(instance);
        }
        renewed
    }

    /// The figures of this connection up to now.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.outside.counters.snapshot()
    }

    /// The last request that the policy refused.
    #[must_use]
    pub fn last_denial(&self) -> Option<Denial> {
        lock(&self.shared.last_denial).clone()
    }

    async fn call<R, F>(&self, call: impl FnOnce(Instance) -> F) -> Result<R, CallError>
    where
        F: Future<Output = Answered<R>>,
    {
        self.call_recorded(call).await.1
    }

    /// [`Connection::call`], and what the policy refused meanwhile.
    async fn call_recorded<R, F>(
        &self,
        call: impl FnOnce(Instance) -> F,
    ) -> (Option<Denial>, Result<R, CallError>)
    where
        F: Future<Output = Answered<R>>,
    {
        let shared = &self.shared;
        let taken = async { Ok::<_, CallError>((shared.permit().await?, shared.take().await?)) };
        let (_permit, instance) = match taken.await {
            Ok(taken) => taken,
            Err(error) => return (None, Err(error)),
        };
        let record = Arc::clone(&instance.record);
        let (instance, result) = instance.run(call).await;
        let denial = record.denial();
        self.note(denial.clone());
        if let Some(instance) = instance {
            shared.put_back(instance);
        }
        (denial, result)
    }

    /// An instance that is nobody else's, and takes no permit.
    pub(crate) async fn instance_apart(&self) -> Result<Instance, CallError> {
        self.shared.create().await
    }

    /// The instance with the newest credentials.
    pub(crate) async fn renewed(&self, instance: Instance) -> Result<Instance, CallError> {
        self.shared.bring_up_to_date(instance).await
    }

    /// Keeps what the policy refused during a call, for [`Connection::last_denial`].
    pub(crate) fn note(&self, denial: Option<Denial>) {
        if denial.is_some() {
            *lock(&self.shared.last_denial) = denial;
        }
    }
}

impl Shared {
    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, CallError> {
        // The semaphore is never closed; an error type that cannot be met still needs a value.
        self.permits
            .acquire()
            .await
            .map_err(|_| CallError::Exhausted)
    }

    /// An idle instance or a new one, with the newest credentials.
    async fn take(&self) -> Result<Instance, CallError> {
        let idle = lock(&self.idle).pop();
        match idle {
            None => self.create().await,
            Some(instance) => self.bring_up_to_date(instance).await,
        }
    }

    async fn create(&self) -> Result<Instance, CallError> {
        let instance = Instance::create(&self.plugin, &self.outside).await?;
        let instance = instance.open(&self.settings).await?;
        self.bring_up_to_date(instance).await
    }

    async fn bring_up_to_date(&self, instance: Instance) -> Result<Instance, CallError> {
        let (generation, settings) = lock(&self.credentials).clone();
        if instance.generation == generation {
            return Ok(instance);
        }
        let properties = settings.as_properties();
        let (instance, renewed) = instance.run(on_connection!(call_renew(properties))).await;
        renewed?;
        let mut instance = instance
            .ok_or_else(|| CallError::Instantiation("it was renewed, and is gone".to_owned()))?;
        instance.generation = generation;
        Ok(instance)
    }

    fn put_back(&self, instance: Instance) {
        if instance.memory_bytes() <= RETAINED_MEMORY_BYTES {
            lock(&self.idle).push(instance);
        }
    }
}
