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
              kernel was not resumed from a hibernation image. Under Secure Launch or a launcher that is \
              not known here a kernel that kexec loaded or that was resumed fails, too, and any other is \
              unknown: nothing in it tells that it is the launched one, as nothing there passes from the \
              launch into the kernel that a later one could not have",
    attack:
        "kexec and hibernation replace the kernel and leave registers, heap, log and PCRs of a \
             perfect launch behind",
    remedy: "reboot through the launcher; forbid kexec (kexec_load_disabled=1) and hibernation",
    source: "Linux arch/x86/kernel/kexec-bzimage64.c, tboot.c; derived",
};

pub(super) const KRN_02: Entry = Entry {
    name: "KRN-02",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "the evidence is what it was at the first judgement",
    meaning:
        "registers, heap, SINIT, the records that the log held, PCR 17 and 18, NV indices, MSRs, \
              the chipset's map, ACPI tables and the units' configuration are as first read; records \
              at the log's end, faults and PCI functions may come",
    attack:
        "evidence of a launch that is over does not change by itself: somebody writes to it, or \
             opens what the launch had closed",
    remedy: "the detail names what changed; compare with evidence that was kept before. A new microcode revision and a suspend change MSRs and registers rightly; load \
             the module anew to begin from what is there now",
    source: "derived; SDG B.1.10-14 (the registers can be written in the public space)",
};

pub(super) const KRN_03: Entry = Entry {
    name: "KRN-03",
    severity: Severity::Critical,
    weight: Weight::Alarm,
    title: "the policy is carried out",
    meaning: "the module was loaded without its parameter rescue",
    attack:
        "with rescue a policy is taken and judged by, and nothing of it is done: no device is blocked, \
             no failure is answered to. Whoever writes the kernel's command line can say so \
             (launchguard.rescue), which a measured launch shows in PCR 17",
    remedy: "put right what rescue was needed for, and reboot without it",
    source: "derived",
};
