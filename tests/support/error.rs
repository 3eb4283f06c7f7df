//! Reading errors of the contract.

use connector_host::contract::{Error, Fault};

/// The name of an error's case, as in `wit/types.wit`.
#[must_use]
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

/// The fault that an error carries.
///
/// # Panics
/// Where it carries none.
#[must_use]
pub fn fault(error: &Error) -> &Fault {
    match error {
        Error::Unauthenticated(fault)
        | Error::Forbidden(fault)
        | Error::NotFound(fault)
        | Error::Conflict(fault)
        | Error::Throttled(fault)
        | Error::Rejected(fault)
        | Error::Unavailable(fault) => fault,
        other => panic!("there is no fault in: {}", connector_host::describe(other)),
    }
}

/// The fields that `invalid-settings` or `invalid-document` names.
///
/// # Panics
/// Where it is another error.
#[must_use]
pub fn fields(error: &Error) -> Vec<&str> {
    match error {
        Error::InvalidSettings(problems) | Error::InvalidDocument(problems) => problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect(),
        other => panic!(
            "there are no problems in: {}",
            connector_host::describe(other)
        ),
    }
}

/// Everything that an error says, in one text.
#[must_use]
pub fn words(error: &Error) -> String {
    // `Debug` has every field, also those that a description may leave out.
    format!("{}\n{error:?}", connector_host::describe(error))
}
