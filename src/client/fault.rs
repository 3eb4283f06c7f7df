//! Reading what went wrong.
//!
//! A fault's code is looked for in every place where servers put it, and kept as it is, known or
//! not. What a server says in words is kept too, but for what must not be shown: a message about
//! a wrong signature repeats the request with its token, one about a receipt handle the handle.

use std::time::Duration;

use super::json::Node;
use super::retry::Retry;
use crate::catalogue::faults::{Class, classify};
use crate::connection::Config;
use crate::contract::{Blame, Error, Fault};
use crate::transport::{Response, TransportError, TransportErrorKind};

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Why another attempt may help, where it may.
    pub(super) retry: Option<Retry>,
    /// The pause that the server asks for.
    pub(super) retry_after: Option<Duration>,
    /// Whether the request may have taken effect all the same.
    pub(super) may_have_worked: bool,
}

impl Failure {
    /// A failure that no further attempt can mend.
    pub(super) fn new(error: Error) -> Self {
        Self {
            error,
            retry: None,
            retry_after: None,
            may_have_worked: false,
        }
    }

    /// A failure that may pass; of a request that was sent, whatever became of it, or was not.
    fn transient(error: Error, sent: bool) -> Self {
        Self {
            retry: Some(Retry::Transient),
            may_have_worked: sent,
            ..Self::new(error)
        }
    }

    /// The fault's code; empty for a failure without one.
    pub(super) fn code(&self) -> &str {
        fault_of(&self.error).map_or("", |fault| &fault.code)
    }

    /// The error as the contract has it, after so many attempts.
    pub(super) fn into_error(mut self, attempts: u32) -> Error {
        if let Some(fault) = fault_of_mut(&mut self.error) {
            fault.attempts = attempts;
        }
        self.error
    }
}

/// The fault that an error carries.
pub fn fault_of(error: &Error) -> Option<&Fault> {
    match error {
        Error::Unauthenticated(fault)
        | Error::Forbidden(fault)
        | Error::NotFound(fault)
        | Error::Conflict(fault)
        | Error::Throttled(fault)
        | Error::Rejected(fault)
        | Error::Unavailable(fault) => Some(fault),
        _ => None,
    }
}

/// The contract's name of an error.
pub fn kind(error: &Error) -> &'static str {
    match error {
        Error::InvalidSettings(_) => "invalid-settings",
        Error::InvalidDocument(_) => "invalid-document",
        Error::Unauthenticated(_) => "unauthenticated",
        Error::Forbidden(_) => "forbidden",
        Error::NotFound(_) => "not-found",
        Error::Conflict(_) => "conflict",
        Error::Throttled(_) => "throttled",
        Error::Rejected(_) => "rejected",
        Error::Unavailable(_) => "unavailable",
        Error::Transport(_) => "transport",
        Error::Timeout(_) => "timeout",
        Error::Corrupted(_) => "corrupted",
        Error::Other(_) => "other",
    }
}

fn fault_of_mut(error: &mut Error) -> Option<&mut Fault> {
    match error {
        Error::Unauthenticated(fault)
        | Error::Forbidden(fault)
        | Error::NotFound(fault)
        | Error::Conflict(fault)
        | Error::Throttled(fault)
        | Error::Rejected(fault)
        | Error::Unavailable(fault) => Some(fault),
        _ => None,
    }
}

/// The fault as the error of its class.
pub fn error_of(class: Class, fault: Fault) -> Error {
    match class {
        Class::Unauthenticated => Error::Unauthenticated(fault),
        Class::Forbidden => Error::Forbidden(fault),
        Class::NotFound => Error::NotFound(fault),
        Class::Conflict => Error::Conflict(fault),
        Class::Throttled => Error::Throttled(fault),
        Class::Rejected => Error::Rejected(fault),
        Class::Unavailable => Error::Unavailable(fault),
    }
}

/// What the service calls the request.
pub(super) fn request_id(response: &Response) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id"]
        .iter()
        .find_map(|name| response.header(name))
        .map(str::to_owned)
}

/// Reads an answer that is a fault.
pub(super) fn read(config: &Config, response: &Response) -> Failure {
    let status = response.status;
    if status < 400 {
        return Failure::new(Error::Transport(format!(
            "{} answered with a redirection ({}), and redirections are not followed",
            config.endpoint.origin(),
            status
        )));
    }
    let body = Node::parse(&response.body).unwrap_or(Node::Null);
    let (query_code, side) = match response
        .header("x-amzn-query-error")
        .map(|t| t.split_once(';'))
    {
        Some(Some((code, side))) => (Some(code), Some(side)),
        _ => (None, None),
    };
    let code = [
        body.text("__type"),
        response.header("x-amzn-errortype"),
        body.text("code"),
        query_code,
    ]
    .into_iter()
    .flatten()
    .map(bare_code)
    .find(|code| !code.is_empty());
    // What is not of the service, a proxy's page say, has no code; then the status is all there is.
    let (code, message) = match code {
        Some(code) => {
            let message = body.text("message").or_else(|| body.text("Message"));
            (code.to_owned(), message.unwrap_or_default().to_owned())
        }
        None => (
            format!("HTTP {status}"),
            "the answer names no fault: it may come from a proxy, or from a server that is not SQS"
                .to_owned(),
        ),
    };
    let class = classify(&code, status);
    let blame = match side {
        Some("Receiver" | "Server") => Blame::Service,
        Some("Sender" | "Client") => Blame::Caller,
        _ => blame(class),
    };
    let fault = Fault {
        message: shown(&message),
        code,
        http_status: status,
        request_id: request_id(response),
        blame,
        attempts: 1,
    };
    let retry = retry(class, status);
    Failure {
        error: error_of(class, fault),
        may_have_worked: retry == Some(Retry::Transient),
        retry,
        retry_after: response
            .header("x-amz-retry-after")
            .and_then(|wish| wish.parse().ok())
            .map(Duration::from_millis),
    }
}

