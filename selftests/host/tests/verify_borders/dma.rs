// SPDX-License-Identifier: GPL-2.0

//! DMA-01 and DMA-05: protected regions and the copy of the DMAR table.

use super::{try_all, Case};
use launchguard_host_tests::fixture::heap::OS_SINIT_CAPABILITIES;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::facts::MemoryRange;
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
