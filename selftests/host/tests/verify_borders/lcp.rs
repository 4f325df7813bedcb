// SPDX-License-Identifier: GPL-2.0

//! LCP-03: the measured PolicyControl against those of the policies.

use super::{try_all, Case};
use launchguard_host_tests::fixture::log::Record;
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
