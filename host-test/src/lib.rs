//! A host for connector plugins: it loads a WebAssembly component that fulfils the contract of
//! `wit/`, and runs it with exactly what a connector needs: HTTP to the origins that were allowed,
//! clocks and randomness. It knows nothing of the systems that connectors connect to.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use connector_host::{
//!     ConnectionOptions, Engine, EngineOptions, HttpOptions, HttpPool, Plugin, Policy, Settings,
//! };
//!
//! let engine = Engine::new(EngineOptions::default())?;
//! let plugin = Plugin::load(&engine, "target/sqs-connector.wasm".as_ref())?;
//! let settings = Settings::new().with("region", "eu-west-1");
//! let mut policy = Policy::deny_all();
//! policy.allow("https://sqs.eu-west-1.amazonaws.com")?;
//! let options = ConnectionOptions::new(policy, HttpPool::new(HttpOptions::default())?);
//! let connection = plugin.connect(settings, options).await?;
//! connection.test().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | topic |
//! |---|---|
//! | `engine`, `cache`, `checksum` | wasmtime, and compiled components on disk |
//! | `plugin` | a loaded plugin |
//! | `connection`, `instance`, `exports` | calls, and the instances that run them |
//! | `listener` | an instance that waits for messages |
//! | [`consumer`] | the loop that handles and settles what a listener gives |
//! | `http` | the pool, its hook and its bounds |
//! | `policy`, `network` | what may be reached |
//! | `contract` | the contract's types |
//! | `error`, `metrics` | what went wrong, and how much went through |

mod cache;
mod checksum;
mod connection;
pub mod consumer;
pub mod contract;
mod engine;
mod error;
mod exports;
mod http;
mod instance;
mod listener;
mod metrics;
mod network;
mod plugin;
mod policy;

pub use cache::Origin as ComponentOrigin;
pub use connection::{Connection, ConnectionOptions};
pub use contract::Settings;
pub use engine::{Engine, EngineOptions};
pub use error::{CallError, LoadError, describe};
pub use http::{HttpOptions, HttpPool, HttpPoolMetrics};
pub use instance::Limits;
pub use listener::Listener;
pub use metrics::Metrics;
pub use plugin::{Facts, Plugin};
pub use policy::{Denial, InvalidEntry, Origin, Policy};

/// The README's example of a host, so that it compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
