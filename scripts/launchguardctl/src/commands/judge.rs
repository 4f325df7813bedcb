// SPDX-License-Identifier: GPL-2.0

//! `judge EVIDENCE`: repeats the module's judgement, here.

use crate::input;
use crate::paint::{outcome, verdict};
use crate::report::{harmless, line, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_evidence::{FormatError, Snapshot, What};
use launchguard_pure::verify::catalogue::{CheckId, Weight};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};
use launchguard_pure::verify::policy::{Policy, References};
use serde_json::{json, Map, Value};
use std::path::Path;

/// How often evidence is read that does not fit together: the module published between two reads.
const TRIES: usize = 5;

/// The texts that the caller judges by instead of those in the evidence.
#[derive(Clone, Debug, Default)]
struct Texts {
    policy: Option<Vec<u8>>,
    references: Option<Vec<u8>>,
}

/// Judges the evidence in `file`, by the texts in it or by others. `all` lists every check.
pub fn run(
    file: &Path,
    policy: Option<&Path>,
    references: Option<&Path>,
    all: bool,
) -> Result<Report> {
    let bytes = read(file)?;
    let snapshot = Snapshot::read(&bytes).with_context(|| file.display().to_string())?;
    let texts = Texts {
        policy: policy.map(input::read).transpose()?,
        references: references.map(input::read).transpose()?,
    };
    judge(&snapshot, &texts, all)
}

/// The bytes of a file. From the module they come in many reads, which fit together only when all
/// met the same snapshot.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = input::read(file)?;
    for _ in 1..TRIES {
        let torn = matches!(
            Snapshot::read(&bytes),
            Err(FormatError {
                what: What::Digest | What::Size { .. },
                ..
            })
        );
        if !torn || file == Path::new("-") {
            break;
        }
        let again = input::read(file)?;
        if again == bytes {
            break;
        }
        bytes = again;
    }
    Ok(bytes)
}

fn judge(snapshot: &Snapshot<'_>, texts: &Texts, all: bool) -> Result<Report> {
    let theirs = &snapshot.texts;
    let policy = texts.policy.as_deref().or(theirs.policy);
    let references = texts.references.as_deref().or(theirs.references);
    let parsed = policy.map(Policy::parse).transpose();
    let parsed = parsed.map_err(|error| anyhow!("the policy: {error}"))?;
    let pins = references.map(References::parse).transpose();
    let pins = pins.map_err(|error| anyhow!("the references: {error}"))?;
    let policy = parsed.unwrap_or(Policy::EMPTY);
    let judgement = snapshot.judge(&policy, pins.as_ref());

    // A text that was given here is there, whatever became of the file on the machine.
    let mut notes = theirs.notes;
    notes.policy_file &= texts.policy.is_none();
    notes.references_file &= texts.references.is_none();
    let word = notes.verdict(judgement.verdict);
    let mut reasons: Vec<&str> = Vec::new();
    if !notes.sleeping {
        reasons.extend(judgement.reasons().map(CheckId::name));
    }
    reasons.extend(notes.words());

    let same_texts = texts.policy.is_none() && texts.references.is_none();
    let differences = if same_texts {
        differences(snapshot, word, &judgement)
    } else {
        Vec::new()
    };
    let mut text = head(snapshot, origins(texts, theirs), word, &reasons, &judgement);
    text.push_str(&table(&policy, &judgement, all));
    text.push_str(&disagreement(&differences));
    let json = json!({
        "verdict": word.word(),
        "reason": reasons,
        "launcher": judgement.launcher.word(),
        "launch": judgement.launch.map(|name| name.to_string()),
        "generation": snapshot.generation,
        "version": snapshot.info.version,
        "kernel": snapshot.info.kernel_release,
        "policy": origins(texts, theirs)[0],
        "references": origins(texts, theirs)[1],
        "checks": checks(&policy, &judgement),
        "recorded": {
            "verdict": snapshot.recorded_verdict,
            "same": same_texts.then_some(differences.is_empty()),
            "differences": differences,
        },
    });
    Ok(Report {
        text,
        json,
        good: matches!(word, Verdict::Verified | Verdict::Unpinned),
    })
}

/// Where a text comes from.
fn origin(given: Option<&[u8]>, carried: Option<&[u8]>) -> &'static str {
    match (given, carried) {
        (Some(_), _) => "file",
        (None, Some(_)) => "evidence",
        (None, None) => "none",
    }
}

fn checks(policy: &Policy<'_>, judgement: &Judgement) -> Map<String, Value> {
    let check = |check: CheckId| {
        let finding = judgement.finding(check);
        let value = json!({
            "outcome": finding.outcome.word(),
            "severity": check.severity().word(),
            "counts": counts(policy, check),
            "detail": finding.detail.as_str(),
        });
        (check.name().to_owned(), value)
    };
    CheckId::ALL.into_iter().map(check).collect()
}

