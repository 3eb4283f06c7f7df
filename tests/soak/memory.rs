//! How much memory this process takes, where the system says it.

use std::fs;

/// Mebibytes that are resident now.
pub(crate) fn resident() -> Option<u64> {
    field("VmRSS:")
}

/// Mebibytes that were resident at most.
pub(crate) fn peak() -> Option<u64> {
    field("VmHWM:")
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024)
}
