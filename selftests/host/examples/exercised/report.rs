// SPDX-License-Identifier: GPL-2.0

//! What must hold of the table, in KTAP.

use crate::notes::{Table, Ways};
use launchguard_pure::verify::catalogue::{CheckId, Weight};
use std::fmt::Write;

/// Outcomes of a check, and why they are treated in their own way.
type Reasons = &'static [(CheckId, &'static [&'static str], &'static str)];

/// Outcomes that a check does not have.
const NEVER: Reasons = &[
    (
        CheckId::Txt03,
        &["fail"],
        "good machines differ in it, so it only reports",
    ),
    (
        CheckId::Cpu10,
        &["pass", "fail"],
        "CR4.SMXE is no evidence of a launch, so it only reports",
    ),
];

const BRIDGE: &str = "no host bridge that QEMU emulates is in the table of platforms";

/// Outcomes that the emulated launch cannot bring about: fixtures stand in for them. What is not
/// listed here and required by default has to be seen on a machine.
pub const NO_MACHINE: Reasons = &[
    (
        CheckId::Cpu03,
        &["pass", "fail"],
        "QEMU's processors have no silicon debug interface",
    ),
    (CheckId::Cpu04, &["pass", "fail"], BRIDGE),
    (CheckId::Cpu05, &["pass", "fail"], BRIDGE),
    (CheckId::Map03, &["pass", "fail"], BRIDGE),
    (CheckId::Map04, &["pass", "fail"], BRIDGE),
    (CheckId::Map05, &["pass", "fail"], BRIDGE),
    (CheckId::Map06, &["pass", "fail"], BRIDGE),
    (CheckId::Map07, &["pass", "fail"], BRIDGE),
    (CheckId::Map08, &["pass", "fail"], BRIDGE),
    (
        CheckId::Dma02,
        &["pass", "fail"],
        "no chipset that QEMU emulates has TXT protected regions",
    ),
    (
        CheckId::Dma11,
        &["fail"],
        "QEMU's DMAR table reserves no memory for devices (RMRR)",
    ),
    (
        CheckId::Dma13,
        &["fail"],
        "Linux switches ATS on for no untrusted device",
    ),
    (
        CheckId::Tpm15,
        &["fail"],
        "nothing can extend a PCR just between the two reads of a judgement",
    ),
];

/// What the table must not claim: an outcome that is listed and was seen after all.
fn stale(table: &Table, check: CheckId) -> Option<String> {
    let seen = |list: Reasons, way: fn(&Ways) -> bool| {
        list.iter()
            .filter(|(id, ..)| *id == check)
            .flat_map(|(_, outcomes, _)| outcomes.iter())
            .find(|outcome| way(&table.ways(check, &[outcome])))
    };
    seen(NEVER, |ways| !ways.is_empty())
        .map(|outcome| format!("{check} has a {outcome}, and is listed as one that never does"))
        .or_else(|| {
            let outcome = seen(NO_MACHINE, |ways| !ways.machines.is_empty())?;
            Some(format!(
                "a machine saw {check} {outcome}, which is listed as out of reach"
            ))
        })
}

/// The outcomes that only a fixture or a recorded case showed, without a reason.
fn without_machine(table: &Table, check: CheckId) -> Vec<&'static str> {
    let excused = |outcome: &str| {
        let mut list = NO_MACHINE.iter();
        list.any(|(id, outcomes, _)| *id == check && outcomes.contains(&outcome))
    };
    ["pass", "fail"]
        .into_iter()
        .filter(|outcome| table.ways(check, &[outcome]).machines.is_empty() && !excused(outcome))
        .collect()
}

/// A report, and how many of its results are failures.
pub struct Report {
    /// KTAP, ending with "# N passed, N failed, N skipped".
    pub text: String,
    /// Failures.
    pub failed: usize,
}

enum Result {
    Pass,
    Fail(String),
    Skip(String),
}

/// One result for each check of the catalogue.
pub fn ktap(table: &Table) -> Report {
    let mut text = format!("KTAP version 1\n1..{}\n", CheckId::COUNT);
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (index, check) in CheckId::ALL.into_iter().enumerate() {
        let number = index + 1;
        let name = format!("{check} was seen to pass and to fail");
        let _ = match result(table, check) {
            Result::Pass => {
                passed += 1;
                writeln!(text, "ok {number} {name}")
            }
            Result::Skip(reason) => {
                skipped += 1;
                writeln!(text, "ok {number} {name} # SKIP {reason}")
            }
            Result::Fail(reason) => {
                failed += 1;
                writeln!(text, "# {reason}\nnot ok {number} {name}")
            }
        };
    }
    let _ = writeln!(
        text,
        "# {passed} passed, {failed} failed, {skipped} skipped"
    );
    Report { text, failed }
}

fn result(table: &Table, check: CheckId) -> Result {
    // An entry of the catalogue without a title has no check behind it yet.
    if check.entry().title == "-" {
        return Result::Skip("the check is still to be written".to_owned());
    }
    if let Some(stale) = stale(table, check) {
        return Result::Fail(stale);
    }
    let missing: Vec<&str> = ["pass", "fail"]
        .into_iter()
        .filter(|outcome| table.ways(check, &[outcome]).is_empty())
        .collect();
    let required = check.weight() == Weight::Required;
    if missing.is_empty() {
        let unseen = without_machine(table, check).join(" or ");
        return match (unseen.is_empty() || !required, table.partial) {
            (true, _) => Result::Pass,
            (false, true) => Result::Skip(format!("no {unseen} on a machine in this part")),
            (false, false) => Result::Fail(format!("no machine saw {check} {unseen}")),
        };
    }
    let never = missing.join(" or ");
    if table.partial {
        return Result::Skip(format!("no {never} in this part of the tests"));
    }
    if let Some((_, outcomes, reason)) = NEVER.iter().find(|(id, ..)| *id == check) {
        if missing.iter().all(|outcome| outcomes.contains(outcome)) {
            return Result::Skip(format!("no {never} is possible: {reason}"));
        }
    }
    if required {
        return Result::Fail(format!("no test saw {check} {never}"));
    }
    Result::Skip(format!(
        "no test saw it {never}; it is {}",
        check.weight().word()
    ))
}
