//! HTTP for plugins: one warm pool, the policy's hook in front of it, and bounds around it.
//!
//! - `hook`: what `wasi:http` calls; it asks the policy, sends, and keeps time;
//! - `pool`: the clients and their TLS, shared by all connections;
//! - `connect`: name resolution under the policy's address rules, connect time, open sockets;
//! - `limits`: bodies that count, and end at a bound;
//! - `errors`: what went wrong, in `wasi:http`'s words.

mod connect;
mod errors;
mod hook;
mod limits;
mod pool;

pub(crate) use hook::Hook;
pub(crate) use pool::Client;
pub use pool::{HttpOptions, HttpPool, HttpPoolMetrics};
