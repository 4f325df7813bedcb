// SPDX-License-Identifier: GPL-2.0

//! `explain ID`.

use crate::report::Report;
use anyhow::{Context, Result};
use launchguard_pure::verify::catalogue::{CheckId, Entry};
use serde_json::{json, Value};

/// Explains the check `id`, in upper or lower case; without one lists all checks.
pub fn run(id: Option<&str>) -> Result<Report> {
    let Some(id) = id else {
        return Ok(list());
    };
    let check = CheckId::from_name(&id.to_ascii_uppercase())
        .with_context(|| format!("no check has the id {id:?}"))?;
    let entry = check.entry();
    let text = format!(
        "{}: {}\n\nSeverity      {}, {} unless the policy says otherwise\n\
         Passes when   {}\nWhy it counts {}\nWhat to do    {}\nSource        {}\n",
        entry.name,
        entry.title,
        entry.severity,
        entry.weight.word(),
        entry.meaning,
        entry.attack,
        entry.remedy,
        entry.source
    );
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
