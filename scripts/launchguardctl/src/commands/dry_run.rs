// SPDX-License-Identifier: GPL-2.0

//! `dry-run POLICY`: what a policy would do with this machine, from what its kernel says of it.

mod live;

use crate::input;
use crate::report::Report;
use anyhow::{bail, Result};
use launchguard_pure::lists::sheet;
use launchguard_pure::plan::{self, Action, GroupPlan};
use launchguard_pure::verify::policy::Policy;
use serde_json::{json, Value};
use std::path::Path;

/// Plans the policy in `file` for this machine.
pub fn run(file: &Path) -> Result<Report> {
    let text = input::read(file)?;
    let name = file.display();
    let machine = live::Machine::read()?;
    let planned = Policy::parse(&text).and_then(|policy| {
        plan::check(&sheet(&policy).statements(), Some(&machine))?;
        Ok(policy)
    });
    let policy = match planned {
        Ok(policy) => policy,
        Err(error) => {
            return Ok(Report {
                text: format!("{name}: refused: {error}"),
                json: json!({
                    "groups": [],
                    "arrivals": null,
                    "error": {
                        "line": error.line,
                        "column": error.column,
                        "what": error.what.as_str(),
                    },
                }),
                good: false,
            })
        }
    };
    let mut lines = String::new();
    let mut groups = Vec::new();
    let sheet = sheet(&policy);
    let known = plan::groups(&sheet.statements(), &machine, |group| {
        lines.push_str(&line(group));
        groups.push(entry(group));
    });
    if let Err(why) = known {
        bail!("the PCI functions of this machine are not known: {why}");
    }
    let (arriving, reason) = plan::arrival(&policy, None);
    lines.push_str(&format!("what arrives: {}, {reason}\n", arriving.words()));
    Ok(Report {
        text: lines,
        json: json!({"groups": groups, "arrivals": arriving.words(), "error": null}),
        good: true,
    })
}

/// The compartment that a group is confined in.
fn compartment(group: &GroupPlan<'_>) -> Option<String> {
    match &group.action {
        Action::Confine(compartment) => Some(compartment.name.to_owned()),
        _ => None,
    }
}

fn line(group: &GroupPlan<'_>) -> String {
    let number = group
        .group
        .map_or("no group".to_owned(), |number| format!("group {number}"));
    let others = match group.members {
        1 => String::new(),
        members => format!(" and {} more", members - 1),
    };
    let within = compartment(group).map_or(String::new(), |name| format!(" in {name}"));
    format!(
        "{number:<10} {}{others}: {}{within}, {}\n",
        group.first,
        group.action.words(),
        group.reason
    )
}

fn entry(group: &GroupPlan<'_>) -> Value {
    json!({
        "group": group.group,
        "first": group.first.to_string(),
        "members": group.members,
        "action": group.action.words(),
        "compartment": compartment(group),
        "reason": group.reason,
    })
}
