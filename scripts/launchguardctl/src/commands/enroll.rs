// SPDX-License-Identifier: GPL-2.0

//! `enroll`: references for the launch that is running.

use super::log::{judge, LogBytes};
use crate::device::Device;
use crate::report::Report;
use anyhow::{ensure, Context, Result};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::LogFormat;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::judgement::{Judgement, Verdict};
use launchguard_pure::verify::policy::{References, MAX_NAME};
use serde_json::{json, Map, Value};
use std::fs;
use std::path::Path;

/// The PCRs that a launch is known by.
const PCRS: [u32; 2] = [17, 18];
/// The running kernel's release.
const RELEASE: &str = "/proc/sys/kernel/osrelease";

/// Prints references for what the module at `sysfs` found, as a launch with the name `name`.
///
/// Only what was found good can be pinned: a launch that fails for any other reason than the
/// references in force is refused. Pins are written for the banks of at least 256 bits that cover
/// the launch, and only where the log replays to the TPM's value. A TPM 1.2 has no such bank: there
/// the pins are SHA-1's.
pub fn run(sysfs: &Path, name: Option<&str>) -> Result<Report> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => default_name()?,
    };
    let device = Device::open(sysfs)?;
    if let Some(why) = not_enrollable(&device)? {
        return Ok(refused(&why));
    }
    let log = device.bytes("event_log")?;
    let logs = LogBytes::find(log, 0, None, None).context("event_log")?;
    let judged = judge(logs.set());
    // Its only bank; such a launch never becomes more than unpinned.
    let is_tpm12 = logs.format() == LogFormat::Tpm12Container;
    let mut text = format!("version 1 references\nlaunch \"{name}\" {{\n");
    let mut banks = Map::new();
    for alg in HashAlg::ALL {
        if !(alg.is_strong() || is_tpm12) || judged.covered.get(alg.index()) != Some(&true) {
            continue;
        }
        let Some(values) = values(&device, &judged, alg)? else {
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
        json: json!({"name": name, "banks": banks, "error": null}),
        good: true,
    })
}

fn default_name() -> Result<String> {
    let release = fs::read_to_string(RELEASE).context(RELEASE)?;
    let release = release.trim();
    ensure!(!release.is_empty(), "{RELEASE} is empty");
    Ok(format!("kernel {release}"))
}

/// Why the running launch cannot be pinned.
fn not_enrollable(device: &Device) -> Result<Option<String>> {
    let verdict = device.text("verdict")?;
    let reason = device.text("reason")?;
    let good = [Verdict::Verified, Verdict::Unpinned].map(Verdict::word);
    // Another kernel than the pinned ones is what somebody enrolls after an update.
    let only_references = verdict == Verdict::Failed.word() && reason == CheckId::Tpm10.name();
    if good.contains(&verdict.as_str()) || only_references {
        return Ok(None);
    }
    Ok(Some(format!("the verdict is {verdict}: {reason}")))
}

/// PCR 17 and 18 of a bank, when the TPM has them and the log replays to them.
fn values(device: &Device, judged: &Judgement, alg: HashAlg) -> Result<Option<[Digest; 2]>> {
    let mut values = [Digest::zero(alg); PCRS.len()];
    let replayed = judged.replay.get(alg.index()).into_iter().flatten();
    for ((pcr, slot), replayed) in PCRS.into_iter().zip(&mut values).zip(replayed) {
        let file = format!("measurements/pcr{pcr}_{alg}");
        let Some(hex) = device.optional_text(&file)? else {
            return Ok(None);
        };
        let value = Digest::from_hex(alg, &hex).with_context(|| format!("{file}: no {alg}"))?;
        if Some(value) != *replayed {
            return Ok(None);
        }
        *slot = value;
    }
    Ok(Some(values))
}

/// The reason goes past standard output, which most often becomes the references file.
fn refused(why: &str) -> Report {
    eprintln!("launchguardctl: nothing to enroll: {why}");
    Report {
        text: String::new(),
        json: json!({"name": null, "banks": {}, "error": why}),
        good: false,
    }
}
