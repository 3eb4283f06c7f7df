//! Why a plugin could not be loaded, or a call failed.

use std::path::PathBuf;
use std::time::Duration;

use crate::contract;

/// Why an engine could not be made or a plugin could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not a component that this engine can compile.
    #[error("not a usable component: {0}")]
    Invalid(String),
    /// It imports something that a plugin has no business with; nothing of it was run.
    #[error("the component imports {}, which this host does not give to plugins", .0.join(", "))]
    ForbiddenImports(Vec<String>),
    /// It is a component, but not a plugin of this contract.
    #[error("the component is not a connector plugin: {0}")]
    NotAPlugin(String),
    /// The engine itself cannot be made on this machine.
    #[error("the WebAssembly engine cannot be started: {0}")]
    Engine(String),
    /// The certificates to trust cannot be read.
    #[error("cannot use the certificates of {}: {message}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
}

/// Why a call over a connection failed.
///
/// After each of these the connection goes on: a call that did not end by itself costs its
/// instance, and the next call gets a fresh one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin's own answer. A `transport` error that comes from the host's policy carries the
    /// words of the [`crate::Denial`].
    #[error("{}", describe(.0))]
    Connector(contract::Error),
    /// The plugin crashed. What it had sent may have taken effect.
    #[error("the plugin crashed: {0}")]
    Trapped(String),
    /// The call took longer than it may. What it had sent may have taken effect.
    #[error("the plugin did not answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The plugin wanted more memory than it may have, in bytes. What it had sent may have taken effect.
    #[error("the plugin needs more than the {} MiB of memory that it may have", .0 >> 20)]
    MemoryExceeded(u64),
    /// The engine has no room for another instance; one becomes free when a connection is closed.
    #[error("the engine has no room for another instance of a plugin")]
    Exhausted,
    /// The listener has no instance any more: an earlier call of it crashed, ran out of time or
    /// memory, or was dropped. Another one can be made.
    #[error("the listener is gone, with an earlier call that did not come to its end")]
    ListenerLost,
    /// An instance could not be made.
    #[error("the plugin could not be started: {0}")]
    Instantiation(String),
}

impl CallError {
    /// The contract's error, where it is the plugin that answered with one.
    #[must_use]
    pub fn connector(&self) -> Option<&contract::Error> {
        match self {
            Self::Connector(error) => Some(error),
            _ => None,
        }
    }
}

/// A contract error in words, for a log or a person; it holds no secret and no payload.
#[must_use]
pub fn describe(error: &contract::Error) -> String {
    use contract::Error;
    let problems = |problems: &[contract::Problem]| {
        problems
            .iter()
            .map(|problem| format!("{}: {}", problem.field, problem.message))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let fault = |kind: &str, fault: &contract::Fault| {
        let mut words = format!(
            "{kind}: {}: {} (HTTP {}",
            fault.code, fault.message, fault.http_status
        );
        if let Some(id) = &fault.request_id {
            words.push_str(&format!(", request {id}"));
        }
        if fault.attempts > 1 {
            words.push_str(&format!(", {} attempts", fault.attempts));
        }
        words.push(')');
        words
    };
    match error {
        Error::InvalidSettings(list) => format!("invalid settings: {}", problems(list)),
        Error::InvalidDocument(list) => format!("invalid document: {}", problems(list)),
        Error::Unauthenticated(of) => fault("unauthenticated", of),
        Error::Forbidden(of) => fault("forbidden", of),
        Error::NotFound(of) => fault("not found", of),
        Error::Conflict(of) => fault("conflict", of),
        Error::Throttled(of) => fault("throttled", of),
        Error::Rejected(of) => fault("rejected", of),
        Error::Unavailable(of) => fault("unavailable", of),
        Error::Transport(words) => format!("transport: {words}"),
        Error::Timeout(words) => format!("timeout: {words}"),
        Error::Corrupted(words) => format!("corrupted: {words}"),
        Error::Other(words) => words.clone(),
    }
}
