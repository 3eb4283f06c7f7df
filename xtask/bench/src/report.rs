//! What came of the contest: `report.json`, and the tables on standard output.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use crate::contenders::Contender;
use crate::measure::median;
use crate::options::Options;
use crate::targets::Target;

/// A work, done by a contender with so many calls in flight.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) work: &'static str,
    pub(crate) in_flight: usize,
    pub(crate) server: String,
    pub(crate) contender: &'static str,
    pub(crate) median_ns_per_message: f64,
    pub(crate) cpu_ns_per_message: f64,
    pub(crate) messages_per_round: usize,
    /// Nanoseconds a message of each round, in the order of the rounds.
    pub(crate) rounds: Vec<f64>,
}

/// What was not measured, and why.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LeftOut {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) cases: Vec<Case>,
    /// Contenders with a setting that is not their default.
    pub(crate) variants: Vec<Case>,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) cold_start: BTreeMap<String, Value>,
    pub(crate) further_instance: Value,
    /// What many listeners take that wait.
    pub(crate) idle: Value,
    /// Of parts of the natively built core.
    pub(crate) instructions: serde_json::Map<String, Value>,
    pub(crate) component_bytes: u64,
    quick: bool,
    load_before: String,
    load_after: String,
}

/// How often one contender does what another does once, in the same rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Ratio {
    /// Of two cases, by the rounds that they were in together; above 1 where `one` is faster.
    pub(crate) fn of(one: &Case, other: &Case) -> Self {
        let ratios = || one.rounds.iter().zip(&other.rounds).map(|(a, b)| b / a);
        Self {
            median: median(ratios()),
            least: ratios().fold(f64::INFINITY, f64::min),
            most: ratios().fold(0.0, f64::max),
        }
    }
}

impl Report {
    /// An empty one.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            cases: Vec::new(),
            variants: Vec::new(),
            left_out: Vec::new(),
            cold_start: BTreeMap::new(),
            further_instance: Value::Null,
            idle: Value::Null,
            instructions: serde_json::Map::new(),
            component_bytes: std::fs::metadata(&options.plugin).map_or(0, |file| file.len()),
            quick: options.quick,
            load_before: load(),
            load_after: String::new(),
        }
    }

    /// Notes how busy the machine is at the end.
    pub(crate) fn finish(&mut self) {
        self.load_after = load();
    }

    /// The case, a variant included.
    pub(crate) fn case(
        &self,
        server: &str,
        work: &str,
        in_flight: usize,
        contender: Contender,
    ) -> Option<&Case> {
        self.cases.iter().chain(&self.variants).find(|case| {
            case.server == server
                && case.work == work
                && case.in_flight == in_flight
                && case.contender == contender.name()
        })
    }

    /// `report.json`.
    pub(crate) fn to_json(&self, targets: &[Target]) -> Result<String> {
        let report = json!({
            "cases": self.cases,
            "variants": self.variants,
            "left_out": self.left_out,
            "targets": targets,
            "component_bytes": self.component_bytes,
            "cold_start": self.cold_start,
            "further_instance": self.further_instance,
            "idle": self.idle,
            "instructions": self.instructions,
            "quick": self.quick,
            "machine": {
                "processors": std::thread::available_parallelism().map_or(0, usize::from),
                "model": processor(),
                "load_before": self.load_before,
                "load_after": self.load_after,
            },
            "versions": versions(),
        });
        Ok(serde_json::to_string_pretty(&report)? + "\n")
    }
}

/// Prints it.
pub(crate) fn print(report: &Report, targets: &[Target]) {
    println!(
        "{:<14} {:>9} {:<10}  {:<16} {:>12} {:>12} {:>12}  × aws-sdk-sqs",
        "work", "in flight", "server", "contender", "µs/message", "CPU µs", "messages/s",
    );
    for case in report.cases.iter().chain(&report.variants) {
        let native = report.case(&case.server, case.work, case.in_flight, Contender::Native);
        let ratio = native.map_or(String::new(), |native| {
            let Ratio {
                median,
                least,
                most,
            } = Ratio::of(case, native);
            format!("{median:.2} ({least:.2} to {most:.2})")
        });
        println!(
            "{:<14} {:>9} {:<10}  {:<16} {:>12.2} {:>12.2} {:>12.0}  {ratio}",
            case.work,
            case.in_flight,
            case.server,
            case.contender,
            case.median_ns_per_message / 1e3,
            case.cpu_ns_per_message / 1e3,
            1e9 / case.median_ns_per_message,
        );
    }
    println!(
        "\nLoad of the machine before and after: {}, {}",
        report.load_before, report.load_after
    );
    println!("Cold start: {}", json!(report.cold_start));
    println!("Further instance: {}", report.further_instance);
    println!("Idle listeners: {}", report.idle);
    println!("Instructions: {}", json!(report.instructions));
    if !targets.is_empty() {
        println!("\n{:<72} {:>10} {:>10}", "target", "wanted", "measured");
    }
    for target in targets {
        let verdict = if target.met { "met" } else { "MISSED" };
        println!(
            "{:<72} {:>10} {:>10}  {verdict}",
            target.what, target.wanted, target.measured
        );
    }
    for LeftOut { what, why } in &report.left_out {
        println!("left out: {what}: {why}");
    }
    if report.quick {
        println!("\nThese were short rounds: they show that it works, not how fast.");
    }
}

/// How many wanted to run, over the last minutes.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches(['\t', ' ', ':']).to_owned())
        .unwrap_or_default()
}

/// Of what takes part, by the lock file that it was built from.
fn versions() -> BTreeMap<&'static str, String> {
    const LOCK: &str = include_str!("../Cargo.lock");
    let version = |package: &str| {
        let entry = LOCK
            .split(&format!("name = \"{package}\"\nversion = \""))
            .nth(1)?;
        Some(entry.split('"').next()?.to_owned())
    };
    ["sqs-connector", "wasmtime", "aws-sdk-sqs", "hyper", "tokio"]
        .into_iter()
        .filter_map(|package| Some((package, version(package)?)))
        .collect()
}
