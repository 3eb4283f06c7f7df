//! `sqs-connector`: loads a connector plugin and runs its operations from a shell.
//!
//! It is thin: everything that a platform would need is in the library `connector_host`. What is
//! here turns a command line and JSON lines into the contract's values, and back.
//!
//! Exit status: 0 all well, 1 some document failed, 2 usage or settings, 3 nothing could be tried.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = cli::arguments::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sqs-connector: the runtime cannot be started: {error}");
            return ExitCode::from(3);
        }
    };
    let result = runtime.block_on(cli::run(arguments));
    // A blocked read of standard input must not hold up the end.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
