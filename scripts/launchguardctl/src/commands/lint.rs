// SPDX-License-Identifier: GPL-2.0

//! `lint FILE`, and telling the owner's two texts apart.
//!
//! A text that is well-formed can still surprise its owner: warnings say so. They count as an error only
//! with `--strict`.

mod coverage;
mod warnings;

use crate::cli::TextKind;
use crate::input;
use crate::report::Report;
use anyhow::{bail, Result};
use coverage::Coverage;
use launchguard_pure::lists::sheet;
use launchguard_pure::plan;
use launchguard_pure::verify::policy::{Policy, PolicyError, References};
use serde_json::json;
use std::path::Path;

/// How a text is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What it is; `None` for what its version line says.
    pub kind: Option<TextKind>,
    /// Warnings count.
    pub strict: bool,
    /// Evidence of a launch that references are compared with; `None` for that of the machine here.
    pub evidence: Option<&'a Path>,
}

/// Checks the text in `file`. A policy is also planned, as far as that needs no machine; references
/// are compared with the banks that cover a launch, where there is one.
pub fn run(sysfs: &Path, file: &Path, options: &Options<'_>) -> Result<Report> {
    let text = input::read(file)?;
    let kind = kind_of(&text, file, options.kind)?;
    let coverage = match (kind, options.evidence) {
        (TextKind::Policy, Some(_)) => bail!("--evidence is for references"),
        (TextKind::Policy, None) => None,
        (TextKind::References, Some(evidence)) => Some(Coverage::of_file(evidence)?),
        (TextKind::References, None) => Coverage::of_machine(sysfs),
    };
    let compared = coverage
        .as_ref()
        .map(|one| json!({"source": one.source, "covered": one.names()}));
    let name = file.display();
    let checked = match kind {
        TextKind::Policy => Policy::parse(&text).and_then(|policy| {
            plan::check(&sheet(&policy).statements(), None)?;
            Ok((policy_json(&policy), warnings::of_policy(&policy)))
        }),
        TextKind::References => References::parse(&text).map(|references| {
            let holds = json!({
                "launches": references.launches().map(|launch| launch.name).collect::<Vec<_>>(),
                "sinit": references.sinits().count(),
                "mle": references.mles().count(),
                "serial": references.has_serial().then(|| references.serial()),
            });
            (
                holds,
                warnings::of_references(&references, &text, coverage.as_ref()),
            )
        }),
    };
    let (holds, warnings) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            return Ok(Report {
                text: format!("{name}: {}: {error}", kind.name()),
                json: json!({
                    "kind": kind.name(),
                    "good": false,
                    "holds": null,
                    "launch": compared,
                    "warnings": [],
                    "error": error_json(&error),
                }),
                good: false,
            })
        }
    };
    let mut said = String::new();
    for warning in &warnings {
        said.push_str(&format!(
            "{name}: line {}: warning: {}\n",
            warning.line, warning.what
        ));
    }
    said.push_str(&format!("{name}: well-formed {}", kind.name()));
    let good = !options.strict || warnings.is_empty();
    let listed: Vec<_> = warnings
        .iter()
        .map(|warning| json!({"line": warning.line, "what": warning.what}))
        .collect();
    Ok(Report {
        text: said,
        json: json!({
            "kind": kind.name(),
            "good": good,
            "holds": holds,
            "launch": compared,
            "warnings": listed,
            "error": null,
        }),
        good,
    })
}

fn policy_json(policy: &Policy<'_>) -> serde_json::Value {
    let (required, waived) = (policy.required(), policy.waived());
    json!({
        "require": required.iter().map(|check| check.name()).collect::<Vec<_>>(),
        "waive": waived.iter().map(|check| check.name()).collect::<Vec<_>>(),
        "on-failure": policy.on_failure().word(),
        "extend-pcr": policy.extend_pcr(),
        "seal": policy.seal(),
        "regions": policy.regions().map(|region| region.name).collect::<Vec<_>>(),
        "compartments": policy.compartments().map(|one| one.name).collect::<Vec<_>>(),
    })
}

/// What `text` is: what the caller says, else what its version line says.
pub fn kind_of(text: &[u8], file: &Path, said: Option<TextKind>) -> Result<TextKind> {
    if let Some(kind) = said {
        return Ok(kind);
    }
    let text = String::from_utf8_lossy(text);
    let statement = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .find(|line| !line.is_empty());
    let Some(statement) = statement else {
        bail!(
            "{}: no statement says whether this is a policy or references; use --as",
            file.display()
        );
    };
    let mut words = statement.split_whitespace();
    let is_references =
        words.next() == Some("version") && words.nth(1).is_some_and(|word| word == "references");
    Ok(if is_references {
        TextKind::References
    } else {
        TextKind::Policy
    })
}

fn error_json(error: &PolicyError) -> serde_json::Value {
    json!({
        "line": error.line,
        "column": error.column,
        "what": error.what.as_str(),
    })
}
