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

pub(super) const MAP_03: Entry = Entry {
    name: "MAP-03",
    severity: Severity::Critical,
    // Its failure voids MAP-01 and MAP-02, which are required; unknown platforms cannot be told.
    weight: Weight::Alarm,
    title: "both views of the DMA protected range agree",
    meaning: "top, size and lock of DPR in the host bridge equal TXT.DPR, and where the platform has the bits, protection is on and active",
    attack: "TXT.DPR shows a range that the chipset does not enforce: devices write heap and SINIT",
    remedy: "firmware update: the BIOS must set the range in both places",
    source: "chipsec hostctl1.xml, memconfig; SDG B.1.15",
};

pub(super) const MAP_04: Entry = Entry {
    name: "MAP-04",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "DMA protected range ends at TSEG",
    meaning: "the end of TXT.DPR is TSEGMB",
    attack: "memory between the two is neither protected by the range nor SMM's: devices write it",
    remedy: "firmware update",
    source: "SDG B.1.15",
};

pub(super) const MAP_05: Entry = Entry {
    name: "MAP-05",
    severity: Severity::Critical,
    // A map that can change makes every check of an address worthless.
    weight: Weight::Alarm,
    title: "memory map locked",
    meaning: "the registers of the memory map have their lock set, or IA_UNTRUSTED locks them all",
    attack: "the map is changed after the launch, and protected memory gets a second, unprotected address",
    remedy: "firmware update: the BIOS must set the locks",
    source: "chipsec memconfig",
};

pub(super) const MAP_06: Entry = Entry {
    name: "MAP-06",
    severity: Severity::Critical,
    // An aliased map makes every check of an address worthless.
    weight: Weight::Alarm,
    title: "remap window right and locked",
    meaning: "the window is off, or starts at 4 GiB or above, ends at TOUUD, is no larger than the memory hidden behind TOLUD, and is locked. With in-band ECC a window that begins below TOUUD reaches beyond it: where a platform can have it such a window is unknown, as whether in-band ECC is on is not read",
    attack: "a window over protected memory gives it a second address, at which no check looks",
    remedy: "firmware update; a window that changed after boot means that somebody attacks",
    source: "chipsec remap; start and size derived",
};

pub(super) const MAP_07: Entry = Entry {
    name: "MAP-07",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "order of the memory map",
    meaning: "TSEGMB < BGSM <= BDSM <= TOLUD, and heap, SINIT and DPR lie below TSEGMB",
    attack: "ranges that overlap alias each other or belong to SMM",
    remedy: "firmware update",
    source: "chipsec smm_dma",
};

pub(super) const MAP_08: Entry = Entry {
    name: "MAP-08",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "SMM's memory and features locked",
    meaning: "D_LCK in SMRAMC, where the platform has it, and bit 0 of MSR_SMM_FEATURE_CONTROL on every processor",
    attack: "SMM is opened and taken over; it is above the launch",
    remedy: "firmware update",
    source: "chipsec smm, smm_code_chk",
};

pub(super) const MAP_09: Entry = Entry {
    name: "MAP-09",
    severity: Severity::Critical,
    // Launchers trim the map in ways of their own, so a difference is said and does not decide.
    weight: Weight::Advisory,
    title: "memory that SINIT found is the memory in use",
    meaning: "all RAM of the kernel's memory map is good memory in SINIT's descriptors and nothing else; configuration space is the same to SINIT, MCFG and kernel",
    attack: "false RAM takes secrets to a device, and false configuration space answers for the host bridge",
    remedy: "boot without additions to the memory map (memmap=, hotplug); firmware update",
    source: "SDG 2.3, 2.4.1, table C-6",
};

pub(super) const MAP_10: Entry = Entry {
    name: "MAP-10",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "configuration space of the launch",
    meaning: "the heap's copy of the MCFG is the ACPI MCFG, byte for byte",
    attack: "configuration space moved since the launch: what is read there is not what SINIT saw",
    remedy: "find out what replaced the table (initrd override, firmware); reboot",
    source: "SDG C.5.2",
};