/// Who has to act, by the class alone.
pub fn blame(class: Class) -> Blame {
    match class {
        Class::Throttled | Class::Unavailable => Blame::Service,
        _ => Blame::Caller,
    }
}

fn retry(class: Class, status: u16) -> Option<Retry> {
    match class {
        Class::Throttled => Some(Retry::Throttling),
        Class::Unavailable if matches!(status, 500 | 502 | 503 | 504) => Some(Retry::Transient),
        // `RequestTimeout` comes with another status.
        Class::Unavailable if status < 500 => Some(Retry::Transient),
        _ => None,
    }
}

/// `com.amazonaws.sqs#QueueDoesNotExist:http://…` is `QueueDoesNotExist`.
fn bare_code(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().trim()
}

/// The service's words, without what must not be shown, and bounded.
pub fn shown(message: &str) -> String {
    const LONGEST: usize = 1_000;
    // A message about a wrong signature goes on with the request as it should have been signed,
    // on lines of its own or behind these words.
    let line = message.trim_start().lines().next().unwrap_or_default();
    let begun = find(line, "anonical ")
        .and_then(|end| line.get(..end))
        .unwrap_or(line);
    let cut = begun.len() < line.len();
    let mut text: Vec<&str> = begun
        .split_whitespace()
        .map(|word| if may_be_secret(word) { "[…]" } else { word })
        .collect();
    if cut {
        text.pop();
        text.push("[…]");
    }
    text.join(" ").chars().take(LONGEST).collect()
}

/// Takes texts that must not be shown out of an error's words: what this request is known to have
/// carried, however short. Texts too short to be secrets would tear words apart.
pub fn hide<'t>(error: &mut Error, texts: impl IntoIterator<Item = &'t str>) {
    const SHORTEST: usize = 8;
    let Some(fault) = fault_of_mut(error) else {
        return;
    };
    for text in texts.into_iter().filter(|text| text.len() >= SHORTEST) {
        // What stands for it is shorter than any of them, so this ends.
        while let Some(at) = find(&fault.message, text) {
            fault.message.replace_range(at..at + text.len(), "[…]");
        }
    }
}

/// Where a text stands within another. The standard library's search is quicker in long texts, but
/// brings 6 kB along, for panics that cannot be above all; these are short.
fn find(within: &str, text: &str) -> Option<usize> {
    let mut places = within.as_bytes().windows(text.len());
    places.position(|place| place == text.as_bytes())
}

/// Whether a word of the service's may be a token, a receipt handle or a signature: they are long,
/// and are neither addresses nor names of resources.
fn may_be_secret(word: &str) -> bool {
    const LONGEST_WORD: usize = 48;
    let resource = ["arn:", "\"arn:", "'arn:", "http://", "https://"];
    word.len() > LONGEST_WORD && !resource.iter().any(|beginning| word.starts_with(beginning))
}

/// There is no answer.
pub(super) fn no_answer(config: &Config, error: &TransportError) -> Failure {
    let origin = config.endpoint.origin();
    let said = &error.message;
    match error.kind {
        TransportErrorKind::Denied => Failure::new(Error::Transport(format!(
            "nothing was sent to {origin}: {said}; allow this origin in the host"
        ))),
        TransportErrorKind::Connect => {
            let words = format!("nothing was sent to {origin}: {said}");
            Failure::transient(Error::Transport(words), false)
        }
        TransportErrorKind::Timeout => Failure::transient(
            Error::Timeout(format!("no answer from {origin}: {said}")),
            true,
        ),
        TransportErrorKind::Broken => Failure::transient(
            Error::Transport(format!("no answer from {origin}: {said}")),
            true,
        ),
        TransportErrorKind::TooLarge => Failure::new(Error::Corrupted(format!(
            "no use of the answer from {origin}: {said}"
        ))),
        TransportErrorKind::Invalid => Failure::new(Error::Other(format!(
            "nothing was sent to {origin}: {said}"
        ))),
    }
}

/// There is no answer in time.
pub(super) fn timed_out(config: &Config, limit: Duration) -> Failure {
    // As `u64`: to write a number of 128 bits down takes code of its own.
    let milliseconds = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let words = format!(
        "no answer from {} within {milliseconds} ms",
        config.endpoint.origin()
    );
    Failure::transient(Error::Timeout(words), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_without_its_namespace_and_its_address() {
        assert_eq!(
            bare_code("com.amazonaws.sqs#QueueDoesNotExist"),
            "QueueDoesNotExist"
        );
        assert_eq!(
            bare_code("InternalError:http://internal.amazon.com/x"),
            "InternalError"
        );
        assert_eq!(bare_code("OverLimit"), "OverLimit");
    }

    #[test]
    fn tokens_handles_and_canonical_requests_are_not_shown() {
        let handle = "AQEB".repeat(30);
        let expired = format!(
            "Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        );
        assert_eq!(
            shown(&expired),
            "Value […] for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        );
        let signature = "The request signature we calculated does not match the signature you provided. The Canonical String for this request should have been 'POST\n/\n\nx-amz-security-token:short'";
        assert!(!shown(signature).contains("short"));
        let denied = "User: arn:aws:sts::123456789012:assumed-role/a-role-of-a-rather-long-name/session is not authorized";
        assert_eq!(shown(denied), denied);
        assert_eq!(shown(&"a ".repeat(2_000)).chars().count(), 1_000);
    }
}
