//! boto3, the client that AWS itself gives to Python: independent of ours in every line; and the
//! model of the service that it is made from.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::bounded;
use crate::environment::{REGION, Service, required};

const CALLS: &str = include_str!("boto.py");
const MODEL: &str = include_str!("model.py");

/// Makes calls (`send_message` and its parameters) one after another; gives one answer each, where
/// a fault is `{"error": code}`. Bytes are `{"base64": "…"}` in both directions.
///
/// # Panics
/// Where Python fails.
pub async fn boto3(service: &Service, calls: &[(&str, Value)]) -> Vec<Value> {
    let calls: Vec<Value> = calls
        .iter()
        .map(|(action, parameters)| json!({ "action": action, "parameters": parameters }))
        .collect();
    let task = json!({
        "endpoint": service.endpoint,
        "region": REGION,
        "id": service.keys.id,
        "secret": service.keys.secret,
        "token": service.keys.token,
        "calls": calls,
    });
    match run(CALLS, &task).await {
        Value::Array(answers) => answers,
        other => panic!("boto3 gave no list of answers: {other}"),
    }
}

/// What the model of the service has: `{action: {"request": [path], "response": [path]}}`, where
/// a path is `Member`, `List[].Member`, `Map{}.Member`, or `Map{Key}` for each key that is
/// enumerated.
pub async fn service_model() -> Value {
    run(MODEL, &Value::Null).await
}

/// Runs a script: JSON in, JSON out.
async fn run(script: &str, task: &Value) -> Value {
    let task = task.to_string();
    let mut child = Command::new(required("SQS_TEST_PYTHON"))
        .args(["-I", "-c", script])
        // Neither a profile nor a proxy of this machine.
        .env_clear()
        .envs([
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("SQS_TEST_PYTHON does not run");
    let mut input = child.stdin.take().expect("its standard input");
    let output = bounded("Python", async {
        let feeding = tokio::spawn(async move { input.write_all(task.as_bytes()).await });
        let output = child.wait_with_output().await.expect("its output");
        // Where it ended early, its output says why.
        let _ = feeding.await;
        output
    })
    .await;
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "Python failed: {words}");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no JSON of Python: {error}: {words}"))
}
