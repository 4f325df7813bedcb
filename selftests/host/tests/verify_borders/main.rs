// SPDX-License-Identifier: GPL-2.0

//! Checks at the borders of what they accept: for each value the outcome, and the words that tell it
//! from its neighbours. verify_checks has one case for each check; here is where they change.

mod acm;
mod attributes;
mod cpu;
mod dma;
mod events;
mod heap;
mod lcp;
mod log;
mod map;
mod remap;
mod scopes;
mod senter;
mod tpm;
mod txt;
mod words;

use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::judgement::Outcome;

/// A change of a good launch, and what a check says of it: its outcome and a part of its detail. Words
/// that start with "=" are the whole detail.
type Case = (CheckId, Outcome, &'static str, fn(&mut Machine));

/// Tries all of `cases` on `machine` and names those that went otherwise.
fn try_all(machine: fn() -> Machine, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (number, (check, outcome, words, change)) in cases.iter().enumerate() {
        let mut machine = machine();
        change(&mut machine);
        let judgement = machine.judge("", None);
        let finding = judgement.finding(*check);
        let detail = finding.detail.as_str();
        let fits = match words.strip_prefix('=') {
            Some(whole) => detail == whole,
            None => detail.contains(words),
        };
        if finding.outcome != *outcome || !fits {
            wrong.push(format!(
                "case {number}: {check} is {:?}: {detail}\n  expected {outcome:?}: {words}",
                finding.outcome
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// OsMleData of a launcher that is not known.
fn unknown_launcher(machine: &mut Machine) {
    machine.change_tables(|tables| tables.os_mle_data[0] = 99);
}
