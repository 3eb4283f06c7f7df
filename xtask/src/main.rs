//! The project's own tool: `cargo xtask help` says what it can do.
//!
//! One file a command in `commands`; what they share stands beside it: `workspace` (folders and
//! running cargo), `toolchain` (the wasm target), `component` (encoding and the import check),
//! `python` and `server` (the servers of the tests), `interrupt` (Ctrl-C).

mod commands;
mod component;
mod interrupt;
mod python;
mod server;
mod toolchain;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = interrupt::watch().and_then(|()| commands::dispatch(&arguments));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
