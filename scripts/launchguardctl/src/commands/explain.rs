// SPDX-License-Identifier: GPL-2.0

//! `explain ID`.

use crate::report::Report;
use anyhow::{Context, Result};
use launchguard_pure::verify::catalogue::{CheckId, Entry};
use serde_json::{json, Value};

/// Characters of a line.
const WIDTH: usize = 80;

/// Explains the check `id`, in upper or lower case; without one lists all checks.
pub fn run(id: Option<&str>) -> Result<Report> {
    let Some(id) = id else {
        return Ok(list());
    };
    let check = CheckId::from_name(&id.to_ascii_uppercase())
        .with_context(|| format!("no check has the id {id:?}"))?;
    let entry = check.entry();
    let weight = format!(
        "{}, {} unless the policy says otherwise",
        entry.severity,
        entry.weight.word()
    );
    let mut text = format!("{}: {}\n\n", entry.name, entry.title);
    for (name, words) in [
        ("Severity", weight.as_str()),
        ("Passes when", entry.meaning),
        ("Why it counts", entry.attack),
        ("What to do", entry.remedy),
        ("Source", entry.source),
    ] {
        let first = format!("{name:<14}");
        let options = textwrap::Options::new(WIDTH)
            .initial_indent(&first)
            .subsequent_indent("              ")
            .break_words(false);
        text.push_str(&textwrap::fill(words, options));
        text.push('\n');
    }
    Ok(Report {
        text,
        json: object(entry),
        good: true,
    })
}

fn list() -> Report {
    let mut text = String::new();
    let mut checks = Vec::new();
    for check in CheckId::ALL {
        let entry = check.entry();
        text.push_str(&format!(
            "{:<8} {:<8} {:<8} {}\n",
            entry.name,
            entry.severity.word(),
            entry.weight.word(),
            entry.title
        ));
        checks.push(object(entry));
    }
    Report {
        text,
        json: json!({"checks": checks}),
        good: true,
    }
}

fn object(entry: &Entry) -> Value {
    json!({
        "id": entry.name,
        "title": entry.title,
        "severity": entry.severity.word(),
        "weight": entry.weight.word(),
        "meaning": entry.meaning,
        "attack": entry.attack,
        "remedy": entry.remedy,
        "source": entry.source,
    })
}
