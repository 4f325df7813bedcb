// SPDX-License-Identifier: GPL-2.0

//! LCP-01: each attribute of the three indices (TPM 2.0, part 2, TPMA_NV; SDG table J-2).

use super::{try_all, Case};
use launchguard_host_tests::fixture::nv::{self, Index};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, NotApplicable, Pass, Unknown};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

const OWNERWRITE: u32 = 1 << 1;
const AUTHWRITE: u32 = 1 << 2;
const POLICYWRITE: u32 = 1 << 3;
const POLICY_DELETE: u32 = 1 << 10;
const WRITELOCKED: u32 = 1 << 11;
const WRITEDEFINE: u32 = 1 << 13;
const AUTHREAD: u32 = 1 << 18;
const NO_DA: u32 = 1 << 25;
const ORDERLY: u32 = 1 << 26;
const CLEAR_STCLEAR: u32 = 1 << 27;
const READLOCKED: u32 = 1 << 28;
const WRITTEN: u32 = 1 << 29;
const PLATFORMCREATE: u32 = 1 << 30;

/// What the check says when bit `bit` of the attributes of index `number` is the other one.
fn flipped(number: usize, attributes: u32, bit: u32) -> (bool, String) {
    let mut machine = Machine::launched();
    machine
        .nv
        .change(|indices| indices[number].set_attributes(attributes ^ (1 << bit)));
    let judgement = machine.judge("", None);
    let finding = judgement.finding(Lcp01);
    (finding.outcome == Pass, finding.detail.to_string())
}

#[test]
fn each_attribute_counts_or_does_not() {
    // Of AUX every bit counts that is no state.
    let aux_may = WRITELOCKED | READLOCKED | WRITTEN;
    // PS is locked for ever: then only what the platform gave it counts, and the lock itself.
    let ps_may = !(PLATFORMCREATE | NO_DA | AUTHREAD | POLICY_DELETE | WRITEDEFINE | WRITELOCKED);
    let po_may = !(AUTHWRITE | POLICYWRITE | AUTHREAD | ORDERLY | CLEAR_STCLEAR);
    for (number, attributes, may) in [
        (0, nv::AUX_ATTRIBUTES, aux_may),
        (1, nv::PS_ATTRIBUTES, ps_may),
        (2, nv::PO_ATTRIBUTES, po_may),
    ] {
        for bit in 0..32 {
            let (passes, words) = flipped(number, attributes, bit);
            let expected = may & (1 << bit) != 0;
            assert_eq!(passes, expected, "index {number}, bit {bit}: {words}");
        }
    }
}

fn attributes(machine: &mut Machine, number: usize, attributes: u32) {
    machine
        .nv
        .change(|indices| indices[number].set_attributes(attributes));
}

const PS: u32 = PLATFORMCREATE | NO_DA | AUTHREAD | POLICY_DELETE;

/// The public area of AUX: its algorithm at 4, the size of its policy at 10, its policy at 12.
fn aux(machine: &mut Machine, alg: u8, policy: &[u8]) {
    machine.nv.change(|indices| {
        indices[0] = Index::new(nv::AUX, nv::AUX_ATTRIBUTES, policy, vec![0; 104]);
        indices[0].public.as_mut().expect("AUX")[5] = alg;
    });
}

