// SPDX-License-Identifier: GPL-2.0

//! Cases of DMA-01 to DMA-17.

use super::{fails, warns, Case, Verdict};
use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::dma::{
    function, refused, unit, watching, window, GSTS, UNIT_BASE,
};
use launchguard_host_tests::fixture::dmar::{encode, seal, Entry, ScopeSpec};
use launchguard_host_tests::fixture::{Machine, HEAP_BASE};
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::facts::{Ats, Direct, MemoryRange, Tpr, TprRegisters, Translation};
use launchguard_pure::verify::judgement::Outcome::{self, Fail, NotApplicable, Pass, Unknown};
use CheckId::*;

/// Offset of the low PMR's size in OsSinitData (SDG table C-4).
const PMR_LOW_SIZE: usize = 40;
/// Offset of the capabilities.
const CAPABILITIES: usize = 80;

/// Changes the DMAR copy in the heap, which keeps its size.
fn change_copy(m: &mut Machine, change: fn(&mut [u8])) {
    m.change_tables(|tables| {
        let data = &mut tables.sinit_mle_data;
        let at = data.windows(4).position(|bytes| bytes == b"DMAR");
        let at = at.expect("the copy");
        let size = u32::from_le_bytes(data[at + 4..at + 8].try_into().expect("four"));
        change(&mut data[at..at + size as usize]);
    });
}

/// A firmware's table of `entries` behind the unit of all devices.
fn firmware(m: &mut Machine, flags: u8, entries: &[Entry]) {
    let all = [&[Entry::unit(UNIT_BASE)], entries].concat();
    m.firmware.dmar = Some(encode(38, flags, &all));
}

fn reserve(m: &mut Machine, base: u64, limit: u64) {
    let region = Entry::Rmrr {
        segment: 0,
        base,
        limit,
        scopes: vec![ScopeSpec::endpoint(0, 0x14, 0)],
    };
    firmware(m, 1, &[region]);
    m.chipset.memory_map = Some(vec![
        MemoryRange {
            base: 0,
            size: 0xa_0000,
            kind: 1,
        },
        MemoryRange {
            base: 0x10_0000,
            size: 0x7bf0_0000,
            kind: 1,
        },
        MemoryRange {
            base: 0x7c80_0000,
            size: 0x380_0000,
            kind: 2,
        },
        MemoryRange {
            base: 0x7c00_0000,
            size: 0x80_0000,
            kind: 2,
        },
    ]);
}

fn line(m: &mut Machine, words: &str) {
    m.dma.command_line = Some(format!("BOOT_IMAGE=/vmlinuz {words} quiet"));
}

