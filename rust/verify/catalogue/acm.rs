// SPDX-License-Identifier: GPL-2.0

//! Entries of the authenticated code modules.

use super::{Entry, Severity, Weight};

pub(super) const ACM_01: Entry = Entry {
    name: "ACM-01",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "startup ACM succeeded",
    meaning: "TXT.SPAD says that the startup ACM succeeded, without error, and that no policy disables TXT (where the chipset has it)",
    attack: "without the startup ACM nothing vouches for the firmware that set the platform up",
    remedy: "check the firmware's TXT and Boot Guard settings; update the firmware",
    source: "guide 315168-017 B.1.6; converged-security-suite",
};

pub(super) const ACM_02: Entry = Entry {
    name: "ACM-02",
    severity: Severity::Info,
    weight: Weight::Advisory,
    title: "BIOS trusted by the startup ACM",
    meaning: "bit 59 of TXT.SPAD is set (where the chipset has it)",
    attack: "firmware that nobody signed or promoted; servers that promote it automatically differ",
    remedy: "compare with the AUX index; update the firmware",
    source: "guide 315168-017 B.1.6; converged-security-suite",
};

pub(super) const ACM_03: Entry = Entry {
    name: "ACM-03",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "startup ACM left no error",
    meaning: "ACM_STATUS is not valid, or holds no class, major and minor number",
    attack: "the startup ACM stopped early: what it should have locked may be open",
    remedy: "decode the value with launchguardctl decode errorcode; update the firmware",
    source: "converged-security-suite, txt_acm_status.go",
};

pub(super) const ACM_04: Entry = Entry {
    name: "ACM-04",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "S-CRTM status agrees",
    meaning: "bit 0 of SinitMleData.ProcessorSCRTMStatus is that of event 0x40B",
    attack: "the heap was edited after the launch to claim that the processor measured the BIOS",
    remedy: "trust the event, which the PCRs vouch for; launch again",
    source: "SDG tables C-5 and E-6",
};

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

pub(super) const ACM_07: Entry = Entry {
    name: "ACM-07",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "SINIT made for this platform",
    meaning: "one of the module's chipsets is that of TXT.DIDVID, and every processor is one of its processors by signature and, where the module asks for one, by IA32_PLATFORM_ID",
    attack: "a module for other hardware relies on protections that this one does not have",
    remedy: "install the SINIT of this chipset",
    source: "SDG tables A-5 and A-7; tboot, acmod.c",
};

pub(super) const ACM_08: Entry = Entry {
    name: "ACM-08",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "SINIT not rolled back",
    meaning: "AcmVersion is at least what PS, PO and the MLE element that matched ask for, TXT SVN what AUX asks for, and no advisory names the module by its date; where that is no date it is unknown",
    attack: "old modules have known flaws, and stay validly signed",
    remedy: "install the newest SINIT of this chipset; raise SINITMinVersion in the policy",
    source: "SDG 3.5.1, 4.1; INTEL-SA-00030",
};

pub(super) const ACM_09: Entry = Entry {
    name: "ACM-09",
    severity: Severity::Critical,
    weight: Weight::Advisory,
    title: "SINIT is one of the references'",
    meaning: "the hash of SINIT in event 0x402 is a sinit entry of the references",
    attack: "another SINIT, with other flaws, ran; TPM-10 decides by it",
    remedy: "compare the hash with the vendor's module; add a sinit entry for one that you trust",
    source: "SDG table E-6",
};

pub(super) const ACM_10: Entry = Entry {
    name: "ACM-10",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "SINIT, not a revocation module",
    meaning: "the information table says SINIT, not a revocation module",
    attack: "a revocation module was left: launches that follow can be refused",
    remedy: "install the production SINIT of this chipset",
    source: "SDG table A-3",
};
