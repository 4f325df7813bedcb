// SPDX-License-Identifier: GPL-2.0

//! Entries of the running kernel.

use super::{Entry, Severity, Weight};

pub(super) const KRN_01: Entry = Entry {
    name: "KRN-01",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "the running kernel is the launched one",
    meaning:
        "tboot launched: boot_params names tboot's shared page, the loader is not kexec, and the \
              kernel was not resumed from a hibernation image",
    attack:
        "kexec and hibernation replace the kernel and leave registers, heap, log and PCRs of a \
             perfect launch behind",
    remedy: "reboot through the launcher; forbid kexec (kexec_load_disabled=1) and hibernation",
    source: "Linux arch/x86/kernel/kexec-bzimage64.c, tboot.c; derived",
};

pub(super) const KRN_02: Entry = Entry::draft("KRN-02", Severity::High, Weight::Advisory);
