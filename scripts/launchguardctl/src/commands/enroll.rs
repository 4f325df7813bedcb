// SPDX-License-Identifier: GPL-2.0

//! `enroll`: references for the launch that is running.

use super::judge;
use super::verify::Floor;
use crate::device::Device;
use crate::kernels::RELEASE;
use crate::references::HEADER;
use crate::report::Report;
use anyhow::{anyhow, ensure, Context, Result};
use launchguard_evidence::Snapshot;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::facts::{Evidence, TpmFacts, TpmFamily};
use launchguard_pure::verify::judgement::{Judgement, Verdict};
use launchguard_pure::verify::notes::Notes;
use launchguard_pure::verify::policy::{Policy, References, MAX_NAME};
use serde_json::{json, Map, Value};
use std::fs;
use std::path::Path;

/// The PCRs that a launch is known by.
const PCRS: [u32; 2] = [17, 18];

/// Prints references for what the module at `sysfs` found, as a launch with the name `name`.
///
/// Only what was found good can be pinned: a launch that fails for any other reason than the
/// references in force is refused. So the evidence is judged here by the policy alone: whatever is
/// wrong with the references, new ones are the remedy. Pins are written for the banks of at least 256
/// bits that cover the launch, and only where the log replays to the TPM's value. A TPM 1.2 has no
/// such bank: there the pins are SHA-1's. The text has the serial number behind that of the references in
/// force, which it is to replace, and at least `floor`.
pub fn run(sysfs: &Path, name: Option<&str>, floor: &Floor) -> Result<Report> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => default_name()?,
    };
    let device = Device::open(sysfs)?;
    let serial = device.optional_text("references_serial")?;
    let serial = serial.map_or(Ok(0), |serial| serial.parse::<u64>());
    let serial = serial.context("references_serial")?;
    let serial = serial.checked_add(1);
    let serial =
        serial.context("there is no serial number behind that of the references in force")?;
    let serial = match floor.read()? {
        Ok(floor) => serial.max(floor),
        Err(why) => return Ok(refused(&why)),
    };
    let file = sysfs.join("evidence");
    let bytes = judge::read(&file)?;
    let snapshot = Snapshot::read(&bytes).with_context(|| file.display().to_string())?;
    let judged = judge_without_references(&snapshot)?;
    if let Some(why) = not_enrollable(&snapshot, &judged) {
        return Ok(refused(&why));
    }
    let Evidence::Read(tpm) = &snapshot.tpm else {
        return Ok(refused("the TPM could not be read"));
    };
    // Its only bank; such a launch never becomes more than unpinned.
    let is_tpm12 = tpm.family == TpmFamily::Tpm12;
    let mut text = format!("{HEADER}serial {serial}\nlaunch \"{name}\" {{\n");
    let mut banks = Map::new();
    for alg in HashAlg::ALL {
        if !(alg.is_strong() || is_tpm12) || !judged.covers(alg) {
            continue;
        }
        let Some(values) = values(tpm, &judged, alg) else {
            continue;
        };
        let mut pcrs = Map::new();
        for (pcr, value) in PCRS.into_iter().zip(values) {
            text.push_str(&format!("\tpcr {pcr} {alg} {value}\n"));
            pcrs.insert(pcr.to_string(), Value::from(value.to_string()));
        }
        banks.insert(alg.name().to_owned(), Value::from(pcrs));
    }
    text.push_str("}\n");
    if banks.is_empty() {
        return Ok(refused(
            "no bank covers the launch and replays to the TPM's values",
        ));
    }
    // Also catches a name that the language cannot hold.
    if let Err(error) = References::parse(text.as_bytes()) {
        anyhow::bail!("the name {name:?} cannot be used (at most {MAX_NAME} bytes): {error}");
    }
    Ok(Report {
        text,
        json: json!({"name": name, "serial": serial, "banks": banks, "error": null}),
        good: true,
    })
}

fn default_name() -> Result<String> {
    let release = fs::read_to_string(RELEASE).context(RELEASE)?;
    let release = release.trim();
    ensure!(!release.is_empty(), "{RELEASE} is empty");
    Ok(format!("kernel {release}"))
}

/// The judgement by the policy in force alone.
fn judge_without_references(snapshot: &Snapshot<'_>) -> Result<Box<Judgement>> {
    let policy = snapshot.texts.policy.map(Policy::parse).transpose();
    let policy = policy.map_err(|error| anyhow!("the policy in force: {error}"))?;
    Ok(snapshot.judge(&policy.unwrap_or(Policy::EMPTY), None))
}

/// Why the running launch cannot be pinned.
fn not_enrollable(snapshot: &Snapshot<'_>, judged: &Judgement) -> Option<String> {
    // A references file that cannot be used says nothing about the launch.
    let notes = Notes {
        references_file: false,
        ..snapshot.texts.notes
    };
    let verdict = notes.verdict(judged.verdict);
    if matches!(verdict, Verdict::Verified | Verdict::Unpinned) {
        return None;
    }
    let mut reasons: Vec<&str> = Vec::new();
    if !notes.sleeping {
        reasons.extend(judged.reasons().map(CheckId::name));
    }
    reasons.extend(notes.words());
    let (verdict, reasons) = (verdict.word(), reasons.join(" "));
    Some(format!(
        "without references the verdict is {verdict}: {reasons}"
    ))
}

/// PCR 17 and 18 of a bank, when the TPM has them and the log replays to them.
fn values(tpm: &TpmFacts, judged: &Judgement, alg: HashAlg) -> Option<[Digest; 2]> {
    let mut values = [Digest::zero(alg); PCRS.len()];
    for (pcr, slot) in PCRS.into_iter().zip(&mut values) {
        let value = tpm.pcr(alg, pcr)?;
        if judged.replayed(alg, pcr) != Some(value) {
            return None;
        }
        *slot = *value;
    }
    Some(values)
}

/// The reason goes past standard output, which most often becomes the references file.
fn refused(why: &str) -> Report {
    eprintln!("launchguardctl: nothing to enroll: {why}");
    Report {
        text: String::new(),
        json: json!({"name": null, "serial": null, "banks": {}, "error": why}),
        good: false,
    }
}
