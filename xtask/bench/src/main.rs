//! The contest that `cargo xtask bench` runs: the same work in turn for each contender, on one
//! machine, in one run.
//!
//! Each contender, and the fast server, is a process of its own (this program again, with another
//! first argument), so that processor time is that of the contender alone. `driver` asks them for
//! rounds in turn, `report` and `chart` say what came of it.

mod chart;
mod contenders;
mod counts;
mod driver;
mod measure;
mod options;
mod probes;
mod process;
mod report;
mod server;
mod targets;
mod work;

use std::process::ExitCode;

use anyhow::{Context, Result};

use contenders::Contender;
use options::Options;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server"] => server::serve(),
        ["contender", name, place, plugin] => {
            let place = serde_json::from_str(place).context("no place")?;
            runtime()?.block_on(contenders::take_part(Contender::find(name)?, place, plugin))
        }
        ["probe", name, place, plugin] => {
            let place = serde_json::from_str(place).context("no place")?;
            probes::run(name, &place, plugin.as_ref())
        }
        _ => driver::run(&Options::read(arguments)?),
    }
}

/// What `#[tokio::main]` makes, for every contender.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}
