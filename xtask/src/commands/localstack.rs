//! `localstack`: LocalStack on this machine, SQS only, signatures checked.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{
    python::{Environment, Python},
    server::{Attached, Recipe, Server},
    workspace::{Workspace, own_folder, run as run_command},
};

/// The keys that the server knows, for it and for the tests: worthless anywhere else.
pub(crate) const TEST_KEYS: &[(&str, &str)] = &[
    ("SQS_TEST_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST"),
    (
        "SQS_TEST_SECRET_ACCESS_KEY",
        "local-servers-only/test+secret0123456789",
    ),
    ("SQS_TEST_SESSION_ACCESS_KEY_ID", "ASIATESTTESTTESTTEST"),
    (
        "SQS_TEST_SESSION_SECRET_ACCESS_KEY",
        "local-servers-only/session+secret012345",
    ),
    ("SQS_TEST_SESSION_TOKEN", "local-test-session-token/+="),
];

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let state = Workspace::find()?.server_state("localstack");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["up"] => {
            let server = Installed::find()?.recipe(&state, false, Server::start)?;
            for (name, value) in TEST_KEYS {
                eprintln!("xtask: {name}={value}");
            }
            println!("{}", server.endpoint);
        }
        ["status"] => match Server::running(&state) {
            Some(server) => println!("{}", server.endpoint),
            None => {
                eprintln!("xtask: LocalStack is not running");
                return Ok(ExitCode::FAILURE);
            }
        },
        ["down"] => match Server::running(&state) {
            Some(server) => server.stop(),
            None => eprintln!("xtask: LocalStack is not running"),
        },
        _ => bail!("usage: cargo xtask localstack up|down|status"),
    }
    Ok(ExitCode::SUCCESS)
}

/// LocalStack, installed.
pub(crate) struct Installed {
    /// Its environment, which has boto3 as well.
    pub(crate) environment: Environment,
    version: &'static str,
}

impl Installed {
    /// Installs it, unless it is there.
    pub(crate) fn find() -> Result<Self> {
        let python = Python::find()?;
        // From 4.14 on it needs Python 3.13, whatever its metadata says; SQS is the same in both.
        let version = if python.version >= (3, 13) {
            "2026.3.0"
        } else {
            "4.13.1"
        };
        let lock = own_folder()
            .join("localstack")
            .join(format!("{version}.txt"));
        let name = format!("localstack-{version}");
        let environment = Environment::install(&python, &name, &lock, index_services)?;
        Ok(Self {
            environment,
            version,
        })
    }

    /// Starts one that ends with this process.
    pub(crate) fn attach(&self, state: &Path) -> Result<Attached> {
        self.recipe(state, true, Attached::start)
    }

    fn recipe<T>(
        &self,
        state: &Path,
        attached: bool,
        start: impl FnOnce(&Recipe<'_>, &Path) -> Result<T>,
    ) -> Result<T> {
        let recipe = Recipe {
            name: &format!("LocalStack {}", self.version),
            command: &|port| self.command(state, port, attached),
            health: "/_localstack/health",
            ready: "\"sqs\": \"running\"",
        };
        start(&recipe, state)
    }

    /// The command that serves, in an environment of its own: no proxy, no AWS variable and no
    /// setting of LocalStack's may leak in.
    fn command(&self, state: &Path, port: u16, attached: bool) -> Result<Command> {
        let library = state.join("files/usr/lib");
        fs::create_dir_all(&library)?;
        let link = library.join("localstack");
        if fs::symlink_metadata(&link).is_err() {
            symlink(
                service_index(&self.environment).join("usr/lib/localstack"),
                &link,
            )
            .context("cannot link LocalStack's index of services")?;
        }
        let address = format!("127.0.0.1:{port}");
        let mut command = clean(&self.environment, &state.join("files"));
        command
            .arg(own_folder().join("localstack/main.py"))
            .env("SIGNING_KEYS", signing_keys())
            .env("CONFIG_DIR", state.join("configuration"))
            .env("GATEWAY_LISTEN", &address)
            .env("LOCALSTACK_HOST", &address)
            .envs([
                ("SERVICES", "sqs"),
                ("STRICT_SERVICE_LOADING", "1"),
                ("EAGER_SERVICE_LOADING", "1"),
                // The faster of its two servers.
                ("GATEWAY_SERVER", "twisted"),
                // Queue URLs with the address above, not with a public name.
                ("SQS_ENDPOINT_STRATEGY", "path"),
                ("SQS_DISABLE_CLOUDWATCH_METRICS", "1"),
                ("LS_LOG", "warn"),
            ]);
        if attached {
            command.env("SERVER_ENDS_WITH_STDIN", "1");
        }
        Ok(command)
    }
}

/// LocalStack's Python with nothing of this process's environment.
fn clean(environment: &Environment, files: &Path) -> Command {
    let mut command = environment.python();
    command.env_clear().env("FILESYSTEM_ROOT", files).envs([
        ("LANG", "C.UTF-8"),
        ("PYTHONUNBUFFERED", "1"),
        ("PYTHONWARNINGS", "ignore"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        // In a container it would believe to be in its own, and write all over the file system.
        ("OVERRIDE_IN_DOCKER", "0"),
        // No traffic to anywhere, and no name server.
        ("DISABLE_EVENTS", "1"),
        ("SKIP_SSL_CERT_DOWNLOAD", "1"),
        ("DNS_ADDRESS", "0"),
    ]);
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Where the index of AWS's services is, which every start would else make anew, in two seconds
/// and 350 MB.
fn service_index(environment: &Environment) -> PathBuf {
    environment.folder.join("index")
}

fn index_services(environment: &Environment) -> Result<()> {
    let folder = service_index(environment);
    fs::create_dir_all(folder.join("usr/lib/localstack"))?;
    let mut command = clean(environment, &folder);
    command
        .args(["-m", "localstack.aws.spec"])
        .stdout(std::io::stderr());
    run_command(&mut command)
}

/// One of the keys, by the name of its variable.
pub(crate) fn test_key(name: &str) -> &'static str {
    TEST_KEYS
        .iter()
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| *value)
}

/// The keys in the form that the server's check takes.
fn signing_keys() -> String {
    json!({
        test_key("SQS_TEST_ACCESS_KEY_ID"): { "secret": test_key("SQS_TEST_SECRET_ACCESS_KEY") },
        test_key("SQS_TEST_SESSION_ACCESS_KEY_ID"): {
            "secret": test_key("SQS_TEST_SESSION_SECRET_ACCESS_KEY"),
            "token": test_key("SQS_TEST_SESSION_TOKEN"),
        },
    })
    .to_string()
}
