// SPDX-License-Identifier: GPL-2.0

//! DMA-01 to DMA-14: protected regions, copies of the DMAR table, and who is behind what.

use super::{try_all, Case};
use launchguard_host_tests::fixture::dma::UNIT_BASE;
use launchguard_host_tests::fixture::dmar::{encode, Entry, ScopeSpec};
use launchguard_host_tests::fixture::heap::OS_SINIT_CAPABILITIES;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::facts::{Ats, MemoryRange};
use launchguard_pure::verify::judgement::Outcome::{Fail, NotApplicable, Pass};

/// Offset in OsSinitData of the address of the MLE's page table (SDG table C-3).
const MLE: usize = 8;
/// Offsets of base and size of the low region and of the high one.
const PMRS: usize = 32;

/// Low base and size, high base and size; the MLE at `mle`.
fn with_mle(machine: &mut Machine, mle: u64, values: [u64; 4]) {
    let values = (PMRS..).step_by(8).zip(values);
    machine.change_tables(|tables| {
        for (offset, value) in std::iter::once((MLE, mle)).chain(values) {
            tables.os_sinit_data[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        }
    });
}

fn regions(machine: &mut Machine, values: [u64; 4]) {
    with_mle(machine, 0x80_1000, values);
}

const LOW: u64 = 0x7e00_0000;
const GIB4: u64 = 1 << 32;
const IN_LOW: &str = "the MLE lies in the low one";

/// The MLE lies at 0x801000 to 0x849000, memory above 4 GiB ends at 6 GiB.
const REGIONS: &[Case] = &[
    (
        Dma01,
        Pass,
        "=PMR 0x0 + 0x7e000000, 0x0 + 0x0: the MLE lies in the low one",
        |_| {},
    ),
    (Dma01, Fail, "the low one does not start at 0", |m| {
        regions(m, [0x20_0000, LOW, 0, 0])
    }),
    (Dma01, Fail, "not whole pieces of 2 MiB", |m| {
        regions(m, [0, LOW + 0x10_0000, 0, 0])
    }),
    (Dma01, Fail, "not whole pieces of 2 MiB", |m| {
        regions(m, [0, LOW, GIB4 + 0x10_0000, 0x8000_0000]);
    }),
    (Dma01, Fail, "not whole pieces of 2 MiB", |m| {
        regions(m, [0, LOW, GIB4, 0x8010_0000]);
    }),
    (Dma01, Pass, IN_LOW, |m| regions(m, [0, 0xa0_0000, 0, 0])),
    (
        Dma01,
        Fail,
        "the MLE lies neither in the low one nor in the DPR",
        |m| {
            regions(m, [0, 0x80_0000, 0, 0]);
        },
    ),
    (Dma01, Pass, "the MLE lies in the DPR", |m| {
        with_mle(m, 0x7ed0_0000, [0, 0, 0, 0]);
    }),
    // A base without a size is no region.
    (Dma01, Pass, "the MLE lies in the DPR", |m| {
        with_mle(m, 0x7ed0_0000, [0x20_0000, 0, 0, 0]);
    }),
    (Dma01, Pass, IN_LOW, |m| {
        regions(m, [0, LOW, GIB4, 0x8000_0000])
    }),
    (Dma01, Pass, IN_LOW, |m| {
        regions(m, [0, LOW, GIB4, 0x1_0000_0000])
    }),
    (Dma01, Pass, IN_LOW, |m| regions(m, [0, LOW, 0x20_0000, 0])),
    (Dma01, Fail, "the high one does not lie above 4 GiB", |m| {
        regions(m, [0, LOW, 0xc000_0000, 0x1_0000_0000]);
    }),
    (Dma01, Fail, "the high one does not lie above 4 GiB", |m| {
        regions(m, [0, LOW, u64::MAX - 0x1f_ffff, 0x20_0000]);
    }),
    (
        Dma01,
        Fail,
        "the high one leaves memory above 4 GiB out",
        |m| {
            regions(m, [0, LOW, GIB4, 0x4000_0000]);
        },
    ),
    (
        Dma01,
        Fail,
        "the high one leaves memory above 4 GiB out",
        |m| {
            regions(m, [0, LOW, GIB4 + 0x20_0000, 0x8000_0000]);
        },
    ),
    // Only RAM needs to be covered.
    (Dma01, Pass, IN_LOW, |m| {
        regions(m, [0, LOW, GIB4, 0x8000_0000]);
        let map = m.chipset.memory_map.as_mut().expect("a memory map");
        map.push(MemoryRange {
            base: 0x10_0000_0000,
            size: 0x1000,
            kind: 2,
        });
    }),
    (Dma01, NotApplicable, "the launch asked for TPRs", |m| {
        m.change_tables(|tables| tables.os_sinit_data[OS_SINIT_CAPABILITIES + 1] |= 0x40);
    }),
];

fn dmar(machine: &mut Machine) -> &mut Vec<u8> {
    machine.firmware.dmar.as_mut().expect("a DMAR")
}

/// Byte 9 is the checksum, byte 37 holds the flags (VT-d specification, 8.1).
const COPIES: &[Case] = &[
    (Dma05, Pass, "the same in the heap and in ACPI", |_| {}),
    (Dma05, Fail, "byte 0x9 is ", |m| dmar(m)[9] ^= 1),
    (Dma05, Fail, "byte 0x24 is ", |m| {
        dmar(m)[9] ^= 1;
        dmar(m)[0x24] ^= 1;
    }),
    (Dma05, Fail, "byte 0x8 is ", |m| {
        dmar(m)[8] ^= 1;
        dmar(m)[9] ^= 1;
    }),
    (Dma05, Fail, "flags from ACPI", |m| {
        dmar(m)[9] ^= 1;
        dmar(m)[37] ^= 1;
    }),
    (
        Dma05,
        Fail,
        " is not there and 0x5a: one of them is longer",
        |m| dmar(m).push(0x5a),
    ),
    (Dma05, Fail, " and not there: one of them is longer", |m| {
        dmar(m).pop();
    }),
];

#[test]
fn protected_regions_hold_the_mle_and_high_memory() {
    try_all(Machine::launched, REGIONS);
}

#[test]
fn the_first_byte_that_differs_is_named() {
    try_all(Machine::launched, COPIES);
}

/// A firmware's table of `entries` behind the unit of all devices.
fn firmware(machine: &mut Machine, entries: &[Entry]) {
    let all = [&[Entry::unit(UNIT_BASE)], entries].concat();
    machine.firmware.dmar = Some(encode(38, 1, &all));
}

/// The root port at 1c.0 leads outside; bus 1 is behind it.
fn external(machine: &mut Machine) {
    machine.dma.at(0, 0x1c, 0).external_facing = true;
}

const SERVICES: &[Case] = &[
    (
        Dma13,
        Pass,
        "=0 functions have ATS on, none of them outside; 0 ATSR, 0 SATC structures",
        external,
    ),
    (Dma13, Pass, "; 1 ATSR, 2 SATC structures", |m| {
        let (flags, segment) = (0, 0);
        let satc = || Entry::Satc {
            flags,
            segment,
            scopes: Vec::new(),
        };
        let atsr = Entry::Atsr {
            flags: 1,
            segment,
            scopes: Vec::new(),
        };
        firmware(m, &[atsr, satc(), satc()]);
    }),
    (Dma13, Fail, "is outside and has ATS on", |m| {
        external(m);
        m.dma.at(1, 0, 0).ats = Ats::On;
    }),
    // Beside the port, and behind another segment's bus of the same number.
    (
        Dma13,
        Pass,
        "1 functions have ATS on, none of them outside",
        |m| {
            external(m);
            m.dma.at(0, 2, 0).ats = Ats::On;
        },
    ),
    (
        Dma13,
        Pass,
        "1 functions have ATS on, none of them outside",
        |m| {
            external(m);
            let card = m.dma.at(1, 0, 0);
            card.ats = Ats::On;
            card.segment = 1;
        },
    ),
    (
        Dma14,
        Fail,
        "pcie_acs_override=downstream on the command line",
        |m| {
            m.dma.command_line = Some("quiet pcie_acs_override=downstream".into());
        },
    ),
    (Dma14, Fail, "on the command line", |m| {
        m.dma.command_line = Some("pcie-acs-override=\"downstream\" quiet".into());
    }),
    (Dma14, Pass, "no two devices share a group", |m| {
        m.dma.command_line = Some("acs_override=\"downstream\" quiet".into());
    }),
];

/// An RMRR from `base` to `limit`, and memory that the map reserves for it.
fn reserve(machine: &mut Machine, base: u64, limit: u64, reserved: &[(u64, u64)]) {
    let region = Entry::Rmrr {
        segment: 0,
        base,
        limit,
        scopes: vec![ScopeSpec::endpoint(0, 2, 0)],
    };
    firmware(machine, &[region]);
    let ranges = reserved.iter().map(|(base, size)| MemoryRange {
        base: *base,
        size: *size,
        kind: 2,
    });
    machine.chipset.memory_map = Some(ranges.collect());
}

/// The launch keeps 0x7ec00000 to 0x7f000000, the DPR, and more below.
const RESERVED: &[Case] = &[
    (
        Dma11,
        Pass,
        "=firmware reserves no memory for devices",
        |_| {},
    ),
    // tboot hides the firmware's table: the heap's copy describes the machine.
    (
        Dma11,
        Pass,
        "=firmware reserves no memory for devices",
        |m| {
            m.firmware.dmar = None;
        },
    ),
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(m, 0x7000_0000, 0x7000_0fff, &[(0x7000_0000, 0x1000)])
    }),
    (Dma11, Fail, "", |m| {
        reserve(m, 0x7000_0000, 0x7000_1000, &[(0x7000_0000, 0x1000)])
    }),
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(
            m,
            0x7000_0800,
            0x7000_1fff,
            &[(0x7000_1000, 0x1000), (0x7000_0000, 0x1000)],
        );
    }),
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(
            m,
            0x7000_0800,
            0x7000_1fff,
            &[(0x7000_0000, 0x1000), (0x7000_1000, 0x1000)],
        );
    }),
    (Dma11, Fail, "", |m| {
        reserve(
            m,
            0x7000_0000,
            0x7000_1fff,
            &[(0x7000_0000, 0x800), (0x7000_1000, 0x1000)],
        );
    }),
    (Dma11, Fail, "", |m| {
        reserve(m, 0x6fff_ffff, 0x7000_0fff, &[(0x7000_0000, 0x1000)])
    }),
    // One byte is a region; a limit below its base is none.
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(m, 0x7000_0000, 0x7000_0000, &[(0x7000_0000, 0x1000)])
    }),
    (Dma11, Fail, "ends before it starts", |m| {
        reserve(m, 0x7000_0001, 0x7000_0000, &[(0x7000_0000, 0x1000)]);
    }),
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(m, 0x7f00_0000, 0x7f00_0fff, &[(0x7f00_0000, 0x1000)])
    }),
    (Dma11, Fail, "the TXT heap", |m| {
        reserve(m, 0x7eff_f000, 0x7fff_ffff, &[(0x7e00_0000, 0x200_0000)])
    }),
    (Dma11, Fail, "the DPR", |m| {
        reserve(m, 0x7ebf_0000, 0x7ec0_0000, &[(0x7e00_0000, 0x200_0000)])
    }),
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(m, 0x7ebf_0000, 0x7ebf_ffff, &[(0x7e00_0000, 0x200_0000)])
    }),
    (Dma11, Fail, "tboot", |m| {
        reserve(m, 0x247_2fff, 0x247_2fff, &[(0x240_0000, 0x10_0000)])
    }),
    (Dma11, Pass, "1 RMRRs", |m| {
        reserve(m, 0x247_3000, 0x247_3fff, &[(0x240_0000, 0x10_0000)])
    }),
    (Dma11, Pass, "1 RMRRs", |m| {
        m.kernel.tboot_addr = Some(0);
        reserve(m, 0, 0xfff, &[(0, 0x1000)]);
    }),
];

#[test]
fn address_translation_services_are_judged_by_place() {
    try_all(Machine::launched, SERVICES);
}

#[test]
fn reserved_regions_touch_neither_ram_nor_the_launch() {
    try_all(Machine::launched, RESERVED);
}
