//! The contract's types as the rest of the plugin uses them.
//!
//! They are generated from `wit/` and used as they are, inside as well as at the border: a
//! document's payload is moved from the host's call into the operation without a copy.

/// What `wit-bindgen` makes of the world `plugin`.
pub(crate) mod bindings {
    #![allow(
        missing_docs,
        unreachable_pub,
        unused_imports,
        unused_qualifications,
        clippy::all
    )]
    wit_bindgen::generate!({
        world: "plugin",
        path: "wit",
        with: {
            "wasi:io/error@0.2.12": wasi::io::error,
            "wasi:io/poll@0.2.12": wasi::io::poll,
            "wasi:io/streams@0.2.12": wasi::io::streams,
            "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
            "wasi:clocks/wall-clock@0.2.12": wasi::clocks::wall_clock,
            "wasi:random/random@0.2.12": wasi::random::random,
            "wasi:http/types@0.2.12": wasi::http::types,
            "wasi:http/outgoing-handler@0.2.12": wasi::http::outgoing_handler,
        },
        pub_export_macro: true,
        // `exports` has them by the types that they take and give: it says there why.
        skip: [
            "describe",
            "[static]connection.open",
            "[method]connection.test",
            "[method]connection.browse",
            "[method]connection.profile",
            "[method]connection.execute",
            "[method]connection.listen",
            "[method]connection.settle",
            "[method]connection.renew",
            "[method]listener.commit",
            "[method]listener.next",
            "[method]listener.stop",
        ],
        generate_unused_types: true,
    });
}

pub use bindings::exports::integration::connector::connector::{
    CommitMode, Delivery, Disposition, Identity, ObjectType, Outcome, Profile, Settled, Settlement,
};
pub use bindings::exports::integration::connector::metadata;
pub use bindings::integration::connector::types::{
    Blame, Document, Error, Fault, Problem, Property, Value,
};

impl Problem {
    /// A problem of the named field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl Property {
    /// A property that holds text.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Value::Text(value.into()),
        }
    }

    /// A property that holds a whole number.
    pub fn integer(name: impl Into<String>, value: i64) -> Self {
        Self {
            name: name.into(),
            value: Value::Integer(value),
        }
    }
}
