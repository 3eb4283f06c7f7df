//! Result lines: one a document, in the order of the documents.

use std::io;
use std::path::Path;

use connector_host::CallError;
use connector_host::contract::{Blame, Document, Error, Fault, Problem};
use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};

use super::document::Json;

/// The output, with a count of what went through it.
pub(crate) struct Results {
    output: BufWriter<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Documents with an output.
    pub(crate) succeeded: u64,
    /// Documents with an error.
    pub(crate) failed: u64,
}

#[derive(Serialize)]
struct Success<'a> {
    document: u64,
    output: Vec<Json<'a>>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    document: u64,
    error: Failure<'a>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Failure<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<FieldProblem<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blame: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
}

#[derive(Serialize)]
struct FieldProblem<'a> {
    field: &'a str,
    message: &'a str,
}

impl Results {
    /// To a file, or to standard output for `-`.
    pub(crate) async fn create(path: &Path) -> io::Result<Self> {
        let output: Box<dyn AsyncWrite + Send + Unpin> = if path.as_os_str() == "-" {
            Box::new(tokio::io::stdout())
        } else {
            Box::new(tokio::fs::File::create(path).await?)
        };
        Ok(Self {
            output: BufWriter::with_capacity(1 << 16, output),
            succeeded: 0,
            failed: 0,
        })
    }

    pub(crate) async fn success(&mut self, document: u64, output: &[Document]) -> io::Result<()> {
        self.succeeded += 1;
        self.line(&Success {
            document,
            output: output.iter().map(Json).collect(),
        })
        .await
    }

    pub(crate) async fn error(&mut self, document: u64, error: &Error) -> io::Result<()> {
        self.failed += 1;
        self.line(&Refusal {
            document,
            error: failure(error),
        })
        .await
    }

    /// An error of the whole call, as one document's.
    pub(crate) async fn call_error(&mut self, document: u64, error: &CallError) -> io::Result<()> {
        if let Some(error) = error.connector() {
            return self.error(document, error).await;
        }
        let kind = match error {
            CallError::Trapped(_) => "trapped",
            CallError::TimedOut(_) => "timed-out",
            CallError::MemoryExceeded(_) => "memory-exceeded",
            CallError::Exhausted => "exhausted",
            _ => "not-started",
        };
        self.words(document, kind, &error.to_string()).await
    }

    /// An error of the command's own.
    pub(crate) async fn words(
        &mut self,
        document: u64,
        kind: &str,
        message: &str,
    ) -> io::Result<()> {
        self.failed += 1;
        let error = Failure {
            kind,
            message: Some(message),
            ..Failure::default()
        };
        self.line(&Refusal { document, error }).await
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.output.flush().await
    }

    async fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line).map_err(io::Error::other)?;
        text.push(b'\n');
        self.output.write_all(&text).await
    }
}

fn failure(error: &Error) -> Failure<'_> {
    match error {
        Error::InvalidSettings(problems) => with_problems("invalid-settings", problems),
        Error::InvalidDocument(problems) => with_problems("invalid-document", problems),
        Error::Unauthenticated(fault) => with_fault("unauthenticated", fault),
        Error::Forbidden(fault) => with_fault("forbidden", fault),
        Error::NotFound(fault) => with_fault("not-found", fault),
        Error::Conflict(fault) => with_fault("conflict", fault),
        Error::Throttled(fault) => with_fault("throttled", fault),
        Error::Rejected(fault) => with_fault("rejected", fault),
        Error::Unavailable(fault) => with_fault("unavailable", fault),
        Error::Transport(words) => with_words("transport", words),
        Error::Timeout(words) => with_words("timeout", words),
        Error::Corrupted(words) => with_words("corrupted", words),
        Error::Other(words) => with_words("other", words),
    }
}

fn with_problems<'a>(kind: &'a str, problems: &'a [Problem]) -> Failure<'a> {
    let problems = problems.iter().map(|problem| FieldProblem {
        field: &problem.field,
        message: &problem.message,
    });
    Failure {
        kind,
        problems: Some(problems.collect()),
        ..Failure::default()
    }
}

fn with_words<'a>(kind: &'a str, words: &'a str) -> Failure<'a> {
    Failure {
        kind,
        message: Some(words),
        ..Failure::default()
    }
}

fn with_fault<'a>(kind: &'a str, fault: &'a Fault) -> Failure<'a> {
    Failure {
        kind,
        code: Some(&fault.code),
        message: Some(&fault.message),
        problems: None,
        http_status: Some(fault.http_status),
        request_id: fault.request_id.as_deref(),
        blame: Some(match fault.blame {
            Blame::Caller => "caller",
            Blame::Service => "service",
        }),
        attempts: Some(fault.attempts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(error: &Error) -> String {
        serde_json::to_string(&Refusal {
            document: 7,
            error: failure(error),
        })
        .expect("JSON")
    }

    #[test]
    fn a_fault_keeps_everything_that_the_service_said() {
        let fault = Fault {
            code: "QueueDoesNotExist".to_owned(),
            message: "no such queue".to_owned(),
            http_status: 400,
            request_id: Some("r".to_owned()),
            blame: Blame::Caller,
            attempts: 1,
        };
        assert_eq!(
            json(&Error::NotFound(fault)),
            r#"{"document":7,"error":{"kind":"not-found","code":"QueueDoesNotExist","message":"no such queue","http-status":400,"request-id":"r","blame":"caller","attempts":1}}"#
        );
    }

    #[test]
    fn problems_name_their_fields() {
        let problem = Problem {
            field: "region".to_owned(),
            message: "unknown".to_owned(),
        };
        assert_eq!(
            json(&Error::InvalidSettings(vec![problem])),
            r#"{"document":7,"error":{"kind":"invalid-settings","problems":[{"field":"region","message":"unknown"}]}}"#
        );
    }
}
