// SPDX-License-Identifier: GPL-2.0

//! `lint FILE`, and telling the owner's two texts apart.

use crate::cli::TextKind;
use crate::input;
use crate::report::Report;
use anyhow::{bail, Result};
use launchguard_pure::verify::policy::{Policy, PolicyError, References};
use serde_json::json;
use std::path::Path;

/// Checks the text in `file`.
pub fn run(file: &Path, kind: Option<TextKind>) -> Result<Report> {
    let text = input::read(file)?;
    let kind = kind_of(&text, file, kind)?;
    let name = file.display();
    let checked = match kind {
        TextKind::Policy => Policy::parse(&text).map(|policy| {
            let (required, waived) = (policy.required(), policy.waived());
            json!({
                "require": required.iter().map(|check| check.name()).collect::<Vec<_>>(),
                "waive": waived.iter().map(|check| check.name()).collect::<Vec<_>>(),
            })
        }),
        TextKind::References => References::parse(&text).map(|references| {
            json!({
                "launches": references.launches().map(|launch| launch.name).collect::<Vec<_>>(),
                "sinit": references.sinits().count(),
                "mle": references.mles().count(),
            })
        }),
    };
    Ok(match checked {
        Ok(holds) => Report {
            text: format!("{name}: well-formed {}", kind.name()),
            json: json!({"kind": kind.name(), "good": true, "holds": holds, "error": null}),
            good: true,
        },
        Err(error) => Report {
            text: format!("{name}: {}: {error}", kind.name()),
            json: json!({
                "kind": kind.name(),
                "good": false,
                "holds": null,
                "error": error_json(&error),
            }),
            good: false,
        },
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
