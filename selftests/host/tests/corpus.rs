// SPDX-License-Identifier: GPL-2.0

//! The pure rooms against evidence of real machines.

#[path = "corpus/decode.rs"]
mod decode;
#[path = "corpus/judge.rs"]
mod judge;
#[path = "corpus/policy.rs"]
mod policy;
#[path = "corpus/replay.rs"]
mod replay;

use launchguard_host_tests::harness::{self, Test};
use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(
        decode::TESTS
            .iter()
            .chain(replay::TESTS)
            .chain(judge::TESTS)
            .chain(policy::TESTS),
    )
}
