// SPDX-License-Identifier: GPL-2.0

//! Fuzzes launch control policies and their data files.

#![no_main]

use launchguard_host_tests::exercise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| exercise::lcp(bytes));
