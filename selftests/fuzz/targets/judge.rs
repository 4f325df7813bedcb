// SPDX-License-Identifier: GPL-2.0

//! Fuzzes replay, checks and verdict.

#![no_main]

use launchguard_host_tests::exercise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| drop(exercise::judge(bytes)));
