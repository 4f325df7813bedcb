// SPDX-License-Identifier: GPL-2.0

//! Notes which outcome of which check a test asserted, for the table "how each check was exercised".
//!
//! Nothing is written unless `LAUNCHGUARD_EXERCISED` names a directory. A note is written after its
//! assertion held, so the table cannot say more than the tests do.

use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::judgement::{Judgement, Outcome};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::{env, process};

/// Environment variable that names the directory.
pub const VARIABLE: &str = "LAUNCHGUARD_EXERCISED";

/// Where the evidence came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A fixture, or one changed for the test.
    Injected,
    /// A real machine: the number of its case in the corpus.
    Recorded(&'a str),
}

/// Asserts that `check` came out as `expected`, and notes it.
///
/// # Panics
///
/// When it did not.
#[track_caller]
pub fn expect(judgement: &Judgement, check: CheckId, expected: Outcome, origin: Origin<'_>) {
    let finding = judgement.finding(check);
    assert_eq!(finding.outcome, expected, "{check}: {}", finding.detail);
    note(check, expected, origin);
}

/// Notes an outcome that the caller has asserted.
///
/// # Panics
///
/// When the directory cannot be written to.
pub fn note(check: CheckId, outcome: Outcome, origin: Origin<'_>) {
    let Some(directory) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return;
    };
    let path = Path::new(&directory).join(format!("host-{}.jsonl", process::id()));
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // One write for a line: tests run in several threads.
    file.write_all(line(check, outcome, origin).as_bytes())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn line(check: CheckId, outcome: Outcome, origin: Origin<'_>) -> String {
    let (how, place) = match origin {
        Origin::Injected => ("injected", String::new()),
        Origin::Recorded(case) => ("recorded", case.to_owned()),
    };
    let record = serde_json::json!({
        "check": check.name(),
        "outcome": outcome.word(),
        "how": how,
        "where": place,
    });
    format!("{record}\n")
}
