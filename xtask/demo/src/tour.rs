//! The steps: load, connect, send, receive, compare, delete; then what the sandbox refuses.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use connector_host::{
    CallError, Connection, ConnectionOptions, Engine, EngineOptions, HttpOptions, HttpPool, Limits,
    Plugin, Policy, Settings,
    contract::{Document, Outcome, Value},
    describe,
};

use crate::{
    admin::Admin,
    compare, documents,
    report::{self, Row},
    server::Server,
};

/// How many documents go to the standard queue, and to the FIFO queue.
const MIXED: usize = 360;
const ORDERED: usize = 96;
/// How often in a row a queue may have nothing although something is still to come.
const PATIENCE: usize = 5;

/// Gives the tour; whether all went well.
pub(crate) async fn run(server: &Server, plugin: &Path, output: &Path) -> Result<bool> {
    fs::create_dir_all(output).with_context(|| format!("cannot make {}", output.display()))?;
    let file = output.join("documents.jsonl");
    documents::write(&file, &documents::mixed(MIXED))?;
    let ordered_file = output.join("ordered.jsonl");
    documents::write(&ordered_file, &documents::ordered(ORDERED))?;
    for file in [&file, &ordered_file] {
        println!(
            "File:   {}, {} bytes",
            file.display(),
            fs::metadata(file)?.len()
        );
    }
    println!();

    let admin = Admin::new(server);
    let stamp = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let name = format!("sqs-connector-demo-{}", stamp.as_millis());
    let standard = admin.create_queue(&name).await?;
    let fifo_name = format!("{name}.fifo");
    let fifo = admin.create_queue(&fifo_name).await;

    let mut tour = Tour { rows: Vec::new() };
    let result = match &fifo {
        Ok(_) => {
            tour.all(server, plugin, [&name, &fifo_name], [&file, &ordered_file])
                .await
        }
        Err(_) => Ok(()),
    };
    // Whatever happened, the queues go.
    for url in [Ok(standard), fifo] {
        admin.delete_queue(&url?).await?;
    }
    // What went well before a failure is worth seeing.
    if result.is_err() {
        report::table(&tour.rows);
    }
    result.map(|()| report::all_well(&tour.rows))
}

struct Tour {
    rows: Vec<Row>,
}

impl Tour {
    async fn all(
        &mut self,
        server: &Server,
        file: &Path,
        queues: [&str; 2],
        files: [&Path; 2],
    ) -> Result<()> {
        let start = Instant::now();
        let engine = Engine::new(EngineOptions::default())?;
        let plugin = Plugin::load(&engine, file)?;
        self.note(
            "load the plugin",
            start,
            Ok(format!("{} bytes, compiled", plugin.facts().size)),
        );

        let http = HttpPool::new(HttpOptions::default())?;
        let mut policy = Policy::deny_all();
        policy.allow(&server.endpoint)?;
        let options = ConnectionOptions::new(policy, http.clone());
        let settings = settings(server, queues[0], &server.secret_access_key);
        let start = Instant::now();
        let connection = plugin.connect(settings, options.clone()).await?;
        self.note(
            "open a connection",
            start,
            Ok("settings checked, nothing sent".to_owned()),
        );
        let start = Instant::now();
        connection.test().await?;
        self.note(
            "test it",
            start,
            Ok("endpoint and credentials are good".to_owned()),
        );

        let [mixed, ordered] = [documents::read(files[0])?, documents::read(files[1])?];
        self.standard(&connection, queues[0], &mixed).await?;
        self.fifo(&connection, queues[1], &ordered).await?;
        self.refused(server, &plugin, &http, queues[0]).await;
        report::table(&self.rows);

        let facts = sandbox(server, &plugin, &connection, &http, options.limits);
        report::facts("What the sandbox lets the plugin do", &facts);
        Ok(())
    }

