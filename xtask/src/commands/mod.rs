//! The commands, one file each, and the list that `help` prints.

mod bench;
mod build;
mod demo;
mod docs;
mod localstack;
mod ministack;
mod size;
mod soak;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

/// One command: its name, what follows it, what it does in words, and its code.
struct Command {
    name: &'static str,
    usage: &'static str,
    words: &'static str,
    run: fn(&[String]) -> Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "build",
        usage: "",
        words: "Builds the plugin into target/sqs-connector.wasm and the misbehaving plugin of the\n\
                tests into target/fixtures/misbehaving.wasm. Gets the wasm target where it is\n\
                missing. Fails if the plugin imports more than it may, or is too big.",
        run: build::run,
    },
    Command {
        name: "test",
        usage: "[--no-lint] [-- FILTER...]",
        words: "Everything: formatting, build, lints, then all tests against LocalStack and\n\
                MiniStack, which it starts and stops. SQS_ENDPOINT and MINISTACK_ENDPOINT name\n\
                running servers to use instead.",
        run: test::run,
    },
    Command {
        name: "soak",
        usage: "--minutes N [--seed S]",
        words: "Sends, listens and settles for so long through a proxy that fails at random, in\n\
                front of LocalStack; then accounts for every message, and fails where one is lost,\n\
                doubled unannounced, or left.",
        run: soak::run,
    },
    Command {
        name: "demo",
        usage: "[--server embedded|localstack|URL]",
        words: "Builds, then sends a file of mixed documents through the plugin, receives,\n\
                compares and deletes them, and shows what went through. The embedded server needs\n\
                nothing but Rust. For a URL, the usual AWS_* variables name region and\n\
                credentials.",
        run: demo::run,
    },
    Command {
        name: "localstack",
        usage: "up|down|status",
        words: "LocalStack on this machine, with SQS only and signatures checked: without\n\
                containers or a token. `up` prints the endpoint on standard output. Needs Python\n\
                3.10 to 3.13; installs once, into a cache folder.",
        run: localstack::run,
    },
    Command {
        name: "ministack",
        usage: "up|down|status",
        words: "MiniStack, which checks signatures with code of its own. `up` prints its endpoint\n\
                and keys as shell variables.",
        run: ministack::run,
    },
    Command {
        name: "docs",
        usage: "[--check]",
        words: "Builds the plugin and writes what it says of itself into docs/reference.md and into\n\
                the tables of README.md. With --check it writes nothing and fails where one of\n\
                them is stale.",
        run: docs::run,
    },
    Command {
        name: "bench",
        usage: "[--rounds N] [--quick] [--work W]... [--contender C]... [--server fast|localstack]...",
        words: "Measures the plugin beside aws-sdk-sqs, raw hyper and boto3 doing the same work, on\n\
                a server that answers at once and on LocalStack. Prints tables with the targets,\n\
                and writes target/bench/report.json and report.svg. Wants a quiet machine.",
        run: bench::run,
    },
    Command {
        name: "size",
        usage: "",
        words: "Says what the bytes of the plugin are spent on, crate by crate.",
        run: size::run,
    },
];

/// Runs the command that the arguments name.
pub(crate) fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let Some((name, rest)) = arguments.split_first() else {
        help();
        return Ok(ExitCode::from(2));
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        help();
        return Ok(ExitCode::SUCCESS);
    }
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(rest),
        None => bail!("there is no command {name:?}; `cargo xtask help` lists them"),
    }
}

fn help() {
    println!("cargo xtask COMMAND\n");
    for Command {
        name, usage, words, ..
    } in COMMANDS
    {
        println!("  {name} {usage}");
        for line in words.lines() {
            println!("      {line}");
        }
    }
    println!(
        "\nVariables: CARGO_TARGET_DIR (where everything built goes), SQS_CONNECTOR_CACHE (where\n\
         servers are installed), SQS_CONNECTOR_PYTHON (the Python to install them with)."
    );
}

/// For commands that take no argument.
fn no_arguments(command: &str, arguments: &[String]) -> Result<()> {
    match arguments.first() {
        Some(argument) => bail!("`{command}` takes no argument, but got {argument:?}"),
        None => Ok(()),
    }
}
