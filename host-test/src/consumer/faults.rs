//! Which failures pass by themselves.

use crate::contract::{Error, Fault};
use crate::error::CallError;

/// Whether the same call may work soon, without anybody acting.
pub(super) fn may_pass(error: &CallError) -> bool {
    error.connector().is_none_or(|error| {
        matches!(
            error,
            Error::Conflict(_)
                | Error::Throttled(_)
                | Error::Unavailable(_)
                | Error::Transport(_)
                | Error::Timeout(_)
                | Error::Corrupted(_)
        )
    })
}

/// Whether a settlement that failed like this may work while its lease lives. Credentials may be
/// renewed meanwhile.
pub(super) fn may_settle(error: &Error) -> bool {
    matches!(
        error,
        Error::Unauthenticated(_)
            | Error::Throttled(_)
            | Error::Unavailable(_)
            | Error::Transport(_)
            | Error::Timeout(_)
            | Error::Corrupted(_)
    )
}

/// What makes a failure another one than the last: not its words, which may name a request.
pub(super) fn sort(error: &CallError) -> String {
    let fault = |kind: &str, fault: &Fault| format!("{kind} {}", fault.code);
    let Some(error) = error.connector() else {
        // The host's own words are few.
        return error.to_string();
    };
    match error {
        Error::InvalidSettings(_) => "invalid-settings".to_owned(),
        Error::InvalidDocument(_) => "invalid-document".to_owned(),
        Error::Unauthenticated(of) => fault("unauthenticated", of),
        Error::Forbidden(of) => fault("forbidden", of),
        Error::NotFound(of) => fault("not-found", of),
        Error::Conflict(of) => fault("conflict", of),
        Error::Throttled(of) => fault("throttled", of),
        Error::Rejected(of) => fault("rejected", of),
        Error::Unavailable(of) => fault("unavailable", of),
        Error::Transport(_) => "transport".to_owned(),
        Error::Timeout(_) => "timeout".to_owned(),
        Error::Corrupted(_) => "corrupted".to_owned(),
        Error::Other(_) => "other".to_owned(),
    }
}
