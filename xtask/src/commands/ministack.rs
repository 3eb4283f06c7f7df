//! `ministack`: MiniStack on this machine, a second opinion on signatures.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};

use crate::{
    python::{Environment, Python},
    server::{Attached, Recipe, Server},
    workspace::{Workspace, own_folder},
};

const VERSION: &str = "1.5.33";

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let state = Workspace::find()?.server_state("ministack");
    let keys = state.join("keys.env");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["up"] => {
            if Server::running(&state).is_none() {
                let installed = Installed::find()?;
                let server = installed.recipe(&state, false, Server::start)?;
                if let Err(error) = installed.provision(&server, &keys) {
                    server.stop();
                    return Err(error);
                }
            }
            print!("{}", fs::read_to_string(&keys)?);
        }
        ["status"] => match Server::running(&state) {
            Some(_) => print!("{}", fs::read_to_string(&keys)?),
            None => {
                eprintln!("xtask: MiniStack is not running");
                return Ok(ExitCode::FAILURE);
            }
        },
        ["down"] => match Server::running(&state) {
            Some(server) => server.stop(),
            None => eprintln!("xtask: MiniStack is not running"),
        },
        _ => bail!("usage: cargo xtask ministack up|down|status"),
    }
    Ok(ExitCode::SUCCESS)
}

/// MiniStack, installed.
pub(crate) struct Installed(Environment);

impl Installed {
    /// Installs it, unless it is there.
    pub(crate) fn find() -> Result<Self> {
        let lock = own_folder()
            .join("ministack")
            .join(format!("{VERSION}.txt"));
        let name = format!("ministack-{VERSION}");
        Environment::install(&Python::find()?, &name, &lock, |_| Ok(())).map(Self)
    }

    /// Starts one that ends with this process. Gives the variables for the tests as well.
    pub(crate) fn attach(&self, state: &Path) -> Result<(Attached, Vec<(String, String)>)> {
        let attached = self.recipe(state, true, Attached::start)?;
        let variables = self.provision(&attached.server, &state.join("keys.env"))?;
        Ok((attached, variables))
    }

    fn recipe<T>(
        &self,
        state: &Path,
        attached: bool,
        start: impl FnOnce(&Recipe<'_>, &Path) -> Result<T>,
    ) -> Result<T> {
        let recipe = Recipe {
            name: &format!("MiniStack {VERSION}"),
            command: &|port| {
                let mut command = self.clean();
                command
                    .arg(own_folder().join("ministack/main.py"))
                    .current_dir(state)
                    .env("GATEWAY_PORT", port.to_string())
                    .envs([
                        ("AUTH", "true"),
                        ("SERVICES", "sqs,iam,sts"),
                        ("BIND_HOST", "127.0.0.1"),
                        ("MINISTACK_HOST", "127.0.0.1"),
                        ("LOG_LEVEL", "WARNING"),
                    ]);
                if attached {
                    command.env("SERVER_ENDS_WITH_STDIN", "1");
                }
                Ok(command)
            },
            health: "/_ministack/health",
            ready: " 200 ",
        };
        start(&recipe, state)
    }

    /// Its Python with nothing of this process's environment.
    fn clean(&self) -> Command {
        let mut command = self.0.python();
        command.env_clear().envs([
            ("LANG", "C.UTF-8"),
            ("PYTHONUNBUFFERED", "1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ]);
        for name in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Makes users and a role session, and writes their keys to a file.
    fn provision(&self, server: &Server, file: &Path) -> Result<Vec<(String, String)>> {
        let output = self
            .clean()
            .arg(own_folder().join("ministack/provision.py"))
            .arg(&server.endpoint)
            .output()
            .context("cannot run MiniStack's Python")?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!("MiniStack's users cannot be made: {}", words.trim());
        }
        let mut text = format!("MINISTACK_ENDPOINT={}\n", server.endpoint);
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
        let variables = text.lines().filter_map(|line| line.split_once('='));
        Ok(variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}
