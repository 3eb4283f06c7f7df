//! `test`: everything that has to be right, in order, built once.

use std::{
    env,
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, ExitCode},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow, bail};

use super::{build, docs, localstack, ministack};
use crate::{
    interrupt,
    server::Attached,
    toolchain::Toolchain,
    workspace::{Workspace, ask, run as run_command},
};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let Options { lint, filters } = Options::read(arguments)?;
    let workspace = Workspace::find()?;
    let start = Instant::now();

    if lint {
        step("formatting", || {
            run_command(workspace.cargo().args(["fmt", "--all", "--check"]))
        })?;
    }
    let toolchain = step("build", || {
        let toolchain = Toolchain::find(&workspace)?;
        build::build(&workspace, &toolchain)?;
        Ok(toolchain)
    })?;
    if lint {
        step("lints", || lints(&workspace, &toolchain))?;
    }
    let state = workspace.server_state(&format!("test-{}", std::process::id()));
    let servers = step("servers", || Servers::start(&state))?;
    let status = step("tests", || tests(&workspace, &servers, &filters));
    // Also on failure, and before the last word.
    drop(servers);
    status.with_context(|| format!("the servers' logs are in {}", state.display()))?;
    if lint {
        step("documentation", || docs::check(&workspace))?;
    }
    // Only a failure needs the logs; there may be nothing at all if no server was started.
    let _ = fs::remove_dir_all(&state);
    println!(
        "xtask: everything passed, {:.1} s",
        start.elapsed().as_secs_f32()
    );
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    lint: bool,
    /// Parts of the names of the tests to run; none: all.
    filters: Vec<String>,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            lint: true,
            filters: Vec::new(),
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--no-lint" => options.lint = false,
                "--" => options.filters.extend(rest.by_ref().cloned()),
                other => bail!("`test` does not know {other:?}: [--no-lint] [-- FILTER...]"),
            }
        }
        Ok(options)
    }
}

/// Runs a step between two lines that say its name and how long it took.
fn step<T>(name: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("xtask: {name}");
    let start = Instant::now();
    let result = body();
    let seconds = start.elapsed().as_secs_f32();
    let end = if result.is_ok() { "done" } else { "FAILED" };
    println!("xtask: {name} {end}, {seconds:.1} s");
    result.with_context(|| format!("step \"{name}\""))
}

/// Clippy over the native code, then over what only the wasm target compiles.
fn lints(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    let deny = ["--", "--deny", "warnings"];
    let mut native = workspace.cargo();
    native
        .args(["clippy", "--workspace", "--all-targets"])
        .args(deny);
    run_command(&mut native)?;
    if !toolchain.is_ready() {
        println!("xtask: the compiler for wasm has no clippy here, its code is not linted");
        return Ok(());
    }
    let mut wasm = workspace.cargo();
    wasm.args([
        "clippy",
        "--package",
        "sqs-connector",
        "--package",
        "bytewise",
        "--package",
        "misbehaving-plugin",
    ])
    .args(["--lib", "--profile", "plugin"])
    // What is compiled depends on them.
    .env("CARGO_ENCODED_RUSTFLAGS", build::flags(workspace));
    toolchain.configure(&mut wasm);
    run_command(wasm.args(deny))
}

/// The servers of the tests; those started here end with this value.
struct Servers {
    variables: Vec<(String, OsString)>,
    _running: Vec<Attached>,
}

impl Servers {
    /// Starts LocalStack and MiniStack side by side, except those that the environment names.
    fn start(state: &Path) -> Result<Self> {
        let given = |name| env::var_os(name).filter(|value| !value.is_empty());
        let mut servers = Self {
            variables: Vec::new(),
            _running: Vec::new(),
        };

        thread::scope(|scope| {
            let second = given("MINISTACK_ENDPOINT").is_none().then(|| {
                let state = state.join("ministack");
                scope.spawn(move || ministack::Installed::find()?.attach(&state))
            });
            // boto3 of its environment is what the tests compare with, whatever the server.
            let first = given("SQS_ENDPOINT").is_none();
            let first = (first || given("SQS_TEST_PYTHON").is_none()).then(|| {
                let installed = localstack::Installed::find()?;
                let server = first.then(|| installed.attach(&state.join("localstack")));
                anyhow::Ok((installed.environment.interpreter(), server.transpose()?))
            });
            // Both are waited for before the first error is told, so that both are stopped.
            let second = second.map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("starting panicked")))
            });
            if let Some((python, server)) = first.transpose()? {
                servers.add("SQS_TEST_PYTHON", python);
                if let Some(server) = server {
                    servers.add("SQS_ENDPOINT", &server.server.endpoint);
                    servers._running.push(server);
                }
            }
            if let Some((server, variables)) = second.transpose()? {
                servers._running.push(server);
                for (name, value) in variables {
                    servers.add(&name, value);
                }
            }
            anyhow::Ok(())
        })?;
        for (name, value) in localstack::TEST_KEYS {
            servers.add(name, value);
        }
        Ok(servers)
    }

    /// What the caller's environment says goes first.
    fn add(&mut self, name: &str, value: impl Into<OsString>) {
        if env::var_os(name).is_none_or(|value| value.is_empty()) {
            self.variables.push((name.to_owned(), value.into()));
        }
    }
}

/// All tests of the workspace, with nextest where that is installed.
fn tests(workspace: &Workspace, servers: &Servers, filters: &[String]) -> Result<()> {
    let nextest = ask(workspace.cargo().args(["nextest", "--version"])).is_some();
    let mut command = workspace.cargo();
    if nextest {
        command
            .args(["nextest", "run", "--workspace", "--no-fail-fast"])
            .args(filters);
    } else {
        command.args(["test", "--workspace", "--"]).args(filters);
    }
    command
        .env("SQS_CONNECTOR_PLUGIN", workspace.plugin())
        .env("SQS_CONNECTOR_FIXTURE", workspace.fixture())
        .envs(servers.variables.iter().map(|(name, value)| (name, value)));
    verdict(&mut command)?;
    // nextest knows no examples in documentation.
    if nextest && filters.is_empty() {
        verdict(
            workspace
                .cargo()
                .args(["test", "--workspace", "--doc", "--quiet"]),
        )?;
    }
    Ok(())
}

fn verdict(command: &mut Command) -> Result<()> {
    if !interrupt::status(command)?.success() {
        bail!("some test failed, or could not be run");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options> {
        Options::read(
            &arguments
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn reads_its_options() {
        let options = read(&["--no-lint", "--", "send", "--no-lint"]).expect("good options");
        let filters = vec!["send".to_owned(), "--no-lint".to_owned()];
        assert_eq!(
            options,
            Options {
                lint: false,
                filters
            }
        );
        assert!(read(&[]).expect("no options").lint);
        assert!(read(&["send"]).is_err());
    }
}
