//! Ctrl-C and friends: the child ends first, then this process tidies up and ends.
//!
//! A terminal sends Ctrl-C to the child as well, so it is enough to survive it here: the child's
//! end is then noticed in the ordinary way, and what was started (servers) is stopped on the way
//! out. `kill` reaches this process only, so it is passed on.

use std::{
    process::{Command, ExitStatus},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::workspace::words;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CHILDREN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// From here on, signals that would end this process only set a flag.
pub(crate) fn watch() -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for signals")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            INTERRUPTED.store(true, Ordering::SeqCst);
            if signal != SIGINT {
                let children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
                for pid in children.iter().filter_map(|id| pid(*id)) {
                    // It may just have ended by itself.
                    let _ = kill_process(pid, Signal::TERM);
                }
            }
        }
    });
    Ok(())
}

/// An error once the user has asked to stop.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Runs a command to its end. An error if it cannot be started, or the user asked to stop.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    check()?;
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", words(command)))?;
    let id = child.id();
    CHILDREN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(id);
    let status = child.wait();
    CHILDREN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|child| *child != id);
    check()?;
    status.with_context(|| format!("cannot wait for {}", words(command)))
}

/// A process id in the form that signals want.
pub(crate) fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
