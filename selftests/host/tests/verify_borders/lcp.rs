// SPDX-License-Identifier: GPL-2.0

//! LCP-03 and LCP-04: what was measured against the policies, and against their indices.

use super::{try_all, Case};
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::nv::{self, Index};
use launchguard_host_tests::fixture::{lcp, Machine, BANKS};
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, NotApplicable, Pass};

/// PolicyControl as it was measured, that of PS and that of PO; `None` where there is no policy.
fn control(machine: &mut Machine, measured: u32, ps: Option<u32>, po: Option<u32>) {
    machine.change_launch(|records| {
        for record in records.iter_mut().filter(|record| record.kind == 0x40c) {
            *record = Record::of_data(record.pcr, 0x40c, &BANKS, &measured.to_le_bytes());
        }
    });
    machine.nv.change(|indices| {
        for (index, control) in indices[1..].iter_mut().zip([ps, po]) {
            match control {
                Some(control) => index.data = Some(lcp::policy_3(lcp::LIST, 1, control)),
                None => index.public = None,
            }
        }
    });
}

const CASES: &[Case] = &[
    (
        Lcp03,
        Pass,
        "=PolicyControl 0x4 was measured, PS 0x4, PO 0x4: that of a policy",
        |_| {},
    ),
    (Lcp03, Pass, "PS 0x4, PO 0x8: that of a policy", |m| {
        control(m, 4, Some(4), Some(8))
    }),
    (Lcp03, Pass, "PS 0x8, PO 0x4: that of a policy", |m| {
        control(m, 4, Some(8), Some(4))
    }),
    (Lcp03, Pass, "PS 0x8, PO 0x0: that of a policy", |m| {
        control(m, 8, Some(8), None)
    }),
    (Lcp03, Pass, "PS 0x0, PO 0x8: that of a policy", |m| {
        control(m, 8, None, Some(8))
    }),
    (Lcp03, Pass, "PS 0x4, PO 0x8: that of both policies", |m| {
        control(m, 0xc, Some(4), Some(8));
    }),
    (Lcp03, Pass, "PS 0xc, PO 0x18: that of both policies", |m| {
        control(m, 0x1c, Some(0xc), Some(0x18));
    }),
    // Neither what they have in common nor what only one of them has.
    (Lcp03, Fail, "the policies say otherwise", |m| {
        control(m, 0x8, Some(0xc), Some(0x18))
    }),
    (Lcp03, Fail, "the policies say otherwise", |m| {
        control(m, 0x14, Some(0xc), Some(0x18))
    }),
    (Lcp03, Fail, "the policies say otherwise", |m| {
        control(m, 0, Some(4), Some(4))
    }),
    (Lcp03, Fail, "the policies say otherwise", |m| {
        control(m, 4, Some(8), None)
    }),
    (Lcp03, Fail, "the policies say otherwise", |m| {
        control(m, 0, None, Some(8))
    }),
    (Lcp03, NotApplicable, "there is no policy", |m| {
        control(m, 0, None, None)
    }),
    (Lcp03, Fail, "there is no policy now", |m| {
        control(m, 4, None, None)
    }),
];

#[test]
fn the_control_is_that_of_a_policy_or_of_both() {
    try_all(Machine::launched, CASES);
}

/// PO of the second set (SDG table J-2), and the data of an event that measured it beside AUX and PS of
/// the first.
fn second_set() -> (Index, Vec<u8>) {
    let policy = lcp::policy_3(lcp::LIST, 1, nv::CONTROL);
    let po = Index::new(0x01c1_0106, nv::PO_ATTRIBUTES, &[], policy);
    let mut info = nv::info(&nv::good()[..2]);
    assert_eq!(info.pop(), Some(0), "no PO");
    info.push(1);
    info.extend(po.public.as_ref().expect("defined"));
    (po, info)
}

/// An area is compared with the index that was measured, whichever set is in use now.
#[test]
fn areas_are_compared_by_their_index() {
    type Change = fn(&mut Vec<Index>);
    let cases: [(Change, _, _); 3] = [
        (|_| {}, Pass, "3 of AUX, PS and PO are defined"),
        (
            |indices| indices[3].set_attributes(nv::PO_ATTRIBUTES | 4),
            Fail,
            "PO was measured with attributes 0x2040002 and 70 bytes, now 0x2040006 and",
        ),
        (
            |indices| drop(indices.pop()),
            Fail,
            "PO was measured at 0x01c10106 and is not defined now",
        ),
    ];
    for (change, outcome, words) in cases {
        let (po, info) = second_set();
        let mut machine = Machine::launched();
        machine.change_launch(|records| {
            for record in records.iter_mut().filter(|record| record.kind == 0x414) {
                *record = Record::of_data(record.pcr, 0x414, &BANKS, &info);
            }
        });
        machine.nv.change(|indices| {
            indices.push(po);
            change(indices);
        });
        let judgement = machine.judge("", None);
        let finding = judgement.finding(Lcp04);
        assert_eq!(finding.outcome, outcome, "{}", finding.detail);
        assert!(
            finding.detail.as_str().contains(words),
            "{}",
            finding.detail
        );
    }
}
