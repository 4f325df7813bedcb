// SPDX-License-Identifier: GPL-2.0

//! Entries of the processors. SINIT looked at most of this when it launched, so what is seen now
//! does not void the launch: only a processor that somebody else can steer does (CPU-03).

use super::{Entry, Severity, Weight};

pub(super) const CPU_01: Entry = Entry {
    name: "CPU-01",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "SMX and VMX on every processor",
    meaning: "every processor that runs is Intel's and has SMX and VMX in CPUID leaf 1",
    attack: "a machine without SMX cannot have been launched: its registers and PCRs come from something that pretends",
    remedy: "check for virtualisation, and that every socket holds the same kind of processor",
    source: "SDG 2.2.1",
};

pub(super) const CPU_02: Entry = Entry {
    name: "CPU-02",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "launch features locked on",
    meaning: "IA32_FEATURE_CONTROL is locked, allows SENTER with all its parameters and is equal on every processor. That bit 1 (VMX inside SMX) is clear is said and does not fail: it matters to a hypervisor only, and without the bit none can start after the launch",
    attack: "unlocked, any code of ring 0 changes what the processor allows",
    remedy: "firmware update or setup: TXT must be enabled and the register locked",
    source: "SDG 2.3; SDM volume 4, IA32_FEATURE_CONTROL",
};

pub(super) const CPU_03: Entry = Entry {
    name: "CPU-03",
    severity: Severity::Critical,
    // A processor that has been debugged can show anything, so the launch says nothing.
    weight: Weight::Alarm,
    title: "silicon debug interface off and locked",
    meaning: "IA32_DEBUG_INTERFACE, where CPUID.1 ECX bit 11 says that there is one, has bit 0 clear, bit 30 set and bit 31 clear on every processor",
    attack: "whoever reaches the debug connector owns the processor after the launch and can change what was measured",
    remedy: "switch debugging off in the firmware setup; a processor that was debugged must be power-cycled",
    source: "SDM volume 4, IA32_DEBUG_INTERFACE; chipsec debugenabled",
};

pub(super) const CPU_04: Entry = Entry {
    name: "CPU-04",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "memory configuration locked",
    meaning: "bit 0 of MSR_LT_LOCK_MEMORY is set on every processor, where the platform defines it",
    attack: "without the lock the memory map can be changed under SMM and under the launch",
    remedy: "firmware update: the BIOS must set the lock",
    source: "chipsec memlock",
};

pub(super) const CPU_05: Entry = Entry {
    name: "CPU-05",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "firmware gave up its privileges",
    meaning: "IA_UNTRUSTED (bit 0 of MSR_BIOS_DONE) is set on every processor, where the platform defines it",
    attack: "the memory map and other registers stay as writable as firmware has them",
    remedy: "firmware update: the BIOS must set it before it boots",
    source: "chipsec memconfig, ia_untrusted",
};

pub(super) const CPU_06: Entry = Entry {
    name: "CPU-06",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "same microcode on every processor",
    meaning:
        "every processor reports the same microcode revision, and it is none of the few that launchguard knows as withdrawn",
    attack: "a processor without an update lacks fixes of the launch itself",
    remedy: "update the microcode through firmware or the early initrd",
    source: "SDG 2.3; Intel microcode revision guidance of March 2018, as Linux bad_spectre_microcode() lists it",
};

pub(super) const CPU_07: Entry = Entry {
    name: "CPU-07",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "version of SINIT that SGX asks for",
    meaning: "where IA32_SE_SVN_STATUS is locked, its bits 23:16 are the SE_SVN in SINIT's header",
    attack: "an older SINIT ran than the enclaves of this machine accept",
    remedy: "use the SINIT of the current firmware",
    source: "SDG 4.5; tboot, acmod.c",
};

pub(super) const CPU_08: Entry = Entry {
    name: "CPU-08",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "SMM monitor",
    meaning: "IA32_SMM_MONITOR_CTL is equal on every processor, and no monitor is active or its MSEG is that of TXT.MSEG.BASE and the log has the STM that SINIT measured. A processor that could not be asked makes it unknown",
    attack: "a monitor of somebody else's is above the launched system",
    remedy: "firmware setup: install no STM, or the one that the launch measured",
    source: "SDG 2.3; SDM volume 3, dual-monitor treatment; tboot verify_stm()",
};

pub(super) const CPU_09: Entry = Entry {
    name: "CPU-09",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "SMM's memory protected against the cache",
    meaning: "SMRR is valid, exactly TSEG, and equal on every processor",
    attack: "ring 0 changes SMM's code through the cache and is above the launch from then on",
    remedy: "firmware update: the BIOS must set SMRR",
    source: "SDM volume 3, SMRR; chipsec smrr",
};

pub(super) const CPU_10: Entry = Entry {
    name: "CPU-10",
    severity: Severity::Info,
    weight: Weight::Advisory,
    title: "SMX as reported",
    meaning: "never judged: says how many processors have SMX; CR4.SMXE is not evidence",
    attack: "none: a tool that takes CR4.SMXE for a launch believes any kernel",
    remedy: "nothing to do: informational",
    source: "SDG 2.2.1",
};

pub(super) const CPU_11: Entry = Entry {
    name: "CPU-11",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "processors that took part in the launch",
    meaning: "the heap's copy of the MADT is the ACPI MADT, and no more processors run than BiosData told",
    attack: "a processor that did not join the launch runs code that nobody measured",
    remedy: "boot without processor hotplug; reboot when a processor was added",
    source: "SDG 2.4.10, C.5.1, table C-2",
};

pub(super) const CPU_12: Entry = Entry {
    name: "CPU-12",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "memory types",
    meaning: "MTRRs are on, hold memory types and are equal on every processor, as is IA32_MISC_ENABLE; 0xfed20000 to 0xfed4ffff is uncached. Where the launcher kept the MTRRs from before the launch (tboot and early Secure Launch in OsMleData, later Secure Launch in its resource table), they are in force again; the saved IA32_MISC_ENABLE is not compared, as the kernel changes it rightly",
    attack: "cached registers of TXT and TPM read as what somebody put into the cache",
    remedy: "reboot; if it stays, firmware or launcher set the MTRRs wrongly",
    source: "SDG 2.3; SDM volume 3, MTRR precedences",
};