    /// Send, receive, compare, delete, and nothing is left.
    async fn standard(
        &mut self,
        connection: &Connection,
        queue: &str,
        sent: &[Document],
    ) -> Result<()> {
        let bytes: usize = sent.iter().map(|document| document.payload.len()).sum();
        let outcomes = self.timed("send", connection, queue, sent).await?;
        self.judge(good(&outcomes).map(|_| format!("{bytes} bytes of payload")));

        let mut row = Timer::start(connection);
        let mut received = Vec::new();
        let mut patience = PATIENCE;
        while received.len() < sent.len() && patience > 0 {
            let found = receive(connection, queue, sent.len() - received.len()).await?;
            patience = if found.is_empty() {
                patience - 1
            } else {
                PATIENCE
            };
            received.extend(found);
        }
        self.rows
            .push(row.end("receive", received.len(), Ok(String::new())));
        self.judge(verdict(
            compare::all(sent, &received),
            "all equal, byte for byte, with attributes",
        ));

        let outcomes = self.timed("delete", connection, queue, &received).await?;
        self.judge(good(&outcomes).map(|_| "all deleted".to_owned()));

        row = Timer::start(connection);
        let left = receive(connection, queue, 1).await?.len();
        let result = if left == 0 {
            Ok("nothing is left".to_owned())
        } else {
            Err("some are left".to_owned())
        };
        self.rows.push(row.end("receive again", left, result));
        Ok(())
    }

    /// The order within each group, over many rounds of receiving and deleting.
    async fn fifo(
        &mut self,
        connection: &Connection,
        queue: &str,
        sent: &[Document],
    ) -> Result<()> {
        let outcomes = self.timed("send (FIFO)", connection, queue, sent).await?;
        self.judge(good(&outcomes).map(|_| "several groups, each in order".to_owned()));

        let row = Timer::start(connection);
        let mut received = Vec::new();
        let mut patience = PATIENCE;
        let mut problem = None;
        while received.len() < sent.len() && patience > 0 && problem.is_none() {
            // While some of a group are out, the service keeps the group's others back.
            let found = receive(connection, queue, 10).await?;
            patience = if found.is_empty() {
                patience - 1
            } else {
                PATIENCE
            };
            let deleted = connection
                .execute("delete", Some(queue), &Settings::new(), &found)
                .await?;
            problem = good(&deleted).err();
            received.extend(found);
        }
        let mut problems = compare::all(sent, &received);
        problems.extend(compare::order(&received));
        problems.extend(problem);
        let result = verdict(problems, "all equal, every group in order");
        self.rows
            .push(row.end("receive and delete (FIFO)", received.len(), result));
        Ok(())
    }

    /// What must not work, does not.
    async fn refused(&mut self, server: &Server, plugin: &Plugin, http: &HttpPool, queue: &str) {
        let start = Instant::now();
        let closed = ConnectionOptions::new(Policy::deny_all(), http.clone());
        let open = settings(server, queue, &server.secret_access_key);
        let result = must_fail(plugin, open, closed).await;
        self.note("without an allowed origin", start, result);

        let start = Instant::now();
        let mut policy = Policy::deny_all();
        let result = match policy.allow(&server.endpoint) {
            Ok(()) => {
                let wrong = settings(server, queue, "not/the+secret");
                must_fail(plugin, wrong, ConnectionOptions::new(policy, http.clone())).await
            }
            Err(error) => Err(error.to_string()),
        };
        self.note("with a wrong secret", start, result);
    }

    /// Runs an operation and makes its row, which [`Self::judge`] completes.
    async fn timed(
        &mut self,
        operation: &str,
        connection: &Connection,
        queue: &str,
        documents: &[Document],
    ) -> Result<Vec<Outcome>> {
        let timer = Timer::start(connection);
        let id = operation.split(' ').next().unwrap_or(operation);
        let outcomes = connection
            .execute(id, Some(queue), &Settings::new(), documents)
            .await?;
        self.rows
            .push(timer.end(operation, documents.len(), Ok(String::new())));
        Ok(outcomes)
    }

    /// Says how the last step went.
    fn judge(&mut self, result: Result<String, String>) {
        if let Some(row) = self.rows.last_mut() {
            row.result = result;
        }
    }

    fn note(&mut self, step: &str, start: Instant, result: Result<String, String>) {
        let time = start.elapsed();
        self.rows.push(Row {
            step: step.to_owned(),
            documents: None,
            requests: 0,
            time,
            result,
        });
    }
}

/// A step that is being timed, and its requests counted.
struct Timer<'a> {
    connection: &'a Connection,
    start: Instant,
    requests: u64,
}

