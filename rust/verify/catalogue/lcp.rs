// SPDX-License-Identifier: GPL-2.0

//! Entries of the launch control policy.

use super::{Entry, Severity, Weight};

pub(super) const LCP_01: Entry = Entry::draft("LCP-01", Severity::High, Weight::Advisory);

pub(super) const LCP_02: Entry = Entry::draft("LCP-02", Severity::High, Weight::Advisory);

pub(super) const LCP_03: Entry = Entry::draft("LCP-03", Severity::Medium, Weight::Advisory);

pub(super) const LCP_04: Entry = Entry::draft("LCP-04", Severity::High, Weight::Advisory);
