//! `--exec`: a command of the shell for each message.
//!
//! The payload is its standard input. Its environment is that of this program, and
//!
//! | variable | what it holds |
//! |---|---|
//! | `DOCUMENT_PROPERTIES` | the properties, as a JSON object; not there where it has over 100,000 bytes |
//! | `DOCUMENT_CONTENT_TYPE` | the media type, where it is known |
//! | `DELIVERY_ATTEMPT` | how many times the message was handed out, this time included |
//! | `DELIVERY_GROUP` | the group, where there is one |
//!
//! It runs in a process group of its own: a signal of the terminal reaches this program alone,
//! which lets the command finish; and where it is abandoned, all that it started is ended with it.

use std::io;
use std::process::Stdio;

use connector_host::consumer::Handed;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::super::document::Properties;

/// Systems bound one variable, Linux at 128 KiB.
const LONGEST_VARIABLE: usize = 100_000;

/// Runs the command for one delivery; true where it ended with status 0.
pub(super) async fn run(command: &str, handed: &Handed) -> io::Result<bool> {
    let document = handed.document();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .env("DELIVERY_ATTEMPT", handed.attempt().to_string());
    let properties = serde_json::to_string(&Properties(&document.properties))?;
    for (name, value) in [
        ("DOCUMENT_PROPERTIES", Some(properties.as_str())),
        ("DOCUMENT_CONTENT_TYPE", document.content_type.as_deref()),
        ("DELIVERY_GROUP", handed.group()),
    ] {
        // One that this program itself has must not be taken for the message's.
        shell.env_remove(name);
        if let Some(value) = value.filter(|value| is_possible(value)) {
            shell.env(name, value);
        }
    }
    #[cfg(unix)]
    shell.process_group(0);
    let mut running = Running(Some(shell.spawn()?));
    let child = running.0.as_mut().ok_or(io::ErrorKind::NotFound)?;
    let input = child.stdin.take();
    let feeding = async {
        if let Some(mut input) = input {
            // A command need not read its input to the end, or at all.
            let _ = input.write_all(&document.payload).await;
        }
    };
    // The input is closed as soon as it is written, or the command would wait for more; and it is
    // not waited for where the command has ended, but left something behind that has it open.
    let mut feeding = std::pin::pin!(feeding);
    let mut is_fed = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = &mut feeding, if !is_fed => is_fed = true,
        }
    };
    running.0 = None;
    Ok(status.success())
}

fn is_possible(value: &str) -> bool {
    value.len() <= LONGEST_VARIABLE && !value.contains('\0')
}

/// A command that has not ended yet; dropped, it is killed with all that it started.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(child) = &self.0 {
            use rustix::process::{Pid, Signal, kill_process_group};
            // It was not waited for, so the number is still its own.
            let id = child.id().and_then(|id| i32::try_from(id).ok());
            if let Some(group) = id.and_then(Pid::from_raw) {
                // Where that fails, it is gone.
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    }
}
