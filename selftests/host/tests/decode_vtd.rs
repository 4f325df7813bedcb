// SPDX-License-Identifier: GPL-2.0

//! Registers of a DMA remapping unit, bit by bit (VT-d specification, chapter 11).

use launchguard_host_tests::exercise::Dump;
use launchguard_pure::decode::vtd::{Cap, Ecap, Fsts, Gsts, UnitRegisters};

/// A register page in which every register of the specification has its own value.
fn page(cap: u64, ecap: u64) -> Vec<u8> {
    let mut page = vec![0u8; 4096];
    let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x0, &0x60u32.to_le_bytes());
    put(0x8, &cap.to_le_bytes());
    put(0x10, &ecap.to_le_bytes());
    put(0x1c, &0x1c1cu32.to_le_bytes());
    put(0x20, &0x2020_2020_2020_2020u64.to_le_bytes());
    put(0x34, &0x3434u32.to_le_bytes());
    put(0x64, &0x6464_6465u32.to_le_bytes());
    put(0x68, &0x6868u32.to_le_bytes());
    put(0x6c, &0x6c6cu32.to_le_bytes());
    put(0x70, &0x7070_7070_7070u64.to_le_bytes());
    put(0x78, &0x7878_7878_7878u64.to_le_bytes());
    put(0xb8, &0xb8b8_b8b8_b8b8_b8b8u64.to_le_bytes());
    page
}

#[test]
fn what_the_capabilities_promise_is_read_and_nothing_else() {
    let low = (0x6868, 0x6c6c);
    let high = (0x7070_7070_7070, 0x7878_7878_7878);
    let (plmr, phmr, ir) = (1 << 5, 1 << 6, 1 << 3);
    for (cap, ecap, pmen, pmr_low, pmr_high, irta) in [
        (1, 0, 0, (0, 0), (0, 0), 0),
        (plmr, 0, 0x6464_6465, low, (0, 0), 0),
        (phmr, 0, 0x6464_6465, (0, 0), high, 0),
        (plmr | phmr, 0, 0x6464_6465, low, high, 0),
        (!(plmr | phmr), 0, 0, (0, 0), (0, 0), 0),
        (1, ir, 0, (0, 0), (0, 0), 0xb8b8_b8b8_b8b8_b8b8),
        (1, !ir, 0, (0, 0), (0, 0), 0),
    ] {
        let unit = UnitRegisters::read(&Dump(&page(cap, ecap))).expect("a unit");
        let expected = UnitRegisters {
            version: 0x60,
            cap,
            ecap,
            gsts: 0x1c1c,
            rtaddr: 0x2020_2020_2020_2020,
            fsts: 0x3434,
            pmen,
            pmr_low,
            pmr_high,
            irta,
        };
        assert_eq!(unit, expected);
        assert_eq!(unit.pmr_active(), pmen != 0);
    }
}

/// Either register alone may well be all zeros or all ones.
#[test]
fn no_unit_answers_where_both_capability_registers_are_silent() {
    for (cap, ecap, there) in [
        (0, 0, false),
        (u64::MAX, u64::MAX, false),
        (0, 1, true),
        (1, 0, true),
        (u64::MAX, 1, true),
        (1, u64::MAX, true),
        (0, u64::MAX, true),
        (u64::MAX, 0, true),
    ] {
        let found = UnitRegisters::read(&Dump(&page(cap, ecap)));
        assert_eq!(found.is_some(), there, "{cap:#x} {ecap:#x}");
    }
}

#[test]
fn each_flag_is_its_bit_of_the_register() {
    type Flag = fn(u64) -> bool;
    let flags: [(&str, u64, Flag); 15] = [
        ("PLMR", 1 << 5, |v| Cap(v).pmr_low()),
        ("PHMR", 1 << 6, |v| Cap(v).pmr_high()),
        ("DT", 1 << 2, |v| Ecap(v).device_tlb()),
        ("IR", 1 << 3, |v| Ecap(v).interrupt_remapping()),
        ("SMTS", 1 << 43, |v| Ecap(v).scalable_mode()),
        ("TES", 1 << 31, |v| Gsts(v as u32).translation()),
        ("RTPS", 1 << 30, |v| Gsts(v as u32).root_set()),
        ("IRES", 1 << 25, |v| Gsts(v as u32).interrupt_remapping()),
        ("IRTPS", 1 << 24, |v| Gsts(v as u32).interrupt_table_set()),
        ("CFIS", 1 << 23, |v| {
            Gsts(v as u32).compatibility_interrupts()
        }),
        ("PFO", 1, |v| Fsts(v as u32).overflow()),
        ("PPF", 2, |v| Fsts(v as u32).pending()),
        ("IQE, ICE, ITE", 0x70, |v| {
            Fsts(v as u32).invalidation_error()
        }),
        ("PRS", 1, |v| with(|unit| unit.pmen = v as u32).pmr_active()),
        ("TTM", 1 << 10, |v| with(|unit| unit.rtaddr = v).scalable()),
    ];
    for (name, mask, flag) in flags {
        assert!(!flag(0), "{name}");
        for bit in 0..64 {
            assert_eq!(flag(1 << bit), mask & (1 << bit) != 0, "{name}, bit {bit}");
        }
    }
    // TTM is a number: 3 is reserved.
    assert!(!with(|unit| unit.rtaddr = 0xc00).scalable());
}

fn with(change: impl FnOnce(&mut UnitRegisters)) -> UnitRegisters {
    let mut unit = UnitRegisters::read(&Dump(&page(1, 0))).expect("a unit");
    change(&mut unit);
    unit
}

#[test]
fn each_field_has_its_place() {
    assert_eq!(Cap(0x2a << 40).fault_records(), 0x2b);
    assert_eq!(Cap(u64::MAX).fault_records(), 256);
    assert_eq!(Cap(!(0xff << 40)).fault_records(), 1);
    assert_eq!(Cap(0x22 << 24).fault_offset(), 0x220);
    assert_eq!(Cap(u64::MAX).fault_offset(), 0x3ff0);
    assert_eq!(Cap(!(0x3ff << 24)).fault_offset(), 0);
    assert_eq!(Fsts(0xffff_a5ff).record(), 0xa5);
    let unit = with(|unit| {
        unit.rtaddr = 0x0012_3456_789a_bcde;
        unit.irta = 0x00fe_dcba_9876_5432;
    });
    assert_eq!(unit.root(), 0x0012_3456_789a_b000);
    assert_eq!(unit.interrupt_table(), 0x00fe_dcba_9876_5000);
    assert_eq!((unit.cap(), unit.ecap()), (Cap(1), Ecap(0)));
    assert_eq!((unit.gsts(), unit.fsts()), (Gsts(0x1c1c), Fsts(0x3434)));
}
