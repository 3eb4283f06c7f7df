//! Asks the contenders for rounds in turn and writes down what they took.

use anyhow::{Context, Result};
use serde_json::json;

use crate::contenders::{Contender, fill, make_queue};
use crate::measure::median;
use crate::options::Options;
use crate::process::{Process, Server, probe};
use crate::report::{Case, LeftOut, Report};
use crate::work::{Place, Round, Work};
use crate::{chart, counts, report, targets};

/// How many calls a caller has under way at once.
pub(crate) const IN_FLIGHT: [usize; 2] = [1, 8];

/// How long things are, on one server.
struct Scale {
    /// Milliseconds that a round of single sends is to take.
    single_ms: u64,
    /// Messages of a round of the other works.
    messages: usize,
}

impl Scale {
    fn of(fast: bool, quick: bool) -> Self {
        let (single_ms, messages) = match (fast, quick) {
            (true, false) => (400, 10_000),
            (true, true) => (60, 2_000),
            (false, false) => (400, 800),
            (false, true) => (100, 160),
        };
        Self {
            single_ms,
            messages,
        }
    }
}

/// One contender with one number of calls in flight: what takes its turn within a round.
struct Entrant {
    contender: Contender,
    in_flight: usize,
    messages: usize,
    wall: Vec<f64>,
    cpu: Vec<f64>,
    failed: Option<String>,
}

/// Everything that was asked for.
pub(crate) fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.output)?;
    let mut report = Report::new(options);
    if options.fast {
        let server = Server::start()?;
        contest(&mut report, options, "fast", &server.place)?;
        if options.contenders.contains(&Contender::Plugin) {
            probes(&mut report, options, &server.place);
            eprintln!("bench: instructions");
            match counts::count() {
                Ok(counted) => report.instructions = counted,
                Err(why) => report.left_out.push(LeftOut {
                    what: "instruction counts".to_owned(),
                    why: format!("{why:#}"),
                }),
            }
        }
    }
    if let Some(place) = &options.localstack {
        contest(&mut report, options, "localstack", place)?;
    }
    report.finish();
    let targets = targets::of(&report);
    report::print(&report, &targets);
    let (json, svg) = (
        options.output.join("report.json"),
        options.output.join("report.svg"),
    );
    std::fs::write(&json, report.to_json(&targets)?)
        .and_then(|()| std::fs::write(&svg, chart::draw(&report)))
        .context("cannot write the report")?;
    println!("\n{}\n{}", json.display(), svg.display());
    Ok(())
}

/// All works on one server.
fn contest(report: &mut Report, options: &Options, server: &str, place: &Place) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let fast = server == "fast";
    let scale = Scale::of(fast, options.quick);
    for &work in &options.works {
        let mut place = place.clone();
        if !fast {
            let queue = format!("bench-{}", work.name());
            place.queue_url = runtime.block_on(make_queue(&place, &queue))?;
        }
        let mut playing = Vec::new();
        for &contender in &options.contenders {
            // Its bytes are not signed, and nobody but the fast server takes them.
            if !contender.does(work) || (contender == Contender::Raw && !fast) {
                continue;
            }
            match Process::contender(contender, &place, options) {
                Ok(process) => playing.push((contender, process)),
                Err(why) => report.left_out.push(LeftOut {
                    what: format!("{} by {} on {server}", work.name(), contender.name()),
                    why: format!("{why:#}"),
                }),
            }
        }
        let mut entrants: Vec<Entrant> = IN_FLIGHT
            .into_iter()
            .flat_map(|in_flight| {
                playing.iter().map(move |(contender, _)| Entrant {
                    contender: *contender,
                    in_flight,
                    messages: 0,
                    wall: Vec::new(),
                    cpu: Vec::new(),
                    failed: None,
                })
            })
            .collect();
        let mut run = |entrant: &mut Entrant, messages: usize| -> Option<(f64, f64)> {
            let (_, process) = playing
                .iter_mut()
                .find(|(contender, _)| *contender == entrant.contender)?;
            let round = Round {
                work,
                in_flight: entrant.in_flight,
                messages,
            };
            let took = match work.drains() && !fast {
                true => runtime.block_on(fill(&place, messages)),
                false => Ok(()),
            }
            .and_then(|()| process.round(round));
            match took {
                Ok((wall, cpu)) => {
                    let per_message = |ns: u64| ns as f64 / messages as f64;
                    Some((per_message(wall), per_message(cpu)))
                }
                Err(why) => {
                    entrant.failed = Some(format!("{why:#}"));
                    None
                }
            }
        };
        eprintln!("bench: {server}: {}", work.name());
        for entrant in &mut entrants {
            warm_up(entrant, work, &scale, &mut run);
        }
        for round in 0..options.rounds {
            let count = entrants.len();
            for turn in 0..count {
                // Nobody is always first, nor always behind the same one.
                let place = match round % 2 {
                    0 => (turn + round) % count,
                    _ => (count - 1 - turn + round) % count,
                };
                let Some(entrant) = entrants.get_mut(place) else {
                    continue;
                };
                if entrant.failed.is_none()
                    && let Some((wall, cpu)) = run(entrant, entrant.messages)
                {
                    entrant.wall.push(wall);
                    entrant.cpu.push(cpu);
                }
            }
        }
        for entrant in entrants {
            note(report, entrant, work, server);
        }
    }
    Ok(())
}

