//! Processes of the contest: the fast server and the contenders.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::contenders::{BOTO3_SCRIPT, Contender};
use crate::options::Options;
use crate::work::{Answer, Place, Round};

/// A process that is spoken with line by line. It ends when this is dropped: its standard input
/// does then.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().context("no output")?),
            child,
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("the process ended: {}", self.child.wait()?);
        }
        Ok(line.trim().to_owned())
    }

    /// A contender, ready for rounds.
    pub(crate) fn contender(
        contender: Contender,
        place: &Place,
        options: &Options,
    ) -> Result<Self> {
        let place = serde_json::to_string(place)?;
        if contender != Contender::Boto3 {
            let component = match contender {
                Contender::Component => {
                    let sdk = options.sdk.as_ref();
                    sdk.context("it was not compiled: is there the target wasm32-wasip2?")?
                }
                _ => &options.plugin,
            };
            let mut command = this()?;
            command
                .args(["contender", contender.name(), &place])
                .arg(component);
            return Self::start(&mut command);
        }
        let python = options
            .python
            .as_ref()
            .context("there is no Python with boto3")?;
        let mut command = Command::new(python);
        command.args(["-I", "-c", BOTO3_SCRIPT, &place]);
        // Neither a profile nor a proxy of this machine.
        command.env_clear().envs([
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]);
        Self::start(&mut command)
    }

    /// What a round took: nanoseconds on the clock and on the processor.
    pub(crate) fn round(&mut self, round: Round) -> Result<(u64, u64)> {
        let input = self.input.as_mut().context("no input")?;
        writeln!(input, "{}", serde_json::to_string(&round)?)?;
        let line = self.line()?;
        match serde_json::from_str(&line).with_context(|| format!("no answer: {line}"))? {
            Answer::Took { wall_ns, cpu_ns } => Ok((wall_ns, cpu_ns)),
            Answer::Failed(why) => bail!("{why}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The fast server, running.
pub(crate) struct Server {
    pub(crate) place: Place,
    _process: Process,
}

impl Server {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let mut process = Process::start(this()?.arg("server"))?;
        let endpoint = process.line().context("the fast server did not start")?;
        Ok(Self {
            place: Place {
                queue_url: format!("{endpoint}/000000000000/bench"),
                endpoint,
                region: "us-east-1".to_owned(),
                // Nobody checks them.
                access_key_id: "AKIATESTTESTTESTTEST".to_owned(),
                secret_access_key: "fast-server-only/test+secret01234567890".to_owned(),
            },
            _process: process,
        })
    }
}

/// Runs a probe in a process of its own, and gives what it found.
pub(crate) fn probe(name: &str, place: &Place, plugin: &Path) -> Result<serde_json::Value> {
    let output = this()?
        .args(["probe", name, &serde_json::to_string(place)?])
        .arg(plugin)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("the probe {name} ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// This program.
fn this() -> Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}
