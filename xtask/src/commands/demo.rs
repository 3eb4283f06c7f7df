//! `demo`: builds what is needed and gives the tour.

use std::{env, fs, process::ExitCode};

use anyhow::{Result, bail};

use super::{build, localstack};
use crate::{interrupt, toolchain::Toolchain, workspace::Workspace};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let server = match arguments {
        [] => "embedded",
        [option, server] if option == "--server" => server,
        [option] if option.starts_with("--server=") => &option["--server=".len()..],
        _ => bail!("usage: cargo xtask demo [--server embedded|localstack|URL]"),
    };
    let known = ["embedded", "localstack"].contains(&server);
    if !known && !server.starts_with("http://") && !server.starts_with("https://") {
        bail!("there is no server {server:?}: embedded, localstack, or a URL");
    }
    let workspace = Workspace::find()?;
    build::build(&workspace, &Toolchain::find(&workspace)?)?;

    let mut demo = workspace.cargo();
    demo.args(["run", "--quiet", "--package", "demo", "--"]);
    demo.arg("--plugin").arg(workspace.plugin());
    demo.arg("--output").arg(workspace.target.join("demo"));
    // Lives until the demo is over.
    let localstack = if server == "localstack" {
        let state = workspace.server_state(&format!("demo-{}", std::process::id()));
        Some((localstack::Installed::find()?.attach(&state)?, state))
    } else {
        None
    };
    match &localstack {
        Some((attached, _)) => {
            demo.args([
                "--server",
                &attached.server.endpoint,
                "--server-name",
                "LocalStack",
            ]);
            for (name, value) in [
                (
                    "AWS_ACCESS_KEY_ID",
                    localstack::test_key("SQS_TEST_ACCESS_KEY_ID"),
                ),
                (
                    "AWS_SECRET_ACCESS_KEY",
                    localstack::test_key("SQS_TEST_SECRET_ACCESS_KEY"),
                ),
                ("AWS_REGION", "us-east-1"),
            ] {
                demo.env(name, value);
            }
            demo.env_remove("AWS_SESSION_TOKEN");
        }
        None => {
            demo.args(["--server", server]);
            if !known && env::var_os("AWS_ACCESS_KEY_ID").is_none() {
                bail!("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for {server}");
            }
        }
    }
    println!("Compiling the host and the demo; the first time takes a few minutes.");
    let status = interrupt::status(&mut demo);
    if let Some((attached, state)) = localstack {
        drop(attached);
        // It keeps nothing that is of use once it has stopped.
        let _ = fs::remove_dir_all(state);
    }
    let status = status?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
