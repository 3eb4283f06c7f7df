//! Instructions of the parts that are ours, counted by valgrind on the natively built core.
//!
//! They do not depend on how busy the machine is, so that a change of some percent can be seen.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// Parts, and how often each is done more in the second of two runs.
const PARTS: [(&str, u64); 5] = [
    ("send-ten", 50),
    ("send-one", 200),
    ("encode", 500),
    ("checksum", 500),
    ("decode", 500),
];

/// Instructions of each part; an error where there is no valgrind.
pub(crate) fn count() -> Result<Map<String, Value>> {
    let core = std::env::current_exe()?.with_file_name("core");
    ensure!(
        core.exists(),
        "the program `core` was not built beside this one"
    );
    let part = |(name, times): (&str, u64)| {
        // What is done once (memory, the day's key) is in both.
        let (few, more) = (run(&core, name, 10)?, run(&core, name, 10 + times)?);
        Ok((name.to_owned(), json!(more.saturating_sub(few) / times)))
    };
    PARTS.into_iter().map(part).collect()
}

fn run(core: &Path, part: &str, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(core)
        .args([part, &times.to_string()])
        .output()
        .context("valgrind cannot be run; instructions are not counted")?;
    let words = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!(
            "{part} under valgrind ended with {}: {words}",
            output.status
        );
    }
    words
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .with_context(|| format!("valgrind counted nothing: {words}"))
}