const CASES: &[Case] = &[
    (
        Lcp01,
        Pass,
        "=3 of AUX, PS and PO are defined, and as they should be",
        |_| {},
    ),
    (
        Lcp01,
        Pass,
        "=2 of AUX, PS and PO are defined, and as they should be",
        |m| {
            m.nv.change(|indices| indices[1].public = None);
        },
    ),
    (
        Lcp01,
        NotApplicable,
        "none of AUX, PS and PO is defined",
        |m| {
            m.nv.change(|indices| indices.iter_mut().for_each(|index| index.public = None));
        },
    ),
    (Lcp01, Pass, "3 of", |m| attributes(m, 1, PS)),
    (Lcp01, Fail, "the owner can write it", |m| {
        attributes(m, 1, PS | OWNERWRITE)
    }),
    (Lcp01, Fail, "whoever knows", |m| {
        attributes(m, 1, PS | AUTHWRITE)
    }),
    (Lcp01, Fail, "whoever knows", |m| {
        attributes(m, 1, PS | AUTHWRITE | WRITELOCKED)
    }),
    (Lcp01, Fail, "whoever knows", |m| {
        attributes(m, 1, PS | AUTHWRITE | WRITEDEFINE)
    }),
    (Lcp01, Pass, "3 of", |m| {
        attributes(m, 1, PS | AUTHWRITE | WRITEDEFINE | WRITELOCKED);
    }),
    // PS has a policy, PO has none.
    (Lcp01, Pass, "3 of", |m| attributes(m, 1, PS | POLICYWRITE)),
    (Lcp01, Fail, "under a policy that it does not have", |m| {
        attributes(m, 2, AUTHREAD | POLICYWRITE);
    }),
    (Lcp01, Pass, "3 of", |m| {
        attributes(m, 2, AUTHREAD | OWNERWRITE)
    }),
    (Lcp01, Fail, "SINIT cannot read it", |m| {
        attributes(m, 2, OWNERWRITE)
    }),
    (Lcp01, Fail, "do not outlast a restart", |m| {
        attributes(m, 2, AUTHREAD | ORDERLY)
    }),
    (Lcp01, Fail, "do not outlast a restart", |m| {
        attributes(m, 2, AUTHREAD | CLEAR_STCLEAR);
    }),
    (Lcp01, Pass, "3 of", |m| aux(m, 0x0b, &nv::AUX_POLICY)),
    (Lcp01, Fail, "not that of localities 3 and 4", |m| {
        aux(m, 0x0b, &[7; 32])
    }),
    (Lcp01, Fail, "it has no policy", |m| aux(m, 0x0b, &[])),
    // The policy of one algorithm is none in another.
    (Lcp01, Fail, "not that of localities 3 and 4", |m| {
        aux(m, 0x0c, &nv::AUX_POLICY);
    }),
    // In SM3 and SHA3-256 it is not known, but there must be one.
    (
        Lcp01,
        Unknown,
        "=AUX at 0x01800003: what its policy must be in algorithm 0x0012 is not known here",
        |m| {
            aux(m, 0x12, &nv::AUX_POLICY);
        },
    ),
    (
        Lcp01,
        Unknown,
        "in algorithm 0x0027 is not known here",
        |m| {
            aux(m, 0x27, &[7; 32]);
        },
    ),
    (Lcp01, Fail, "it has no policy", |m| aux(m, 0x12, &[])),
    // What is wrong with another index outweighs it; of another index its policy is not judged.
    (Lcp01, Fail, "SINIT cannot read it", |m| {
        m.nv.change(|indices| {
            indices[0].public.as_mut().expect("AUX")[5] = 0x12;
            indices[2].set_attributes(OWNERWRITE);
        });
    }),
    (Lcp01, Pass, "3 of", |m| {
        m.nv.change(|indices| indices[1].public.as_mut().expect("PS")[5] = 0x12);
    }),
];

#[test]
fn who_can_write_an_index() {
    try_all(Machine::launched, CASES);
}

/// PolicyOR of PolicyLocality(3, 4) and of the same with PolicyCommandCode(NV_UndefineSpaceSpecial), by
/// TPM 2.0, part 3: each extends the digest by its own command code and its arguments, and PolicyOR
/// begins again with zeros.
fn policy<D: Digest>() -> Vec<u8> {
    let hash = |parts: &[&[u8]]| {
        let state = parts
            .iter()
            .fold(D::new(), |state, part| state.chain_update(part));
        state.finalize().to_vec()
    };
    let command = |code: u32| code.to_be_bytes();
    let zeros = vec![0; <D as Digest>::output_size()];
    let written = hash(&[&zeros, &command(0x16f), &[0x18]]);
    let deleted = hash(&[&written, &command(0x16c), &command(0x11f)]);
    hash(&[&zeros, &command(0x171), &written, &deleted])
}