pub(super) const CASES: &[Case] = &[
    warns(Dma01, "not whole pieces of 2 MiB", |m| {
        m.change_tables(|tables| tables.os_sinit_data[PMR_LOW_SIZE] = 1);
    }),
    warns(Dma01, "lies neither in the low one nor in the DPR", |m| {
        m.change_tables(|tables| tables.os_sinit_data[PMR_LOW_SIZE..][..8].fill(0));
    }),
    warns(Dma02, "but no TPR_REQ element", |m| {
        m.change_tables(|tables| tables.os_sinit_data[CAPABILITIES + 1] |= 0x40);
    })
    // Not what SINIT measured.
    .also(&[Tpm11])
    .ending(Verdict::Failed),
    fails(Dma03, "neither translation nor PMRs are on", |m| {
        m.dma.registers().gsts = GSTS & !(1 << 31);
    })
    .also(&[Dma06]),
    fails(Dma04, "the bytes add up to 0x10, not to 0", |m| {
        change_copy(m, |copy| copy[48 + 8] ^= 0x10);
    })
    .also(&[Dma05]),
    fails(Dma04, "structure of type 0 at 0x30 has length 0", |m| {
        change_copy(m, |copy| {
            copy[50] = 0;
            seal(copy);
        });
    })
    .also(&[Dma05]),
    fails(
        Dma05,
        "is 0x09 and 0x01: the kernel takes units from",
        |m| {
            change_copy(m, |copy| {
                copy[37] |= 8;
                seal(copy);
            });
        },
    ),
    fails(Dma05, "byte 0x3a is 0xda and 0xd9", |m| {
        change_copy(m, |copy| {
            copy[58] = 0xda;
            seal(copy);
        });
    }),
    fails(Dma06, "no root table was taken over (RTPS)", |m| {
        m.dma.registers().gsts = GSTS & !(1 << 30);
    }),
    fails(
        Dma06,
        "unit 0xfed91000: translation is off (TES) (GSTS 0x47000000, FSTS 0x0); 1 of 2",
        |m| {
            let mut second = unit(UNIT_BASE + 0x1000);
            second.registers.as_mut().expect("registers").gsts = GSTS & !(1 << 31);
            m.dma.units.as_mut().expect("units").push(second);
            m.dma.faults = Some((watching(2), vec![]));
        },
    )
    .also(&[Dma03]),
    fails(Dma06, "the DMAR table names no unit", |m| {
        m.dma.units = Some(vec![])
    }),
    warns(Dma07, "interrupts are not remapped (IRES)", |m| {
        m.dma.registers().gsts = GSTS & !(1 << 25);
    }),
    warns(Dma07, "compatibility format pass by (CFIS)", |m| {
        m.dma.registers().gsts = GSTS | (1 << 23);
    }),
    warns(Dma07, "cannot remap interrupts (ECAP.IR)", |m| {
        m.dma.registers().ecap &= !(1 << 3)
    }),
    fails(Dma08, "root table does not lie in System RAM", |m| {
        m.dma.units.as_mut().expect("units")[0].root_in_ram = Some(false);
    }),
    fails(Dma08, "its interrupt table lies in an RMRR", |m| {
        reserve(m, 0x7c00_0000, 0x7c7f_ffff);
        m.dma.registers().irta = 0x7c01_000f;
    })
    .also(&[Dma05]),
    fails(
        Dma08,
        "a window of the policy's reaches its root table",
        |m| {
            m.dma.windows = Some(vec![window(0x1_0312_3000, 0x1000, true)]);
        },
    ),
    fails(
        Dma08,
        "a window of the policy's reaches its interrupt table",
        |m| {
            m.dma.windows = Some(vec![window(0x1_0020_0000, 0x1000, false)]);
        },
    ),
    fails(Dma09, "iommu=pt: devices reach all memory; 1 words", |m| {
        line(m, "iommu=pt")
    }),
    fails(
        Dma09,
        "new devices reach all memory by the kernel's default",
        |m| {
            m.dma.passthrough = Some(true);
        },
    ),
    warns(
        Dma10,
        "0000:00:02.0 [8086:1002] reaches all memory (identity); 1 of 6",
        |m| {
            m.dma.at(0, 2, 0).translation = Translation::Identity;
        },
    ),
    warns(Dma10, "is in no group: nothing translates; 6 of 6", |m| {
        for one in m.dma.functions.iter_mut().flatten() {
            one.translation = Translation::None;
        }
    }),
    fails(Dma11, "RMRR 0x7efe1000-0x7efe1fff: the TXT heap", |m| {
        reserve(m, HEAP_BASE + 0x1000, HEAP_BASE + 0x1fff);
    })
    .also(&[Dma05]),
    fails(
        Dma11,
        "0x7befe000-0x7c0fffff is not reserved by the memory map",
        |m| {
            reserve(m, 0x7bef_e000, 0x7c0f_ffff);
        },
    )
    .also(&[Dma05]),
    fails(Dma11, "ends before it starts", |m| {
        reserve(m, 0x7c00_1000, 0x7c00_0fff)
    })
    .also(&[Dma05]),
    fails(
        Dma12,
        "0000:02:00.0 [8086:1000] is in the scope of no unit; 1 of 7",
        |m| {
            let mut stray = function(2, 0, 0, 0);
            stray.group = None;
            m.dma.functions.as_mut().expect("functions").push(stray);
            let scopes = vec![ScopeSpec::endpoint(0, 0, 0), ScopeSpec::endpoint(0, 2, 0)];
            let unit = Entry::Drhd {
                flags: 0,
                size: 0,
                segment: 0,
                base: UNIT_BASE,
                scopes,
            };
            m.firmware.dmar = Some(encode(38, 1, &[unit]));
        },
    )
    .also(&[Dma05]),
    fails(
        Dma13,
        "0000:01:00.0 [8086:1000] is outside and has ATS on",
        |m| {
            m.dma.at(1, 0, 0).ats = Ats::On;
            m.dma.at(0, 0x1c, 0).external_facing = true;
        },
    ),
    fails(Dma13, "is outside and has ATS on", |m| {
        m.dma.at(0, 2, 0).ats = Ats::On;
        m.dma.at(0, 2, 0).untrusted = true;
    }),
    warns(
        Dma14,
        "0000:00:1c.0 [8086:101c] is in group 3 with 0000:01:00.0",
        |m| {
            m.dma.at(1, 0, 0).group = Some(3);
            m.dma.at(1, 0, 0).group_size = 2;
            m.dma.at(0, 0x1c, 0).group_size = 2;
        },
    ),
    warns(
        Dma14,
        "pcie_acs_override=downstream on the command line",
        |m| {
            line(m, "pcie_acs_override=downstream");
        },
    ),
    fails(
        Dma15,
        "flags 0x9: firmware tells the kernel to leave DMA remapping off",
        |m| {
            firmware(m, 9, &[]);
        },
    )
    .also(&[Dma05]),
    warns(Dma16, "faults were lost (PFO)", |m| {
        m.dma.registers().fsts = 1
    }),
    warns(Dma16, "nobody has taken the record (PPF)", |m| {
        m.dma.registers().fsts = 2
    }),
    warns(
        Dma16,
        "0000:01:00.0 was refused 3 times and is not owned by launchguard; since load, at least: 3 such, 7 of owned ones, 0 lost",
        |m| {
            let all = vec![refused(0, 2, true, 7), refused(1, 0, false, 3)];
            m.dma.faults = Some((watching(1), all));
        },
    ),
    warns(
        Dma16,
        "0000:00:02.0 was refused 7 times and is owned by launchguard; since load, at least: 7 such, 0 of others, 2 lost",
        |m| {
            let mut counts = watching(1);
            counts.lost = 2;
            m.dma.faults = Some((counts, vec![refused(0, 2, true, 7)]));
        },
    ),
    warns(Dma16, "0 accesses were refused, 4 records were lost", |m| {
        let mut counts = watching(1);
        counts.lost = 4;
        m.dma.faults = Some((counts, vec![]));
    }),
    warns(Dma16, "5 accesses were refused, 0 records were lost", |m| {
        let mut counts = watching(1);
        counts.others = 5;
        m.dma.faults = Some((counts, vec![]));
    }),
    warns(
        Dma17,
        "0000:01:00.0 [8086:1000] may start transfers and has no driver; 1 of 6",
        |m| {
            m.dma.at(1, 0, 0).driver = false;
        },
    ),
];

