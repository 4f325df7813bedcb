// SPDX-License-Identifier: GPL-2.0

//! Entries of DMA remapping.

use super::{Entry, Severity, Weight};

pub(super) const DMA_01: Entry = Entry::draft("DMA-01", Severity::High, Weight::Advisory);

pub(super) const DMA_02: Entry = Entry::draft("DMA-02", Severity::High, Weight::Advisory);

pub(super) const DMA_03: Entry = Entry::draft("DMA-03", Severity::Critical, Weight::Advisory);

pub(super) const DMA_04: Entry = Entry::draft("DMA-04", Severity::Critical, Weight::Advisory);

pub(super) const DMA_05: Entry = Entry::draft("DMA-05", Severity::Critical, Weight::Advisory);

pub(super) const DMA_06: Entry = Entry::draft("DMA-06", Severity::Critical, Weight::Advisory);

pub(super) const DMA_07: Entry = Entry::draft("DMA-07", Severity::High, Weight::Advisory);

pub(super) const DMA_08: Entry = Entry::draft("DMA-08", Severity::Critical, Weight::Advisory);

pub(super) const DMA_09: Entry = Entry::draft("DMA-09", Severity::Critical, Weight::Advisory);

pub(super) const DMA_10: Entry = Entry::draft("DMA-10", Severity::High, Weight::Advisory);

pub(super) const DMA_11: Entry = Entry::draft("DMA-11", Severity::Critical, Weight::Advisory);

pub(super) const DMA_12: Entry = Entry::draft("DMA-12", Severity::Critical, Weight::Advisory);

pub(super) const DMA_13: Entry = Entry::draft("DMA-13", Severity::High, Weight::Advisory);

pub(super) const DMA_14: Entry = Entry::draft("DMA-14", Severity::High, Weight::Advisory);

pub(super) const DMA_15: Entry = Entry::draft("DMA-15", Severity::Critical, Weight::Advisory);

pub(super) const DMA_16: Entry = Entry::draft("DMA-16", Severity::Medium, Weight::Advisory);

pub(super) const DMA_17: Entry = Entry::draft("DMA-17", Severity::Medium, Weight::Advisory);
