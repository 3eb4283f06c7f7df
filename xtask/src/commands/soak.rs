//! `soak`: minutes of sending and listening through a network that fails, and an account of every
//! message.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    process::ExitCode,
};

use anyhow::{Result, bail};

use super::{build, localstack};
use crate::{interrupt, toolchain::Toolchain, workspace::Workspace, workspace::run as run_command};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let Options { minutes, seed } = Options::read(arguments)?;
    let workspace = Workspace::find()?;
    build::build(&workspace, &Toolchain::find(&workspace)?)?;
    // With the whole workspace, so that nothing is compiled that the tests have not compiled.
    run_command(
        workspace
            .cargo()
            .args(["build", "--workspace", "--example", "soak"]),
    )?;

    let state = workspace.server_state(&format!("soak-{}", std::process::id()));
    let server = localstack::Installed::find()?.attach(&state)?;
    let mut soak = std::process::Command::new(workspace.target.join("debug/examples/soak"));
    soak.args(["--minutes", &minutes.to_string()])
        .args(["--seed", &seed.to_string()])
        .env("SQS_CONNECTOR_PLUGIN", workspace.plugin())
        .env("SQS_ENDPOINT", &server.server.endpoint)
        .envs(localstack::TEST_KEYS.iter().copied());
    let status = interrupt::status(&mut soak);
    drop(server);
    let passed = status?.success();
    if passed {
        // Only a failure needs the log.
        let _ = fs::remove_dir_all(&state);
    } else {
        eprintln!("xtask: the server's log is in {}", state.display());
    }
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    minutes: u32,
    seed: u64,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let (mut minutes, mut seed) = (None, None);
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().map(String::as_str).unwrap_or_default();
            match name.as_str() {
                "--minutes" => minutes = value.parse().ok().filter(|minutes| *minutes > 0),
                "--seed" => seed = Some(value.parse()?),
                other => bail!("`soak` does not know {other:?}"),
            }
        }
        let Some(minutes) = minutes else {
            bail!("usage: cargo xtask soak --minutes N [--seed S]");
        };
        // The standard library seeds each of its hashers anew, from the system's randomness.
        let chance = || RandomState::new().hash_one(minutes) >> 32;
        Ok(Self {
            minutes,
            seed: seed.unwrap_or_else(chance),
        })
    }
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
        let (minutes, seed) = (2, 77);
        assert_eq!(
            read(&["--seed", "77", "--minutes", "2"]).expect("good options"),
            Options { minutes, seed }
        );
        assert!(read(&["--minutes", "2"]).is_ok());
        for bad in [
            &[][..],
            &["--minutes"],
            &["--minutes", "0"],
            &["--seed", "x"],
            &["2"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
