// SPDX-License-Identifier: GPL-2.0

//! Cases of LCP-01 to LCP-04.

use super::{warns, Case};
use launchguard_host_tests::fixture::acm::TPMS;
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::nv::{self, Index};
use launchguard_host_tests::fixture::{lcp, Machine, BANKS};
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::judgement::Outcome::{self, Fail, NotApplicable, Pass, Unknown};

/// Changes the contents of PS and PO of the good machine.
fn policies(machine: &mut Machine, ps: Vec<u8>, po: Vec<u8>) {
    machine.nv.change(|indices| {
        indices[1].data = Some(ps);
        indices[2].data = Some(po);
    });
}

pub(super) const CASES: &[Case] = &[
    // writelocked is a state, and the one that decides here.
    warns(
        Lcp01,
        "PS at 0x01800001, attributes 0x62042404: whoever knows",
        |m| {
            m.nv.change(|indices| indices[1].set_attributes(0x6204_2404));
        },
    ),
    warns(
        Lcp01,
        "AUX at 0x01800003, attributes 0x62044409: not those",
        |m| {
            m.nv.change(|indices| indices[0].set_attributes(nv::AUX_ATTRIBUTES | 1));
        },
    )
    .also(&[Lcp04]),
    warns(Lcp01, "not that of localities 3 and 4", |m| {
        m.nv.change(|indices| indices[0].public.as_mut().expect("AUX")[12] ^= 1);
    })
    .also(&[Lcp04]),
    warns(Lcp01, "not those of an index that the platform made", |m| {
        m.nv.change(|indices| indices[1].set_attributes(nv::PS_ATTRIBUTES & !(1 << 30)));
    })
    .also(&[Lcp04]),
    warns(
        Lcp01,
        "PO at 0x01400001, attributes 0x22040006: whoever",
        |m| {
            m.nv.change(|indices| indices[2].set_attributes(nv::PO_ATTRIBUTES | 4));
        },
    )
    .also(&[Lcp04]),
    warns(Lcp02, "PO is of type ANY: lets anything be launched", |m| {
        policies(
            m,
            lcp::policy_3(lcp::LIST, 1, 4),
            lcp::policy_3(lcp::ANY, 1, 4),
        );
    }),
    warns(
        Lcp02,
        "PO: it lets modules run that are not for production",
        |m| {
            policies(
                m,
                lcp::policy_3(lcp::LIST, 1, 4),
                lcp::policy_3(lcp::LIST, 1, 6),
            );
        },
    ),
    warns(Lcp02, "PS: it lets AUX be deleted", |m| {
        policies(
            m,
            lcp::policy_3(lcp::LIST, 1, 1 << 31),
            lcp::policy_3(lcp::LIST, 1, 4),
        );
    }),
    warns(
        Lcp02,
        "PS: its version is that of the other TPM family",
        |m| {
            policies(
                m,
                lcp::policy_2(lcp::LIST, 1, 4),
                lcp::policy_3(lcp::LIST, 1, 4),
            );
        },
    ),
    warns(
        Lcp03,
        "0x4 was measured, PS 0x8, PO 0x10000: the policies say",
        |m| {
            policies(
                m,
                lcp::policy_3(lcp::LIST, 1, 8),
                lcp::policy_3(lcp::LIST, 1, 1 << 16),
            );
        },
    ),
    warns(
        Lcp04,
        "PO was measured with attributes 0x2040002 and 70 bytes, now",
        |m| {
            m.nv.change(|indices| {
                indices[2] = Index::new(
                    nv::PO,
                    nv::PO_ATTRIBUTES | 8,
                    &[7; 32],
                    lcp::policy_3(0, 1, 4),
                );
            });
        },
    ),
    warns(
        Lcp04,
        "PO was measured at 0x01400001 and is not defined now",
        |m| {
            m.nv.change(|indices| {
                indices[2].public = None;
            });
        },
    ),
    warns(
        Lcp04,
        "AUX was not defined when it was measured, now it is, at 0x01800003",
        |m| {
            m.change_launch(|records| {
                for record in records.iter_mut().filter(|record| record.kind == 0x414) {
                    *record = Record::of_data(record.pcr, 0x414, &BANKS, &[0, 0, 0]);
                }
            });
        },
    ),
];

