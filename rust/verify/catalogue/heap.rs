// SPDX-License-Identifier: GPL-2.0

//! Entries of the TXT heap.

use super::{Entry, Severity, Weight};

pub(super) const HEAP_01: Entry = Entry {
    name: "HEAP-01",
    severity: Severity::High,
    weight: Weight::Required,
    title: "heap base and size sane",
    meaning: "TXT.HEAP.BASE and SIZE are not zero and the heap ends below 4 GiB",
    attack: "a heap elsewhere is one that somebody wrote after the launch",
    remedy: "reboot; check the firmware's TXT settings",
    source: "SDG B.1.13-14",
};

pub(super) const HEAP_02: Entry = Entry {
    name: "HEAP-02",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "heap tables inside the heap",
    meaning: "each of the four table sizes is at least 8, has room for the table's fixed part and ends inside the heap; that of SinitMleData, which SINIT computes, ends with its content",
    attack: "other readers walk these sizes unchecked: a corrupt one reads out of bounds",
    remedy: "reboot; a firmware that writes such sizes needs an update",
    source: "SDG table C-1",
};

pub(super) const HEAP_03: Entry = Entry {
    name: "HEAP-03",
    severity: Severity::High,
    weight: Weight::Required,
    title: "heap table versions",
    meaning: "BiosData 2 or more, OsSinitData 4 to 7, SinitMleData 6 to 9; TPM 2.0 needs 7 and 9",
    attack: "a wrong version makes a reader take one field for another",
    remedy: "update launcher and SINIT; a version that is newer than these is not understood yet",
    source: "SDG appendix C",
};

pub(super) const HEAP_04: Entry = Entry {
    name: "HEAP-04",
    severity: Severity::High,
    weight: Weight::Required,
    title: "extended heap elements well-formed",
    meaning: "each element is at least 8 bytes and ends inside its table, and an END element closes the list. A table that ends with its fixed part has no list and needs no END",
    attack: "an element of size 0 hangs careless readers, one that is too large leads them out of the table",
    remedy: "reboot; a firmware or launcher that writes such elements needs an update",
    source: "SDG C.1",
};

pub(super) const HEAP_05: Entry = Entry {
    name: "HEAP-05",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "reserved heap fields zero",
    meaning: "in SinitMleData 9 the fields of TPM 1.2 (bytes 4-55 and 76-119) are zero",
    attack: "values there are a trace of tampering or of a forged table",
    remedy: "compare with another launch of the same machine",
    source: "SDG table C-5",
};

pub(super) const HEAP_06: Entry = Entry {
    name: "HEAP-06",
    severity: Severity::High,
    weight: Weight::Required,
    title: "memory descriptors and DMAR copy inside their table",
    meaning:
        "the offsets and sizes of SinitMleData's MDR list and DMAR copy stay inside SinitMleData",
    attack: "the kernel takes its IOMMU description from there: a wrong offset is attacker's data",
    remedy: "reboot; compare the DMAR copy with the firmware's",
    source: "SDG table C-5",
};

pub(super) const HEAP_07: Entry = Entry {
    name: "HEAP-07",
    severity: Severity::High,
    weight: Weight::Required,
    title: "TXT ranges kept from the kernel",
    meaning: "heap, SINIT region, register windows and TPM pages are not System RAM",
    attack: "a kernel that allocates over them overwrites the evidence and its protection",
    remedy: "reserve the ranges in the memory map; check memmap= on the kernel's command line",
    source: "tboot txt_protect_mem_regions(); SDG 1.11",
};

pub(super) const HEAP_08: Entry = Entry {
    name: "HEAP-08",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "heap stable while it is read",
    meaning: "two copies of the heap hold the same bytes",
    attack: "a heap that changes under a reader is being written to now",
    remedy: "judge again; if it stays, look for the writer",
    source: "derived",
};
