//! Amazon SQS connector plugin: a WebAssembly component that any integration platform can load.
//!
//! A document goes one way: contract (`wit/`, [`contract`]) → operation ([`operations`]) → client
//! ([`client`]) → transport ([`transport`]), and its answer comes straight back; messages come the
//! other way through a [`listener`]. What exists
//! (settings, operations, properties, limits, faults) stands in [`catalogue`]; everything but the
//! WASI adapters is pure and is tested natively.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod catalogue;
pub mod client;
pub mod connection;
pub mod contract;
mod describe;
#[cfg(target_arch = "wasm32")]
mod exports;
pub mod listener;
pub mod operations;
#[cfg(test)]
mod testing;
pub mod transport;

pub use describe::describe;
