// SPDX-License-Identifier: GPL-2.0

//! The fixture's machines, and each of their facts not read.

use super::Case;
use launchguard_host_tests::fixture::dma::{refused, window};
use launchguard_host_tests::fixture::{launch, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::LogFormat;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::facts::{
    Ats, Direct, Evidence, Facts, FaultCounts, LogCopy, LogSet, NvIndex, Refused, Tpr,
    TprRegisters, Translation,
};
use launchguard_pure::verify::notes::Notes;

#[test]
fn fixture_machines_are_judged_alike() {
    let mut changed = Machine::launched();
    changed.set_pcr(HashAlg::Sha256, 18, Some(&[7; 32]));
    changed.set(Reg::Ests, 1);
    changed.tpm_mut().second[1][0] = None;
    let mut bare = Machine::never_launched();
    bare.tpm = None;
    bare.latched = None;
    for machine in [
        Machine::launched(),
        Machine::never_launched(),
        Machine::with_records(&BANKS, launch::records(&BANKS, &BANKS)),
        Machine::launched_with_tpm12(),
        Machine::launched_with_legacy_logs(),
        changed,
        bare,
    ] {
        Case::of(machine.facts()).check();
    }
}

#[test]
fn texts_and_circumstances_travel_too() {
    let machine = Machine::launched();
    let references = machine.references(HashAlg::Sha256, &[17, 18]);
    for awaiting in [false, true] {
        for bits in 0..8 {
            let case = Case {
                policy: Some("version 1\nrequire TXT-05\nwaive HEAP-05 \"old firmware\"\n"),
                references: Some(&references),
                awaiting,
                notes: Notes {
                    sleeping: bits & 1 != 0,
                    policy_file: bits & 2 != 0,
                    references_file: bits & 4 != 0,
                },
                ..Case::of(machine.facts())
            };
            case.check();
        }
    }
}

#[test]
fn whatever_translates_for_a_function_travels() {
    use Translation::{Blocked, Dma, Identity, Managed, None, Unknown};
    for translation in [None, Blocked, Identity, Dma, Managed, Unknown] {
        let mut machine = Machine::launched();
        machine.dma.at(0, 2, 0).translation = translation;
        Case::of(machine.facts()).check();
    }
    for ats in [Ats::None, Ats::Off, Ats::On] {
        let mut machine = Machine::launched();
        machine.dma.at(0, 2, 0).ats = ats;
        Case::of(machine.facts()).check();
    }
}

/// Each fact in turn is not read or not there; the reasons must stand in the details as before.
#[test]
fn every_fact_may_be_missing() {
    let machine = Machine::launched();
    macro_rules! missing {
        ($($($field:ident).+,)+) => {
            $(
                for evidence in ["not read", "not there"] {
                    let mut facts: Facts<'_> = machine.facts();
                    facts.$($field).+ = match evidence {
                        "not read" => Evidence::Unreadable(concat!(stringify!($($field).+), " unread")),
                        _ => Evidence::Absent(concat!(stringify!($($field).+), " absent")),
                    };
                    Case::of(facts).check();
                }
            )+
        };
    }
    missing! {
        heap,
        log,
        sinit,
        slrt,
        tpm,
        nv,
        cpus,
        chipset.host_bridge,
        chipset.remap,
        chipset.memory_map,
        chipset.ecam,
        tables.dmar,
        tables.mcfg,
        tables.madt,
        tables.dtpr,
        tables.cedt,
        dma.units,
        dma.functions,
        dma.command_line,
        dma.tprs,
        dma.windows,
        dma.faults,
        dma.direct,
    }
    Case::of(Facts::unread(&machine.registers, "nothing was read")).check();
}

#[test]
fn logs_of_other_formats_keep_their_places() {
    let machine = Machine::launched();
    let log = |format, first| LogCopy {
        format,
        bytes: &[1, 2, 3],
        first,
        next: first + 1,
    };
    let mut facts = machine.facts();
    let mut set = LogSet::single(log(LogFormat::Legacy { alg: 4 }, 1));
    set.logs[3] = Some(log(LogFormat::Legacy { alg: 11 }, 2));
    facts.log = Evidence::Read(set);
    Case::of(facts).check();
    facts.log = Evidence::Read(LogSet::single(log(LogFormat::Tpm12Container, 0)));
    Case::of(facts).check();
    facts.log = Evidence::Read(LogSet {
        logs: [None; HashAlg::ALL.len()],
    });
    Case::of(facts).check();
}

#[test]
fn an_index_without_contents() {
    let machine = Machine::launched();
    let indices = [
        NvIndex {
            index: 0x01c1_0106,
            public: Evidence::Read(&[1, 2]),
            data: Evidence::Unreadable("NV_Read was refused"),
        },
        NvIndex {
            index: 0x0180_0001,
            public: Evidence::Absent("not defined"),
            data: Evidence::Absent("not defined"),
        },
    ];
    let mut facts = machine.facts();
    for count in 0..=2 {
        facts.nv = Evidence::Read(&indices[..count]);
        Case::of(facts).check();
    }
}

#[test]
fn what_the_guard_knows_travels_too() {
    let mut machine = Machine::launched();
    let counts = FaultCounts {
        watched: 2,
        others: 3,
        lost: 4,
        unseen: 5,
    };
    let without_group = Refused {
        group: None,
        ..refused(7, 1, false, u64::MAX)
    };
    machine.dma.windows = Some(vec![
        window(0x3000_0000, 0x1000, true),
        window(0x3001_0000, 0x2000, false),
    ]);
    machine.dma.faults = Some((counts, vec![refused(0, 6, true, 9), without_group]));
    machine.dma.direct = Some(vec![Direct {
        group: 5,
        base: 0,
        size: 16 << 20,
        relaxable: true,
    }]);
    Case::of(machine.facts()).check();
}

#[test]
fn protected_regions_travel_too() {
    let tprs = [
        Tpr {
            address: 0xfed9_0100,
            registers: Some(TprRegisters {
                base: 0x80_0010,
                limit: 0x100_0000,
            }),
        },
        Tpr {
            address: 0xfed9_0110,
            registers: None,
        },
    ];
    let machine = Machine::launched();
    let mut facts = machine.facts();
    for count in 0..=2 {
        facts.dma.tprs = Evidence::Read(&tprs[..count]);
        Case::of(facts).check();
    }
}