fn finding(change: impl FnOnce(&mut Machine), check: CheckId) -> (Outcome, String) {
    let mut machine = Machine::launched();
    change(&mut machine);
    let judgement = machine.judge("", None);
    let finding = judgement.finding(check);
    (finding.outcome, finding.detail.to_string())
}

/// What each word does, by Documentation/admin-guide/kernel-parameters.txt and the kernel's parsers.
#[test]
fn words_are_read_as_linux_reads_them() {
    for (words, outcome, says) in [
        ("", Pass, "no word weakens"),
        (
            "iommu.strict=1 intel_iommu=on,sm_on",
            Pass,
            "no word weakens",
        ),
        ("iommu=strict", Pass, "iommu=strict is ignored"),
        ("iommu=force,soft", Pass, "no word weakens"),
        ("intel_iommu=on,sm_off,sp_off", Pass, "no word weakens"),
        ("iommu=off", Fail, "iommu=off: the IOMMU is not wanted"),
        ("iommu=noforce,off", Fail, "iommu=noforce,off: "),
        (
            "intel_iommu=off",
            Fail,
            "intel_iommu=off: the IOMMU is not wanted",
        ),
        (
            "intel-iommu=off",
            Fail,
            "intel-iommu=off: the IOMMU is not wanted",
        ),
        ("intel_iommu=off intel_iommu=on", Pass, "no word weakens"),
        ("intel_iommu=on intel_iommu=off", Fail, "intel_iommu=off"),
        (
            "intel_iommu=on,tboot_noforce",
            Fail,
            "does not turn the IOMMU on",
        ),
        ("intel_iommu=on,igfx_off", Fail, "graphics reach all memory"),
        ("iommu=pt", Fail, "devices reach all memory"),
        ("iommu=pt iommu=nopt", Pass, "no word weakens"),
        ("iommu.passthrough=1", Fail, "devices reach all memory"),
        ("iommu.passthrough=0", Pass, "no word weakens"),
        ("iommu=pt iommu.passthrough=off", Pass, "no word weakens"),
        ("iommu.passthrough=maybe", Pass, "no word weakens"),
        ("iommu.strict=0", Fail, "memory stays reachable for a while"),
        ("iommu.strict=0 intel_iommu=strict", Pass, "no word weakens"),
        ("intremap=off", Fail, "interrupts are not remapped"),
        ("nointremap", Fail, "interrupts are not remapped"),
        (
            "intremap=on,nosid",
            Fail,
            "who sends an interrupt is not checked",
        ),
        (
            "iommu=pt intel_iommu=off,igfx_off",
            Fail,
            "intel_iommu=off,igfx_off: the IOMMU is not wanted; 3 words",
        ),
        // Words of init, a word inside quotes, and words that only look alike.
        ("-- iommu=off", Pass, "no word weakens"),
        ("dyndbg=\"file x iommu=off +p\"", Pass, "no word weakens"),
        ("\"iommu=off\"", Fail, "the IOMMU is not wanted"),
        ("amd_iommu=off xiommu=off iommu", Pass, "no word weakens"),
    ] {
        let (found, detail) = finding(|m| line(m, words), Dma09);
        assert_eq!(found, outcome, "{words}: {detail}");
        assert!(
            detail.contains(says),
            "{words}: {detail:?} does not say {says:?}"
        );
    }
    let hostile = finding(|m| line(m, "iommu=off,\u{1}\u{e9}"), Dma09);
    assert!(hostile.1.contains("iommu=off,???: "), "{}", hostile.1);
}

