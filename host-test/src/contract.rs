//! The contract's types in Rust, generated from `wit/`.
//!
//! The host binds to the world `plugin-exports`: what every plugin exports, and no import. The
//! imports of a plugin are WASI's own and are linked in `engine`.
//!
//! The generated types derive `Debug`, which would print secrets and payloads: this crate never
//! formats a [`Property`] or a [`Document`] with it. [`Settings`] is the wrapper to keep settings
//! in: its `Debug` gives names only.

use std::fmt;

#[allow(missing_docs, unreachable_pub, unused_qualifications)]
mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "integration:connector/plugin-exports",
        exports: { default: async },
        require_store_data_send: true,
    });
}

pub use generated::exports::integration::connector::connector::{
    CommitMode, Delivery, Disposition, Identity, ObjectType, Outcome, Profile, Settled, Settlement,
};
pub use generated::exports::integration::connector::metadata::{
    Condition, Descriptor, Direction, Field, FieldKind, Mode, Operation, PropertyDefinition,
};
pub use generated::integration::connector::types::{
    Blame, Document, Error, Fault, Problem, Property, Value,
};

/// Settings of a connection or of an operation, some of which may be secret.
///
/// `Debug` prints their names, never a value.
#[derive(Clone, Default)]
pub struct Settings(Vec<Property>);

impl Settings {
    /// No setting at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `name`, in place of an earlier value of the same name.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        match self.0.iter_mut().find(|property| property.name == name) {
            Some(property) => property.value = value,
            None => self.0.push(Property { name, value }),
        }
    }

    /// [`Settings::set`] with a text value, for chaining.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.set(name, Value::Text(text.into()));
        self
    }

    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|property| property.name == name)
            .map(|property| &property.value)
    }

    /// What the contract's functions take.
    #[must_use]
    pub fn as_properties(&self) -> &[Property] {
        &self.0
    }
}

impl From<Vec<Property>> for Settings {
    /// Takes the list as it is; a repeated name stays, for the plugin to refuse.
    fn from(properties: Vec<Property>) -> Self {
        Self(properties)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|property| &property.name))
            .finish()
    }
}