/// Two rounds that do not count: connections are made, caches filled, and it is seen how many
/// messages fill a round.
fn warm_up(
    entrant: &mut Entrant,
    work: Work,
    scale: &Scale,
    run: &mut impl FnMut(&mut Entrant, usize) -> Option<(f64, f64)>,
) {
    if work.single_bytes().is_none() {
        entrant.messages = scale.messages;
        run(entrant, scale.messages);
        return;
    }
    let mut messages = 80;
    for _ in 0..2 {
        let Some((wall, _)) = run(entrant, messages) else {
            return;
        };
        let fitting = (scale.single_ms as f64 * 1e6 / wall.max(1.0)) as usize;
        messages = fitting.clamp(16, 50_000) / 8 * 8;
    }
    entrant.messages = messages;
}

fn note(report: &mut Report, entrant: Entrant, work: Work, server: &str) {
    if let Some(why) = entrant.failed {
        report.left_out.push(LeftOut {
            what: format!(
                "{} by {} on {server}, {} in flight",
                work.name(),
                entrant.contender.name(),
                entrant.in_flight
            ),
            why,
        });
        return;
    }
    let case = Case {
        work: work.name(),
        in_flight: entrant.in_flight,
        server: server.to_owned(),
        contender: entrant.contender.name(),
        median_ns_per_message: median(entrant.wall.iter().copied()).round(),
        cpu_ns_per_message: median(entrant.cpu).round(),
        messages_per_round: entrant.messages,
        rounds: entrant.wall.into_iter().map(f64::round).collect(),
    };
    match entrant.contender {
        // No contender of its own: the same one with another setting.
        Contender::PluginUnchecked => report.variants.push(case),
        _ => report.cases.push(case),
    }
}

/// What is measured without contenders.
fn probes(report: &mut Report, options: &Options, place: &Place) {
    let starts = if options.quick { 5 } else { 15 };
    eprintln!("bench: cold start, further instances");
    // The first one compiles, where nobody did before.
    let cold: Result<Vec<_>> = (0..=starts)
        .map(|_| probe("cold-start", place, &options.plugin))
        .skip(1)
        .collect();
    let middle = |name: &str, all: &[serde_json::Value]| {
        median(all.iter().filter_map(|one| one[name].as_f64())).round()
    };
    match cold {
        Ok(all) => {
            let names = [
                "engine_ns",
                "load_ns",
                "open_ns",
                "first_answer_ns",
                "server_ns",
                "beyond_server_ns",
            ];
            report.cold_start = names
                .into_iter()
                .map(|name| (name.to_owned(), json!(middle(name, &all))))
                .collect();
        }
        Err(why) => report.left_out.push(LeftOut {
            what: "cold start".to_owned(),
            why: format!("{why:#}"),
        }),
    }
    report.further_instance = probed(report, "instances", place, options);
    // Short rounds are there for those who do not want to wait for so long.
    if !options.quick {
        eprintln!("bench: idle listeners");
        report.idle = probed(report, "idle", place, options);
    }
}

/// What a probe found; null, and a note why, where it failed.
fn probed(report: &mut Report, name: &str, place: &Place, options: &Options) -> serde_json::Value {
    probe(name, place, &options.plugin).unwrap_or_else(|why| {
        report.left_out.push(LeftOut {
            what: format!("the probe {name}"),
            why: format!("{why:#}"),
        });
        serde_json::Value::Null
    })
}
