// SPDX-License-Identifier: GPL-2.0

//! Entries of the chipset's memory map.

use super::{Entry, Severity, Weight};

pub(super) const MAP_01: Entry = Entry {
    name: "MAP-01",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "DMA protected range locked",
    meaning: "TXT.DPR is locked and at least 3 MiB large",
    attack: "an unlocked range can be shrunk, and devices then write heap and SINIT",
    remedy: "firmware update: the BIOS must set and lock the range",
    source: "SDG 1.11.1, B.1.15",
};

pub(super) const MAP_02: Entry = Entry {
    name: "MAP-02",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "heap and SINIT inside the DMA protected range",
    meaning: "TXT.DPR contains the whole heap and the whole SINIT region",
    attack: "a device can rewrite what lies outside, the DMAR copy among it",
    remedy: "firmware update: the BIOS must place both inside the range",
    source: "SDG B.1.15",
};

pub(super) const MAP_03: Entry = Entry::draft("MAP-03", Severity::Critical, Weight::Alarm);

pub(super) const MAP_04: Entry = Entry::draft("MAP-04", Severity::High, Weight::Advisory);

pub(super) const MAP_05: Entry = Entry::draft("MAP-05", Severity::Critical, Weight::Alarm);

pub(super) const MAP_06: Entry = Entry::draft("MAP-06", Severity::Critical, Weight::Alarm);

pub(super) const MAP_07: Entry = Entry::draft("MAP-07", Severity::High, Weight::Advisory);

pub(super) const MAP_08: Entry = Entry::draft("MAP-08", Severity::High, Weight::Advisory);

pub(super) const MAP_09: Entry = Entry::draft("MAP-09", Severity::Critical, Weight::Advisory);

pub(super) const MAP_10: Entry = Entry::draft("MAP-10", Severity::High, Weight::Advisory);
