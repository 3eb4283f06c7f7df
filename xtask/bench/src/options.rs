//! What the command line says.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::contenders::Contender;
use crate::work::{Place, Work};

/// Rounds of each case; fewer make no median worth the name.
const ROUNDS: usize = 7;
const LEAST_ROUNDS: usize = 5;

/// What to measure, against what, and where to write it.
pub(crate) struct Options {
    pub(crate) plugin: PathBuf,
    /// AWS's client as a component; without it that does not take part.
    pub(crate) sdk: Option<PathBuf>,
    pub(crate) output: PathBuf,
    /// A Python that has boto3; without it boto3 does not take part.
    pub(crate) python: Option<PathBuf>,
    pub(crate) rounds: usize,
    /// Short rounds: to see that everything works, not for figures.
    pub(crate) quick: bool,
    pub(crate) works: Vec<Work>,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) fast: bool,
    /// LocalStack's endpoint; its keys are in the usual variables.
    pub(crate) localstack: Option<Place>,
}

impl Options {
    /// Reads them.
    pub(crate) fn read(arguments: Vec<String>) -> Result<Self> {
        let (mut plugin, mut sdk, mut output, mut python) = (None, None, None, None);
        let (mut fast, mut localstack, mut quick) = (false, None, false);
        let (mut rounds, mut works, mut contenders) = (ROUNDS, Vec::new(), Vec::new());
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.with_context(|| format!("{name} lacks its value"))
            };
            match name.as_str() {
                "--plugin" => plugin = Some(PathBuf::from(value()?)),
                "--sdk" => sdk = Some(PathBuf::from(value()?)),
                "--output" => output = Some(PathBuf::from(value()?)),
                "--python" => python = Some(PathBuf::from(value()?)),
                "--rounds" => rounds = value()?.parse().context("--rounds takes a number")?,
                "--quick" => quick = true,
                "--work" => works.push(Work::find(&value()?)?),
                "--contender" => contenders.push(Contender::find(&value()?)?),
                "--fast" => fast = true,
                "--localstack" => localstack = Some(of_localstack(value()?)?),
                _ => bail!("bench does not know {name:?}; run it as `cargo xtask bench`"),
            }
        }
        ensure!(
            rounds >= LEAST_ROUNDS,
            "--rounds {rounds}: at least {LEAST_ROUNDS} are needed"
        );
        let all_if_none = |works: Vec<Work>| match works.is_empty() {
            true => Work::ALL.to_vec(),
            false => works,
        };
        if contenders.is_empty() {
            contenders = Contender::ALL.to_vec();
        }
        Ok(Self {
            plugin: plugin.context("--plugin FILE is needed; `cargo xtask bench` gives it")?,
            output: output.context("--output FOLDER is needed; `cargo xtask bench` gives it")?,
            sdk,
            python,
            rounds,
            quick,
            works: all_if_none(works),
            contenders,
            fast,
            localstack,
        })
    }
}

fn of_localstack(endpoint: String) -> Result<Place> {
    let needed = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
    Ok(Place {
        endpoint,
        queue_url: String::new(),
        region: needed("AWS_REGION")?,
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
    })
}
