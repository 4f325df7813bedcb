// SPDX-License-Identifier: GPL-2.0

//! Entries of the launch control policy.
//!
//! All of them advise: many platforms have no policy, and firmware defines its indices in more ways
//! than the tables of the SDG show.

use super::{Entry, Severity, Weight};

pub(super) const LCP_01: Entry = Entry {
    name: "LCP-01",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "policy indices well protected",
    meaning: "AUX, PS and PO of the TPM, where they are defined, can be written by their holders only: AUX in localities 3 and 4, by a policy that is known in sha1, sha256, sha384 and sha512 and unknown in other algorithms. With a TPM 1.2 sizes and the localities that write AUX are judged; with PS or PO defined the rest is unknown",
    attack: "whoever can write an index decides what may be launched, or rolls SINIT back",
    remedy: "compare with tpm2_nvreadpublic; have the platform provisioned anew, or define PO without authwrite",
    source: "SDG tables J-1 to J-3; attributes in event logs of real machines; TPM 2.0 part 3, PolicyLocality, PolicyCommandCode, PolicyOR",
};

pub(super) const LCP_02: Entry = Entry {
    name: "LCP-02",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "policy that enforces something",
    meaning: "PO, else PS, is of type LIST; neither allows non-production modules (NPW_OK) or the deletion of AUX",
    attack: "a policy of type ANY lets any environment be launched; NPW_OK lets modules run that cap the PCRs",
    remedy: "make a LIST policy (lcp2_crtpol) and write it to the owner's index",
    source: "SDG 3.2.2, D.1, E.1",
};

pub(super) const LCP_03: Entry = Entry {
    name: "LCP-03",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "policy is the one that was measured",
    meaning: "PolicyControl in event 0x40C is that of the policies that the TPM holds now",
    attack: "the policy was changed after the launch: what is in force is not what was enforced",
    remedy: "launch again; find out who wrote the index",
    source: "SDG table E-6; derived",
};

pub(super) const LCP_04: Entry = Entry {
    name: "LCP-04",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "policy indices are the measured ones",
    meaning: "the public areas of AUX, PS and PO in event 0x414 are those that the TPM has now",
    attack: "an index was deleted or defined anew after the launch, to change the policy of the next one",
    remedy: "launch again; find out who defined the index",
    source: "SDG 3.3.10; event logs of real machines",
};
