//! boto3, a process of Python's that speaks with the driver as the others do.

/// Its program; it gets the place as its only argument.
pub(crate) const SCRIPT: &str = include_str!("boto3.py");
