//! What the tour prints: a table of its steps, and a list of facts.

use std::time::Duration;

/// One step of the tour and what came of it.
pub(crate) struct Row {
    pub(crate) step: String,
    pub(crate) documents: Option<usize>,
    /// HTTP requests that the plugin made for it.
    pub(crate) requests: u64,
    pub(crate) time: Duration,
    /// What is to be known of it; or what went wrong.
    pub(crate) result: Result<String, String>,
}

/// Whether every step went well.
pub(crate) fn all_well(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.result.is_ok())
}

/// Prints the table.
pub(crate) fn table(rows: &[Row]) {
    let mut lines = vec![
        [
            "step",
            "documents",
            "requests",
            "time",
            "documents/s",
            "result",
        ]
        .map(str::to_owned),
    ];
    for row in rows {
        let seconds = row.time.as_secs_f64();
        let rate = row.documents.filter(|count| *count > 0 && seconds > 0.0);
        lines.push([
            row.step.clone(),
            row.documents
                .map(|count| count.to_string())
                .unwrap_or_default(),
            if row.requests > 0 {
                row.requests.to_string()
            } else {
                String::new()
            },
            if seconds > 0.0 {
                format!("{:.1} ms", seconds * 1000.0)
            } else {
                String::new()
            },
            rate.map(|count| format!("{:.0}", count as f64 / seconds))
                .unwrap_or_default(),
            match &row.result {
                Ok(words) => words.clone(),
                Err(words) => format!("FAILED: {words}"),
            },
        ]);
    }
    let width = |column: usize| {
        lines
            .iter()
            .map(|line: &[String; 6]| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let [step, documents, requests, time, rate, _] = [0, 1, 2, 3, 4, 5].map(width);
    for (index, [a, b, c, d, e, f]) in lines.iter().enumerate() {
        println!("{a:<step$}  {b:>documents$}  {c:>requests$}  {d:>time$}  {e:>rate$}  {f}");
        if index == 0 {
            println!(
                "{}",
                "-".repeat(step + documents + requests + time + rate + 26)
            );
        }
    }
}

/// Prints a heading with facts below it, each with its name.
pub(crate) fn facts(heading: &str, facts: &[(&str, String)]) {
    println!("\n{heading}");
    let width = facts
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    for (name, fact) in facts {
        println!("  {name:<width$}  {fact}");
    }
}
