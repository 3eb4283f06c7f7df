//! `bench`: builds the plugin and the contest, and runs it.
//!
//! The contest is a workspace of its own in `xtask/bench`: its contenders bring crates along that
//! must not get into the product's lock file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

use super::{build, localstack};
use crate::{
    interrupt,
    toolchain::Toolchain,
    workspace::{Workspace, own_folder, run as run_command},
};

const USAGE: &str = "usage: cargo xtask bench [--rounds N] [--quick] [--work WORK]... \
    [--contender CONTENDER]... [--server fast|localstack]...";

/// The contender that is a component too, and has to be compiled as one.
const SDK: &str = "aws-sdk-sqs-wasm";

/// What the command line says; what is not about servers goes on as it is.
struct Options {
    fast: bool,
    localstack: bool,
    others: Vec<String>,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            fast: false,
            localstack: false,
            others: Vec::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().context(USAGE);
            match name.as_str() {
                "--server" => match value()?.as_str() {
                    "fast" => options.fast = true,
                    "localstack" => options.localstack = true,
                    other => bail!("there is no server {other:?}: fast or localstack"),
                },
                "--quick" => options.others.push(name.clone()),
                "--rounds" | "--work" | "--contender" => {
                    let value = value()?.clone();
                    options.others.extend([name.clone(), value]);
                }
                _ => bail!(USAGE),
            }
        }
        if !options.fast && !options.localstack {
            (options.fast, options.localstack) = (true, true);
        }
        Ok(options)
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let options = Options::read(arguments)?;
    let workspace = Workspace::find()?;
    build::build(&workspace, &Toolchain::find(&workspace)?)?;
    println!("Compiling the contest; the first time takes many minutes.");
    let manifest = own_folder().join("bench/Cargo.toml");
    let target = workspace.target.join("bench");
    run_command(
        workspace
            .cargo()
            .args(["build", "--release", "--locked", "--bins"])
            .arg("--manifest-path")
            .arg(&manifest)
            .env("CARGO_TARGET_DIR", &target),
    )?;

    // It takes minutes to compile, so only where it is asked for, or everybody is.
    let asked = |name| options.others.iter().any(|other| other == name);
    let sdk = match asked(SDK) || !asked("--contender") {
        true => sdk(&workspace, &target),
        false => None,
    };

    let installed = localstack::Installed::find()?;
    let mut bench = std::process::Command::new(target.join("release/bench"));
    bench.arg("--plugin").arg(workspace.plugin());
    bench.arg("--output").arg(&target);
    bench
        .arg("--python")
        .arg(installed.environment.python().get_program());
    if let Some(sdk) = &sdk {
        bench.arg("--sdk").arg(sdk);
    }
    bench.args(&options.others);
    if options.fast {
        bench.arg("--fast");
    }
    // Lives until the contest is over.
    let state = workspace.server_state(&format!("bench-{}", std::process::id()));
    let attached = match options.localstack {
        true => Some(installed.attach(&state)?),
        false => None,
    };
    if let Some(attached) = &attached {
        bench.args(["--localstack", &attached.server.endpoint]);
        for (name, key) in [
            ("AWS_ACCESS_KEY_ID", "SQS_TEST_ACCESS_KEY_ID"),
            ("AWS_SECRET_ACCESS_KEY", "SQS_TEST_SECRET_ACCESS_KEY"),
        ] {
            bench.env(name, localstack::test_key(key));
        }
        bench.env("AWS_REGION", "us-east-1");
    }
    let status = interrupt::status(&mut bench);
    drop(attached);
    clear(&state);
    Ok(match status?.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// AWS's own client as a component. None where it cannot be compiled: the report says so then.
fn sdk(workspace: &Workspace, target: &Path) -> Option<PathBuf> {
    const TARGET: &str = "wasm32-wasip2";
    let mut rustup = std::process::Command::new("rustup");
    // Where there is no rustup the compiler may have it all the same.
    let _ = run_command(rustup.args(["target", "add", TARGET]));
    let manifest = own_folder().join("bench/sdk/Cargo.toml");
    let mut cargo = workspace.cargo();
    cargo
        .args(["build", "--release", "--locked", "--target", TARGET])
        .arg("--manifest-path")
        .arg(&manifest)
        .env("CARGO_TARGET_DIR", target);
    match run_command(&mut cargo) {
        Ok(()) => Some(target.join(TARGET).join("release/sdk.wasm")),
        Err(why) => {
            eprintln!("xtask: aws-sdk-sqs as a component does not take part: {why:#}");
            None
        }
    }
}

/// The server's folder keeps nothing that is of use once it has stopped; mostly there is none.
fn clear(state: &Path) {
    let _ = fs::remove_dir_all(state);
}
