//! What is measured: the works, their messages, and where they go.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

pub(crate) use crate::contenders::BATCH;

/// Length of the bodies of the works that go by thousands.
pub(crate) const BODY_BYTES: usize = 1_000;
/// Documents that the plugin is given in one call; the command `sqs-connector` does the same.
pub(crate) const WINDOW: usize = 1_000;

/// One kind of work, the same for every contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Work {
    /// One message of 64 bytes a call.
    #[serde(rename = "single-64")]
    Single64,
    /// One message of 4 kB a call.
    #[serde(rename = "single-4k")]
    Single4k,
    /// One message of 256 kB a call.
    #[serde(rename = "single-256k")]
    Single256k,
    /// Many messages of 1 kB.
    BatchSend,
    /// Many messages of 1 kB with attributes, received and deleted.
    ReceiveDelete,
    /// The same by a listener that settles them.
    Listen,
}

impl Work {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 6] = [
        Self::Single64,
        Self::Single4k,
        Self::Single256k,
        Self::BatchSend,
        Self::ReceiveDelete,
        Self::Listen,
    ];

    /// Its name in reports and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single64 => "single-64",
            Self::Single4k => "single-4k",
            Self::Single256k => "single-256k",
            Self::BatchSend => "batch-send",
            Self::ReceiveDelete => "receive-delete",
            Self::Listen => "listen",
        }
    }

    /// The work of that name.
    pub(crate) fn find(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|work| work.name() == name) {
            Some(work) => Ok(work),
            None => bail!(
                "there is no work {name:?}: {}",
                names(&Self::ALL, Self::name)
            ),
        }
    }

    /// Length of a message, for single sends.
    pub(crate) fn single_bytes(self) -> Option<usize> {
        match self {
            Self::Single64 => Some(64),
            Self::Single4k => Some(4 << 10),
            Self::Single256k => Some(256 << 10),
            _ => None,
        }
    }

    /// Whether it takes messages out of the queue, which have to be there then.
    pub(crate) fn drains(self) -> bool {
        matches!(self, Self::ReceiveDelete | Self::Listen)
    }
}

/// A list of names, for people.
pub(crate) fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> String {
    all.iter()
        .map(|one| name(*one))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The body of message `number`: JSON, as most messages are, so with quotes to be escaped.
pub(crate) fn body(number: usize, length: usize) -> String {
    const TEXT: &str = r#","line":"four small parts, one large","amount":12.50"#;
    let mut body = format!(r#"{{"order":"{number:08}","note":"x""#);
    while body.len() + 1 < length {
        let room = length - 1 - body.len();
        body.push_str(TEXT.get(..room).unwrap_or(TEXT));
    }
    body.push('}');
    body
}

/// A server, a queue on it, and the keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) queue_url: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

/// One round, as the driver asks a contender for it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) work: Work,
    /// How many calls the caller has under way at once.
    pub(crate) in_flight: usize,
    pub(crate) messages: usize,
}

impl Round {
    /// The bodies of its messages; single sends are of one and the same.
    pub(crate) fn bodies(self) -> impl Iterator<Item = String> {
        let (count, length) = match self.work.single_bytes() {
            Some(length) => (1, length),
            None => (self.messages, BODY_BYTES),
        };
        (0..count).map(move |number| body(number, length))
    }

    /// Calls that it takes, of so many messages each at most; single sends are of one.
    pub(crate) fn calls(self, messages: usize) -> usize {
        match self.work.single_bytes() {
            Some(_) => self.messages,
            None => self.messages.div_ceil(messages),
        }
    }
}

/// What a round took, as a contender answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The work was done, all of it.
    Took {
        wall_ns: u64,
        /// Of all threads of the contender's process; the server is another process.
        cpu_ns: u64,
    },
    /// It was not, and why.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_their_length_and_differ() {
        for length in [64, BODY_BYTES, 4 << 10, 256 << 10] {
            assert_eq!(body(7, length).len(), length);
        }
        assert_ne!(body(1, 64), body(2, 64));
    }
}
