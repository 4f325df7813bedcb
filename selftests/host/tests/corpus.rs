// SPDX-License-Identifier: GPL-2.0

//! The pure rooms against evidence of real machines.

#[path = "corpus/decode.rs"]
mod decode;

use launchguard_host_tests::corpus::Corpus;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// A test: its name and what it asserts.
type Test = (&'static str, fn(&Corpus));

const TESTS: &[Test] = &[("case_16_states_both_banks", case_16_states_both_banks)];

fn case_16_states_both_banks(corpus: &Corpus) {
    let case = corpus.case("16");
    assert!(case.log.is_some());
    for bank in ["sha1", "sha256"] {
        assert!(case.pcr(bank, 17).is_some(), "{bank}");
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = TESTS.iter().chain(decode::TESTS);
    let trials = match Corpus::find() {
        Ok(corpus) => tests.map(|test| run(*test, &corpus)).collect(),
        Err(reason) => tests.map(|test| skip(*test, &reason)).collect(),
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run((name, test): Test, corpus: &Corpus) -> Trial {
    let corpus = corpus.clone();
    Trial::test(name, move || {
        test(&corpus);
        Ok(())
    })
}

/// Shown as `ignored`; the reason stands in the test's kind, and is the failure should somebody
/// run it all the same.
fn skip((name, _): Test, reason: &str) -> Trial {
    let failure = reason.to_owned();
    Trial::test(name, move || Err(Failed::from(failure)))
        .with_ignored_flag(true)
        .with_kind(reason)
}
