// SPDX-License-Identifier: GPL-2.0

//! Entries of the processors.

use super::{Entry, Severity, Weight};

pub(super) const CPU_01: Entry = Entry::draft("CPU-01", Severity::High, Weight::Advisory);

pub(super) const CPU_02: Entry = Entry::draft("CPU-02", Severity::High, Weight::Advisory);

pub(super) const CPU_03: Entry = Entry::draft("CPU-03", Severity::Critical, Weight::Alarm);

pub(super) const CPU_04: Entry = Entry::draft("CPU-04", Severity::High, Weight::Advisory);

pub(super) const CPU_05: Entry = Entry::draft("CPU-05", Severity::High, Weight::Advisory);

pub(super) const CPU_06: Entry = Entry::draft("CPU-06", Severity::Medium, Weight::Advisory);

pub(super) const CPU_07: Entry = Entry::draft("CPU-07", Severity::Medium, Weight::Advisory);

pub(super) const CPU_08: Entry = Entry::draft("CPU-08", Severity::High, Weight::Advisory);

pub(super) const CPU_09: Entry = Entry::draft("CPU-09", Severity::High, Weight::Advisory);

pub(super) const CPU_10: Entry = Entry::draft("CPU-10", Severity::Info, Weight::Advisory);

pub(super) const CPU_11: Entry = Entry::draft("CPU-11", Severity::Medium, Weight::Advisory);

pub(super) const CPU_12: Entry = Entry::draft("CPU-12", Severity::Medium, Weight::Advisory);
