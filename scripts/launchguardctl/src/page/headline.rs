// SPDX-License-Identifier: GPL-2.0

//! The verdict in one sentence, and which machine it is about.

use super::{chipset, Input};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::facts::TpmFamily;
use launchguard_pure::verify::judgement::{Launcher, Outcome, Verdict};
use serde::Serialize;

/// The verdict and the machine.
#[derive(Clone, Debug, Serialize)]
pub struct Headline {
    /// The verdict's word.
    pub verdict: &'static str,
    /// Whether it is a good one.
    pub good: bool,
    /// What it means, in one sentence.
    pub sentence: String,
    /// Ids of the checks behind it.
    pub reasons: Vec<&'static str>,
    /// How many checks pass.
    pub passed: usize,
    /// How many checks fail.
    pub failed: usize,
    /// How many checks could not be told.
    pub unknown: usize,
    /// How many checks say nothing on this machine.
    pub not_applicable: usize,
    /// The machine: names and values.
    pub machine: Vec<(&'static str, String)>,
}

pub(super) fn headline(input: &Input<'_>) -> Headline {
    let judged = input.judgement;
    let count = |outcome: Outcome| {
        launchguard_pure::verify::catalogue::CheckId::ALL
            .into_iter()
            .filter(|check| judged.outcome(*check) == outcome)
            .count()
    };
    Headline {
        verdict: input.verdict.word(),
        good: is_good(input.verdict),
        sentence: sentence(input),
        reasons: judged.reasons().map(|check| check.name()).collect(),
        passed: count(Outcome::Pass),
        failed: count(Outcome::Fail),
        unknown: count(Outcome::Unknown),
        not_applicable: count(Outcome::NotApplicable),
        machine: machine(input),
    }
}

/// Whether a verdict is a good one.
pub(super) const fn is_good(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Verified | Verdict::Unpinned)
}

fn sentence(input: &Input<'_>) -> String {
    let judged = input.judgement;
    let reasons = judged.reasons().count();
    if input.verdict != judged.verdict {
        return "The checks alone are not the whole answer here: see the notes.".to_owned();
    }
    match judged.verdict {
        Verdict::Verified => {
            let launch = judged.launch.map_or_else(
                || "a launch".to_owned(),
                |name| format!("the launch “{name}”"),
            );
            format!(
                "Every required check passes, and PCR 17 and 18 are those of {launch} that the \
                 owner listed."
            )
        }
        Verdict::Unpinned if judged.reasons().all(|check| check.name() == "TPM-10") => {
            "Every required check passes, but there are no reference values: this page cannot say \
             whether it is the launch that the owner wants."
                .to_owned()
        }
        Verdict::Unpinned => {
            "Nothing that decides fails, but a check that a verified launch cannot \
                              do without is waived by the policy."
                .to_owned()
        }
        Verdict::Failed => format!(
            "{}: do not rely on this launch before the cause is found.",
            capital(&count(
                reasons,
                "check fails that must pass",
                "checks fail that must pass"
            ))
        ),
        Verdict::Unknown => format!(
            "Nothing fails, but {}: that is no reason to rely on this launch.",
            count(
                reasons,
                "required check could not be told",
                "required checks could not be told"
            )
        ),
        Verdict::Absent => "No measured launch took place: nothing below this kernel was measured \
                            by the processor."
            .to_owned(),
        Verdict::Pending => "The evidence was not complete when this snapshot was taken: take \
                             another one."
            .to_owned(),
    }
}

/// The text with a capital letter at its start.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// A number in words as far as people write them, with what it counts.
fn count(number: usize, one: &str, more: &str) -> String {
    const WORDS: [&str; 11] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let what = if number == 1 { one } else { more };
    match WORDS.get(number) {
        Some(word) => format!("{word} {what}"),
        None => format!("{number} {what}"),
    }
}

fn machine(input: &Input<'_>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Launcher", launcher(input.judgement.launcher).to_owned())];
    let mut add = |name, value: Option<String>| {
        if let Some(value) = value {
            facts.push((name, value));
        }
    };
    add("Kernel", input.about.release.clone());
    let generation = input.about.generation.map(|number| match number {
        0 => "none yet".to_owned(),
        number => format!("number {number} since the module was loaded"),
    });
    add("Snapshot", generation);
    add("TPM", Some(tpm(input)));
    let chipset = chipset::identity(input.facts.registers);
    add(
        "Chipset",
        match chipset::platform(input) {
            Some(name) => chipset.map(|id| format!("{id}, {name}")),
            None => chipset,
        },
    );
    add("Processor", processor(input));
    facts
}

fn launcher(launcher: Launcher) -> &'static str {
    match launcher {
        Launcher::Tboot => "tboot",
        Launcher::SecureLaunch => "Linux Secure Launch",
        Launcher::Unknown => "one that is not known here",
        Launcher::None => "none",
    }
}

fn tpm(input: &Input<'_>) -> String {
    let Some(tpm) = input.tpm() else {
        return "did not answer".to_owned();
    };
    let family = match tpm.family {
        TpmFamily::Tpm12 => "TPM 1.2",
        TpmFamily::Tpm20 => "TPM 2.0",
    };
    let banks: Vec<&str> = HashAlg::ALL
        .into_iter()
        .filter(|alg| tpm.is_allocated(*alg))
        .map(HashAlg::name)
        .collect();
    match banks.as_slice() {
        [] => format!("{family}, no bank"),
        [bank] => format!("{family}, bank {bank}"),
        banks => format!("{family}, banks {}", banks.join(", ")),
    }
}

fn processor(input: &Input<'_>) -> Option<String> {
    let cpus = input.facts.cpus.read()?;
    let first = cpus.cpus.first()?;
    let vendor = String::from_utf8_lossy(&first.vendor).into_owned();
    let (family, model, stepping) = chipset::signature(first.signature);
    let microcode = first
        .microcode
        .map_or_else(String::new, |revision| format!(", microcode {revision:#x}"));
    Some(format!(
        "{vendor}, family {family:#x} model {model:#x} stepping {stepping:#x}{microcode}; {} online",
        cpus.online
    ))
}
