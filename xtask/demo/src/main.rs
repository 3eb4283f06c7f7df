//! The tour: real documents through the plugin in its sandbox, to a server and back.
//!
//! `server` is what it runs against, `admin` makes queues there (the plugin does not), `documents`
//! is the file that goes through, `tour` the steps, `compare` what has to be equal afterwards,
//! `report` what is printed.

mod admin;
mod compare;
mod documents;
mod report;
mod server;
mod tour;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};

/// What the command line says.
struct Options {
    plugin: PathBuf,
    output: PathBuf,
    server: String,
    server_name: Option<String>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let (mut plugin, mut output, mut server, mut server_name) = (None, None, None, None);
        while let Some(name) = arguments.next() {
            let slot = match name.as_str() {
                "--plugin" => &mut plugin,
                "--output" => &mut output,
                "--server" => &mut server,
                "--server-name" => &mut server_name,
                _ => bail!("the demo does not know {name:?}; run it as `cargo xtask demo`"),
            };
            *slot = Some(
                arguments
                    .next()
                    .with_context(|| format!("{name} lacks its value"))?,
            );
        }
        Ok(Self {
            plugin: plugin
                .context("--plugin FILE is needed; `cargo xtask demo` gives it")?
                .into(),
            output: output.unwrap_or_else(|| "target/demo".to_owned()).into(),
            server: server.unwrap_or_else(|| "embedded".to_owned()),
            server_name,
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything came through as it should.
async fn run() -> Result<bool> {
    let options = Options::read(std::env::args().skip(1))?;
    let server = server::Server::get(&options.server, options.server_name.as_deref()).await?;
    println!("Server: {} at {}", server.name, server.endpoint);
    if let Some(gaps) = server.gaps {
        println!("        {gaps}");
    }
    tour::run(&server, &options.plugin, &options.output).await
}