#[test]
fn the_policy_of_aux_is_known_in_four_algorithms() {
    for (alg, policy) in [
        (0x04, policy::<Sha1>()),
        (0x0b, policy::<Sha256>()),
        (0x0c, policy::<Sha384>()),
        (0x0d, policy::<Sha512>()),
    ] {
        let said = |policy: &[u8]| {
            let mut machine = Machine::launched();
            aux(&mut machine, alg, policy);
            let judgement = machine.judge("", None);
            let finding = judgement.finding(Lcp01);
            (finding.outcome, finding.detail.to_string())
        };
        let (found, words) = said(&policy);
        assert_eq!(found, Pass, "{alg:#x}: {words}");
        for at in 0..policy.len() {
            let mut other = policy.clone();
            other[at] ^= 1 << (at % 8);
            let (found, words) = said(&other);
            assert_eq!(found, Fail, "{alg:#x}, byte {at}: {words}");
            assert!(
                words.ends_with("is not that of localities 3 and 4"),
                "{words}"
            );
        }
    }
}

/// An index of a TPM 1.2 (TPM 1.2, part 2, 19.3): no PCRs are selected in three bytes of selection, and
/// it can be read in all localities.
fn index_12(index: u32, localities: u8, size: u32) -> Index {
    let mut public = 0x18u16.to_be_bytes().to_vec();
    public.extend(index.to_be_bytes());
    for locality in [0x1f, localities] {
        public.extend([0, 3, 0, 0, 0, locality]);
        public.extend([0; 20]);
    }
    public.extend(0x17u16.to_be_bytes());
    public.extend(2u32.to_be_bytes());
    public.extend([0, 0, 0]);
    public.extend(size.to_be_bytes());
    Index {
        index,
        public: Some(public),
        data: Some(vec![0; size as usize]),
    }
}

/// SDG table J-1: 0x50000003 has 96 bytes, 0x50000002 64, PS and PO 54; J-3: localities 3 and 4.
#[test]
fn indices_of_a_tpm12_have_their_sizes_and_localities() {
    try_all(
        Machine::launched_with_tpm12,
        &[
            (Lcp01, NotApplicable, "=none of AUX, PS and PO is defined", |m| {
                m.nv.set(vec![])
            }),
            (Lcp01, Pass, "AUX is written in localities 3 and 4", |m| {
                m.nv.set(vec![index_12(0x5000_0003, 0x18, 96)]);
            }),
            (Lcp01, Pass, "AUX is written in localities 3 and 4", |m| {
                m.nv.set(vec![index_12(0x5000_0002, 0x08, 64)]);
            }),
            (
                Lcp01,
                Fail,
                "=AUX at 0x50000002, 64 bytes, written in localities 0x1c: not only SINIT and the BIOS ACM write it",
                |m| m.nv.set(vec![index_12(0x5000_0002, 0x1c, 64)]),
            ),
            // No locality is named: none is asked for.
            (Lcp01, Fail, "localities 0x0: not only SINIT", |m| {
                m.nv.set(vec![index_12(0x5000_0002, 0, 64)]);
            }),
            (Lcp01, Fail, "96 bytes, written in localities 0x18: not the size", |m| {
                m.nv.set(vec![index_12(0x5000_0002, 0x18, 96)]);
            }),
            (Lcp01, Fail, "PS at 0x50000001, 64 bytes", |m| {
                m.nv.set(vec![index_12(0x5000_0001, 0x1f, 64)]);
            }),
            (Lcp01, Unknown, "whose authorisation writes PS and PO", |m| {
                m.nv.set(vec![
                    index_12(0x5000_0003, 0x18, 96),
                    index_12(0x4000_0001, 0x1f, 54),
                ]);
            }),
            (Lcp01, Unknown, "a public area is malformed", |m| {
                let mut short = index_12(0x5000_0003, 0x18, 96);
                short.public.as_mut().expect("an area").pop();
                m.nv.set(vec![short]);
            }),
        ],
    );
}
