// SPDX-License-Identifier: GPL-2.0

//! `explain ID`.

use crate::report::Report;
use anyhow::{Context, Result};
use launchguard_pure::verify::catalogue::CheckId;
use serde_json::json;

/// Explains the check `id`, in upper or lower case.
pub fn run(id: &str) -> Result<Report> {
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
    let json = json!({
        "id": entry.name,
        "title": entry.title,
        "severity": entry.severity.word(),
        "weight": entry.weight.word(),
        "meaning": entry.meaning,
        "attack": entry.attack,
        "remedy": entry.remedy,
        "source": entry.source,
    });
    Ok(Report {
        text,
        json,
        good: true,
    })
}
