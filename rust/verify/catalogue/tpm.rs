// SPDX-License-Identifier: GPL-2.0

//! Entries of the TPM and the measurements.

use super::{Entry, Severity, Weight};

pub(super) const TPM_01: Entry = Entry {
    name: "TPM-01",
    severity: Severity::High,
    weight: Weight::Required,
    title: "TPM family agrees with the heap",
    meaning: "SinitMleData 9 with a TPM 2.0, 8 or less with a TPM 1.2",
    attack: "a heap made for another family was not made by this machine's launch",
    remedy: "check which TPM the firmware selects; launch again",
    source: "SDG table C-5",
};

pub(super) const TPM_02: Entry = Entry {
    name: "TPM-02",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "a strong bank covers the launch",
    meaning:
        "in a bank of at least 256 bits, and in every bank that the references use, each event of \
              the launcher has a digest",
    attack:
        "a bank that the launcher did not extend does not see the kernel: a pin on it is worth \
             nothing",
    remedy:
        "pin sha256, or launch with tboot's extpol=embedded; launchguardctl enroll writes covered \
             banks only",
    source: "SDG 3.3.6, H.3",
};

pub(super) const TPM_03: Entry = Entry {
    name: "TPM-03",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "PCR 17 was written by a D-RTM event",
    meaning:
        "PCR 17 is neither all ones (no D-RTM event since the TPM started) nor zero in any bank",
    attack: "registers that claim a launch beside such a PCR are faked",
    remedy: "launch again; check for virtualisation",
    source: "TPM 2.0 PC client platform profile, PCR attributes; SDG 1.10",
};

pub(super) const TPM_04: Entry = Entry {
    name: "TPM-04",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "the log explains PCR 17",
    meaning:
        "replaying the log gives PCR 17, and PCR 19 to 22 where it holds events, in every bank",
    attack: "a log that does not replay was changed, or something was extended and hidden",
    remedy:
        "compare the log with that of a good launch; the detail says what is missing or too much",
    source: "SDG appendix G, table E-6",
};

pub(super) const TPM_05: Entry = Entry {
    name: "TPM-05",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "the log explains PCR 18",
    meaning: "replaying the log gives PCR 18 in every bank",
    attack: "a log that does not replay was changed, or something was extended and hidden",
    remedy:
        "compare the log with that of a good launch; the detail says what is missing or too much",
    source: "SDG appendix G, table E-6",
};

pub(super) const TPM_06: Entry = Entry {
    name: "TPM-06",
    severity: Severity::High,
    weight: Weight::Required,
    title: "event log well-formed",
    meaning: "offsets, counts and digest sizes of the log agree and the last record ends where the heap says",
    attack: "the log lies in ordinary memory: a malformed one attacks its readers",
    remedy: "reboot; an update of SINIT or launcher when it stays",
    source: "SDG appendix G; TCG PC client platform firmware profile",
};

pub(super) const TPM_07: Entry = Entry {
    name: "TPM-07",
    severity: Severity::High,
    weight: Weight::Required,
    title: "event data agree with their digests",
    meaning: "each event whose data is what was measured has the hash of its data in every bank",
    attack: "a log that replays can still lie about what its digests mean",
    remedy: "do not trust the data of the log; compare digests",
    source: "SDG tables E-5, E-6",
};

pub(super) const TPM_08: Entry = Entry {
    name: "TPM-08",
    severity: Severity::High,
    weight: Weight::Required,
    title: "the events of a launch are all there, and no others",
    meaning:
        "the log holds each event that SINIT must log, once in its PCR, HASH_START first, and none \
              of a type that no launcher writes. Older SINITs leave NV_INFO_HASH (0x414) out of both \
              PCRs, which is accepted; in one of them alone it is not",
    attack: "a launch without the event of the MLE says nothing about what was launched",
    remedy: "some SINITs leave out the MLE event in the TCG format: update SINIT",
    source: "SDG table E-6; tboot docs/howto_use.md",
};

pub(super) const TPM_09: Entry = Entry {
    name: "TPM-09",
    severity: Severity::High,
    weight: Weight::Required,
    title: "no bank capped or missing",
    meaning: "no event 0x4ff, and every bank that the TPM has allocated is in the log",
    attack:
        "a capped bank, or one that the log does not know, says nothing and can be extended to \
             any value",
    remedy:
        "use banks that SINIT supports; deallocate the others in the firmware (tpm2_pcrallocate). \
             Waived while it does not pass, the best verdict is unpinned",
    source: "SDG 3.3.6, table E-6",
};

pub(super) const TPM_10: Entry = Entry {
    name: "TPM-10",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "the launch is one that the owner expects",
    meaning: "PCR 17 and 18 equal one launch entry of the references, and SINIT and MLE those that are named",
    attack: "a consistent launch can still be one of a changed tboot, kernel, initrd or command line",
    remedy: "after a wanted change make new references (launchguardctl enroll); else find what changed",
    source: "derived",
};

pub(super) const TPM_11: Entry = Entry {
    name: "TPM-11",
    severity: Severity::Medium,
    weight: Weight::Alarm,
    title: "capabilities of the heap are those measured",
    meaning:
        "the digests of OSSINITDATA_CAP_HASH are those of OsSinitData.Capabilities, and EDX of \
              SENTER was 0",
    attack: "a heap that was changed after the launch misleads whoever reads it",
    remedy: "launch again; find what writes to the heap",
    source: "SDG table E-6; derived",
};

pub(super) const TPM_12: Entry = Entry {
    name: "TPM-12",
    severity: Severity::Info,
    weight: Weight::Advisory,
    title: "the MLE's hash in log and heap",
    meaning: "with a TPM 1.2, the digest of MLE_HASH is SinitMleData.MleHash",
    attack:
        "none by itself: the pages that were measured are not kept, so that nothing can measure \
             them again",
    remedy: "name the MLE's hash in the references (lcp_mlehash computes it from the file)",
    source: "SDG 2.1, table C-5",
};

pub(super) const TPM_13: Entry = Entry {
    name: "TPM-13",
    severity: Severity::Medium,
    weight: Weight::Alarm,
    title: "an STM is there exactly where one was measured",
    meaning:
        "STM_HASH is the hash of the byte 0 and IA32_SMM_MONITOR_CTL bit 0 is clear, or neither, \
              on every processor; one that could not be asked makes it unknown",
    attack: "an STM that was not measured, or that is no longer there, does not contain SMM",
    remedy: "check the firmware's STM settings; launch again",
    source: "SDG table E-6; SDM volume 3, dual-monitor treatment",
};

pub(super) const TPM_14: Entry = Entry {
    name: "TPM-14",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "PCR values reach the kernel authenticated",
    meaning: "what the kernel reads of PCRs carries an HMAC of a session with the TPM",
    attack: "a device on the bus of a discrete TPM can rewrite the values that the kernel reads",
    remedy:
        "no kernel up to 7.3 does it, CONFIG_TCG_TPM2_HMAC protects extends only: have a quote \
             checked on another machine",
    source: "Linux, drivers/char/tpm/tpm2-cmd.c; derived",
};

pub(super) const TPM_15: Entry = Entry {
    name: "TPM-15",
    severity: Severity::Medium,
    weight: Weight::Required,
    title: "PCRs stable while the evidence was judged",
    meaning: "PCR 17 to 22 read before and after the evaluation are equal",
    attack: "an extend in between makes log and PCR belong to different moments",
    remedy: "judge again (reverify)",
    source: "derived",
};
