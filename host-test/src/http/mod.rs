//! HTTP for plugins: one warm pool, the policy's hook in front of it, and bounds around it.
//!
//! - `outgoing`: what a plugin calls to send a request;
//! - `hook`: asks the policy, sends, and keeps time;
//! - `pool`: idle connections and TLS, shared by all connections to services;
//! - `wire`: one HTTP connection, driven by whoever uses it;
//! - `relay`: the waker that goes with it;
//! - `begun`: request bodies;
//! - `connect`: name resolution under the policy's address rules, connect time, open sockets;
//! - `limits`: bodies that count, and end at a bound;
//! - `errors`: what went wrong, in `wasi:http`'s words.

mod begun;
mod connect;
mod errors;
mod hook;
mod limits;
mod outgoing;
mod pool;
mod relay;
mod wire;

pub(crate) use hook::Hook;
pub(crate) use outgoing::link;
pub(crate) use pool::Client;
pub use pool::{HttpOptions, HttpPool, HttpPoolMetrics};
