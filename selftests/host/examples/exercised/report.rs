// SPDX-License-Identifier: GPL-2.0

//! What must hold of the table, in KTAP.

use crate::notes::Table;
use launchguard_pure::verify::catalogue::{CheckId, Weight};
use std::fmt::Write;

/// Checks that have no failing outcome, and why.
const NEVER_FAIL: &[(CheckId, &str)] = &[(
    CheckId::Txt03,
    "good machines differ in it, so it only reports",
)];

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
    let missing: Vec<&str> = ["pass", "fail"]
        .into_iter()
        .filter(|outcome| table.ways(check, &[outcome]).is_empty())
        .collect();
    if missing.is_empty() {
        return Result::Pass;
    }
    let never = missing.join(" or ");
    if table.partial {
        return Result::Skip(format!("no {never} in this part of the tests"));
    }
    if let Some((_, reason)) = NEVER_FAIL.iter().find(|(id, _)| *id == check) {
        if missing == ["fail"] {
            return Result::Skip(format!("never fails: {reason}"));
        }
    }
    match check.weight() {
        Weight::Required => Result::Fail(format!("no test saw {check} {never}")),
        Weight::Alarm | Weight::Advisory => Result::Skip(format!(
            "no test saw it {never}; it is {}",
            check.weight().word()
        )),
    }
}
