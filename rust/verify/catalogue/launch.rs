// SPDX-License-Identifier: GPL-2.0

//! Entries of the TXT state.

use super::{Entry, Severity, Weight};

pub(super) const TXT_01: Entry = Entry {
    name: "TXT-01",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "the registers claim a measured launch",
    meaning:
        "TXT.STS bit 0 (SENTER.DONE) is set on a window that belongs to Intel hardware with a heap",
    attack: "without a launch nothing below the kernel was measured: a boot kit or a changed \
             hypervisor stays invisible",
    remedy:
        "boot through tboot or Secure Launch with TXT, VT-d and the TPM enabled in the firmware; \
             read TXT.ERRORCODE when the launch was tried and did not happen",
    source: "SDG B.1.1",
};

pub(super) const TXT_02: Entry = Entry {
    name: "TXT-02",
    severity: Severity::High,
    weight: Weight::Required,
    title: "the launched environment was not left",
    meaning: "TXT.STS bit 1 (SEXIT.DONE) is clear while SENTER.DONE is set",
    attack: "after GETSEC[SEXIT] the protection of the launch is gone although its measurements \
             are still in the TPM; both bits set is also what a floating register block reads",
    remedy: "reboot and launch again; find out what executed SEXIT",
    source: "SDG B.1.1",
};

pub(super) const TXT_03: Entry = Entry {
    name: "TXT-03",
    severity: Severity::Info,
    weight: Weight::Advisory,
    title: "memory configuration lock as reported",
    meaning: "reports TXT.STS bit 6 (MEM-CONFIG-LOCK); good launches on real machines read it as 0",
    attack: "an unlocked memory map could be changed to alias protected memory; other checks tell",
    remedy: "nothing to do: informational",
    source: "SDG B.1.1, B.1.9",
};

pub(super) const TXT_04: Entry = Entry {
    name: "TXT-04",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "private register space explained by the launcher",
    meaning:
        "TXT.STS bit 7 (PRIVATE-OPEN) is clear; tboot and Secure Launch keep it open by design",
    attack: "while it is open any code of ring 0 may unlock the memory configuration or reset the \
             platform through TXT commands",
    remedy: "none with today's launchers, which need the space until shutdown",
    source: "SDG B.1.5",
};

pub(super) const TXT_05: Entry = Entry {
    name: "TXT-05",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "TPM localities 1 and 2 explained by the launcher",
    meaning:
        "TXT.STS bits 15 and 16: open localities are those that the launcher is known to leave open",
    attack: "with locality 2 open any code of ring 0 extends PCR 17 to 22 and resets 20 to 22",
    remedy: "treat extends after the launch as suspect; use a launcher that closes locality 2",
    source: "SDG B.1.16-19",
};

pub(super) const TXT_06: Entry = Entry {
    name: "TXT-06",
    severity: Severity::High,
    weight: Weight::Required,
    title: "no TXT reset recorded",
    meaning: "TXT.ESTS bit 0 (TXT_RESET.STS) is clear",
    attack: "the platform was reset for a violation; the state before it cannot be trusted",
    remedy: "power-cycle the machine (the bit survives a reset) and look at TXT.ERRORCODE",
    source: "SDG B.1.2",
};

pub(super) const TXT_07: Entry = Entry {
    name: "TXT-07",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "secrets flag set",
    meaning: "TXT.E2STS bit 1 (SECRETS.STS) is set, so that a reset scrubs memory",
    attack: "without the flag memory is not scrubbed at a reset: cold boot",
    remedy: "use a launcher that sets the flag (tboot and Secure Launch do)",
    source: "SDG B.1.21, B.1.23",
};

pub(super) const TXT_08: Entry = Entry {
    name: "TXT-08",
    severity: Severity::High,
    weight: Weight::Required,
    title: "no launch error recorded",
    meaning:
        "TXT.ERRORCODE is 0, 0xc0000001 (SINIT's success) or 0xc0000009 (a revocation module ran)",
    attack: "the last attempt to launch ended with an error; the state may be of another boot",
    remedy: "decode the value (launchguardctl decode errorcode), remove the cause, power-cycle",
    source: "SDG appendix I",
};

pub(super) const TXT_09: Entry = Entry {
    name: "TXT-09",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "production-fused chipset",
    meaning: "bit 31 of TXT.VER.FSBIF, or of TXT.VER.QPIIF where FSBIF reads 0 or all ones, is set",
    attack: "a debug-fused chipset accepts debug-signed modules: anybody's SINIT",
    remedy: "do not use an engineering sample for anything that must be trusted",
    source: "SDG B.1.6-8",
};

pub(super) const TXT_10: Entry = Entry {
    name: "TXT-10",
    severity: Severity::Medium,
    // Everything else that the registers say rests on whose registers they are.
    weight: Weight::Required,
    title: "registers belong to an Intel chipset",
    meaning: "TXT.DIDVID has vendor 0x8086 and a device id, equal in both windows when the private one is open",
    attack: "a window that answers differently is a stand-in, not the chipset",
    remedy: "check for virtualisation and for firmware that maps something over 0xfed20000",
    source: "SDG B.1.7",
};

pub(super) const TXT_11: Entry = Entry {
    name: "TXT-11",
    severity: Severity::High,
    weight: Weight::Required,
    title: "SINIT's signing key is the chipset's",
    meaning: "TXT.PUBLIC.KEY is a value, and event 0x410 has its hash in each bank that can be compared",
    attack: "a log whose SINIT was signed with another key than this chipset's comes from another machine",
    remedy: "reboot; if it stays, the log was not made by this machine's launch",
    source: "SDG B.1.20, table E-6",
};

pub(super) const TXT_12: Entry = Entry {
    name: "TXT-12",
    severity: Severity::High,
    weight: Weight::Required,
    title: "heap and SINIT registers unchanged since load",
    meaning: "TXT.HEAP and TXT.SINIT base and size equal those that were read first",
    attack: "the registers are writable: moving them makes a reader believe a forged heap",
    remedy: "find the kernel code that wrote them; reboot",
    source: "SDG B.1.10-14",
};

pub(super) const TXT_13: Entry = Entry {
    name: "TXT-13",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "registers and TPM agree about the launch",
    meaning: "SENTER.DONE is set and PCR 17 is alive, or neither",
    attack:
        "a hypervisor can fake registers and a reset of the TPM's bus can fake a D-RTM event, but \
             one without the other is no launch",
    remedy: "check for virtualisation and for a TPM whose bus or control channel others can reach",
    source: "derived from SDG B.1.1 and the TPM's locality rules",
};
