// SPDX-License-Identifier: GPL-2.0

//! `load FILE`.

use super::lint::kind_of;
use super::verify::{verify, Arguments};
use crate::cli::TextKind;
use crate::device::Device;
use crate::input;
use crate::report::Report;
use anyhow::{ensure, Context, Result};
use launchguard_pure::decode::digest::{HashAlg, Hasher};
use launchguard_pure::hasher::HostHasher;
use serde_json::json;
use std::path::Path;

/// Stages the text in `file` and commits it by its SHA-256. The module alone decides whether it is
/// well-formed: it may know more of the language than this command. What has to be `signed` is verified
/// before, so that the bytes that were verified are those that are committed.
pub fn run(
    sysfs: &Path,
    file: &Path,
    kind: Option<TextKind>,
    signed: Option<&Arguments>,
) -> Result<Report> {
    let text = input::read(file)?;
    let kind = kind_of(&text, file, kind)?;
    ensure!(
        signed.is_none() || kind == TextKind::References,
        "{}: --key is for references",
        file.display()
    );
    let kind = kind.name();
    ensure!(
        !text.is_empty(),
        "{}: an empty text cannot be staged; a comment alone says nothing as well",
        file.display()
    );
    let digest = HostHasher
        .digest(HashAlg::Sha256, &[&text])
        .context("SHA-256 cannot be computed")?
        .to_string();
    let device = Device::open(sysfs)?;
    let refused = match signed.map(|signed| verify(&text, signed)).transpose()? {
        Some(Err(refused)) => Some(refused.why),
        _ => commit(&device, kind, &text, &digest)?,
    };
    // The commit returned when the judgement by the new text was published.
    let verdict = device.text("verdict")?;
    let text = match &refused {
        None => format!("{kind} in force, SHA-256 {digest}; the verdict is {verdict}"),
        Some(why) => format!("{}: {kind} refused: {why}", file.display()),
    };
    Ok(Report {
        text,
        json: json!({"kind": kind, "sha256": digest, "error": refused, "verdict": verdict}),
        good: refused.is_none(),
    })
}

/// Stages and commits `text`; why it was refused.
fn commit(device: &Device, kind: &str, text: &[u8], digest: &str) -> Result<Option<String>> {
    device.stage(kind, text)?;
    match device.write("commit", digest)? {
        Ok(()) => Ok(None),
        Err(error) => {
            // The module says why; the error number only when it has nothing to say.
            let why = device.optional_text("policy_error")?;
            Ok(Some(why.unwrap_or_else(|| error.to_string())))
        }
    }
}
