//! What the figures are to be, as ratios within one run, and whether they are.

use serde::Serialize;

use crate::contenders::Contender;
use crate::driver::IN_FLIGHT;
use crate::report::{Case, Ratio, Report};
use crate::work::Work;

/// The server that targets are about: on a slower one, all contenders wait most of the time.
const SERVER: &str = "fast";

/// What the component may weigh, in bytes.
const COMPONENT_BYTES: u64 = 300_000;

/// One target and what came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) measured: String,
    pub(crate) met: bool,
}

/// Every target of which something was measured.
pub(crate) fn of(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    singles(report, &mut targets);
    bulk(report, &mut targets);
    alone(report, &mut targets);
    targets
}

fn singles(report: &Report, targets: &mut Vec<Target>) {
    use Contender::{Native, Plugin, PluginUnchecked, Raw};
    for in_flight in IN_FLIGHT {
        let case = |work: Work, contender| report.case(SERVER, work.name(), in_flight, contender);
        for work in [Work::Single64, Work::Single4k] {
            let plugin = case(work, Plugin);
            throughput(targets, plugin, case(work, Native), 1.3);
            if let (Some(plugin), Some(raw)) = (plugin, case(work, Raw)) {
                let times = 1.0 / Ratio::of(plugin, raw).median;
                targets.push(Target {
                    what: format!("{}: time of raw hyper's", name(plugin)),
                    wanted: "≤ 2.0 ×".to_owned(),
                    measured: format!("{times:.2} ×"),
                    met: times <= 2.0,
                });
            }
        }
        let native = case(Work::Single256k, Native);
        throughput(targets, case(Work::Single256k, Plugin), native, 0.6);
        throughput(
            targets,
            case(Work::Single256k, PluginUnchecked),
            native,
            0.8,
        );
    }
}

fn bulk(report: &Report, targets: &mut Vec<Target>) {
    use Contender::{Boto3, Native, Plugin};
    for work in [Work::BatchSend, Work::ReceiveDelete, Work::Listen] {
        for (in_flight, wanted) in [(1, 2.0), (8, 1.0)] {
            let case = |contender| report.case(SERVER, work.name(), in_flight, contender);
            throughput(targets, case(Plugin), case(Native), wanted);
            throughput(targets, case(Plugin), case(Boto3), 8.0);
        }
    }
}

/// At least so many times the throughput of the other.
fn throughput(targets: &mut Vec<Target>, case: Option<&Case>, other: Option<&Case>, wanted: f64) {
    let (Some(case), Some(other)) = (case, other) else {
        return;
    };
    let measured = Ratio::of(case, other).median;
    targets.push(Target {
        what: format!("{}: throughput of {}", name(case), other.contender),
        wanted: format!("≥ {wanted:.1} ×"),
        measured: format!("{measured:.2} ×"),
        met: measured >= wanted,
    });
}

fn name(case: &Case) -> String {
    let Case {
        work,
        in_flight,
        contender,
        ..
    } = case;
    format!("{work}, {in_flight} in flight, {contender}")
}

fn alone(report: &Report, targets: &mut Vec<Target>) {
    let cold = report.cold_start.get("beyond_server_ns");
    let (instance, idle) = (&report.further_instance, &report.idle);
    let rows = [
        (
            "a cold start, beyond the server's time",
            cold,
            2e6,
            1e6,
            "ms",
        ),
        ("a further instance", instance.get("ns"), 5e4, 1e3, "µs"),
        (
            "a further instance's memory, after a call",
            instance.get("bytes_after_a_call"),
            f64::from(2 << 20),
            f64::from(1 << 20),
            "MiB",
        ),
        (
            "1,000 idle listeners' memory",
            idle.get("resident_bytes"),
            1.5 * f64::from(1 << 30),
            f64::from(1 << 30),
            "GiB",
        ),
        (
            "1,000 idle listeners' share of a core",
            idle.get("core_share"),
            0.05,
            0.01,
            "%",
        ),
    ];
    for (what, measured, wanted, unit, word) in rows {
        let Some(measured) = measured.and_then(serde_json::Value::as_f64) else {
            continue;
        };
        targets.push(Target {
            what: what.to_owned(),
            wanted: format!("< {} {word}", wanted / unit),
            measured: format!("{:.2} {word}", measured / unit),
            met: measured < wanted,
        });
    }
    targets.push(Target {
        what: "the component".to_owned(),
        wanted: format!("< {} kB", COMPONENT_BYTES / 1_000),
        measured: format!("{:.1} kB", report.component_bytes as f64 / 1e3),
        met: report.component_bytes < COMPONENT_BYTES,
    });
}
