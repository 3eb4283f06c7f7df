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

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is written NAME=VALUE".to_owned()),
    }
}
