// SPDX-License-Identifier: GPL-2.0

//! DMA-12: a scope's path is followed through the bridges of its own segment (VT-d specification, 8.3.1).

use super::{try_all, Case};
use launchguard_host_tests::fixture::dma::UNIT_BASE;
use launchguard_host_tests::fixture::dmar::{encode, Entry, ScopeSpec};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId::Dma12;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass};

/// A scope of type `kind` whose path starts on bus 0. The root port at 1c.0 leads to bus 1.
fn way(kind: u8, path: &[(u8, u8)]) -> ScopeSpec {
    ScopeSpec {
        kind,
        path: path.to_vec(),
        ..ScopeSpec::endpoint(0, 0, 0)
    }
}

/// A unit for all of bus 0, and for what `scope` names beside it.
fn unit(machine: &mut Machine, scope: ScopeSpec) {
    // The kernel's own word for it would be enough.
    for one in machine.dma.functions.iter_mut().flatten() {
        one.group = None;
    }
    let on_bus_0 = [(0, 0), (2, 0), (0x1c, 0), (0x1f, 0), (0x1f, 3)];
    let mut scopes: Vec<_> = on_bus_0.iter().map(|place| way(1, &[*place])).collect();
    scopes.push(scope);
    let unit = Entry::Drhd {
        flags: 0,
        size: 0,
        segment: 0,
        base: UNIT_BASE,
        scopes,
    };
    machine.firmware.dmar = Some(encode(38, 1, &[unit]));
}

const CARD: &str = "0000:01:00.0 [8086:1000] is in the scope of no unit; 1 of 6";

const CASES: &[Case] = &[
    (Dma12, Pass, "", |m| unit(m, way(1, &[(0x1c, 0), (0, 0)]))),
    (Dma12, Pass, "", |m| unit(m, way(2, &[(0x1c, 0)]))),
    (Dma12, Fail, CARD, |m| unit(m, way(1, &[(0x1c, 0)]))),
    (Dma12, Fail, CARD, |m| {
        unit(m, way(1, &[(0x1c, 1), (0, 0)]));
    }),
    // What is there, but no bridge.
    (Dma12, Fail, CARD, |m| unit(m, way(1, &[(2, 0), (0, 0)]))),
    (Dma12, Fail, CARD, |m| unit(m, way(2, &[(2, 0)]))),
];

#[test]
fn a_path_leads_through_the_bridge_that_it_names() {
    try_all(Machine::launched, CASES);
}

/// The same places of another segment: a bridge there leads nowhere here.
#[test]
fn a_path_stays_in_its_segment() {
    fn elsewhere() -> Machine {
        let mut machine = Machine::launched();
        let functions = machine.dma.functions.as_mut().expect("functions");
        let mut other = functions[2];
        other.segment = 1;
        other.buses = Some((5, 5));
        functions.insert(0, other);
        machine
    }
    try_all(
        elsewhere,
        &[(
            Dma12,
            Fail,
            "0001:00:1c.0 [8086:101c] is in the scope of no unit; 1 of 7",
            |m| unit(m, way(1, &[(0x1c, 0), (0, 0)])),
        )],
    );
}
