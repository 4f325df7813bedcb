// SPDX-License-Identifier: GPL-2.0

//! HEAP-01 to HEAP-06: sizes and versions of the tables (SDG appendix C).

use super::{try_all, Case};
use launchguard_host_tests::fixture::heap::Tables;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, NotApplicable, Pass, Unknown};

fn versions(machine: &mut Machine, bios: u8, os: u8, sinit: u8) {
    machine.change_tables(|tables| {
        tables.bios_data[0] = bios;
        tables.os_sinit_data[0] = os;
        tables.sinit_mle_data[0] = sinit;
    });
}

/// The table longer by `bytes`.
fn longer(machine: &mut Machine, table: fn(&mut Tables) -> &mut Vec<u8>, bytes: usize) {
    machine.change_tables(|tables| {
        let table = table(tables);
        table.resize(table.len() + bytes, 0);
    });
}

const RANGE: &[Case] = &[
    (
        Heap01,
        Pass,
        "=TXT.HEAP.BASE 0x7efe0000, SIZE 0x20000",
        |_| {},
    ),
    (
        Heap01,
        Fail,
        "BASE 0x0, SIZE 0x20000: no range below 4 GiB",
        |m| {
            m.set(Reg::HeapBase, 0);
        },
    ),
    (Heap01, Fail, "SIZE 0x0: no range below 4 GiB", |m| {
        m.set(Reg::HeapSize, 0)
    }),
    (
        Heap01,
        Pass,
        "=TXT.HEAP.BASE 0xfffe0000, SIZE 0x20000",
        |m| {
            m.set(Reg::HeapBase, 0xfffe_0000);
        },
    ),
    (Heap01, Fail, "no range below 4 GiB", |m| {
        m.set(Reg::HeapBase, 0xfffe_0001)
    }),
    (Heap01, Fail, "no range below 4 GiB", |m| {
        m.set(Reg::HeapSize, u64::MAX)
    }),
];

/// OsSinitData of the fixture ends at 128 bytes, which with its size field is a multiple of 8 but not
/// of 16.
const SIZES: &[Case] = &[
    (Heap02, Pass, "; BiosData: 0x1 unused", |m| {
        longer(m, |t| &mut t.bios_data, 1)
    }),
    (Heap02, Pass, "; OsSinitData: 0x1 unused", |m| {
        longer(m, |t| &mut t.os_sinit_data, 1);
    }),
    (Heap02, Pass, "; OsSinitData: 0x4 unused", |m| {
        longer(m, |t| &mut t.os_sinit_data, 4);
    }),
    (
        Heap02,
        Pass,
        "=BiosData 0x4e, OsMleData 0x15118, OsSinitData 0x88, SinitMleData 0x1f0 bytes, end 0x153fe",
        |m| longer(m, |t| &mut t.os_sinit_data, 8),
    ),
    (Heap02, Pass, "; OsSinitData: 0x10 unused", |m| {
        longer(m, |t| &mut t.os_sinit_data, 16);
    }),
    // SINIT computes its own size.
    (Heap02, Fail, "SinitMleData has 0x1f1 bytes, its last part ends at", |m| {
        longer(m, |t| &mut t.sinit_mle_data, 1)
    }),
    // Each table's own size is looked at, also where the others are right.
    (Heap02, Fail, "BiosData", |m| {
        m.change_tables(|t| t.bios_data.truncate(10))
    }),
    (Heap02, Fail, "OsMleData", |m| {
        m.change_tables(|t| t.os_mle_data.truncate(2))
    }),
    (Heap02, Fail, "OsSinitData", |m| {
        m.change_tables(|t| t.os_sinit_data.truncate(30))
    }),
    (Heap02, Fail, "SinitMleData", |m| {
        m.change_tables(|t| t.sinit_mle_data.truncate(100))
    }),
];

const VERSIONS: &[Case] = &[
    (
        Heap03,
        Pass,
        "=versions: BiosData 6, OsSinitData 7, SinitMleData 9",
        |_| {},
    ),
    (Heap03, Fail, "BiosData 1,", |m| versions(m, 1, 7, 9)),
    (Heap03, Pass, "BiosData 2,", |m| versions(m, 2, 7, 9)),
    (Heap03, Fail, "OsSinitData 6, SinitMleData 9", |m| {
        versions(m, 6, 6, 9)
    }),
    (Heap03, Pass, "OsSinitData 7, SinitMleData 8", |m| {
        versions(m, 6, 7, 8)
    }),
    (Heap03, Pass, "OsSinitData 6, SinitMleData 8", |m| {
        versions(m, 6, 6, 8)
    }),
    (Heap03, Pass, "OsSinitData 4, SinitMleData 6", |m| {
        versions(m, 6, 4, 6)
    }),
    (Heap03, Fail, "OsSinitData 3, SinitMleData 6", |m| {
        versions(m, 6, 3, 6)
    }),
    (Heap03, Fail, "OsSinitData 4, SinitMleData 5", |m| {
        versions(m, 6, 4, 5)
    }),
    (Heap03, Fail, "OsSinitData 8, SinitMleData 9", |m| {
        versions(m, 6, 8, 9)
    }),
    (Heap03, Fail, "OsSinitData 8, SinitMleData 8", |m| {
        versions(m, 6, 8, 8)
    }),
    (Heap03, Fail, "OsSinitData 7, SinitMleData 10", |m| {
        versions(m, 6, 7, 10)
    }),
];

/// Two elements of BiosData, the log's pointer, copies of MADT and MCFG.
const ELEMENTS: &[Case] = &[
    (Heap04, Pass, "=5 elements, all inside their tables", |_| {}),
    (Heap04, Fail, "BiosData: ", |m| {
        m.change_tables(|t| t.bios_data[36 + 4] = 0)
    }),
    (Heap04, Fail, "OsSinitData: ", |m| {
        m.change_tables(|t| t.os_sinit_data[92 + 4] = 0)
    }),
    (Heap04, Fail, "SinitMleData: ", |m| {
        m.change_tables(|t| t.sinit_mle_data[148 + 4] = 0)
    }),
    (
        Heap05,
        NotApplicable,
        "SinitMleData 8 uses these fields",
        |m| {
            m.change_tables(|t| t.sinit_mle_data[0] = 8);
        },
    ),
    (
        Heap05,
        Unknown,
        "SinitMleData is too short to be decoded (HEAP-02)",
        |m| {
            m.change_tables(|t| t.sinit_mle_data.truncate(100));
        },
    ),
    (
        Heap06,
        Unknown,
        "SinitMleData is too short to be decoded (HEAP-02)",
        |m| {
            m.change_tables(|t| t.sinit_mle_data.truncate(100));
        },
    ),
];

#[test]
fn the_range_lies_below_4_gib() {
    try_all(Machine::launched, RANGE);
}

#[test]
fn what_lies_behind_a_tables_content_is_said_and_no_fault() {
    try_all(Machine::launched, SIZES);
}

#[test]
fn versions_go_together() {
    try_all(Machine::launched, VERSIONS);
}

#[test]
fn elements_and_reserved_bytes() {
    try_all(Machine::launched, ELEMENTS);
}
