// SPDX-License-Identifier: GPL-2.0

//! Fuzzes evidence as bytes: reading it, and judging what was read.

#![no_main]

use launchguard_host_tests::exercise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| exercise::evidence::read(bytes));
