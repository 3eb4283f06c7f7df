//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs the operations of a connector plugin: a WebAssembly component in a sandbox that reaches
/// only what you allow.
#[derive(Debug, Parser)]
#[command(name = "sqs-connector", version)]
pub(crate) struct Arguments {
    /// The plugin [default: target/sqs-connector.wasm, or beside this program]
    #[arg(long, value_name = "FILE", env = "SQS_CONNECTOR_PLUGIN")]
    pub(crate) plugin: Option<PathBuf>,

    /// Connection settings: a JSON object such as {"region": "eu-west-1"}
    #[arg(long, value_name = "FILE")]
    pub(crate) connection: Option<PathBuf>,

    /// A connection setting, in place of the one in the file
    #[arg(short = 'c', value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) settings: Vec<(String, String)>,

    /// An origin that the plugin may send requests to, beside the connection's own endpoint, such
    /// as https://host:8443 or https://*.example.com
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow: Vec<String>,

    /// A network that is not a public one, into which allowed names may resolve, such as 10.0.0.0/8
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_network: Vec<String>,

    /// Where credentials come from
    #[arg(long, value_enum, default_value_t = Credentials::Settings)]
    pub(crate) credentials: Credentials,

    /// How long one call of the plugin may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,

    /// Certificate authorities (PEM) to trust beside the public ones
    #[arg(long, value_name = "PEM")]
    pub(crate) ca_file: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Credentials {
    /// From the connection settings
    Settings,
    /// From the standard AWS chain (environment, profile, SSO, web identity, container, instance);
    /// renewed before they expire
    Default,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what the plugin is and can do
    Describe,
    /// Prove that the service answers and the credentials are good
    Test,
    /// List what an operation can act on
    Browse {
        /// The operation [default: the first one that acts on an object]
        #[arg(long)]
        operation: Option<String>,
        /// Beginning of the name
        #[arg(long, value_name = "PREFIX")]
        filter: Option<String>,
    },
    /// Give the JSON Schemas of what an operation takes and gives
    Profile {
        /// The operation
        operation: String,
        /// What it acts on
        #[arg(long, value_name = "QUEUE")]
        object: Option<String>,
    },
    /// Run an operation over documents
    Run(Run),
    /// Receive messages of a queue as they come, until it is stopped, and settle each by what
    /// becomes of it
    Listen(Listen),
    /// Show imports, exports and size of the plugin
    Inspect,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The operation
    pub(crate) operation: String,
    /// What it acts on
    #[arg(long, value_name = "QUEUE")]
    pub(crate) object: Option<String>,
    /// A setting of the operation; a list is given as a,b
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// Documents, as JSON lines; `-`: standard input [default: one empty document]
    #[arg(long = "in", value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Where the results go, as JSON lines; `-`: standard output
    #[arg(long = "out", value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// Repeat the operation with the same document until it gives nothing more, to drain a queue
    #[arg(long)]
    pub(crate) until_empty: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("act").required(true))]
pub(crate) struct Listen {
    /// What it listens to: the name, URL or ARN of a queue
    #[arg(value_name = "QUEUE")]
    pub(crate) object: String,
    /// A setting of the listener; a list is given as a,b
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// Run a command of the shell for each message: the payload is its standard input,
    /// DOCUMENT_PROPERTIES (JSON), DOCUMENT_CONTENT_TYPE, DELIVERY_ATTEMPT and DELIVERY_GROUP are
    /// in its environment. Status 0 accepts the message, any other retries it later
    #[arg(long, value_name = "COMMAND", group = "act")]
    pub(crate) exec: Option<String>,
    /// Accept every message and do nothing else
    #[arg(long, group = "act")]
    pub(crate) accept: bool,
    /// Append each document as a JSON line and accept it once it is on the disk; `-`: standard
    /// output, where it is accepted once it is written
    #[arg(long = "out", value_name = "FILE", group = "act")]
    pub(crate) output: Option<PathBuf>,
    /// How many messages are handled side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count)]
    pub(crate) concurrency: usize,
    /// While so many messages are in hand, no more are received [default: 4 for each that is
    /// handled side by side, at least 10]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) in_hand: Option<usize>,
    /// What becomes of a message that cannot be read as the settings ask for [default: retry;
    /// with --accept: handle]
    #[arg(long, value_enum)]
    pub(crate) malformed: Option<OnMalformed>,
    /// How long messages that are being handled may go on after SIGINT or SIGTERM; then their
    /// commands are killed, and the messages given back
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) stop_within: u64,
    /// How often a line of figures goes to standard error; 0: only at the end
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) figures_every: u64,
    /// Stop after so many accepted messages; those that are being handled then are still finished
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) messages: Option<u64>,
    /// Stop when there was no message for so long
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) idle_exit: Option<u64>,
}

/// What becomes of a malformed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnMalformed {
    /// It comes again after the wait that the listener suggests, until the queue's redrive policy
    /// puts it aside
    Retry,
    /// It is removed
    Accept,
    /// It is handled as any other, with its raw body
    Handle,
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err("it is a number from 1 to 10000".to_owned()),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is written NAME=VALUE".to_owned()),
    }
}
