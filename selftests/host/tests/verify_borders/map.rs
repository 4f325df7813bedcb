// SPDX-License-Identifier: GPL-2.0

//! MAP-03 to MAP-09: where ranges touch.

use super::{try_all, Case};
use launchguard_host_tests::fixture::chipset::bridge;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::facts::MemoryRange;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

/// An Alder Lake of which every processor has IA_UNTRUSTED set: DPR has EPM and PRS there.
fn alder_lake() -> Machine {
    let mut machine = Machine::launched();
    machine.chipset.become_alder_lake();
    machine.cpus.set_all(Msr::BiosDone, Some(1));
    machine
}

/// Bit 2 of the bridge's DPR is EPM, bit 1 PRS.
const ENABLED: &[Case] = &[
    (Map03, Pass, "agree, and protection is active", |_| {}),
    (Map03, Fail, "agree, but protection is off (EPM)", |m| {
        m.chipset.set(bridge::DPR, 0x7f00_0043);
    }),
    (Map03, Fail, "agree, but protection is off (EPM)", |m| {
        m.chipset.set(bridge::DPR, 0x7f00_0041);
    }),
    (
        Map03,
        Fail,
        "agree, but protection is not active (PRS)",
        |m| {
            m.chipset.set(bridge::DPR, 0x7f00_0045);
        },
    ),
    (Map03, Fail, "of the host bridge differ", |m| {
        m.chipset.set(bridge::DPR, 0x7f00_0046)
    }),
    // IA_UNTRUSTED stands for all of them; MESEG_MASK is none of theirs.
    (
        Map05,
        Pass,
        "GGC has no lock set, but IA_UNTRUSTED locks all",
        |_| {},
    ),
    (
        Map05,
        Pass,
        "every register of the memory map is locked",
        |m| {
            for (offset, value) in [
                (bridge::GGC, 0x2c1),
                (bridge::PAVPC, 0x7fe0_0046),
                (bridge::TOM, 1),
                (bridge::TOUUD, 0x8000_0001),
                (bridge::BDSM, 0x7fa0_0001),
                (bridge::BGSM, 0x7f80_0001),
                (bridge::TSEGMB, 0x7f00_0001),
                (bridge::TOLUD, 0x8000_0001),
            ] {
                m.chipset.set(offset, value);
            }
        },
    ),
];

/// A Kaby Lake, whose registers have their own locks; a Skylake, whose DPR has neither of the two bits.
const LOCKED: &[Case] = &[
    (
        Map03,
        Pass,
        "DPR 0x7f000041 of the host bridge agree",
        |m| {
            m.chipset.set(bridge::DEVICE, 0x1904);
            m.chipset.set(bridge::DPR, 0x7f00_0041);
        },
    ),
    (
        Map03,
        Fail,
        "DPR 0x7f000040 of the host bridge differ",
        |m| {
            m.chipset.set(bridge::DEVICE, 0x1904);
            m.chipset.set(bridge::DPR, 0x7f00_0040);
        },
    ),
    (Map05, Fail, "MESEG_MASK is not locked", |m| {
        m.chipset.set(bridge::MESEG_MASK, 0)
    }),
    (Map07, Fail, "not in order: TSEGMB 0x0,", |m| {
        m.chipset.set(bridge::TSEGMB, 1)
    }),
    (
        Map07,
        Fail,
        "not in order: TSEGMB 0x7f800000, BGSM 0x7f800000",
        |m| {
            m.chipset.set(bridge::TSEGMB, 0x7f80_0001);
        },
    ),
    (Map07, Pass, "BGSM 0x7fa00000, BDSM 0x7fa00000", |m| {
        m.chipset.set(bridge::BGSM, 0x7fa0_0001);
    }),
    (Map07, Pass, "BDSM 0x80000000, TOLUD 0x80000000", |m| {
        m.chipset.set(bridge::BDSM, 0x8000_0001);
    }),
    (Map07, Fail, "BDSM 0x80100000, TOLUD 0x80000000", |m| {
        m.chipset.set(bridge::BDSM, 0x8010_0001);
    }),
    // Of a launch every range counts, an empty one too.
    (Map07, Pass, "TXT's below", |m| m.set(Reg::SinitSize, 0)),
    (
        Map07,
        Fail,
        "the SINIT region (0x0 bytes at 0x90000000) reaches TSEG",
        |m| {
            m.set(Reg::SinitBase, 0x9000_0000);
            m.set(Reg::SinitSize, 0);
        },
    ),
    (Map07, Pass, "TXT's below", |m| {
        m.set(Reg::SinitSize, 0x3f_0000)
    }),
    (
        Map07,
        Fail,
        "the SINIT region (0x3f0001 bytes at 0x7ec10000) reaches TSEG",
        |m| {
            m.set(Reg::SinitSize, 0x3f_0001);
        },
    ),
    (Map07, Fail, "the SINIT region", |m| {
        m.set(Reg::SinitSize, u64::MAX)
    }),
    (Map08, Fail, "SMRAMC 0xa: D_LCK is clear", |m| {
        m.chipset.set(bridge::SMRAMC, 0x0a)
    }),
    (Map08, Fail, "SMRAMC 0xef: D_LCK is clear", |m| {
        m.chipset.set(bridge::SMRAMC, 0xef)
    }),
    (Map08, Pass, "", |m| m.chipset.set(bridge::SMRAMC, 0x10)),
];

