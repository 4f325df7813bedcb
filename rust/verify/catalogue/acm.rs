// SPDX-License-Identifier: GPL-2.0

//! Entries of the authenticated code modules.

use super::{Entry, Severity, Weight};

pub(super) const ACM_01: Entry = Entry::draft("ACM-01", Severity::Medium, Weight::Advisory);

pub(super) const ACM_02: Entry = Entry::draft("ACM-02", Severity::Info, Weight::Advisory);

pub(super) const ACM_03: Entry = Entry::draft("ACM-03", Severity::Medium, Weight::Advisory);

pub(super) const ACM_04: Entry = Entry::draft("ACM-04", Severity::Medium, Weight::Advisory);

pub(super) const ACM_05: Entry = Entry {
    name: "ACM-05",
    severity: Severity::High,
    weight: Weight::Required,
    title: "a well-formed SINIT module in the SINIT region",
    meaning:
        "the region holds a chipset module of Intel with the SENTER subtype that fits the region",
    attack:
        "the region was overwritten after the launch, or the registers point elsewhere; what ran \
             is proved by event 0x402 only",
    remedy: "reboot; compare the module's hash with event 0x402",
    source: "SDG A.1, 2.4.3",
};

pub(super) const ACM_06: Entry = Entry {
    name: "ACM-06",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "SINIT is a production module",
    meaning: "the module's flags 14 (pre-production) and 15 (debug-signed) are clear",
    attack: "debug-signed modules can be made by many; pre-production ones cap PCR 17 and 18",
    remedy: "install the production SINIT of this chipset",
    source: "SDG table A-2, 3.2.2",
};

pub(super) const ACM_07: Entry = Entry::draft("ACM-07", Severity::Medium, Weight::Advisory);

pub(super) const ACM_08: Entry = Entry::draft("ACM-08", Severity::High, Weight::Advisory);

pub(super) const ACM_09: Entry = Entry::draft("ACM-09", Severity::Critical, Weight::Advisory);

pub(super) const ACM_10: Entry = Entry::draft("ACM-10", Severity::Medium, Weight::Advisory);
