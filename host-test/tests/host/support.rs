//! The fixture, and the shortest way to a connection over it.

use std::path::PathBuf;
use std::sync::OnceLock;

use connector_host::contract::{Document, Error, Value};
use connector_host::{
    CallError, Connection, ConnectionOptions, Engine, EngineOptions, HttpOptions, HttpPool, Plugin,
    Policy, Settings,
};

/// The built fixture.
pub(crate) fn fixture_path() -> PathBuf {
    let path = std::env::var_os("SQS_CONNECTOR_FIXTURE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/fixtures/misbehaving.wasm"),
        PathBuf::from,
    );
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask build` makes it",
        path.display()
    );
    path
}

/// One plugin for all tests: it belongs to no runtime.
pub(crate) fn plugin() -> &'static Plugin {
    static PLUGIN: OnceLock<Plugin> = OnceLock::new();
    PLUGIN.get_or_init(|| {
        let engine = Engine::new(EngineOptions::default()).expect("an engine");
        Plugin::load(&engine, &fixture_path()).expect("the fixture loads")
    })
}

/// Options that allow these origins, with a pool of their own.
pub(crate) fn options(allowed: &[&str]) -> ConnectionOptions {
    let mut policy = Policy::deny_all();
    for entry in allowed {
        policy.allow(entry).expect("an entry");
    }
    ConnectionOptions::new(
        policy,
        HttpPool::new(HttpOptions::default()).expect("a pool"),
    )
}

/// A connection to `url` that may go to `origin`.
pub(crate) async fn connect(url: &str, options: ConnectionOptions) -> Connection {
    let settings = Settings::new().with("url", url);
    plugin()
        .connect(settings, options)
        .await
        .expect("a connection")
}

/// Runs an operation over one document.
pub(crate) async fn run(connection: &Connection, operation: &str) -> Result<Document, Failed> {
    run_with(connection, operation, Vec::new()).await
}

/// [`run`] with a payload.
pub(crate) async fn run_with(
    connection: &Connection,
    operation: &str,
    payload: Vec<u8>,
) -> Result<Document, Failed> {
    let document = Document {
        payload,
        content_type: None,
        properties: Vec::new(),
    };
    let outcomes = connection
        .execute(operation, None, &Settings::new(), &[document])
        .await;
    let mut outcomes = outcomes.map_err(Failed::Call)?;
    assert_eq!(outcomes.len(), 1, "one outcome a document");
    let output = outcomes.remove(0).output.map_err(Failed::Document)?;
    Ok(output.into_iter().next().expect("one document out"))
}

/// Why [`run`] failed.
#[derive(Debug)]
pub(crate) enum Failed {
    Call(CallError),
    Document(Error),
}

/// The words of the document's transport error.
pub(crate) fn transport(result: Result<Document, Failed>) -> String {
    match result {
        Err(Failed::Document(Error::Transport(words))) => words,
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("it was let through"),
    }
}

/// The error of the whole call.
pub(crate) fn call_error(result: Result<Document, Failed>) -> CallError {
    match result {
        Err(Failed::Call(error)) => error,
        Err(Failed::Document(error)) => panic!("an error of the document: {error:?}"),
        Ok(_) => panic!("it succeeded"),
    }
}

/// An integer or a text among a document's properties, as text.
pub(crate) fn property(document: &Document, name: &str) -> String {
    let found = document
        .properties
        .iter()
        .find(|property| property.name == name);
    match found.map(|property| &property.value) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        _ => panic!("no property {name}"),
    }
}

/// Proves that the connection takes another call.
pub(crate) async fn assert_works(connection: &Connection) {
    run(connection, "echo").await.expect("the next call works");
}
