//! A server beside this process: started on a free port, waited for, stopped.
//!
//! A folder of its own keeps its log and `server.json`: process id, what identifies the process
//! (ids are used again), and its endpoint. Only a process that is still the recorded one is ever
//! stopped.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::{interrupt, workspace::ask};

/// How long a server may take to answer; on a busy machine a start takes several seconds.
const START_LIMIT: Duration = Duration::from_secs(90);
/// How long it may take to end by itself. It keeps nothing, so nothing is lost without that.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// Pause between two looks at a server that is starting or ending.
const PAUSE: Duration = Duration::from_millis(50);

/// How to start a server and to tell that it is ready.
pub(crate) struct Recipe<'a> {
    /// Name for people.
    pub(crate) name: &'a str,
    /// Makes the command that serves on the port.
    pub(crate) command: &'a dyn Fn(u16) -> Result<Command>,
    /// Path that answers once it is ready...
    pub(crate) health: &'a str,
    /// ...with this text in its answer.
    pub(crate) ready: &'a str,
}

/// A running server.
pub(crate) struct Server {
    state: PathBuf,
    pid: u32,
    identity: String,
    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub(crate) endpoint: String,
}

impl Server {
    /// The one that a folder tells of, if it still runs.
    pub(crate) fn running(state: &Path) -> Option<Self> {
        let text = fs::read_to_string(state.join("server.json")).ok()?;
        let record: serde_json::Value = serde_json::from_str(&text).ok()?;
        let server = Self {
            state: state.to_owned(),
            pid: u32::try_from(record["pid"].as_u64()?).ok()?,
            identity: record["identity"].as_str()?.to_owned(),
            endpoint: record["endpoint"].as_str()?.to_owned(),
        };
        server.is_alive().then_some(server)
    }

    /// Starts one that stays when this process ends, or finds the one that already runs.
    pub(crate) fn start(recipe: &Recipe<'_>, state: &Path) -> Result<Self> {
        fs::create_dir_all(state).with_context(|| format!("cannot make {}", state.display()))?;
        let guard = File::create(state.join("lock"))?;
        guard.lock().context("cannot wait for another start")?;
        if let Some(server) = Self::running(state) {
            return Ok(server);
        }
        Ok(Self::launch(recipe, state, false)?.0)
    }

    fn launch(recipe: &Recipe<'_>, state: &Path, attached: bool) -> Result<(Self, Child)> {
        // Between finding a free port and the server's taking it, another process may: then the
        // server ends at once, and the next try has another port.
        let mut tries = 3;
        loop {
            tries -= 1;
            match Self::try_launch(recipe, state, attached) {
                Ok(started) => return Ok(started),
                Err(error) if tries == 0 => return Err(error),
                Err(error) => {
                    interrupt::check()?;
                    eprintln!("xtask: {error:#}; trying once more");
                }
            }
        }
    }