impl<'a> Timer<'a> {
    fn start(connection: &'a Connection) -> Self {
        Self {
            connection,
            start: Instant::now(),
            requests: connection.metrics().requests,
        }
    }

    fn end(&self, step: &str, documents: usize, result: Result<String, String>) -> Row {
        let time: Duration = self.start.elapsed();
        let requests = self.connection.metrics().requests - self.requests;
        Row {
            step: step.to_owned(),
            documents: Some(documents),
            requests,
            time,
            result,
        }
    }
}

fn settings(server: &Server, queue: &str, secret: &str) -> Settings {
    let settings = Settings::new()
        .with("region", server.region.as_str())
        .with("endpoint", server.endpoint.as_str())
        .with("default-queue", queue)
        .with("access-key-id", server.access_key_id.as_str())
        .with("secret-access-key", secret);
    match &server.session_token {
        Some(token) => settings.with("session-token", token.as_str()),
        None => settings,
    }
}

/// What the plugin may do, and what it did.
fn sandbox(
    server: &Server,
    plugin: &Plugin,
    connection: &Connection,
    http: &HttpPool,
    limits: Limits,
) -> [(&'static str, String); 5] {
    let metrics = connection.metrics();
    let limits = format!(
        "{} MiB of memory an instance, {} instances, {} s a call, {} MiB a response",
        limits.memory_bytes >> 20,
        limits.instances,
        limits.call_time.as_secs(),
        limits.response_bytes >> 20,
    );
    let used = format!(
        "{} calls, {} instances, {} requests over {} connections, {} bytes out, {} bytes in",
        metrics.calls,
        metrics.instances_created,
        metrics.requests,
        http.metrics().opened,
        metrics.bytes_sent,
        metrics.bytes_received,
    );
    [
        ("may call", imports(plugin)),
        ("may reach", server.endpoint.clone()),
        ("may use", limits),
        ("used", used),
        ("has no", "files, sockets, environment, output".to_owned()),
    ]
}

/// What the plugin imports, by package.
fn imports(plugin: &Plugin) -> String {
    let mut packages: Vec<&str> = plugin
        .facts()
        .imports
        .iter()
        .filter_map(|name| name.split_once('/').map(|(package, _)| package))
        .filter(|package| package.starts_with("wasi:"))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages.join(", ")
}

/// Receives at most so many messages.
async fn receive(connection: &Connection, queue: &str, count: usize) -> Result<Vec<Document>> {
    let mut settings = Settings::new();
    settings.set(
        "maximum-message-count",
        Value::Integer(i64::try_from(count)?),
    );
    settings.set("wait-time-seconds", Value::Integer(1));
    let nothing = Document {
        payload: Vec::new(),
        content_type: None,
        properties: Vec::new(),
    };
    let outcomes = connection
        .execute("receive", Some(queue), &settings, &[nothing])
        .await?;
    let mut received = Vec::new();
    for outcome in outcomes {
        match outcome.output {
            Ok(documents) => received.extend(documents),
            Err(error) => bail!("receive: {}", describe(&error)),
        }
    }
    Ok(received)
}

/// How many outcomes there are, if all are good; else how many are not, and why the first.
fn good(outcomes: &[Outcome]) -> Result<usize, String> {
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|one| one.output.as_ref().err())
        .collect();
    match failed.first() {
        None => Ok(outcomes.len()),
        Some(error) => Err(format!(
            "{} documents failed, the first: {}",
            failed.len(),
            describe(error)
        )),
    }
}

fn verdict(problems: Vec<String>, praise: &str) -> Result<String, String> {
    if problems.is_empty() {
        Ok(praise.to_owned())
    } else {
        Err(problems.join("; "))
    }
}

/// Tests a connection that must not work, and gives the words of the refusal.
async fn must_fail(
    plugin: &Plugin,
    settings: Settings,
    options: ConnectionOptions,
) -> Result<String, String> {
    let test = async {
        let connection = plugin.connect(settings, options).await?;
        connection.test().await
    };
    match test.await {
        Ok(_) => Err("it was not refused".to_owned()),
        Err(error @ CallError::Connector(_)) => Ok(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
