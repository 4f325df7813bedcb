// SPDX-License-Identifier: GPL-2.0

//! Runs tests that need the corpus. Without it each one is reported as ignored, never as passed.

use crate::corpus::Corpus;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// A test: its name and what it asserts.
pub type Test = (&'static str, fn(&Corpus));

/// The `main` of a test program without cargo's own harness.
pub fn main<'a>(tests: impl Iterator<Item = &'a Test>) -> ExitCode {
    let arguments = Arguments::from_args();
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
