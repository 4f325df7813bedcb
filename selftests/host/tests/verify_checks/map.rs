// SPDX-License-Identifier: GPL-2.0

//! Cases of MAP-03 to MAP-10.

use super::{fails, warns, Case};
use launchguard_host_tests::fixture::chipset::bridge;
use launchguard_host_tests::fixture::heap::SINIT_MDR_OFFSET;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::facts::MemoryRange;
use launchguard_pure::verify::judgement::{Outcome, Verdict};

pub(super) const CASES: &[Case] = &[
    fails(
        Map03,
        "TXT.DPR 0x7f000041 and DPR 0x7f000037 of the host bridge differ",
        |m| {
            m.chipset.set(bridge::DPR, 0x7f00_0037);
        },
    ),
    warns(
        Map04,
        "DPR ends at 0x7f000000, TSEG starts at 0x7f100000",
        |m| {
            m.chipset.set(bridge::TSEGMB, 0x7f10_0001);
        },
    )
    .also(&[Cpu09]),
    fails(Map05, "TOLUD is not locked (Kaby Lake)", |m| {
        m.chipset.set(bridge::TOLUD, 0x8000_0000);
    }),
    fails(Map06, "the window does not end at TOUUD", |m| {
        m.chipset.set64(bridge::REMAPLIMIT, 0x1_7fe0_0001);
    }),
    warns(
        Map07,
        "not in order: TSEGMB 0x7f000000, BGSM 0x7f800000, BDSM 0x7f700000",
        |m| {
            m.chipset.set(bridge::BDSM, 0x7f70_0001);
        },
    ),
    warns(Map08, "SMRAMC 0xa: D_LCK is clear", |m| {
        m.chipset.set(bridge::SMRAMC, 0x0a);
    }),
    warns(
        Map09,
        "RAM 0x180000000-0x180001000: SINIT does not know 0x180000000",
        |m| {
            add_range(m, 0x1_8000_0000, 0x1000, 1);
        },
    ),
    warns(
        Map10,
        "copy of the MCFG is not the ACPI MCFG from byte 0x37",
        |m| {
            // The last bus, and the size that the kernel claims by it.
            m.firmware.mcfg.as_mut().expect("an MCFG")[0x37] = 127;
            m.chipset.ecam = Some((0xb000_0000, 0x800_0000));
        },
    )
    .also(&[Map09]),
];

fn add_range(m: &mut Machine, base: u64, size: u64, kind: u32) {
    let map = m.chipset.memory_map.as_mut().expect("a memory map");
    map.push(MemoryRange { base, size, kind });
}

/// What `check` says after `change`.
fn after(check: CheckId, change: impl FnOnce(&mut Machine)) -> (Outcome, String) {
    let mut machine = Machine::launched();
    change(&mut machine);
    let judgement = machine.judge("", None);
    let finding = judgement.finding(check);
    (finding.outcome, finding.detail.as_str().to_owned())
}

fn outcome(check: CheckId, change: impl FnOnce(&mut Machine)) -> Outcome {
    after(check, change).0
}

/// A platform that is not in the table is never judged well, whatever its registers hold.
#[test]
fn an_unlisted_platform_passes_nothing() {
    for device in [0x29c0, 0x2020, 0xffff] {
        for check in [
            Map03, Map04, Map05, Map06, Map07, Map08, Cpu04, Cpu05, Cpu09,
        ] {
            let change = |m: &mut Machine| m.chipset.set(bridge::DEVICE, device);
            let (found, words) = after(check, change);
            assert_eq!(found, Outcome::Unknown, "{check}: {words}");
            let id = format!("8086:{device:04x} is of no platform known here");
            assert!(words.contains(&id), "{check}: {words}");
        }
    }
    let mut machine = Machine::launched();
    machine.chipset.set(bridge::DEVICE, 0x29c0);
    assert_eq!(machine.judge("", None).verdict, Verdict::Unpinned);
    let other_vendor = |m: &mut Machine| m.chipset.set(0, 0x5904_1022);
    assert_eq!(outcome(Map05, other_vendor), Outcome::Unknown);
}