/// How a check counts under `policy`, as debugfs says it.
fn counts(policy: &Policy<'_>, check: CheckId) -> &'static str {
    if policy.waives(check) {
        "waived"
    } else if policy.requires(check) {
        Weight::Required.word()
    } else {
        check.weight().word()
    }
}

/// What the module said otherwise: the verdict, and checks by their id.
fn differences(snapshot: &Snapshot<'_>, verdict: Verdict, judgement: &Judgement) -> Vec<Value> {
    let difference = |what: &str, recorded: &str, judged: &str| json!({"what": what, "recorded": recorded, "judged": judged});
    let mut found = Vec::new();
    if snapshot.recorded_verdict != verdict.word() {
        found.push(difference(
            "verdict",
            snapshot.recorded_verdict,
            verdict.word(),
        ));
    }
    for recorded in &snapshot.recorded {
        let said = format!("{}: {}", recorded.outcome, recorded.detail);
        let Some(check) = CheckId::from_name(&recorded.check) else {
            found.push(difference(&recorded.check, &said, "not known here"));
            continue;
        };
        let finding = judgement.finding(check);
        let judged = format!("{}: {}", finding.outcome, finding.detail);
        if said != judged {
            found.push(difference(check.name(), &said, &judged));
        }
    }
    for check in CheckId::ALL {
        let is_there = |recorded: &launchguard_evidence::Finding| recorded.check == check.name();
        if !snapshot.recorded.iter().any(is_there) {
            let finding = judgement.finding(check);
            let judged = format!("{}: {}", finding.outcome, finding.detail);
            found.push(difference(check.name(), "not recorded", &judged));
        }
    }
    found
}

/// Where policy and references come from, in a word each.
fn origins(
    texts: &Texts,
    theirs: &launchguard_pure::verify::evidence::Texts<'_>,
) -> [&'static str; 2] {
    [
        origin(texts.policy.as_deref(), theirs.policy),
        origin(texts.references.as_deref(), theirs.references),
    ]
}

/// What stands above the checks.
fn head(
    snapshot: &Snapshot<'_>,
    [policy, references]: [&str; 2],
    word: Verdict,
    reasons: &[&str],
    judgement: &Judgement,
) -> String {
    let mut text = String::new();
    line(&mut text, "verdict", &verdict(word.word()));
    if !reasons.is_empty() {
        line(&mut text, "reason", &reasons.join(" "));
    }
    line(&mut text, "launcher", judgement.launcher.word());
    if let Some(launch) = &judgement.launch {
        line(&mut text, "launch", launch.as_str());
    }
    line(&mut text, "generation", &snapshot.generation.to_string());
    let info = &snapshot.info;
    let made_by = format!(
        "launchguard {}, kernel {}",
        harmless(info.version),
        harmless(info.kernel_release)
    );
    line(&mut text, "made by", &made_by);
    line(&mut text, "policy", policy);
    line(&mut text, "references", references);
    text
}

/// The checks, those that somebody must look at first; the others only with `all`.
fn table(policy: &Policy<'_>, judgement: &Judgement, all: bool) -> String {
    let mut text = format!(
        "\n{:<8} {:<8} {:<8} {:<8} detail\n",
        "id", "severity", "outcome", "counts"
    );
    let mut quiet = [0usize; 2];
    for wanted in [
        Outcome::Fail,
        Outcome::Unknown,
        Outcome::Pass,
        Outcome::NotApplicable,
    ] {
        for check in CheckId::ALL {
            let finding = judgement.finding(check);
            if finding.outcome != wanted {
                continue;
            }
            match wanted {
                Outcome::Pass => quiet[0] += 1,
                Outcome::NotApplicable => quiet[1] += 1,
                Outcome::Fail | Outcome::Unknown => {}
            }
            let loud = matches!(wanted, Outcome::Fail | Outcome::Unknown);
            if !(all || loud || policy.waives(check)) {
                continue;
            }
            let row = format!(
                "{:<8} {:<8} {} {:<8} {}",
                check.name(),
                check.severity().word(),
                outcome(finding.outcome.word(), 8),
                counts(policy, check),
                finding.detail
            );
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
    if !all {
        let [pass, silent] = quiet;
        text.push_str(&format!(
            "\n{pass} checks pass, {silent} do not apply; --all lists them\n"
        ));
    }
    text
}

/// What the module said otherwise.
fn disagreement(differences: &[Value]) -> String {
    let mut text = String::new();
    if !differences.is_empty() {
        text.push_str("\nThe machine said otherwise:\n");
    }
    for difference in differences {
        let field = |name: &str| harmless(difference[name].as_str().unwrap_or_default());
        text.push_str(&format!(
            "{:<8} there {}\n{:<8} here  {}\n",
            field("what"),
            field("recorded"),
            "",
            field("judged")
        ));
    }
    text
}