fn outcome(machine: &Machine, check: CheckId) -> (Outcome, String) {
    let judgement = machine.judge("", None);
    let finding = judgement.finding(check);
    (finding.outcome, finding.detail.to_string())
}

/// The launch measured no index and no policy, and there is none: nothing to say, nothing wrong.
#[test]
fn without_a_policy_nothing_is_judged() {
    let mut machine = Machine::launched();
    machine.nv.set(Vec::new());
    machine.change_launch(|records| {
        for record in records.iter_mut() {
            let data: &[u8] = match record.kind {
                0x414 => &[0, 0, 0],
                0x40c => &[0, 0, 0, 0],
                _ => continue,
            };
            *record = Record::of_data(record.pcr, record.kind, &BANKS, data);
        }
    });
    for check in [Lcp01, Lcp02, Lcp03] {
        assert_eq!(outcome(&machine, check).0, NotApplicable, "{check}");
    }
    assert_eq!(outcome(&machine, Lcp04).0, Pass);
    assert_eq!(outcome(&machine, Acm08).0, Pass);
}

/// Which of the two sets counts is SINIT's to say (bit 6 of its TPM capabilities): an owner can define
/// an index of the other set, which nobody looks at.
#[test]
fn the_set_of_indices_is_the_one_that_sinit_uses() {
    let mut machine = Machine::launched();
    machine.nv.change(|indices| {
        let any = lcp::policy_3(lcp::ANY, 1, 4);
        indices.push(Index::new(0x01c1_0106, nv::PO_ATTRIBUTES, &[], any));
    });
    assert_eq!(outcome(&machine, Lcp02).0, Pass);
    machine.sinit.as_mut().expect("SINIT")[TPMS] |= 1 << 6;
    let (found, words) = outcome(&machine, Lcp02);
    assert_eq!(found, Fail, "{words}");
    assert!(words.contains("PO is of type ANY"), "{words}");
}

/// A SINIT that could not be read says nothing: the set that is defined is the one in use, and of two
/// that are nobody can tell.
#[test]
fn without_sinit_the_set_that_is_defined_is_used() {
    let any = || lcp::policy_3(lcp::ANY, 1, nv::CONTROL);
    let new = |data| Index::new(0x01c1_0106, nv::PO_ATTRIBUTES, &[], data);
    for (old, expected) in [(false, Fail), (true, Unknown)] {
        let mut machine = Machine::launched();
        machine.nv.change(|indices| {
            if !old {
                indices.clear();
            }
            indices.push(new(any()));
        });
        machine.sinit = None;
        let (found, words) = outcome(&machine, Lcp02);
        assert_eq!(found, expected, "old set {old}: {words}");
        let part = if old {
            "which of two sets"
        } else {
            "PO is of type ANY"
        };
        assert!(words.contains(part), "{words}");
    }
    // Nothing in the new set, as on the fixture.
    let mut machine = Machine::launched();
    machine.sinit = None;
    assert_eq!(outcome(&machine, Lcp02).0, Pass);
}

#[test]
fn what_cannot_be_decoded_does_not_pass() {
    let mut machine = Machine::launched();
    machine
        .nv
        .change(|indices| indices[1].data = Some(vec![0; 70]));
    assert_eq!(outcome(&machine, Lcp02).0, Fail);
    assert_eq!(outcome(&machine, Lcp03).0, Unknown);
    assert_eq!(outcome(&machine, Acm08).0, Unknown);
    machine.nv.change(|indices| indices[2].data = None);
    for check in [Lcp02, Lcp03, Acm08] {
        assert_eq!(outcome(&machine, check).0, Unknown, "{check}");
    }
    assert_eq!(outcome(&machine, Lcp01).0, Pass);
    // An event that is no list of areas.
    let mut machine = Machine::launched();
    machine.change_launch(|records| {
        for record in records.iter_mut().filter(|record| record.kind == 0x414) {
            *record = Record::of_data(record.pcr, 0x414, &BANKS, &[2, 0, 0]);
        }
    });
    assert_eq!(outcome(&machine, Lcp04).0, Unknown);
}