#[test]
fn protection_must_be_on_and_active() {
    for value in [
        0x7f00_0043,
        0x7f00_0045,
        0x7f00_0041,
        0x7f00_0046,
        0x7ef0_0047,
    ] {
        let change = |m: &mut Machine| m.chipset.set(bridge::DPR, value);
        assert_eq!(outcome(Map03, change), Outcome::Fail, "{value:#x}");
    }
    // Skylake's definition has neither bit.
    let skylake = |m: &mut Machine| {
        m.chipset.set(bridge::DEVICE, 0x1904);
        m.chipset.set(bridge::DPR, 0x7f00_0041);
    };
    assert_eq!(outcome(Map03, skylake), Outcome::Pass);
}

#[test]
fn every_lock_counts() {
    let locks: &[(usize, u32, &str)] = &[
        (bridge::GGC, 0x2c0, "GGC"),
        (bridge::PAVPC, 0x7fe0_0042, "PAVPC"),
        (bridge::MESEG_MASK, 0x800, "MESEG_MASK"),
        (bridge::TOM, 0, "TOM"),
        (bridge::TOUUD, 0x8000_0000, "TOUUD"),
        (bridge::BDSM, 0x7fa0_0000, "BDSM"),
        (bridge::BGSM, 0x7f80_0000, "BGSM"),
        (bridge::TSEGMB, 0x7f00_0000, "TSEGMB"),
        (bridge::TOLUD, 0x8000_0000, "TOLUD"),
    ];
    for (offset, value, name) in locks {
        let (found, words) = after(Map05, |m| m.chipset.set(*offset, *value));
        assert_eq!(found, Outcome::Fail, "{words}");
        assert_eq!(words, format!("{name} is not locked (Kaby Lake)"));
    }
}

#[test]
fn ia_untrusted_stands_for_the_locks_where_it_is_defined() {
    let alder = |value: Option<u64>| {
        move |m: &mut Machine| {
            m.chipset.become_alder_lake();
            m.cpus.set_all(Msr::BiosDone, value);
        }
    };
    for check in [Map05, Map06] {
        assert_eq!(outcome(check, alder(Some(1))), Outcome::Pass, "{check}");
        assert_eq!(outcome(check, alder(Some(2))), Outcome::Fail, "{check}");
        assert_eq!(outcome(check, alder(None)), Outcome::Unknown, "{check}");
        let lost = |m: &mut Machine| {
            alder(Some(1))(m);
            m.cpus.list.as_mut().expect("processors").pop();
        };
        assert_eq!(outcome(check, lost), Outcome::Unknown, "{check}");
    }
    // Kaby Lake's definition does not have the register.
    let kaby = |m: &mut Machine| {
        m.cpus.set_all(Msr::BiosDone, Some(1));
        m.chipset.set(bridge::TOLUD, 0x8000_0000);
    };
    assert_eq!(outcome(Map05, kaby), Outcome::Fail);
}

fn window(base: u64, limit: u64) -> impl Fn(&mut Machine) {
    move |m| {
        m.chipset.set64(bridge::REMAPBASE, base);
        m.chipset.set64(bridge::REMAPLIMIT, limit);
    }
}

#[test]
fn the_remap_window_is_judged_by_its_registers() {
    assert_eq!(outcome(Map06, window(1, 1)), Outcome::Unknown, "equal");
    let off = window(0x7f_fff0_0001, 1);
    let (found, words) = after(Map06, off);
    assert_eq!(found, Outcome::Pass, "{words}");
    assert!(words.contains("the window is off, locked"), "{words}");
    let open = window(0x7f_fff0_0000, 0);
    assert_eq!(outcome(Map06, open), Outcome::Fail, "off, but not locked");
    let half = window(0x1_0000_0001, 0x1_7ff0_0000);
    assert_eq!(outcome(Map06, half), Outcome::Fail, "one lock of two");
    let low = window(0xf000_0001, 0x1_7ff0_0001);
    assert_eq!(outcome(Map06, low), Outcome::Fail, "below 4 GiB");
    // More than TOLUD hides, because there is less memory than that.
    let large = |m: &mut Machine| m.chipset.set64(bridge::TOM, 0xc000_0001);
    assert_eq!(
        outcome(Map06, large),
        Outcome::Fail,
        "larger than what is hidden"
    );
}

