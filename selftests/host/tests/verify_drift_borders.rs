// SPDX-License-Identifier: GPL-2.0

//! When the fingerprints of a judgement's evidence are complete, and that each part of it is in them.

use launchguard_host_tests::fixture::chipset::Firmware;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::decode::registers::Registers;
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::drift::{Baseline, Kind};

fn baseline(machine: &Machine) -> Baseline {
    let mut baseline = Baseline::EMPTY;
    baseline.complete(&machine.facts(), &HostHasher);
    baseline
}

#[test]
fn a_baseline_is_complete_when_every_kind_was_read() {
    assert!(!Baseline::EMPTY.is_complete());
    let mut all = Baseline::EMPTY;
    all.marks = [Some([1; 32]); Kind::ALL.len()];
    assert!(all.is_complete());
    for index in 0..Kind::ALL.len() {
        let mut one_less = all;
        one_less.marks[index] = None;
        assert!(!one_less.is_complete(), "{index}");
    }
}

/// What differs between the fingerprints of a good machine and of one that was changed.
fn differing(change: fn(&mut Machine)) -> Vec<Kind> {
    let mut machine = Machine::launched();
    let before = baseline(&machine);
    change(&mut machine);
    let after = baseline(&machine);
    Kind::ALL
        .into_iter()
        .filter(|kind| before.mark(*kind) != after.mark(*kind))
        .collect()
}

/// Of the processors the first stands for all.
#[test]
fn each_part_of_a_processor_is_in_the_fingerprint() {
    let changes: [fn(&mut Machine); 4] = [
        |m| m.cpus.cpu_mut(0).signature += 1,
        |m| m.cpus.cpu_mut(0).microcode = Some(0xee),
        |m| m.cpus.set(0, Msr::FeatureControl, Some(0xff05)),
        |m| m.cpus.cpu_mut(0).mtrrs[1] = Some((6, 0x800)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(differing(change), [Kind::Cpu], "change {number}");
    }
}

/// The memory map and what is RAM in it: either alone is something to compare.
#[test]
fn half_of_the_memorys_evidence_is_a_fingerprint() {
    let without = |change: fn(&mut Machine)| {
        let mut machine = Machine::launched();
        change(&mut machine);
        baseline(&machine).mark(Kind::Memory).is_some()
    };
    fn nothing_is_ram(m: &mut Machine) {
        m.memory.heap_is_ram = None;
        m.memory.sinit_is_ram = None;
        m.memory.registers_are_ram = None;
        m.memory.tpm_is_ram = None;
    }
    assert!(without(|m| m.chipset.memory_map = None));
    assert!(without(nothing_is_ram));
    assert!(!without(|m| {
        nothing_is_ram(m);
        m.chipset.memory_map = None;
    }));
}

/// Without evidence there is no fingerprint, rather than one of nothing; the other kinds keep theirs.
#[test]
fn what_was_not_read_has_no_fingerprint() {
    type Removal = (Kind, fn(&mut Machine));
    let missing: &[Removal] = &[
        (Kind::Registers, |m| m.registers = Registers::UNREADABLE),
        (Kind::Heap, |m| m.heap = None),
        (Kind::Sinit, |m| m.sinit = None),
        (Kind::Log, |m| m.log = None),
        (Kind::Pcrs, |m| m.tpm = None),
        (Kind::Nv, |m| m.nv.list = None),
        (Kind::Cpu, |m| m.cpus.list = None),
        (Kind::Chipset, |m| m.chipset.host_bridge = None),
        (Kind::Tables, |m| m.firmware = Firmware::default()),
        (Kind::Units, |m| m.dma.units = None),
        (Kind::Kernel, |m| {
            m.kernel.tboot_addr = None;
            m.kernel.loader_type = None;
        }),
    ];
    let good = Machine::launched();
    let before = baseline(&good);
    assert!(before.is_complete());
    for &(kind, change) in missing {
        let mut machine = good.clone();
        change(&mut machine);
        let after = baseline(&machine);
        for other in Kind::ALL {
            let expected = before.mark(other).filter(|_| other != kind);
            let words = format!("{} without {}", other.name(), kind.name());
            assert_eq!(after.mark(other), expected, "{words}");
        }
    }
}
