// SPDX-License-Identifier: GPL-2.0

//! The rule that makes one word of findings, row by row.

use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::{launch, slrt, Machine, BANKS};
