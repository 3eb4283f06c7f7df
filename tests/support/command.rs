//! The command `sqs-connector` as a process of its own.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;

use crate::environment::{self, REGION, Service};
use crate::scratch::Scratch;

/// What became of a run.
pub struct Outcome {
    /// Exit status; none after a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub words: String,
    /// Most memory that it had, in bytes, as far as it was seen.
    pub peak_bytes: u64,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// The output as one JSON value.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {:?}, {}", self.output, self.words))
    }

    /// The output as JSON lines.
    ///
    /// # Panics
    /// Where a line is none.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        let line = |line| serde_json::from_str(line).expect("a line of JSON");
        self.output.lines().map(line).collect()
    }

    /// The same run, which has to have ended well.
    ///
    /// # Panics
    /// Where it did not.
    pub fn good(self) -> Self {
        assert_eq!(self.status, Some(0), "{}{}", self.words, self.output);
        self
    }
}

/// The command, found beside this test.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn program() -> PathBuf {
    // target/debug/deps/end_to_end-… and target/debug/sqs-connector
    let test = std::env::current_exe().expect("the path of this test");
    let path = test
        .ancestors()
        .nth(2)
        .expect("a build directory")
        .join("sqs-connector");
    assert!(
        path.is_file(),
        "there is no {}: `cargo xtask test` builds it, and so does `cargo build -p connector-host`",
        path.display()
    );
    path
}

/// A connection file for a service, with further settings.
///
/// # Panics
/// Where it cannot be written.
#[must_use]
pub fn connection_file(scratch: &Scratch, service: &Service, settings: Value) -> PathBuf {
    let mut all = json!({
        "region": REGION,
        "endpoint": service.endpoint,
        "access-key-id": service.keys.id,
        "secret-access-key": service.keys.secret,
    });
    if let Some(token) = &service.keys.token {
        all["session-token"] = json!(token);
    }
    if let (Value::Object(all), Value::Object(settings)) = (&mut all, settings) {
        all.extend(settings);
    }
    scratch.write("connection.json", all.to_string())
}

/// Runs the command with nothing of this process's environment but the search path.
///
/// # Panics
/// Where it does not run, or not end within `limit`.
pub async fn run(arguments: &[&str], input: &[u8], limit: Duration) -> Outcome {
    start(arguments, input).ended(limit).await
}

/// The command while it runs; it is killed where the test ends before it.
pub struct Started {
    id: u32,
    arguments: String,
    begun: Instant,
    feeding: JoinHandle<bool>,
    watching: JoinHandle<u64>,
    output: JoinHandle<std::io::Result<Output>>,
}

/// Starts the command as [`run`] does.
///
/// # Panics
/// Where it does not run.
#[must_use]
pub fn start(arguments: &[&str], input: &[u8]) -> Started {
    let begun = Instant::now();
    let mut child = tokio::process::Command::new(program())
        .args(arguments)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("SQS_CONNECTOR_PLUGIN", environment::plugin())
        .env("XDG_CACHE_HOME", environment::target().join("end-to-end"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the command does not run");
    let id = child.id().expect("a process");
    let mut stdin = child.stdin.take().expect("its standard input");
    let input = input.to_vec();
    Started {
        id,
        arguments: arguments.join(" "),
        begun,
        // It may end without having read everything.
        feeding: tokio::spawn(async move { stdin.write_all(&input).await.is_ok() }),
        watching: tokio::spawn(watch(id)),
        output: tokio::spawn(child.wait_with_output()),
    }
}

impl Started {
    /// Sends it a signal, such as `TERM`.
    ///
    /// # Panics
    /// Where that fails.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.id);
        let sent = std::process::Command::new("sh")
            .args(["-c", &command])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "{command}");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end within `limit`.
    pub async fn ended(self, limit: Duration) -> Outcome {
        let output = match tokio::time::timeout(limit, self.output).await {
            Ok(output) => output.expect("a task").expect("its output"),
            Err(_) => panic!(
                "`sqs-connector {}` runs for more than {limit:?}",
                self.arguments
            ),
        };
        self.feeding.abort();
        let peak_bytes = self.watching.await.unwrap_or(0);
        let text = |bytes| String::from_utf8(bytes).expect("output of UTF-8");
        Outcome {
            status: output.status.code(),
            output: text(output.stdout),
            words: text(output.stderr),
            peak_bytes,
            took: self.begun.elapsed(),
        }
    }
}

/// Reads a process's peak of memory until it is gone; the system's figure only grows.
async fn watch(id: u32) -> u64 {
    let mut peak = 0;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // A process that has ended and is not yet waited for has no memory any more.
        let Some(line) = line else { break };
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        peak = kilobytes * 1024;
        ticks.tick().await;
    }
    peak
}
