//! A loaded plugin: what it says of itself, and connections over it.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::cache;
use crate::connection::{Connection, ConnectionOptions};
use crate::contract::{Descriptor, Settings};
use crate::engine::Engine;
use crate::error::{CallError, LoadError};
use crate::exports::ExportsPre;
use crate::instance::{Instance, Outside, on_connection};
use crate::policy::Origin;

/// A plugin, compiled and linked. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Plugin {
    engine: Engine,
    shared: Arc<Shared>,
}

struct Shared {
    component: Component,
    /// What is instantiated in the engine's first lane.
    first: ExportsPre,
    /// The same for the second, once it is needed.
    second: OnceLock<Result<ExportsPre, String>>,
    facts: Facts,
}

/// What can be told of a plugin without running it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Facts {
    /// Names of the interfaces that it imports.
    pub imports: Vec<String>,
    /// Names of the interfaces that it exports.
    pub exports: Vec<String>,
    /// Length of the component in bytes.
    pub size: u64,
    /// Whether it was compiled now or taken from the cache.
    pub origin: cache::Origin,
}

impl Plugin {
    /// Loads a plugin from a file. It blocks: about a millisecond where the cache has it, else as
    /// long as the compiler takes.
    ///
    /// # Errors
    /// Where the file cannot be read, is not a plugin, or imports what a plugin does not get.
    pub fn load(engine: &Engine, path: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Read {
            path: path.to_owned(),
            source,
        };
        // Where the cache has it, it is read for its name only.
        let entry = File::open(path).and_then(|file| engine.entry(file));
        if let Some(entry) = entry.map_err(unreadable)?
            && let Some(component) = entry.load(&engine.first().inner)
        {
            return Self::over(engine, component, entry.size, cache::Origin::Cached);
        }
        let binary = std::fs::read(path).map_err(unreadable)?;
        Self::from_binary(engine, &binary)
    }

    /// [`Plugin::load`] for a component in memory.
    ///
    /// # Errors
    /// Where it is not a plugin, or imports what a plugin does not get.
    pub fn from_binary(engine: &Engine, binary: &[u8]) -> Result<Self, LoadError> {
        let size = binary.len() as u64;
        // To read from memory cannot fail, and a cache is a convenience.
        let entry = engine.entry(binary).ok().flatten();
        let cached = entry
            .as_ref()
            .and_then(|entry| entry.load(&engine.first().inner));
        if let Some(component) = cached {
            return Self::over(engine, component, size, cache::Origin::Cached);
        }
        let component = Component::new(&engine.first().inner, binary)
            .map_err(|error| LoadError::Invalid(format!("{error:#}")))?;
        if let Some(entry) = entry {
            entry.keep(&component);
        }
        Self::over(engine, component, size, cache::Origin::Compiled)
    }

    /// A compiled component, linked.
    fn over(
        engine: &Engine,
        component: Component,
        size: u64,
        origin: cache::Origin,
    ) -> Result<Self, LoadError> {
        let lane = engine.first();
        let forbidden = lane.forbidden_imports(&component);
        if !forbidden.is_empty() {
            return Err(LoadError::ForbiddenImports(forbidden));
        }
        let first = lane.link(&component)?;
        let kind = component.component_type();
        let facts = Facts {
            imports: kind
                .imports(&lane.inner)
                .map(|(name, _)| name.to_owned())
                .collect(),
            exports: kind
                .exports(&lane.inner)
                .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)))
                .map(|(name, _)| name.to_owned())
                .collect(),
            size,
            origin,
        };
        Ok(Self {
            engine: engine.clone(),
            shared: Arc::new(Shared {
                component,
                first,
                second: OnceLock::new(),
                facts,
            }),
        })
    }

    /// What is instantiated while there is room for it.
    pub(crate) fn first(&self) -> Option<&ExportsPre> {
        let has_room = self.engine.first().has_room();
        has_room.then_some(&self.shared.first)
    }

    /// What is instantiated beyond that; none where there is no more room.
    ///
    /// # Errors
    /// Where this machine cannot do it, in words.
    pub(crate) fn second(&self) -> Option<Result<&ExportsPre, &str>> {
        let lane = self.engine.second()?;
        let second = self.shared.second.get_or_init(|| {
            let lane = lane.map_err(|error| error.to_string())?;
            let load = || {
                let artefact = self.shared.component.serialize()?;
                // SAFETY: the bytes come from `Component::serialize`, just now.
                unsafe { Component::deserialize(&lane.inner, artefact) }
            };
            let component = load().map_err(|error| format!("{error:#}"))?;
            lane.link(&component).map_err(|error| error.to_string())
        });
        Some(second.as_ref().map_err(String::as_str))
    }

    /// Imports, exports and size.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.shared.facts
    }

    /// What the plugin says of itself. It runs the plugin with everything refused.
    ///
    /// # Errors
    /// Where the plugin does not answer.
    pub async fn describe(&self) -> Result<Descriptor, CallError> {
        let instance = Instance::create(self, &Arc::new(Outside::sealed())).await?;
        let described = instance.run(|mut instance| async move {
            let described = instance.exports.call_describe(&mut instance.store);
            let descriptor = described.await.map(Ok);
            (instance, descriptor)
        });
        described.await.1
    }

    /// Where the plugin would connect to with these settings: the first origin that its `test`
    /// asks for. Nothing leaves: the request is refused, and the plugin ended at once.
    ///
    /// None where `test` asks for nothing.
    ///
    /// # Errors
    /// Where the settings are invalid, or the plugin fails before it asks for anything.
    pub async fn endpoint(&self, settings: &Settings) -> Result<Option<Origin>, CallError> {
        let instance = Instance::create(self, &Arc::new(Outside::sealed())).await?;
        let record = Arc::clone(&instance.record);
        let tested = async {
            let instance = instance.open(settings).await?;
            instance.run(on_connection!(call_test())).await.1
        };
        tokio::select! {
            biased;
            denial = record.first_denial() => Ok(Some(denial.origin)),
            outcome = tested => match (record.denial(), outcome) {
                (Some(denial), _) => Ok(Some(denial.origin)),
                (None, Ok(_)) => Ok(None),
                (None, Err(error)) => Err(error),
            },
        }
    }

    /// Opens a connection: checks the settings and sends nothing.
    ///
    /// # Errors
    /// [`CallError::Connector`] with `invalid-settings` where they cannot work.
    pub async fn connect(
        &self,
        settings: Settings,
        options: ConnectionOptions,
    ) -> Result<Connection, CallError> {
        Connection::open(self.clone(), settings, options).await
    }
}