/// Without a launch a range that is not set says nothing; one that is does.
const NOT_LAUNCHED: &[Case] = &[
    (Map07, Pass, "TXT's below", |m| {
        m.set(Reg::SinitBase, 0x9000_0000);
        m.set(Reg::SinitSize, 0);
    }),
    (Map07, Pass, "TXT's below", |m| {
        m.set(Reg::SinitBase, u64::MAX);
        m.set(Reg::SinitSize, u64::MAX);
    }),
    (
        Map07,
        Fail,
        "the SINIT region (0x1000 bytes at 0x90000000) reaches TSEG",
        |m| {
            m.set(Reg::SinitBase, 0x9000_0000);
            m.set(Reg::SinitSize, 0x1000);
        },
    ),
];

/// A piece of RAM more in the kernel's map.
fn ram(machine: &mut Machine, base: u64, size: u64) {
    let map = machine.chipset.memory_map.as_mut().expect("a memory map");
    map.push(MemoryRange {
        base,
        size,
        kind: 1,
    });
}

/// SINIT's descriptors: good memory 0 to 0xa0000, 0x100000 to 0x7ec00000 and 4 GiB to 6 GiB;
/// configuration space 0xb0000000 to 0xc0000000.
const MEMORY: &[Case] = &[
    (Map09, Pass, "", |_| {}),
    (Map09, Pass, "", |m| ram(m, 0x9_f000, 0x1000)),
    (
        Map09,
        Fail,
        "RAM 0x9f000-0xa1000: SINIT does not know 0xa0000",
        |m| {
            ram(m, 0x9_f000, 0x2000);
        },
    ),
    (
        Map09,
        Fail,
        "RAM 0xff000-0x101000: SINIT does not know 0xff000",
        |m| {
            ram(m, 0xf_f000, 0x2000);
        },
    ),
    (Map09, Pass, "", |m| ram(m, 0x7ebf_f000, 0x1000)),
    (Map09, Fail, "SINIT does not know 0x7ec00000", |m| {
        ram(m, 0x7ec0_0000, 0x1000)
    }),
    // Beside configuration space, then in it.
    (
        Map09,
        Fail,
        "RAM 0xaffff000-0xb0000000: SINIT does not know 0xaffff000",
        |m| {
            ram(m, 0xafff_f000, 0x1000);
        },
    ),
    (
        Map09,
        Fail,
        "RAM 0xc0000000-0xc0001000: SINIT does not know 0xc0000000",
        |m| {
            ram(m, 0xc000_0000, 0x1000);
        },
    ),
    (
        Map09,
        Fail,
        "RAM 0xaffff000-0xb0001000 lies in 0x10000000 bytes at 0xb0000000",
        |m| {
            ram(m, 0xafff_f000, 0x2000);
        },
    ),
    (
        Map09,
        Fail,
        "RAM 0xbffff000-0xc0001000 lies in 0x10000000 bytes at 0xb0000000",
        |m| {
            ram(m, 0xbfff_f000, 0x2000);
        },
    ),
    (Map09, Fail, "wraps", |m| ram(m, u64::MAX - 0xfff, 0x2000)),
];

#[test]
fn the_bridges_view_of_dpr_and_its_locks() {
    try_all(alder_lake, ENABLED);
    try_all(Machine::launched, LOCKED);
}

#[test]
fn without_a_launch_unset_ranges_say_nothing() {
    try_all(Machine::never_launched, NOT_LAUNCHED);
}

/// 256 descriptors are compared, one more are not.
#[test]
fn descriptors_are_compared_up_to_a_number() {
    for (count, outcome, words) in [
        (256u32, Pass, ""),
        (257, Unknown, "257 memory descriptors are not compared"),
    ] {
        let mut machine = Machine::launched();
        machine.change_tables(|tables| {
            let data = &mut tables.sinit_mle_data;
            let at = u32::from_le_bytes(data[132..136].try_into().expect("four")) as usize - 8;
            data.resize(at + count as usize * 24, 0);
            data[128..132].copy_from_slice(&count.to_le_bytes());
        });
        let judgement = machine.judge("", None);
        let finding = judgement.finding(Map09);
        assert_eq!(finding.outcome, outcome, "{}", finding.detail);
        assert!(finding.detail.as_str().contains(words));
    }
}

#[test]
fn memory_that_touches_what_sinit_knows() {
    try_all(Machine::launched, MEMORY);
}

/// An element may be larger than its table: what counts is as long as the table says it is.
#[test]
fn what_an_element_has_behind_its_table_is_none_of_it() {
    for (name, kind, check, words) in [
        (b"APIC", 6, Cpu11, "the MADT is the launch's"),
        (
            b"MCFG",
            9,
            Map10,
            "the heap's copy of the MCFG is the ACPI MCFG",
        ),
    ] {
        let mut machine = Machine::launched();
        machine.change_tables(|tables| {
            let data = &mut tables.sinit_mle_data;
            let number = |data: &[u8], at: usize| {
                u32::from_le_bytes(data[at..at + 4].try_into().expect("four"))
            };
            let add = |data: &mut [u8], at: usize| {
                let value = number(data, at) + 8;
                data[at..at + 4].copy_from_slice(&value.to_le_bytes());
            };
            let table = data.windows(4).position(|bytes| bytes == name);
            let table = table.expect("a copy");
            assert_eq!(number(data, table - 8), kind);
            let end = table + number(data, table + 4) as usize;
            data.splice(end..end, [0x5a; 8]);
            // The element's size, and where descriptors and the copy of the DMAR lie.
            for at in [table - 4, 132, 140] {
                add(data, at);
            }
        });
        let judgement = machine.judge("", None);
        let finding = judgement.finding(check);
        assert_eq!(finding.outcome, Pass, "{}", finding.detail);
        assert!(
            finding.detail.as_str().contains(words),
            "{}",
            finding.detail
        );
    }
}
