// SPDX-License-Identifier: GPL-2.0

//! MAP-06: the remap window, by its first and its last MiB (chipsec, remap.py).

use super::{try_all, Case};
use launchguard_host_tests::fixture::chipset::{bridge, TOUUD};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::facts::Remap;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

const MIB: u64 = 0x10_0000;
const GIB4: u64 = 0x1_0000_0000;

/// Base and limit, locked.
fn window(machine: &mut Machine, base: u64, limit: u64) {
    machine.chipset.set64(bridge::REMAPBASE, base | 1);
    machine.chipset.set64(bridge::REMAPLIMIT, limit | 1);
}

/// Memory of 4 GiB, 2 of them remapped to lie above: the window is 4 GiB to 6 GiB.
const IN_CONFIG: &[Case] = &[
    (Map06, Pass, "the window is right", |_| {}),
    (Map06, Pass, "the window is right", |m| {
        window(m, GIB4 + MIB, TOUUD - MIB)
    }),
    (Map06, Fail, "the window starts below 4 GiB", |m| {
        window(m, GIB4 - MIB, TOUUD - MIB)
    }),
    (Map06, Pass, "the window is off", |m| {
        window(m, TOUUD, TOUUD - MIB)
    }),
    (Map06, Unknown, "one MiB or none", |m| {
        window(m, TOUUD - MIB, TOUUD - MIB)
    }),
    (Map06, Fail, "the window does not end at TOUUD", |m| {
        window(m, GIB4, TOUUD)
    }),
    (Map06, Fail, "the window does not end at TOUUD", |m| {
        window(m, GIB4, TOUUD - 2 * MIB);
    }),
    (
        Map06,
        Fail,
        "the window is larger than the memory above TOLUD",
        |m| {
            m.chipset.set64(bridge::TOM, (GIB4 - MIB) | 1);
        },
    ),
];

fn alder_lake() -> Machine {
    let mut machine = Machine::launched();
    machine.chipset.become_alder_lake();
    machine.cpus.set_all(Msr::BiosDone, Some(1));
    machine
}

fn in_mchbar(machine: &mut Machine, base: u64, limit: u64) {
    machine.chipset.remap = Some(Remap { base, limit });
}

/// With in-band ECC a part of the window lies beyond TOUUD, but not all of it.
const IN_MCHBAR: &[Case] = &[
    (Map06, Pass, "the window is right", |_| {}),
    (Map06, Unknown, "right only if in-band ECC is on", |m| {
        in_mchbar(m, GIB4, TOUUD)
    }),
    (Map06, Unknown, "right only if in-band ECC is on", |m| {
        in_mchbar(m, TOUUD - MIB, TOUUD);
    }),
    (Map06, Fail, "the window does not end at TOUUD", |m| {
        in_mchbar(m, TOUUD, TOUUD + MIB);
    }),
    (Map06, Fail, "the window does not end at TOUUD", |m| {
        in_mchbar(m, GIB4, TOUUD - 2 * MIB);
    }),
];

#[test]
fn the_window_ends_where_memory_does() {
    try_all(Machine::launched, IN_CONFIG);
    try_all(alder_lake, IN_MCHBAR);
}
