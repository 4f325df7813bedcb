// SPDX-License-Identifier: GPL-2.0

//! The module's state as metrics, for the textfile collector of node_exporter.

use launchguard_pure::verify::catalogue::CheckId;
use std::fmt::Write;

/// What is published.
pub struct State<'a> {
    /// The verdict's word.
    pub verdict: &'a str,
    /// The launcher's word.
    pub launcher: &'a str,
    /// Number of the snapshot.
    pub generation: u64,
    /// Ids of checks with the outcome's word.
    pub checks: Vec<(&'a str, &'a str)>,
    /// Ids of waived checks.
    pub waived: Vec<&'a str>,
    /// The guard's totals: names, what they count, and values.
    pub guard: Vec<(&'a str, &'a str, u64)>,
}

const VERDICTS: [&str; 6] = [
    "pending", "verified", "unpinned", "failed", "unknown", "absent",
];
const OUTCOMES: [&str; 4] = ["pass", "fail", "unknown", "n/a"];

/// The metrics in the text format of Prometheus.
pub fn metrics(state: &State<'_>) -> String {
    let mut text = String::new();
    head(
        &mut text,
        "verdict",
        "1 for the published verdict, 0 for the others.",
    );
    for verdict in VERDICTS {
        let labels = format!("verdict=\"{verdict}\"");
        sample(
            &mut text,
            "verdict",
            &labels,
            u64::from(verdict == state.verdict),
        );
    }
    head(&mut text, "generation", "Number of the published snapshot.");
    sample(&mut text, "generation", "", state.generation);
    head(&mut text, "launcher_info", "Who performed the launch.");
    let labels = format!("launcher=\"{}\"", label(state.launcher));
    sample(&mut text, "launcher_info", &labels, 1);
    head(
        &mut text,
        "check_outcome",
        "1 for the outcome of the check, 0 for the others.",
    );
    for (id, outcome) in &state.checks {
        let severity = CheckId::from_name(id).map_or("unknown", |check| check.severity().word());
        for word in OUTCOMES {
            let labels = format!(
                "check=\"{}\",severity=\"{severity}\",outcome=\"{word}\"",
                label(id)
            );
            sample(
                &mut text,
                "check_outcome",
                &labels,
                u64::from(word == *outcome),
            );
        }
    }
    head(
        &mut text,
        "check_waived",
        "1 for a check that the policy waives.",
    );
    for (id, _) in &state.checks {
        let labels = format!("check=\"{}\"", label(id));
        sample(
            &mut text,
            "check_waived",
            &labels,
            u64::from(state.waived.contains(id)),
        );
    }
    for (name, help, total) in &state.guard {
        let name = format!("dma_{name}");
        head(&mut text, &name, &sentence(help));
        sample(&mut text, &name, "", *total);
    }
    text
}

/// What a total counts, as the other helps are written.
fn sentence(help: &str) -> String {
    let mut letters = help.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn head(text: &mut String, name: &str, help: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "# HELP launchguard_{name} {help}\n# TYPE launchguard_{name} gauge"
    );
}

fn sample(text: &mut String, name: &str, labels: &str, value: u64) {
    let _ = if labels.is_empty() {
        writeln!(text, "launchguard_{name} {value}")
    } else {
        writeln!(text, "launchguard_{name}{{{labels}}} {value}")
    };
}

/// A label's value: the module's words need no escape, and what is none of them gets it.
fn label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
