//! What a delivery's token holds: all that it takes to settle it, so that any instance can.

use std::time::Duration;

/// A token, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Of a message with a lease.
    Leased {
        /// When the request that brought it was sent, since 1970-01-01T00:00:00Z: the service
        /// counts its twelve hours from soon after that.
        received: Duration,
        /// Its receipt handle.
        handle: &'a str,
    },
    /// Of a message that was removed before it was handed over.
    Removed,
}

/// Begins every token of this form; a later version may have another one.
const LEASED: &str = "1.";
const REMOVED: &str = "1-removed";

impl<'a> Token<'a> {
    /// Reads a token; none where it is none of this connector's.
    pub(super) fn read(token: &'a str) -> Option<Self> {
        if token == REMOVED {
            return Some(Self::Removed);
        }
        let (received, handle) = token.strip_prefix(LEASED)?.split_once('.')?;
        let received = u64::from_str_radix(received, 16).ok()?;
        (!handle.is_empty()).then_some(Self::Leased {
            received: Duration::from_millis(received),
            handle,
        })
    }

    /// As a delivery has it.
    pub(super) fn write(self) -> String {
        match self {
            Self::Leased { received, handle } => {
                format!("{LEASED}{:x}.{handle}", received.as_millis())
            }
            Self::Removed => REMOVED.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_as_what_it_was_written_from() {
        let leased = Token::Leased {
            received: Duration::from_millis(1_795_219_200_123),
            handle: "AQEB.with.points+/=",
        };
        for token in [leased, Token::Removed] {
            assert_eq!(Token::read(&token.write()), Some(token));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "1.", "1..x", "1.5f.", "1.zz.x", "2.5f.x", "AQEB"] {
            assert_eq!(Token::read(text), None, "{text}");
        }
    }
}
