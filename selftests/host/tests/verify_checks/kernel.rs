// SPDX-License-Identifier: GPL-2.0

//! Cases of the running kernel: KRN-02 and KRN-03.

use super::{fails, warns, Case};
use launchguard_host_tests::fixture::{log, Machine, BANKS};
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::{Krn02, Krn03, Txt07};
use launchguard_pure::verify::facts::{MemoryRange, Unit, UnitRegisters};
use launchguard_pure::verify::judgement::Outcome;

/// The cases.
pub(super) const CASES: &[Case] = &[
    warns(Krn02, "changed since the first judgement: registers", |m| {
        m.remember();
        m.set(Reg::E2sts, 4);
    })
    .also(&[Txt07]),
    // A bit that no other check looks at.
    warns(Krn02, "registers", |m| {
        m.remember();
        m.change(Reg::Sts, |sts| sts ^ (1 << 4));
    }),
    fails(Krn03, "nothing of the policy is carried out", |m| {
        m.kernel.rescue = Some(true);
    }),
];

/// What KRN-02 says after `change`, the machine having been judged before.
fn after(change: impl FnOnce(&mut Machine)) -> (Outcome, String) {
    let mut machine = Machine::launched();
    machine.chipset.host_bridge = Some(vec![0; 256]);
    machine.chipset.memory_map = Some(vec![MemoryRange {
        base: 0,
        size: 0x8000_0000,
        kind: 1,
    }]);
    machine.firmware.dmar = Some(vec![1; 64]);
    machine.dma.units = Some(vec![unit()]);
    machine.dma.command_line = Some("quiet".to_owned());
    machine.remember();
    change(&mut machine);
    let judgement = machine.judge("", None);
    let finding = judgement.finding(Krn02);
    (finding.outcome, finding.detail.as_str().to_owned())
}

fn unit() -> Unit {
    Unit {
        segment: 0,
        base: 0xfed9_0000,
        registers: Some(UnitRegisters {
            version: 0x10,
            cap: 1,
            ecap: 2,
            gsts: 0xc700_0000,
            rtaddr: 0x1000,
            fsts: 0,
            pmen: 0,
            pmr_low: (0, 0),
            pmr_high: (0, 0),
            irta: 0x2000,
        }),
        root_in_ram: Some(true),
        irt_in_ram: Some(true),
    }
}

fn registers(machine: &mut Machine) -> &mut UnitRegisters {
    machine.dma.units.as_mut().unwrap()[0]
        .registers
        .as_mut()
        .unwrap()
}

#[test]
fn each_kind_of_evidence_is_compared() {
    type Change = (&'static str, fn(&mut Machine));
    let changes: &[Change] = &[
        ("registers", |m| m.set(Reg::ErrorCode, 0xc000_0001)),
        ("registers", |m| m.registers.public_key = Some([1; 32])),
        ("heap", |m| {
            m.change_tables(|tables| tables.os_sinit_data[8] ^= 1)
        }),
        ("heap", |m| m.heap.as_mut().unwrap()[0] ^= 1),
        ("SINIT", |m| m.sinit.as_mut().unwrap()[0x100] ^= 1),
        ("log", |m| m.log.as_mut().unwrap()[100] ^= 1),
        ("PCR 17 and 18", |m| {
            m.set_pcr(BANKS[0], 18, Some(&[9; 20]));
        }),
        ("chipset", |m| {
            m.chipset.host_bridge.as_mut().unwrap()[0xbc] = 1;
        }),
        ("memory map", |m| {
            m.chipset.memory_map.as_mut().unwrap()[0].size -= 0x1000;
        }),
        ("ACPI tables", |m| m.firmware.dmar.as_mut().unwrap()[40] = 0),
        ("DMA remapping", |m| registers(m).gsts = 0x4700_0000),
        ("DMA remapping", |m| registers(m).rtaddr = 0x9000),
        ("DMA remapping", |m| {
            m.dma.command_line = Some("quiet iommu=pt".to_owned());
        }),
        ("kernel", |m| m.kernel.loader_type = Some(0xd0)),
    ];
    for (kind, change) in changes {
        let expected = format!("changed since the first judgement: {kind}");
        assert_eq!(after(change), (Outcome::Fail, expected), "{kind}");
    }
    let both = after(|m| {
        m.set(Reg::Ests, 1);
        registers(m).irta = 0;
    });
    assert_eq!(
        both.1,
        "changed since the first judgement: registers, DMA remapping"
    );
}

#[test]
fn what_may_change_is_no_drift() {
    let pass = |change: fn(&mut Machine)| {
        let (outcome, detail) = after(change);
        assert_eq!(outcome, Outcome::Pass, "{detail}");
    };
    pass(|_| {});
    // The log gains a record at its end, and the heap says so; no PCR that is compared changes.
    pass(|m| {
        m.change_log(|records| {
            records.push(log::Record::of_data(19, 0x502, &BANKS, b"later"));
        });
    });
    pass(|m| registers(m).fsts = 2);
    pass(|m| m.set_pcr(BANKS[1], 19, Some(&[3; 32])));
    pass(|m| m.chipset.host_bridge.as_mut().unwrap()[0x06] = 0x10);
}

#[test]
fn what_the_log_held_must_stay() {
    let (outcome, detail) = after(|m| {
        m.change_log(|records| {
            records.pop();
        });
    });
    assert_eq!(
        (outcome, detail.as_str()),
        (Outcome::Fail, "changed since the first judgement: log")
    );
}

#[test]
fn what_can_no_longer_be_read_is_unknown() {
    let (outcome, detail) = after(|m| m.log = None);
    assert_eq!(
        (outcome, detail.as_str()),
        (Outcome::Unknown, "can no longer be read: log")
    );
}

/// A kind that could not be read at first is compared from the judgement on that had it.
#[test]
fn late_evidence_is_remembered_late() {
    let mut machine = Machine::launched();
    let tpm = machine.tpm.take();
    machine.remember();
    machine.tpm = tpm;
    assert_eq!(machine.judge("", None).outcome(Krn02), Outcome::Pass);
    let mut baseline = *machine.baseline.clone().unwrap();
    baseline.complete(&machine.facts(), &launchguard_pure::hasher::HostHasher);
    machine.baseline = Some(Box::new(baseline));
    machine.set_pcr(BANKS[1], 17, Some(&[7; 32]));
    let judgement = machine.judge("", None);
    assert_eq!(
        judgement.finding(Krn02).detail.as_str(),
        "changed since the first judgement: PCR 17 and 18"
    );
}
