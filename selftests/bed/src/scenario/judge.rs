// SPDX-License-Identifier: GPL-2.0
//! Judges the machine's evidence here, and compares with what the machine says: the evidence alone
//! must lead to the same judgement.

use std::io::Read;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use flate2::read::GzDecoder;
use launchguard_evidence::{FormatError, Snapshot, What};
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::policy::{Policy, References};

use super::expect::{State, READ};
use crate::runner::guest::Guest;

/// The heap is mostly zeros, the line to the guest is slow.
const EVIDENCE: &str = "cat /sys/devices/faux/launchguard/evidence | gzip -c";
/// How often a judgement is read that changes meanwhile.
const TRIES: usize = 5;
/// Time for reading it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Judges the evidence that belongs to `now`, and compares. The state that was compared: a newer one
/// where something was published meanwhile.
pub fn compare(mut now: State, guest: &mut Guest) -> Result<State> {
    for _ in 0..TRIES {
        // Nothing was judged yet.
        if now.generation == 0 {
            return Ok(now);
        }
        let answer = guest.run(EVIDENCE, TIMEOUT)?;
        let mut bytes = Vec::new();
        GzDecoder::new(answer.output.as_slice())
            .read_to_end(&mut bytes)
            .with_context(|| format!("no evidence: {}", answer.text()))?;
        match Snapshot::read(&bytes) {
            Ok(snapshot) if snapshot.generation == now.generation => {
                guest.keep("evidence", &bytes)?;
                same(&snapshot, &now).context("the evidence, judged elsewhere")?;
                return Ok(now);
            }
            // The pieces met different snapshots, or another one than the state.
            Ok(_)
            | Err(FormatError {
                what: What::Digest | What::Size { .. },
                ..
            }) => now = State::parse(&guest.check(READ, TIMEOUT)?)?,
            Err(error) => {
                guest.keep("evidence", &bytes)?;
                bail!("evidence: {error}");
            }
        }
    }
    bail!("the machine publishes faster than its evidence can be read")
}

fn same(snapshot: &Snapshot<'_>, now: &State) -> Result<()> {
    let policy = match snapshot.texts.policy {
        Some(text) => Policy::parse(text).map_err(|error| anyhow::anyhow!("policy: {error}"))?,
        None => Policy::EMPTY,
    };
    let references = snapshot.texts.references.map(References::parse);
    let references = references
        .transpose()
        .map_err(|error| anyhow::anyhow!("references: {error}"))?;
    let judged = snapshot.judge(&policy, references.as_ref());
    let mut wrong = Vec::new();
    let mut expect = |what: &str, here: &str, there: &str| {
        if here != there {
            wrong.push(format!("{what}: here {here:?}, there {there:?}"));
        }
    };
    expect("verdict", snapshot.verdict(&judged).word(), &now.verdict);
    expect("launcher", judged.launcher.word(), &now.launcher);
    let notes = snapshot.texts.notes;
    let checks = judged.reasons().filter(|_| !notes.sleeping);
    let reason: Vec<&str> = checks.map(CheckId::name).chain(notes.words()).collect();
    expect("reason", &reason.join(" "), &now.reason);
    for check in CheckId::ALL {
        let finding = judged.finding(check);
        expect(
            check.name(),
            finding.outcome.word(),
            now.check(check.name()),
        );
        let line = now.details.get(check.name()).map_or("", String::as_str);
        if !line.ends_with(finding.detail.as_str()) {
            expect(check.name(), finding.detail.as_str(), line);
        }
    }
    ensure!(
        now.checks.len() == CheckId::COUNT,
        "{} checks",
        now.checks.len()
    );
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