#[test]
fn in_band_ecc_is_not_guessed() {
    let alder = |device: u32, base: u64, limit: u64| {
        move |m: &mut Machine| {
            m.chipset.become_alder_lake();
            m.chipset.set(bridge::DEVICE, device);
            m.cpus.set_all(Msr::BiosDone, Some(1));
            m.chipset.remap.as_mut().expect("a window").base = base;
            m.chipset.remap.as_mut().expect("a window").limit = limit;
        }
    };
    let beyond = alder(0x4621, 0x1_0000_0000, 0x1_9000_0000);
    assert_eq!(outcome(Map06, beyond), Outcome::Unknown);
    let apart = alder(0x4621, 0x1_9000_0000, 0x1_9ff0_0000);
    assert_eq!(outcome(Map06, apart), Outcome::Fail);
    let short = alder(0x4621, 0x1_0000_0000, 0x1_6ff0_0000);
    assert_eq!(outcome(Map06, short), Outcome::Fail);
    // Rocket Lake has no in-band ECC.
    let rocket = alder(0x4c43, 0x1_0000_0000, 0x1_9000_0000);
    assert_eq!(outcome(Map06, rocket), Outcome::Fail);
    // Of Tiger Lake U nobody knows where the window is.
    let tiger = alder(0x9a14, 0x1_0000_0000, 0x1_7ff0_0000);
    assert_eq!(outcome(Map06, tiger), Outcome::Unknown);
}

#[test]
fn memory_is_in_order() {
    let swap = |m: &mut Machine| m.chipset.set(bridge::BGSM, 0x7ef0_0001);
    assert_eq!(outcome(Map07, swap), Outcome::Fail);
    let tolud = |m: &mut Machine| m.chipset.set(bridge::TOLUD, 0x7f90_0001);
    assert_eq!(outcome(Map07, tolud), Outcome::Fail);
    let unset = |m: &mut Machine| m.chipset.set(bridge::TSEGMB, 1);
    assert_eq!(outcome(Map07, unset), Outcome::Fail);
    let (found, words) = after(Map07, |m| m.chipset.set(bridge::TSEGMB, 0x7ef0_0001));
    assert_eq!(found, Outcome::Fail);
    assert!(
        words.contains("the heap (0x20000 bytes at 0x7efe0000)"),
        "{words}"
    );
    let (found, words) = after(Map07, |m| m.set(Reg::Dpr, 0x7f10_0051));
    assert_eq!(found, Outcome::Fail);
    assert!(words.contains("DPR ends at 0x7f100000"), "{words}");
}

#[test]
fn smm_features_are_locked_on_every_processor() {
    let one = |m: &mut Machine| m.cpus.set(3, Msr::SmmFeatureControl, Some(4));
    assert_eq!(outcome(Map08, one), Outcome::Fail);
    // Without SMRAMC that register does not count.
    let alder = |m: &mut Machine| m.chipset.become_alder_lake();
    assert_eq!(outcome(Map08, alder), Outcome::Pass);
}

#[test]
fn ram_must_be_good_memory_to_sinit() {
    let persistent = |m: &mut Machine| {
        m.change_tables(|tables| {
            let at = mdr(tables, 1);
            tables.sinit_mle_data[at + 16] = 4;
        });
    };
    let (found, words) = after(Map09, persistent);
    assert_eq!(found, Outcome::Fail);
    assert!(words.contains("that are persistent to SINIT"), "{words}");
    let in_ecam = |m: &mut Machine| add_range(m, 0xb000_0000, 0x1000, 1);
    assert_eq!(outcome(Map09, in_ecam), Outcome::Fail);
    let wraps = |m: &mut Machine| add_range(m, u64::MAX, 2, 1);
    assert_eq!(outcome(Map09, wraps), Outcome::Fail);
    // What is not RAM may lie anywhere.
    let reserved = |m: &mut Machine| add_range(m, 0x1_8000_0000, 0x1000, 2);
    assert_eq!(outcome(Map09, reserved), Outcome::Pass);
    // Memory across two descriptors that touch is good memory.
    let split = |m: &mut Machine| {
        m.change_tables(|tables| {
            let (second, last) = (mdr(tables, 1), mdr(tables, 4));
            let data = &mut tables.sinit_mle_data;
            data[second + 8..second + 16].copy_from_slice(&0x100_0000u64.to_le_bytes());
            data[last..last + 8].copy_from_slice(&0x110_0000u64.to_le_bytes());
            data[last + 8..last + 16].copy_from_slice(&0x7db0_0000u64.to_le_bytes());
        });
    };
    assert_eq!(outcome(Map09, split), Outcome::Pass);
}