    fn try_launch(recipe: &Recipe<'_>, state: &Path, attached: bool) -> Result<(Self, Child)> {
        let start = Instant::now();
        let port = free_port()?;
        let log = state.join("log");
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = (recipe.command)(port)?
            .stdin(if attached {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C in the terminal is not for it.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", recipe.name))?;
        let pid = child.id();
        let mut server = Self {
            state: state.to_owned(),
            pid,
            identity: String::new(),
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        let problem = loop {
            if let Some(status) = child.try_wait()? {
                break format!("{} ended with {status} while starting", recipe.name);
            }
            if get(port, recipe.health).is_ok_and(|answer| answer.contains(recipe.ready)) {
                let seconds = start.elapsed().as_secs_f32();
                eprintln!(
                    "xtask: {} at {} after {seconds:.1} s",
                    recipe.name, server.endpoint
                );
                // Only now: right after its start a process has no command line yet.
                server.identity = identity(pid).unwrap_or_default();
                server.record()?;
                return Ok((server, child));
            }
            if let Err(error) = interrupt::check() {
                break error.to_string();
            }
            if start.elapsed() > START_LIMIT {
                break format!(
                    "{} did not answer in {} s",
                    recipe.name,
                    START_LIMIT.as_secs()
                );
            }
            thread::sleep(PAUSE);
        };
        // Not yet this function's caller's: end it here.
        let _ = child.kill();
        let _ = child.wait();
        bail!(
            "{problem}; its log, {}, ends with:\n{}",
            log.display(),
            tail(&log)
        )
    }

    fn record(&self) -> Result<()> {
        let record =
            json!({ "pid": self.pid, "identity": self.identity, "endpoint": self.endpoint });
        fs::write(self.state.join("server.json"), record.to_string())
            .with_context(|| format!("cannot write to {}", self.state.display()))
    }

    fn is_alive(&self) -> bool {
        identity(self.pid).is_some_and(|identity| identity == self.identity)
    }

    /// Ends it, if it is still the process that was started.
    pub(crate) fn stop(&self) {
        if let Some(pid) = interrupt::pid(self.pid).filter(|_| self.is_alive()) {
            // Failure means that it has just ended, which is what is wanted.
            let _ = kill_process(pid, Signal::TERM);
            let start = Instant::now();
            while self.is_alive() && start.elapsed() < STOP_LIMIT {
                thread::sleep(PAUSE);
            }
            if self.is_alive() {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        let _ = fs::remove_file(self.state.join("server.json"));
    }
}

/// A server that ends with this process, also when that is killed: it reads its standard input
/// and ends where that ends.
pub(crate) struct Attached {
    /// The server.
    pub(crate) server: Server,
    child: Child,
}

impl Attached {
    /// Starts one of its own in a folder.
    pub(crate) fn start(recipe: &Recipe<'_>, state: &Path) -> Result<Self> {
        fs::create_dir_all(state).with_context(|| format!("cannot make {}", state.display()))?;
        let (server, child) = Server::launch(recipe, state, true)?;
        Ok(Self { server, child })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.server.stop();
        let _ = self.child.wait();
    }
}

/// Asks the system for a port that nobody uses.
fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of 127.0.0.1 is free")?;
    Ok(listener.local_addr()?.port())
}

/// The whole answer to a GET, head and body.
fn get(port: u16, path: &str) -> Result<String> {
    let limit = Duration::from_secs(2);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What tells a process from a later one with the same id: when it started, and its command
/// line. Nothing where there is no such process, or only the remains of one.
fn identity(pid: u32) -> Option<String> {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        if Path::new("/proc/self/stat").exists() {
            return None;
        }
        let ps =
            ask(Command::new("ps").args(["-o", "stat=,lstart=,command=", "-p", &pid.to_string()]))?;
        let (state, rest) = ps.split_once(' ')?;
        return (!state.starts_with('Z')).then(|| rest.trim().to_owned());
    };
    // The name in parentheses may hold anything; after it come the state and, 19 fields on, the
    // time of the start.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let (state, started) = (fields.first()?, fields.get(19)?);
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    (*state != "Z").then(|| format!("{started} {}", command.trim()))
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that is known to run by now: it has given back what it got.
    fn process() -> Child {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cat");
        let stdin = child.stdin.as_mut().expect("a pipe");
        stdin.write_all(b"x").expect("it reads");
        let stdout = child.stdout.as_mut().expect("a pipe");
        stdout.read_exact(&mut [0]).expect("it writes");
        child
    }

    #[test]
    fn a_process_has_one_identity_until_it_ends() {
        let mut child = process();
        let first = identity(child.id()).expect("it runs");
        assert!(first.ends_with("cat"), "{first}");
        assert_eq!(identity(child.id()), Some(first));
        child.kill().expect("it can be ended");
        child.wait().expect("it ends");
        assert_eq!(identity(child.id()), None);
    }

    #[test]
    fn only_the_recorded_process_is_stopped() {
        let mut child = process();
        let pid = child.id();
        let state = std::env::temp_dir().join(format!("xtask-server-{pid}"));
        fs::create_dir_all(&state).expect("a folder");
        let server = |identity: String| Server {
            state: state.clone(),
            pid,
            identity,
            endpoint: String::new(),
        };
        let other = server("of another time".to_owned());
        other.record().expect("it can be written");
        assert!(Server::running(&state).is_none());
        other.stop();
        assert!(
            child.try_wait().expect("a status").is_none(),
            "it must still run"
        );

        let ours = server(identity(pid).expect("it runs"));
        ours.record().expect("it can be written");
        assert!(Server::running(&state).is_some());
        ours.stop();
        assert!(!child.wait().expect("a status").success());
        fs::remove_dir_all(&state).expect("the folder can go");
    }
}
