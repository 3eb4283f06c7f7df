//! What was sent, what was said of it, and what came: one line a message, compared at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::random::Data;

/// What the sender was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing yet.
    Nothing,
    /// Taken under this message ID; perhaps twice.
    Taken(String, bool),
    /// An error of this kind: it may have arrived all the same.
    Failed(&'static str),
}

struct Line {
    told: Told,
    group: Option<(String, u64)>,
    /// The message ID of each time that it was handled to success.
    handled: Vec<String>,
}

#[derive(Default)]
struct State {
    lines: HashMap<String, Line>,
    /// Of each group, the numbers in the order in which they were first handled to success.
    groups: BTreeMap<String, Vec<u64>>,
    /// Taken and not handled.
    outstanding: usize,
    deliveries: u64,
    problems: BTreeSet<String>,
}

/// The ledger of one queue.
pub struct Ledger {
    seed: u64,
    state: Mutex<State>,
    outstanding: watch::Sender<usize>,
}

/// What the ledger says at the end.
#[derive(Debug, Default)]
pub struct Balance {
    /// Messages whose sender was told that they were taken.
    pub sent: u64,
    /// Messages whose sender was told otherwise, by the kind of the error.
    pub failed: BTreeMap<&'static str, u64>,
    /// Messages whose sender was told that they may be there twice.
    pub may_be_duplicated: u64,
    /// Messages whose send failed and that came all the same.
    pub failed_and_came: u64,
    /// Times that a handler got one.
    pub deliveries: u64,
    /// Messages that were there twice, because their sends were.
    pub sent_twice: u64,
    /// Messages handled to success again, under the same message ID.
    pub handled_again: u64,
    /// Messages that were handled after a later one of their group.
    pub out_of_order: u64,
    /// What must not be.
    pub problems: Vec<String>,
}

impl Ledger {
    /// An empty one, for bodies that follow from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            state: Mutex::default(),
            outstanding: watch::Sender::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a line for a message that is about to be sent, and gives its body.
    pub fn open(&self, key: &str, group: Option<(String, u64)>) -> String {
        let line = Line {
            told: Told::Nothing,
            group,
            handled: Vec::new(),
        };
        self.state().lines.insert(key.to_owned(), line);
        body(self.seed, key)
    }

    /// Notes what the sender was told.
    pub fn tell(&self, key: &str, told: Told) {
        let mut state = self.state();
        let Some(line) = state.lines.get_mut(key) else {
            return;
        };
        let counts = matches!(told, Told::Taken(..)) && line.handled.is_empty();
        line.told = told;
        state.outstanding += usize::from(counts);
        self.outstanding.send_replace(state.outstanding);
    }

    /// Notes a delivery, and looks at its body; its key, where it has one.
    pub fn came(&self, payload: &[u8]) -> Option<String> {
        let mut state = self.state();
        state.deliveries += 1;
        let text = std::str::from_utf8(payload).unwrap_or_default();
        let key = text.split('\n').next().unwrap_or_default();
        if !state.lines.contains_key(key) {
            state
                .problems
                .insert("a message came that nobody sent".to_owned());
            return None;
        }
        if text != body(self.seed, key) {
            state.problems.insert(format!("{key} came altered"));
        }
        Some(key.to_owned())
    }

    /// Notes that a message was handled to success.
    pub fn handled(&self, key: &str, message_id: String) {
        let mut state = self.state();
        let State {
            lines,
            groups,
            outstanding,
            ..
        } = &mut *state;
        let Some(line) = lines.get_mut(key) else {
            return;
        };
        if line.handled.is_empty() {
            if let Some((group, number)) = &line.group {
                groups.entry(group.clone()).or_default().push(*number);
            }
            if matches!(line.told, Told::Taken(..)) {
                *outstanding -= 1;
            }
        }
        line.handled.push(message_id);
        self.outstanding.send_replace(*outstanding);
    }

    /// Ends when no more messages than so many wait to be handled.
    pub async fn at_most(&self, outstanding: usize) {
        let mut changes = self.outstanding.subscribe();
        // The sender lives in `self`.
        let _ = changes.wait_for(|count| *count <= outstanding).await;
    }

    /// Compares all lines. `lost` is how many leases and settlements are known to be lost: each
    /// may have had one message handled again.
    #[must_use]
    pub fn balance(&self, lost: u64) -> Balance {
        let state = self.state();
        let mut balance = Balance {
            deliveries: state.deliveries,
            problems: state.problems.iter().cloned().collect(),
            ..Balance::default()
        };
        let mut failed = BTreeSet::new();
        for (key, line) in &state.lines {
            let ids: BTreeSet<&String> = line.handled.iter().collect();
            balance.handled_again += (line.handled.len() - ids.len()) as u64;
            balance.sent_twice += u64::from(ids.len() > 1);
            match &line.told {
                Told::Nothing => balance.problems.push(format!("of {key} nothing was told")),
                Told::Failed(kind) => {
                    *balance.failed.entry(kind).or_default() += 1;
                    balance.failed_and_came += u64::from(!ids.is_empty());
                    failed.extend(line.group.clone());
                    if line.group.is_some() && ids.len() > 1 {
                        let problem = format!("{key} failed, and is in the FIFO queue twice");
                        balance.problems.push(problem);
                    }
                }
                Told::Taken(id, doubtful) => {
                    balance.sent += 1;
                    balance.may_be_duplicated += u64::from(*doubtful);
                    if ids.is_empty() {
                        balance.problems.push(format!("{key} was sent and is lost"));
                    } else if !ids.contains(id) {
                        let problem = format!("{key} did not come under the ID that was told");
                        balance.problems.push(problem);
                    }
                    if ids.len() > 1 && !doubtful {
                        let problem = format!("{key} is there twice, and nobody was told");
                        balance.problems.push(problem);
                    }
                }
            }
        }
        if balance.handled_again > lost {
            balance.problems.push(format!(
                "{} messages were handled again, but only {lost} leases or settlements are known to be lost",
                balance.handled_again
            ));
        }
        for (group, numbers) in &state.groups {
            // One whose send failed may have come on its way at any time.
            let known = numbers
                .iter()
                .filter(|number| !failed.contains(&(group.clone(), **number)));
            let mut latest = 0;
            for number in known {
                balance.out_of_order += u64::from(*number < latest);
                latest = latest.max(*number);
            }
        }
        balance
    }
}

/// The body that belongs to a key: it begins with it. Most are small.
fn body(seed: u64, key: &str) -> String {
    let mut data = Data::seeded(key.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }));
    let length = match data.between(0, 99) {
        0..90 => data.between(0, 400),
        90..99 => data.between(0, 8_000),
        _ => data.between(0, 100_000),
    };
    let rest = if data.between(0, 1) == 0 {
        data.ascii(length)
    } else {
        data.unicode(length)
    };
    format!("{key}\n{rest}")
}
