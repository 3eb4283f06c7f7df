//! `report.svg`: how many times the throughput of `aws-sdk-sqs` each contender has, with the least
//! and the most of the rounds.
//!
//! The scale is logarithmic: to be twice as fast goes as far to the right as half as fast to the
//! left. The colours are readable on light and on dark ground, and there is no ground of its own.

use std::fmt::Write as _;

use crate::contenders::Contender;
use crate::report::{Case, Ratio, Report};

const WIDTH: f64 = 900.0;
/// Where the scale begins and ends, and what stands there.
const LEFT: f64 = 330.0;
const RIGHT: f64 = 800.0;
const LEAST: f64 = 0.05;
const MOST: f64 = 20.0;
const TOP: f64 = 64.0;
const ROW: f64 = 17.0;
const GAP: f64 = 12.0;
const MARKS: [f64; 8] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 20.0];

/// Draws it.
pub(crate) fn draw(report: &Report) -> String {
    let mut rows = String::new();
    let mut y = TOP;
    for native in of(report, Contender::Native) {
        let group: Vec<&Case> = report
            .cases
            .iter()
            .chain(&report.variants)
            .filter(|case| {
                case.contender != native.contender
                    && (case.work, case.in_flight, &case.server)
                        == (native.work, native.in_flight, &native.server)
            })
            .collect();
        if group.is_empty() {
            continue;
        }
        let label = format!(
            "{}, {} in flight, {}",
            native.work, native.in_flight, native.server
        );
        text(&mut rows, 12.0, y + 12.0, "start", &label);
        for case in group {
            row(&mut rows, y, case, Ratio::of(case, native));
            y += ROW;
        }
        y += GAP;
    }
    let mut svg = String::new();
    // Writing into memory cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#808080\">\
         <title>Throughput beside aws-sdk-sqs</title>",
        height = y + 8.0
    );
    text(
        &mut svg,
        12.0,
        20.0,
        "start",
        "Throughput, as a multiple of native aws-sdk-sqs: median of the rounds, least and most",
    );
    for mark in MARKS {
        let x = place(mark);
        let width = if mark == 1.0 { 1.5 } else { 0.5 };
        let _ = write!(
            svg,
            "<path d=\"M{x:.1} 50V{y:.1}\" stroke=\"#808080\" stroke-width=\"{width}\"/>"
        );
        text(&mut svg, x, 44.0, "middle", &format!("{mark}×"));
    }
    svg + &rows + "</svg>\n"
}

fn of(report: &Report, contender: Contender) -> impl Iterator<Item = &Case> {
    let name = contender.name();
    report
        .cases
        .iter()
        .filter(move |case| case.contender == name)
}

fn row(out: &mut String, y: f64, case: &Case, ratio: Ratio) {
    let colour = match case.contender {
        "plugin" => "#2f81f7",
        "plugin-unchecked" => "#79b0f8",
        "raw-hyper" => "#8b949e",
        "boto3" => "#d29922",
        _ => "#3fa45b",
    };
    let (one, median) = (place(1.0), place(ratio.median));
    let (least, most) = (place(ratio.least), place(ratio.most));
    let (start, width) = (one.min(median), (one - median).abs());
    let middle = y + ROW / 2.0;
    let _ = write!(
        out,
        "<rect x=\"{start:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>\
         <path d=\"M{least:.1} {middle:.1}H{most:.1}M{least:.1} {:.1}v6M{most:.1} {:.1}v6\" \
         stroke=\"#808080\" fill=\"none\"/>",
        y + 2.0,
        ROW - 4.0,
        middle - 3.0,
        middle - 3.0,
    );
    text(out, LEFT - 8.0, y + 12.0, "end", case.contender);
    let value = format!("{:.2}×", ratio.median);
    text(out, RIGHT + 12.0, y + 12.0, "start", &value);
}

/// Where a ratio stands.
fn place(ratio: f64) -> f64 {
    let share = (ratio.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
    LEFT + share * (RIGHT - LEFT)
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = write!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}