/// Offset of memory descriptor `index` in SinitMleData's data.
fn mdr(tables: &launchguard_host_tests::fixture::heap::Tables, index: usize) -> usize {
    let field = &tables.sinit_mle_data[SINIT_MDR_OFFSET..SINIT_MDR_OFFSET + 4];
    let offset = u32::from_le_bytes(field.try_into().expect("four bytes"));
    // Offsets count from the size field.
    offset as usize - 8 + index * 24
}

#[test]
fn configuration_space_is_the_same_to_all() {
    let moved = |m: &mut Machine| {
        m.change_tables(|tables| {
            let at = mdr(tables, 3);
            tables.sinit_mle_data[at + 3] = 0xe0;
        });
    };
    let (found, words) = after(Map09, moved);
    assert_eq!(found, Outcome::Fail);
    assert!(words.contains("0x10000000 bytes at 0xe0000000"), "{words}");
    let kernel = |m: &mut Machine| m.chipset.ecam = Some((0xb000_0000, 0x400_0000));
    assert_eq!(outcome(Map09, kernel), Outcome::Fail);
    let none = |m: &mut Machine| {
        m.change_tables(|tables| {
            let at = mdr(tables, 3);
            tables.sinit_mle_data[at + 16] = 5;
        });
    };
    assert_eq!(outcome(Map09, none), Outcome::Unknown);
}

/// More descriptors than any machine has are not compared: each step would look at all of them.
#[test]
fn a_flood_of_descriptors_is_unknown() {
    let flood = |m: &mut Machine| {
        m.change_tables(|tables| {
            let at = mdr(tables, 0);
            tables.sinit_mle_data.resize(at + 300 * 24, 0);
            tables.sinit_mle_data[128..132].copy_from_slice(&300u32.to_le_bytes());
        });
    };
    let (found, words) = after(Map09, flood);
    assert_eq!(found, Outcome::Unknown);
    assert!(words.contains("300 memory descriptors"), "{words}");
}

#[test]
fn a_heap_without_copies_has_nothing_to_compare() {
    // Both elements become ones of an unknown type.
    let without = |m: &mut Machine| {
        m.change_tables(|tables| {
            let data = &mut tables.sinit_mle_data;
            data[148] = 99;
            let second =
                148 + u32::from_le_bytes(data[152..156].try_into().expect("four")) as usize;
            data[second] = 99;
        });
    };
    assert_eq!(outcome(Map10, without), Outcome::NotApplicable);
    let (found, words) = after(Cpu11, without);
    assert_eq!(found, Outcome::Pass);
    assert!(words.contains("the heap has no MADT"), "{words}");
}

#[test]
fn the_map_is_judged_without_a_launch() {
    let judgement = Machine::never_launched().judge("", None);
    for check in [Map03, Map04, Map05, Map06, Map07, Map08] {
        assert_eq!(judgement.outcome(check), Outcome::Pass, "{check}");
    }
    for check in [Map09, Map10] {
        assert_eq!(judgement.outcome(check), Outcome::NotApplicable, "{check}");
    }
    // A machine that never heard of TXT.
    let mut machine = Machine::never_launched();
    for reg in [
        Reg::Dpr,
        Reg::HeapSize,
        Reg::SinitSize,
        Reg::HeapBase,
        Reg::SinitBase,
    ] {
        machine.set(reg, 0);
    }
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Map03), Outcome::NotApplicable);
    assert_eq!(judgement.outcome(Map07), Outcome::Pass);
    // An alarm does not turn a machine without a launch into a failed launch.
    machine.chipset.set(bridge::TOLUD, 0x8000_0000);
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Map05), Outcome::Fail);
    assert_eq!(judgement.verdict, Verdict::Absent);
}
