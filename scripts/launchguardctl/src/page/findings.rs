// SPDX-License-Identifier: GPL-2.0

//! The checks with what they found.

use super::{Input, State};
use launchguard_pure::verify::catalogue::{CheckId, Severity, Weight};
use launchguard_pure::verify::judgement::Outcome;
use serde::Serialize;

/// Families of checks: the prefix of their ids, and what they look at.
pub const FAMILIES: [(&str, &str); 9] = [
    ("CPU", "Processors"),
    ("TXT", "TXT registers"),
    ("ACM", "SINIT and the BIOS ACM"),
    ("HEAP", "TXT heap"),
    ("MAP", "Memory map"),
    ("DMA", "DMA protection"),
    ("TPM", "TPM and event log"),
    ("LCP", "Launch control policy"),
    ("KRN", "Running kernel"),
];

/// A check with what it found.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its id: "TXT-01".
    pub id: &'static str,
    /// What it looks at, in a few words.
    pub title: &'static str,
    /// What it found.
    pub outcome: State,
    /// Why, with the values that decided it.
    pub detail: String,
    /// How much depends on it: a word.
    pub severity: &'static str,
    /// The same as a number, larger for more.
    #[serde(skip)]
    pub rank: u8,
    /// When it decides, the policy saying nothing about it: a word.
    pub weight: &'static str,
    /// Whether this outcome decides the verdict.
    pub decides: bool,
    /// Whether it stands in the verdict's reason.
    pub reason: bool,
    /// The policy's reason for a waiver.
    pub waived: Option<String>,
    /// When it passes.
    pub meaning: &'static str,
    /// What an attacker gains when it fails.
    pub attack: &'static str,
    /// What to do about a failure.
    pub remedy: &'static str,
    /// Where the condition comes from.
    pub source: &'static str,
}

/// Every check.
pub(super) fn checks(input: &Input<'_>) -> Vec<Check> {
    CheckId::ALL.iter().map(|id| check(input, *id)).collect()
}

fn check(input: &Input<'_>, id: CheckId) -> Check {
    let finding = input.judgement.finding(id);
    let entry = id.entry();
    let waived = input.policy.waivers().find(|(waived, _)| *waived == id);
    let by_weight = match (entry.weight, finding.outcome) {
        (Weight::Required, Outcome::Fail | Outcome::Unknown) => true,
        (Weight::Alarm, Outcome::Fail) => true,
        (Weight::Advisory, _) | (_, _) => false,
    };
    let by_policy =
        input.policy.requires(id) && matches!(finding.outcome, Outcome::Fail | Outcome::Unknown);
    Check {
        id: entry.name,
        title: entry.title,
        outcome: finding.outcome.into(),
        detail: finding.detail.as_str().to_owned(),
        severity: entry.severity.word(),
        rank: match entry.severity {
            Severity::Info => 0,
            Severity::Medium => 1,
            Severity::High => 2,
            Severity::Critical => 3,
        },
        weight: entry.weight.word(),
        decides: waived.is_none() && (by_weight || by_policy),
        reason: input.judgement.decisive.contains(id),
        waived: waived.map(|(_, reason)| reason.to_owned()),
        meaning: entry.meaning,
        attack: entry.attack,
        remedy: entry.remedy,
        source: entry.source,
    }
}
