//! The command, one file a topic.

pub(crate) mod arguments;
#[cfg(feature = "aws-credentials")]
mod credentials;
mod document;
mod interrupt;
mod lines;
mod listen;
mod report;
mod run;
mod session;
mod settings;
mod show;

use std::process::ExitCode;

use connector_host::contract::Error;
use connector_host::{CallError, InvalidEntry, LoadError};

use arguments::{Arguments, Command};

/// Why the command ends with another status than 0.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Some document failed; its result line says why.
    Documents,
    /// The command line or the settings are wrong.
    Usage(String),
    /// Nothing could be tried.
    Nothing(String),
}

impl Failure {
    /// Says it, and gives the exit status.
    pub(crate) fn report(self) -> ExitCode {
        let (words, status) = match self {
            Self::Documents => return ExitCode::from(1),
            Self::Usage(words) => (words, 2),
            Self::Nothing(words) => (words, 3),
        };
        eprintln!("sqs-connector: {words}");
        ExitCode::from(status)
    }

    pub(crate) fn output(error: std::io::Error) -> Self {
        Self::Nothing(format!("cannot write the output: {error}"))
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error.connector() {
            Some(Error::InvalidSettings(problems)) => {
                let mut words = "the settings cannot work:".to_owned();
                for problem in problems {
                    words.push_str(&format!("\n  {}: {}", problem.field, problem.message));
                }
                Self::Usage(words)
            }
            _ => Self::Nothing(error.to_string()),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::Nothing(error.to_string())
    }
}

impl From<InvalidEntry> for Failure {
    fn from(error: InvalidEntry) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let plugin = session::load(&arguments)?;
    match &arguments.command {
        Command::Inspect => return show::inspect(&plugin),
        Command::Describe => return show::describe(&plugin.describe().await?),
        _ => {}
    }
    let session = session::connect(&arguments, plugin).await?;
    match arguments.command {
        Command::Inspect | Command::Describe => Ok(()),
        Command::Test => show::identity(session.connection.test().await?.as_ref()),
        Command::Browse { operation, filter } => {
            let operation = match operation {
                Some(operation) => operation,
                None => session.browsable()?,
            };
            show::objects(
                &session
                    .connection
                    .browse(&operation, filter.as_deref())
                    .await?,
            )
        }
        Command::Profile { operation, object } => show::profile(
            &session
                .connection
                .profile(&operation, object.as_deref())
                .await?,
        ),
        Command::Run(arguments) => run::run(&session, arguments).await,
        Command::Listen(arguments) => listen::run(session, arguments).await,
    }
}
