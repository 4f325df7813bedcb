// SPDX-License-Identifier: GPL-2.0

//! `prune REFERENCES`: the references without launches that are over.

use super::judge;
use crate::device::Device;
use crate::input;
use crate::references;
use crate::report::{harmless, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_evidence::Snapshot;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::facts::{Evidence, TpmFacts};
use launchguard_pure::verify::judgement::Verdict;
use launchguard_pure::verify::policy::{Launch, Policy};
use serde_json::json;
use std::path::Path;

/// Prints the references in `file` with no other launch than the one that runs, which the module at
/// `sysfs` shows.
///
/// Only what is verified by them stays, judged here with the policy in force: of a launch that is not
/// good, or that they do not list, nothing is known that could take the place of what they say.
pub fn run(sysfs: &Path, file: &Path) -> Result<Report> {
    let place = || file.display().to_string();
    let text = String::from_utf8(input::read(file)?).with_context(place)?;
    let listed = references::parse(&text).with_context(place)?;
    Device::open(sysfs)?;
    let evidence = sysfs.join("evidence");
    let bytes = judge::read(&evidence)?;
    let snapshot = Snapshot::read(&bytes).with_context(|| evidence.display().to_string())?;
    let policy = snapshot.texts.policy.map(Policy::parse).transpose();
    let policy = policy.map_err(|error| anyhow!("the policy in force: {error}"))?;
    let judged = snapshot.judge(&policy.unwrap_or(Policy::EMPTY), Some(&listed));
    if judged.verdict != Verdict::Verified {
        let reasons: Vec<&str> = judged.reasons().map(CheckId::name).collect();
        let verdict = judged.verdict.word();
        return Ok(refused(&format!(
            "by these references the verdict is {verdict}: {}",
            reasons.join(" ")
        )));
    }
    let Evidence::Read(tpm) = &snapshot.tpm else {
        return Ok(refused("the TPM could not be read"));
    };
    let runs: Vec<&str> = listed
        .launches()
        .filter(|launch| is_running(launch, tpm))
        .map(|launch| launch.name)
        .collect();
    if runs.is_empty() {
        return Ok(refused("no launch among them is the one that runs"));
    }
    let gone = listed.launches().map(|launch| launch.name);
    let gone: Vec<&str> = gone.filter(|name| !runs.contains(name)).collect();
    let pruned = references::pruned(&text, |name| runs.contains(&name)).with_context(place)?;
    references::parse(&pruned).context("what is left")?;
    Ok(Report {
        json: json!({
            "kept": runs,
            "dropped": gone,
            "references": pruned,
            "error": null,
        }),
        text: pruned,
        good: true,
    })
}

/// Whether every pin of a launch equals its PCR.
fn is_running(launch: &Launch<'_>, tpm: &TpmFacts) -> bool {
    launch
        .pins()
        .all(|pin| tpm.pcr(pin.digest.alg(), pin.pcr) == Some(&pin.digest))
}

/// The reason goes past standard output, which most often becomes the references file.
fn refused(why: &str) -> Report {
    eprintln!("launchguardctl: nothing to drop: {}", harmless(why));
    Report {
        text: String::new(),
        json: json!({"kept": [], "dropped": [], "references": null, "error": why}),
        good: false,
    }
}
