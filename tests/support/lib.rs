//! What the end-to-end tests share.
//!
//! | module | topic |
//! |---|---|
//! | [`environment`] | what `cargo xtask test` provides: component, servers, keys |
//! | [`client`] | the plugin in the host, with every error text searched for secrets |
//! | [`document`], [`error`] | making and reading the contract's values |
//! | [`every`] | every operation, run once |
//! | [`ledger`] | what was sent, told and handled, and what that must not come to |
//! | [`made`] | queues that the plugin itself makes |
//! | [`queue`] | fresh queues, made by a small SQS client of our own |
//! | [`broker`] | a queue for the misbehaving plugin to listen to |
//! | [`server`], [`reply`], [`sqs`] | a server that plays scripts and records requests; what it can do; answers of SQS for it |
//! | [`proxy`] | what a bad network does to requests, by chance, in front of a real server |
//! | [`door`] | a way to a server that can be shut |
//! | [`consuming`] | a consumer at work in this process |
//! | [`python`] | boto3, the independent client |
//! | [`listening`] | listeners and settlements of the plugin |
//! | [`command`], [`scratch`] | the command as a process, and files for it |
//! | [`random`] | names and data |
//!
//! Nothing here sleeps to synchronise. What a test waits for is an event, with [`PATIENCE`] as the
//! bound after which it fails.

pub mod broker;
pub mod client;
pub mod command;
pub mod consuming;
pub mod document;
pub mod door;
pub mod environment;
pub mod error;
pub mod every;
pub mod ledger;
pub mod listening;
pub mod made;
pub mod proxy;
pub mod python;
pub mod queue;
pub mod random;
pub mod reply;
pub mod scratch;
pub mod server;
pub mod sqs;

use std::time::Duration;

/// How long a test waits for anything at most.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// What the future gives, or a failed test that says what was waited for.
///
/// # Panics
/// When [`PATIENCE`] is over.
pub async fn bounded<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {} s in vain for {what}", PATIENCE.as_secs()),
    }
}
