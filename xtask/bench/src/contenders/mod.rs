//! The contenders, each in a process of its own that works when the driver asks for a round.

mod boto3;
mod calls;
mod component;
mod listening;
mod native;
mod plugin;
mod raw;

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};

use crate::measure::Started;
use crate::work::{Answer, Place, Round, Work, names};

pub(crate) use boto3::SCRIPT as BOTO3_SCRIPT;
pub(crate) use calls::BATCH;
pub(crate) use listening::listener;
pub(crate) use native::{fill, make_queue};
pub(crate) use plugin::{Host, open};
pub(crate) use raw::Wire;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Our component in our host.
    Plugin,
    /// The same without comparing checksums, which none of the others does either.
    PluginUnchecked,
    /// AWS's own client, compiled natively.
    Native,
    /// The same compiled to a component, in wasmtime.
    Component,
    /// Constant bytes over hyper: the limit.
    Raw,
    /// AWS's client for Python.
    Boto3,
}

impl Contender {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 6] = [
        Self::Plugin,
        Self::PluginUnchecked,
        Self::Native,
        Self::Component,
        Self::Raw,
        Self::Boto3,
    ];

    /// Its name in reports and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::PluginUnchecked => "plugin-unchecked",
            Self::Native => "aws-sdk-sqs",
            Self::Component => "aws-sdk-sqs-wasm",
            Self::Raw => "raw-hyper",
            Self::Boto3 => "boto3",
        }
    }

    /// The contender of that name.
    pub(crate) fn find(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|one| one.name() == name) {
            Some(contender) => Ok(contender),
            None => bail!(
                "there is no contender {name:?}: {}",
                names(&Self::ALL, Self::name)
            ),
        }
    }

    /// Whether it has a way to do this work.
    pub(crate) fn does(self, work: Work) -> bool {
        match self {
            // What it is there for; elsewhere the checksums are no cost that could be seen.
            Self::PluginUnchecked => work == Work::Single256k,
            _ => true,
        }
    }
}

/// Answers the driver's rounds until it closes standard input. `component` is what the contender
/// runs, where it runs one.
pub(crate) async fn take_part(contender: Contender, place: Place, component: &str) -> Result<()> {
    match contender {
        Contender::Plugin => rounds(plugin::Plugin::new(&place, component, true).await?).await,
        Contender::PluginUnchecked => {
            rounds(plugin::Plugin::new(&place, component, false).await?).await
        }
        Contender::Native => rounds(native::Native::new(&place).await).await,
        Contender::Component => rounds(component::Sdk::new(&place, component).await?).await,
        Contender::Raw => rounds(raw::Raw::new(&place)?).await,
        Contender::Boto3 => bail!("boto3 is a process of Python's"),
    }
}

/// Does one round of work.
trait Worker {
    /// Makes ready what is the caller's to have: bodies, documents, connections of the past.
    async fn prepare(&mut self, round: Round) -> Result<()>;

    /// The work itself.
    async fn work(&self, round: Round) -> Result<()>;
}

async fn rounds(mut worker: impl Worker) -> Result<()> {
    for line in stdin().lock().lines() {
        let round: Round = serde_json::from_str(&line?).context("no round")?;
        let answer = match one(&mut worker, round).await {
            Ok(took) => took,
            Err(error) => Answer::Failed(format!("{error:#}")),
        };
        println!("{}", serde_json::to_string(&answer)?);
        stdout().flush()?;
    }
    Ok(())
}

async fn one(worker: &mut impl Worker, round: Round) -> Result<Answer> {
    worker.prepare(round).await?;
    let started = Started::now();
    worker.work(round).await?;
    Ok(started.took())
}

/// Runs as many tasks side by side as the round says. Each takes numbers below `count` until
/// there are none, so that nobody waits for the slowest with work left.
async fn side_by_side<F>(
    in_flight: usize,
    count: usize,
    work: impl Fn(Arc<Numbers>) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let numbers = Arc::new(Numbers {
        next: AtomicUsize::new(0),
        count,
    });
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(work(Arc::clone(&numbers))))
        .collect();
    for task in tasks {
        task.await.context("a task panicked")??;
    }
    Ok(())
}

/// Numbers that are each given out once.
struct Numbers {
    next: AtomicUsize,
    count: usize,
}

impl Numbers {
    fn next(&self) -> Option<usize> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.count).then_some(number)
    }
}
