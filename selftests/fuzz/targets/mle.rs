// SPDX-License-Identifier: GPL-2.0

//! Fuzzes MLE headers.

#![no_main]

use launchguard_host_tests::exercise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| exercise::mle(bytes));