/// What cannot be read is unknown, and what does not exist does not apply, each in its own words.
#[test]
fn without_evidence() {
    type Removal = (fn(&mut Machine), CheckId, Outcome, &'static str);
    let removals: &[Removal] = &[
        (|m| m.dma.units = None, Dma03, Unknown, "could not be read"),
        (|m| m.dma.units = None, Dma06, Unknown, "could not be read"),
        (
            |m| m.dma.units.as_mut().expect("units")[0].registers = None,
            Dma06,
            Unknown,
            "of unit 0xfed90000",
        ),
        (
            |m| m.dma.units.as_mut().expect("units")[0].registers = None,
            Dma16,
            Unknown,
            "of unit 0xfed90000",
        ),
        (
            |m| m.dma.units.as_mut().expect("units")[0].irt_in_ram = None,
            Dma08,
            Unknown,
            "could not be told",
        ),
        (
            |m| m.dma.windows = None,
            Dma08,
            Unknown,
            "in no RMRR; in a window or not: it could not be read",
        ),
        // What shows is a failure, whatever else is not known.
        (
            |m| {
                m.dma.windows = None;
                m.dma.units.as_mut().expect("units")[0].root_in_ram = Some(false);
            },
            Dma08,
            Fail,
            "root table does not lie in System RAM",
        ),
        (
            |m| m.dma.faults = None,
            Dma16,
            Unknown,
            "no fault is pending now; those that were recorded before: it could not be read",
        ),
        (
            |m| {
                m.dma.faults = None;
                m.dma.registers().fsts = 1;
            },
            Dma16,
            Fail,
            "faults were lost (PFO)",
        ),
        (
            |m| m.dma.faults = Some((watching(0), vec![])),
            Dma16,
            Unknown,
            "no fault is pending; 0 of 1 units are watched",
        ),
        (
            |m| {
                let mut counts = watching(1);
                counts.unseen = 2;
                m.dma.faults = Some((counts, vec![]));
            },
            Dma16,
            Unknown,
            "the driver took records 2 times that nobody looked at",
        ),
        (
            |m| {
                m.dma.units.as_mut().expect("units")[0].registers = None;
                m.dma.faults = Some((watching(0), vec![refused(1, 0, false, 1)]));
            },
            Dma16,
            Fail,
            "0000:01:00.0 was refused 1 times",
        ),
        (
            |m| m.dma.command_line = None,
            Dma09,
            Unknown,
            "could not be read",
        ),
        (
            |m| m.dma.passthrough = None,
            Dma09,
            Unknown,
            "the kernel's default (passthrough) could not be told",
        ),
        (
            |m| m.dma.functions = None,
            Dma10,
            Unknown,
            "could not be read",
        ),
        (
            |m| m.dma.functions = None,
            Dma13,
            Unknown,
            "could not be read",
        ),
        (
            |m| m.dma.functions = None,
            Dma14,
            Unknown,
            "could not be read",
        ),
        (
            |m| m.dma.at(0, 2, 0).translation = Translation::Unknown,
            Dma10,
            Unknown,
            "domain of 0000:00:02.0",
        ),
        (
            |m| {
                m.dma.at(0, 2, 0).driver = false;
                m.dma.at(0, 2, 0).bus_master = None;
            },
            Dma17,
            Unknown,
            "0000:00:02.0 [8086:1002]: its command register",
        ),
        (
            |m| m.firmware.dmar = None,
            Dma05,
            Unknown,
            "ACPI DMAR: it could not be read",
        ),
        (
            |m| {
                reserve(m, 0x7c00_0000, 0x7c00_0fff);
                m.chipset.memory_map = None;
            },
            Dma11,
            Unknown,
            "1 RMRRs; the memory map: it could not be read",
        ),
        // An RMRR that the memory map reserves, and one thing at a time that it might lie over.
        (
            |m| {
                reserve(m, 0x7c00_0000, 0x7c00_0fff);
                m.registers.set(Reg::HeapSize, None);
            },
            Dma11,
            Unknown,
            "1 RMRRs; where the TXT heap lies could not be read",
        ),
        (
            |m| {
                reserve(m, 0x7c00_0000, 0x7c00_0fff);
                m.registers.set(Reg::SinitBase, None);
            },
            Dma11,
            Unknown,
            "1 RMRRs; where the SINIT region lies could not be read",
        ),
        (
            |m| {
                reserve(m, 0x7c00_0000, 0x7c00_0fff);
                m.registers.set(Reg::Dpr, None);
            },
            Dma11,
            Unknown,
            "1 RMRRs; where the DPR lies could not be read",
        ),
        (
            |m| {
                reserve(m, 0x7c00_0000, 0x7c00_0fff);
                m.heap = None;
            },
            Dma11,
            Unknown,
            "1 RMRRs; where the MLE lies could not be read",
        ),
        (
            |m| {
                reserve(m, 0x7c00_0000, 0x7c00_0fff);
                m.kernel.tboot_addr = None;
            },
            Dma11,
            Unknown,
            "1 RMRRs; where tboot lies could not be read",
        ),
        // An overlap that shows is one, whatever else could not be read.
        (
            |m| {
                reserve(m, HEAP_BASE + 0x1000, HEAP_BASE + 0x1fff);
                m.registers.set(Reg::Dpr, None);
            },
            Dma11,
            Fail,
            "the TXT heap",
        ),
        // Neither the firmware's table nor the heap's copy tells where RMRRs lie.
        (
            |m| {
                m.firmware.dmar = None;
                m.heap = None;
            },
            Dma08,
            Unknown,
            "lie in System RAM; in an RMRR or not: it could not be read",
        ),
        (
            |m| {
                m.firmware.dmar = Some(vec![0; 48]);
                m.heap = None;
            },
            Dma08,
            Unknown,
            "in an RMRR or not: the DMAR table is malformed",
        ),
        (
            |m| {
                m.firmware.dmar = None;
                m.heap = None;
                m.dma.units.as_mut().expect("units")[0].root_in_ram = Some(false);
            },
            Dma08,
            Fail,
            "root table does not lie in System RAM",
        ),
        (
            |m| m.heap = None,
            Dma04,
            Unknown,
            "the heap could not be mapped",
        ),
        (
            |m| m.heap = None,
            Dma01,
            Unknown,
            "the heap could not be mapped",
        ),
        // No IOMMU: one check says so and fails, the others have nothing to say.
        (
            |m| m.dma.no_units = true,
            Dma06,
            Fail,
            "no unit remaps DMA: the firmware has no DMAR table",
        ),
        (
            |m| m.dma.no_units = true,
            Dma03,
            NotApplicable,
            "no unit remaps DMA",
        ),
        (
            |m| m.dma.no_units = true,
            Dma07,
            NotApplicable,
            "no unit remaps DMA",
        ),
        (
            |m| m.dma.no_units = true,
            Dma16,
            NotApplicable,
            "no unit remaps DMA",
        ),
        (
            |m| {
                for one in m.dma.functions.iter_mut().flatten() {
                    one.group = None;
                }
            },
            Dma14,
            NotApplicable,
            "no function is in a group",
        ),
    ];
    for (remove, check, outcome, words) in removals {
        let (found, detail) = finding(remove, *check);
        assert_eq!(found, *outcome, "{check}: {detail}");
        assert!(
            detail.contains(words),
            "{check}: {detail:?} does not say {words:?}"
        );
    }
}

/// What must not be taken for a defect.
#[test]
fn sound_machines_of_other_kinds() {
    type Sound = (fn(&mut Machine), CheckId, &'static str);
    let sound: &[Sound] = &[
        // Linux turns PMRs off once it translates, and a unit may keep them while it does not.
        (
            |m| m.dma.registers().pmen = 0,
            Dma03,
            "translation or PMRs are on",
        ),
        (
            |m| {
                m.dma.registers().gsts = 0;
                m.dma.registers().pmen = (1 << 31) | 1;
            },
            Dma03,
            "translation or PMRs are on",
        ),
        (
            |m| m.dma.at(1, 0, 0).ats = Ats::On,
            Dma13,
            "1 functions have ATS on, none of them outside",
        ),
        (
            |m| reserve(m, 0x7c00_0000, 0x7cff_ffff),
            Dma11,
            "1 RMRRs, all in memory that",
        ),
        (
            |m| {
                m.dma.at(1, 0, 0).driver = false;
                m.dma.at(1, 0, 0).translation = Translation::Blocked;
            },
            Dma17,
            "no function without a driver",
        ),
        // In a compartment, at work.
        (
            |m| {
                m.dma.at(1, 0, 0).driver = false;
                m.dma.at(1, 0, 0).translation = Translation::Managed;
            },
            Dma17,
            "no function without a driver or an owner may start transfers",
        ),
        (
            |m| {
                m.dma.at(1, 0, 0).driver = false;
                m.dma.at(1, 0, 0).bus_master = None;
                m.dma.at(1, 0, 0).translation = Translation::Managed;
            },
            Dma17,
            "no function without a driver or an owner may start transfers",
        ),
        // Behind a VMD: no table knows the segment, the driver does.
        (
            |m| m.dma.at(1, 0, 0).segment = 0x1_0000,
            Dma12,
            "each in the scope of a unit",
        ),
        (|m| firmware(m, 5, &[]), Dma15, "nothing proves it"),
    ];
    for (change, check, words) in sound {
        let (found, detail) = finding(change, *check);
        assert_eq!(found, Pass, "{check}: {detail}");
        assert!(
            detail.contains(words),
            "{check}: {detail:?} does not say {words:?}"
        );
    }
}

/// A path of several steps leads through the bridges; a bridge's scope takes in what is behind it.
#[test]
fn scopes_are_followed() {
    let covered = |scopes: Vec<ScopeSpec>| {
        finding(
            |m| {
                for one in m.dma.functions.iter_mut().flatten() {
                    one.group = None;
                }
                m.dma
                    .functions
                    .as_mut()
                    .expect("functions")
                    .retain(|one| one.bus == 1 || one.bridge);
                let base = UNIT_BASE;
                let unit = Entry::Drhd {
                    flags: 0,
                    size: 0,
                    segment: 0,
                    base,
                    scopes,
                };
                m.firmware.dmar = Some(encode(38, 1, &[unit]));
            },
            Dma12,
        )
    };
    let port = ScopeSpec::endpoint(0, 0x1c, 0);
    let mut card = port.clone();
    card.path.push((0, 0));
    let mut bridge = port.clone();
    bridge.kind = 2;
    let mut nowhere = card.clone();
    nowhere.path[0] = (0x1d, 0);
    let one = |(outcome, detail): (Outcome, String)| (outcome, detail.contains("1 of 2"));
    assert_eq!(covered(vec![port.clone(), card.clone()]).0, Pass);
    assert_eq!(covered(vec![bridge]).0, Pass);
    assert_eq!(one(covered(vec![port.clone()])), (Fail, true));
    assert_eq!(one(covered(vec![card])), (Fail, true));
    assert_eq!(one(covered(vec![port, nowhere])), (Fail, true));
}

/// TPRs in place of PMRs: the regions asked for hold the MLE, and SINIT says where their registers are.
#[test]
fn txt_protected_regions() {
    // Elements by Xen's intel-txt.h: TPR_REQ is 13, DTPR is 14.
    let element = |kind: u32, data: &[u8]| {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((data.len() as u32 + 8).to_le_bytes());
        bytes.extend(data);
        bytes
    };
    let asked = |base: u64| {
        let mut data = 1u32.to_le_bytes().to_vec();
        data.extend(base.to_le_bytes());
        data.extend(0x100_0000u64.to_le_bytes());
        element(13, &data)
    };
    let mut dtpr = b"DTPR".to_vec();
    dtpr.extend(72u32.to_le_bytes());
    dtpr.resize(36, 0);
    for word in [0u32, 1, 0, 2] {
        dtpr.extend(word.to_le_bytes());
    }
    dtpr.extend(0xfed9_0100u64.to_le_bytes());
    dtpr.extend(0xfed9_0110u64.to_le_bytes());
    dtpr.extend(0u32.to_le_bytes());
    let dtpr = element(14, &dtpr);
    // Bit 4 of the base switches a region off; addresses count in MiB (actbl1.h).
    let live = |first: u64, second: u64| {
        let tpr = |address, base| Tpr {
            address,
            registers: Some(TprRegisters {
                base,
                limit: 0x100_0000,
            }),
        };
        Some(vec![tpr(0xfed9_0100, first), tpr(0xfed9_0110, second)])
    };
    let judged = |request: &[u8], table: &[u8], tprs: Option<Vec<Tpr>>, gsts: u32| {
        finding(
            |m| {
                m.change_tables(|tables| {
                    let data = &mut tables.os_sinit_data;
                    data[CAPABILITIES + 1] |= 0x40;
                    data.splice(92..92, request.iter().copied());
                    // The parts behind the elements move: only the elements are looked at here.
                    tables
                        .sinit_mle_data
                        .splice(148..148, table.iter().copied());
                });
                m.dma.tprs = tprs.clone();
                m.dma.registers().gsts = gsts;
            },
            Dma02,
        )
    };
    let mut dark = live(0x80_0000, 0x80_0000);
    dark.as_mut().unwrap()[1].registers = None;
    let mut moved = live(0x80_0000, 0x80_0000);
    moved.as_mut().unwrap()[1].address += 0x10;
    for (tprs, gsts, expected, words) in [
        (
            live(0x80_0000, 0x80_0010),
            0,
            Pass,
            "1 of 2 TPRs are on: one of them holds the MLE",
        ),
        (
            live(0x80_0010, 0x80_0000),
            0,
            Pass,
            "1 of 2 TPRs are on: one of them holds the MLE",
        ),
        (
            live(0x80_0010, 0x80_0010),
            GSTS,
            Pass,
            "0 of 2 TPRs are on: none holds the MLE any more",
        ),
        (
            live(0x80_0010, 0x80_0010),
            0,
            Fail,
            "0 of 2 TPRs are on: none holds the MLE, and not every",
        ),
        (
            live(0xf0_0000, 0xf0_0000),
            0,
            Fail,
            "2 of 2 TPRs are on: none holds the MLE, and not every",
        ),
        (
            dark,
            GSTS,
            Unknown,
            "the TPR at 0xfed90110 could not be read",
        ),
        (
            moved,
            GSTS,
            Fail,
            "SINIT found a TPR at 0xfed90110, the ACPI DTPR has none there",
        ),
        (
            None,
            GSTS,
            Fail,
            "SINIT found a DTPR table, now the firmware has no DTPR table",
        ),
    ] {
        let (outcome, detail) = judged(&asked(0x80_0000), &dtpr, tprs, gsts);
        assert_eq!(outcome, expected, "{detail}");
        assert!(detail.starts_with(words), "{detail}");
        exercised::note(Dma02, outcome, Origin::Injected);
    }
    let good = live(0x80_0000, 0x80_0000);
    let (outcome, detail) = judged(&asked(0x100_0000), &dtpr, good.clone(), GSTS);
    assert!(
        outcome == Fail && detail.contains("no region of TPR_REQ holds the MLE"),
        "{detail}"
    );
    let (outcome, detail) = judged(&asked(0x80_0000), &[], good, GSTS);
    assert!(
        outcome == Fail && detail.contains("no DTPR element"),
        "{detail}"
    );
}

/// A machine that nobody launched: the launch's own checks do not apply, the machine's do.
#[test]
fn without_a_launch() {
    let judgement = Machine::never_launched().judge("", None);
    assert_eq!(judgement.verdict, Verdict::Absent);
    for check in [Dma01, Dma02, Dma04, Dma05] {
        assert_eq!(judgement.outcome(check), NotApplicable, "{check}");
    }
    for check in [Dma03, Dma06, Dma07, Dma08, Dma09, Dma10, Dma12, Dma15] {
        assert_eq!(judgement.outcome(check), Pass, "{check}");
    }
}

/// Windows and regions touch a table by any of its bytes: a root table has a page, an interrupt table 2^(S+1)
/// entries of 16 bytes (VT-d specification, 11.4.36), which are 1 MiB where S is 15.
#[test]
fn a_window_beside_a_table_is_none_over_it() {
    const ROOT: u64 = 0x1_0312_3000;
    const TABLE: u64 = 0x1_0020_0000;
    const MIB: u64 = 1 << 20;
    for (base, size, outcome) in [
        (ROOT - 0x1000, 0x1000, Pass),
        (ROOT - 0x1000, 0x1001, Fail),
        (ROOT + 0x1000, 0x1000, Pass),
        (ROOT + 0xfff, 1, Fail),
        (0, u64::MAX, Fail),
        (TABLE - 0x1000, 0x1000, Pass),
        (TABLE + MIB - 1, 1, Fail),
        (TABLE + MIB, 0x1000, Pass),
    ] {
        let found = finding(
            |m| m.dma.windows = Some(vec![window(base, size, true)]),
            Dma08,
        );
        assert_eq!(found.0, outcome, "{base:#x} + {size:#x}: {}", found.1);
    }
    // A table of 256 entries, one page.
    let small = |base| {
        finding(
            |m| {
                m.dma.registers().irta = TABLE | 7;
                m.dma.windows = Some(vec![window(base, 0x1000, true)]);
            },
            Dma08,
        )
    };
    assert_eq!(small(TABLE).0, Fail);
    assert_eq!(small(TABLE + 0x1000).0, Pass);
    // What is not in use is nobody's table.
    let off = finding(
        |m| {
            m.dma.registers().gsts = GSTS & !(1 << 25);
            m.dma.windows = Some(vec![window(TABLE, 0x1000, true)]);
        },
        Dma08,
    );
    assert_eq!(off.0, Pass, "{}", off.1);
}

/// What is mapped one to one is said where a driver's domain has it, and is no failure.
#[test]
fn what_is_mapped_one_to_one_is_said() {
    let region = |group, base, size| Direct {
        group,
        base,
        size,
        relaxable: true,
    };
    let says = |regions: Option<Vec<Direct>>, translation: Translation| {
        let (outcome, detail) = finding(
            |m| {
                m.dma.direct = regions;
                for function in [0, 3] {
                    m.dma.at(0, 0x1f, function).translation = translation;
                }
            },
            Dma10,
        );
        assert_eq!(outcome, Pass, "{detail}");
        detail
    };
    let isa = || Some(vec![region(9, 0x1000, 0x1000), region(5, 0, 16 << 20)]);
    assert_eq!(
        says(isa(), Translation::Dma),
        "6 functions, each translated or blocked; 2 reach memory that is mapped one to one for them, as 0000:00:1f.0 [8086:101f] does 0x0 + 0x1000000"
    );
    for translation in [Translation::Blocked, Translation::Managed] {
        assert_eq!(
            says(isa(), translation),
            "6 functions, each translated or blocked"
        );
    }
    assert_eq!(
        says(None, Translation::Dma),
        "6 functions, each translated or blocked; what is mapped one to one for them is not known"
    );
}
