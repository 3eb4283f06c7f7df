//! What is done with a delivery.

use std::io;
use std::sync::Arc;

use connector_host::consumer::{Handed, Outcome};

use super::output::Output;
use super::shell;

/// One of `--exec`, `--out` and `--accept`.
#[derive(Clone)]
pub(super) enum Act {
    Run(Arc<str>),
    Write(Output),
    Accept,
}

impl Act {
    pub(super) async fn on(&self, handed: Handed) -> Outcome {
        match self {
            Self::Accept => Outcome::Accept,
            Self::Run(command) => match shell::run(command, &handed).await {
                Ok(true) => Outcome::Accept,
                Ok(false) => Outcome::Retry(None),
                Err(error) => {
                    eprintln!("sqs-connector: the command cannot be run: {error}");
                    Outcome::Retry(None)
                }
            },
            Self::Write(output) => match output.write(handed.document()).await {
                true => Outcome::Accept,
                false => Outcome::Retry(None),
            },
        }
    }

    /// Why it is useless to go on.
    pub(super) fn failure(&self) -> Option<io::Error> {
        match self {
            Self::Write(output) => output.failure(),
            Self::Run(_) | Self::Accept => None,
        }
    }
}
