// SPDX-License-Identifier: GPL-2.0

//! `status`.

use super::guard::Guard;
use super::prometheus::{metrics, State};
use crate::cli::Form;
use crate::device::Device;
use crate::journal::Entry;
use crate::kernels::Kernels;
use crate::paint;
use crate::report::{line, Report};
use anyhow::{Context, Result};
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::judgement::{Outcome, Verdict};
use serde_json::{json, Map, Value};
use std::path::Path;

/// Where a check's title begins.
const COLUMN: usize = 24;

/// What the module published.
struct Published {
    verdict: String,
    reason: String,
    generation: String,
    launcher: String,
    waived: String,
    /// Serial number of the references; older modules do not say it.
    serial: Option<u64>,
    /// Outcome of each check, by id.
    checks: Vec<(String, String)>,
    guard: Guard,
}

impl Published {
    fn read(device: &Device, generation: &str) -> Result<Self> {
        let mut checks = Vec::new();
        for name in device.list("checks")? {
            let outcome = device.text(&format!("checks/{name}"))?;
            checks.push((name, outcome));
        }
        Ok(Self {
            verdict: device.text("verdict")?,
            reason: device.text("reason")?,
            generation: generation.to_owned(),
            launcher: device.text("launcher")?,
            waived: device.text("waivers")?,
            serial: device
                .optional_text("references_serial")?
                .and_then(|serial| serial.parse().ok()),
            checks,
            guard: Guard::read(device)?,
        })
    }
}

/// Says what the module at `sysfs` found, and which kernels in `modules` have it installed; with `journal` also
/// to the system's journal.
pub fn run(sysfs: &Path, modules: &Path, format: Form, journal: bool) -> Result<Report> {
    let device = Device::open(sysfs)?;
    let published = device
        .of_one_generation(|generation| Published::read(&device, generation))?
        .context("the module publishes faster than its files can be read")?;
    let Published {
        verdict,
        reason,
        generation,
        launcher,
        waived,
        serial,
        checks: outcomes,
        guard,
    } = published;

    if journal {
        let message = match reason.as_str() {
            "" => format!("verdict {verdict}"),
            reason => format!("verdict {verdict}, reason {reason}"),
        };
        Entry::of_judgement(&verdict, &reason, &launcher, message).send()?;
    }
    let kernels = Kernels::find(modules);
    let mut text = String::new();
    line(&mut text, "verdict", &paint::verdict(&verdict));
    if !reason.is_empty() {
        line(&mut text, "reason", &reason);
    }
    line(&mut text, "launcher", &launcher);
    line(&mut text, "generation", &generation);
    if !waived.is_empty() {
        line(&mut text, "waived", &waived);
    }
    if let Some(serial) = serial.filter(|serial| *serial != 0) {
        line(&mut text, "references", &format!("serial {serial}"));
    }
    line(&mut text, "dma", &guard.line());
    line(&mut text, "kernel", &kernels.line());
    let mut checks = Map::new();
    for (name, outcome) in outcomes {
        if outcome == Outcome::Fail.word() || outcome == Outcome::Unknown.word() {
            let title = CheckId::from_name(&name).map_or("", |check| check.entry().title);
            let outcome = paint::outcome(&outcome, COLUMN.saturating_sub(name.len() + 1));
            text.push_str(&format!("{name} {outcome}{title}\n"));
        }
        checks.insert(name, Value::from(outcome));
    }
    let good = is_good(&verdict);
    let json = json!({
        "verdict": verdict,
        "reason": words(&reason),
        "generation": generation.parse::<u64>().ok(),
        "launcher": launcher,
        "checks": checks,
        "waivers": words(&waived),
        "references_serial": serial,
        "dma": guard.json(),
        "kernel": kernels.json(),
    });
    match format {
        Form::Text => {}
        Form::Json => text = format!("{json:#}"),
        Form::Prometheus => {
            let checks = json["checks"].as_object().into_iter().flatten();
            text = metrics(&State {
                verdict: &verdict,
                launcher: &launcher,
                generation: generation.parse().unwrap_or(0),
                checks: checks
                    .map(|(id, outcome)| (id.as_str(), outcome.as_str().unwrap_or_default()))
                    .collect(),
                waived: words(&waived),
                guard: guard.known().collect(),
            });
        }
    }
    Ok(Report { text, json, good })
}

/// Whether a verdict's word is a good one.
fn is_good(verdict: &str) -> bool {
    [Verdict::Verified, Verdict::Unpinned]
        .iter()
        .any(|good| good.word() == verdict)
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
