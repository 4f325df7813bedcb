// SPDX-License-Identifier: GPL-2.0

//! The DMAR table: what an encoder written from the specification writes is read back, and whatever
//! is malformed is named with its place.

use launchguard_host_tests::exercise::Dump;
use launchguard_host_tests::fixture::dmar::{encode, seal, Entry, ScopeSpec};
use launchguard_pure::decode::dmar::{Dmar, ScopeKind, Scopes, Structure};
use launchguard_pure::decode::vtd::UnitRegisters;
use proptest::collection::vec;
use proptest::prelude::*;

fn error(bytes: &[u8]) -> String {
    match Dmar::decode(bytes) {
        Ok(table) => table.check().expect_err("malformed").to_string(),
        Err(error) => error.to_string(),
    }
}

/// What QEMU 11.1 gives a guest of `-machine q35 -device intel-iommu,intremap=on`: the guest's
/// /sys/firmware/acpi/tables/DMAR, read with od.
const QEMU: [u8; 128] = [
    0x44, 0x4d, 0x41, 0x52, 0x80, 0x00, 0x00, 0x00, 0x01, 0xd9, 0x42, 0x4f, 0x43, 0x48, 0x53, 0x20,
    0x42, 0x58, 0x50, 0x43, 0x20, 0x20, 0x20, 0x20, 0x01, 0x00, 0x00, 0x00, 0x42, 0x58, 0x50, 0x43,
    0x01, 0x00, 0x00, 0x00, 0x2f, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xd9, 0xfe, 0x00, 0x00, 0x00, 0x00,
    0x03, 0x08, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x05, 0x01, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x05, 0x02,
    0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x05, 0x03, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x1f, 0x00,
    0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x1f, 0x02, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x1f, 0x03,
];

#[test]
fn the_table_of_an_emulated_machine() {
    let table = Dmar::decode(&QEMU).expect("well-formed");
    assert_eq!(table.width, 48);
    assert_eq!(table.flags.0, 1);
    assert_eq!(table.check(), Ok(()));
    let unit = table.units().next().expect("one unit");
    assert!(!unit.include_all);
    assert_eq!((unit.segment, unit.base, unit.pages), (0, 0xfed9_0000, 1));
    let scopes: Vec<_> = unit
        .scopes
        .map(|scope| scope.expect("well-formed").to_string())
        .collect();
    // The functions that lspci shows, those behind a missing function 0, and the I/O APIC.
    let expected = [
        "I/O APIC ff:00.0",
        "endpoint 00:00.0",
        "endpoint 00:05.1",
        "endpoint 00:05.2",
        "endpoint 00:05.3",
        "endpoint 00:1f.0",
        "endpoint 00:1f.2",
        "endpoint 00:1f.3",
    ];
    assert_eq!(scopes, expected);
    assert_eq!(table.units().count(), 1);
}

/// As servers have them: one for a graphics device, one for the rest of the segment, one of another segment, and
/// what is reserved between.
#[test]
fn several_units_are_told_apart() {
    let drhd = |flags, segment, base, scopes| Entry::Drhd {
        flags,
        size: 0,
        segment,
        base,
        scopes,
    };
    let bytes = encode(
        46,
        1,
        &[
            drhd(0, 0, 0xfed9_0000, vec![ScopeSpec::endpoint(0, 2, 0)]),
            Entry::Rmrr {
                segment: 0,
                base: 0x7b00_0000,
                limit: 0x7b00_ffff,
                scopes: vec![ScopeSpec::endpoint(0, 0x14, 0)],
            },
            drhd(1, 0, 0xfed9_1000, vec![]),
            drhd(1, 1, 0xf_fc00_0000, vec![]),
        ],
    );
    let table = Dmar::decode(&bytes).expect("well-formed");
    assert_eq!(table.check(), Ok(()));
    let units: Vec<_> = table
        .units()
        .map(|unit| {
            (
                unit.segment,
                unit.base,
                unit.include_all,
                unit.scopes.count(),
            )
        })
        .collect();
    assert_eq!(
        units,
        [
            (0, 0xfed9_0000, false, 1),
            (0, 0xfed9_1000, true, 0),
            (1, 0xf_fc00_0000, true, 0),
        ]
    );
}

#[test]
fn whatever_is_malformed_is_named() {
    let good = encode(38, 1, &[Entry::unit(0xfed9_0000)]);
    assert_eq!(Dmar::decode(&good).expect("good").check(), Ok(()));
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let sealed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = changed(change);
        seal(&mut bytes);
        bytes
    };
    for (bytes, words) in [
        (vec![], "0 bytes at 0x0 where 48 are needed"),
        (
            changed(|bytes| bytes[0] = 0),
            "signature 004d4152, not DMAR",
        ),
        (
            changed(|bytes| bytes[4] += 1),
            "says 65 bytes, 64 are there",
        ),
        (changed(|bytes| bytes[6] = 0xff), "64 are there"),
        (
            changed(|bytes| bytes[4] = 40),
            "40 bytes at 0x0 where 48 are needed",
        ),
        (
            changed(|bytes| bytes[37] ^= 4),
            "the bytes add up to 0x04, not to 0",
        ),
        // The DRHD: of length 0, of one that is too short, of one that leaves the table.
        (sealed(|bytes| bytes[50] = 0), "type 0 at 0x30 has length 0"),
        (sealed(|bytes| bytes[50] = 3), "type 0 at 0x30 has length 3"),
        (
            sealed(|bytes| bytes[50] = 12),
            "at 0x30 has length 12, it takes 16",
        ),
        (
            sealed(|bytes| bytes[50] = 17),
            "has length 17, 16 bytes are left",
        ),
        (
            sealed(|bytes| bytes[48] = 1),
            "type 1 at 0x30 has length 16, it takes 24",
        ),
        (
            sealed(|bytes| bytes.extend([0, 0, 4])),
            "3 bytes at 0x40 where 4 are needed",
        ),
        // A scope that has no path, one that ends in the middle of a step, one that leaves the unit.
        (
            scoped(&[1, 6, 0, 0, 0, 0]),
            "device scope at 0x40 has length 6",
        ),
        (
            scoped(&[1, 9, 0, 0, 0, 0, 1, 0, 1]),
            "device scope at 0x40 has length 9",
        ),
        (
            scoped(&[1, 0, 0, 0, 0, 0, 1, 0]),
            "device scope at 0x40 has length 0",
        ),
        (
            scoped(&[1, 10, 0, 0, 0, 0, 1, 0]),
            "has length 10, 8 bytes are left",
        ),
        (
            scoped(&[1, 8, 0, 0, 0, 0, 1, 0, 1]),
            "device scope at 0x48 has length 0, 1 bytes",
        ),
    ] {
        let message = error(&bytes);
        assert!(
            message.contains(words),
            "{message:?} does not say {words:?}"
        );
    }
}

/// A table with one unit that holds `scopes` as they stand.
fn scoped(scopes: &[u8]) -> Vec<u8> {
    let mut bytes = encode(38, 1, &[Entry::unit(0xfed9_0000)]);
    bytes[50] += scopes.len() as u8;
    bytes.extend(scopes);
    seal(&mut bytes);
    bytes
}

#[test]
fn flags_are_those_of_the_specification() {
    for (bits, expected) in [
        (1, [true, false, false, false]),
        (2, [false, true, false, false]),
        (4, [false, false, true, false]),
        (8, [false, false, false, true]),
    ] {
        let bytes = encode(38, bits, &[]);
        let flags = Dmar::decode(&bytes).expect("well-formed").flags;
        let found = [
            flags.interrupt_remapping(),
            flags.x2apic_opt_out(),
            flags.platform_opt_in(),
            flags.remapping_opt_out(),
        ];
        assert_eq!(found, expected, "{bits}");
    }
}

/// A page of registers as an emulated unit showed them: GSTS is that of a running Linux.
#[test]
fn registers_of_a_unit() {
    let mut page = vec![0xee; 4096];
    let mut put = |offset: usize, bytes: &[u8]| {
        page[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0x00, &0x10u32.to_le_bytes());
    put(0x08, &0x00d2_0081_2226_0206u64.to_le_bytes());
    put(0x10, &0x0000_0000_00f0_0f5au64.to_le_bytes());
    put(0x1c, &0xc700_0000u32.to_le_bytes());
    put(0x20, &0x0000_0001_0312_3400u64.to_le_bytes());
    put(0x34, &2u32.to_le_bytes());
    put(0xb8, &0x0000_0001_0020_000fu64.to_le_bytes());
    let unit = UnitRegisters::read(&Dump(&page)).expect("a unit");
    let gsts = unit.gsts();
    assert!(gsts.translation() && gsts.root_set());
    assert!(gsts.interrupt_remapping() && gsts.interrupt_table_set());
    assert!(!gsts.compatibility_interrupts());
    assert!(unit.fsts().pending() && !unit.fsts().overflow());
    assert!(unit.scalable());
    assert_eq!(unit.root(), 0x1_0312_3000);
    assert_eq!(unit.interrupt_table(), 0x1_0020_0000);
    // CAP_REG has neither PLMR nor PHMR: what stands at PMEN_REG was not read.
    assert_eq!(
        (unit.pmen, unit.pmr_low, unit.pmr_high),
        (0, (0, 0), (0, 0))
    );
    assert_eq!(unit.cap().fault_records(), 1);
    for all in [0x00, 0xff] {
        assert_eq!(UnitRegisters::read(&Dump(&[all; 4096])), None, "{all:#x}");
    }
    assert_eq!(UnitRegisters::read(&Dump(&page[..0x34])), None, "cut");
}

fn scope() -> impl Strategy<Value = ScopeSpec> {
    let path = vec((0u8..32, 0u8..8), 1..4);
    (1u8..6, any::<u8>(), any::<u8>(), any::<u8>(), path).prop_map(
        |(kind, flags, id, bus, path)| ScopeSpec {
            kind,
            flags,
            id,
            bus,
            path,
        },
    )
}

fn entry() -> impl Strategy<Value = Entry> {
    let scopes = || vec(scope(), 0..4);
    let flag = 0u8..2;
    prop_oneof![
        (flag.clone(), 0u8..16, any::<u16>(), any::<u64>(), scopes()).prop_map(
            |(flags, size, segment, base, scopes)| Entry::Drhd {
                flags,
                size,
                segment,
                base,
                scopes
            }
        ),
        (any::<u16>(), any::<u64>(), any::<u64>(), scopes()).prop_map(
            |(segment, base, limit, scopes)| Entry::Rmrr {
                segment,
                base,
                limit,
                scopes
            }
        ),
        (flag.clone(), any::<u16>(), scopes()).prop_map(|(flags, segment, scopes)| Entry::Atsr {
            flags,
            segment,
            scopes
        }),
        (any::<u64>(), any::<u32>()).prop_map(|(base, domain)| Entry::Rhsa { base, domain }),
        (any::<u8>(), vec(1u8..128, 0..20)).prop_map(|(number, name)| Entry::Andd { number, name }),
        (flag, any::<u16>(), scopes()).prop_map(|(flags, segment, scopes)| Entry::Satc {
            flags,
            segment,
            scopes
        }),
        (any::<u16>(), scopes()).prop_map(|(segment, scopes)| Entry::Sidp { segment, scopes }),
        (7u16..100, vec(any::<u8>(), 0..20)).prop_map(|(kind, body)| Entry::Unknown { kind, body }),
    ]
}

fn read_scopes(scopes: Scopes<'_>) -> Vec<ScopeSpec> {
    scopes
        .map(|scope| {
            let scope = scope.expect("well-formed");
            let kind = match scope.kind {
                ScopeKind::Endpoint => 1,
                ScopeKind::Bridge => 2,
                ScopeKind::IoApic => 3,
                ScopeKind::Hpet => 4,
                ScopeKind::Namespace => 5,
                ScopeKind::Other(value) => value,
            };
            ScopeSpec {
                kind,
                flags: scope.flags,
                id: scope.enumeration_id,
                bus: scope.start_bus,
                path: scope
                    .path
                    .steps()
                    .map(|step| (step.device, step.function))
                    .collect(),
            }
        })
        .collect()
}

fn read_entry(structure: Structure<'_>) -> Entry {
    match structure {
        Structure::Drhd(unit) => Entry::Drhd {
            flags: u8::from(unit.include_all),
            size: unit.pages.trailing_zeros() as u8,
            segment: unit.segment,
            base: unit.base,
            scopes: read_scopes(unit.scopes),
        },
        Structure::Rmrr(region) => Entry::Rmrr {
            segment: region.segment,
            base: region.base,
            limit: region.limit,
            scopes: read_scopes(region.scopes),
        },
        Structure::Atsr(ports) => Entry::Atsr {
            flags: u8::from(ports.all_ports),
            segment: ports.segment,
            scopes: read_scopes(ports.scopes),
        },
        Structure::Rhsa(affinity) => Entry::Rhsa {
            base: affinity.base,
            domain: affinity.proximity_domain,
        },
        Structure::Andd(device) => Entry::Andd {
            number: device.number,
            name: device.name.as_slice().to_vec(),
        },
        Structure::Satc(devices) => Entry::Satc {
            flags: u8::from(devices.atc_required),
            segment: devices.segment,
            scopes: read_scopes(devices.scopes),
        },
        Structure::Sidp(devices) => Entry::Sidp {
            segment: devices.segment,
            scopes: read_scopes(devices.scopes),
        },
        Structure::Other { kind, length } => Entry::Unknown {
            kind,
            body: vec![0; length - 4],
        },
    }
}

/// The decoder passes over what it does not know: only its size is read back.
fn known(entry: &Entry) -> Entry {
    match entry {
        Entry::Unknown { kind, body } => Entry::Unknown {
            kind: *kind,
            body: vec![0; body.len()],
        },
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn a_table_is_read_as_it_was_written(
        width in any::<u8>(),
        flags in any::<u8>(),
        entries in vec(entry(), 0..8),
        behind in vec(any::<u8>(), 0..40),
    ) {
        let bytes = encode(width, flags, &entries);
        let longer = [bytes.as_slice(), &behind].concat();
        let table = Dmar::decode(&longer).expect("well-formed");
        prop_assert_eq!(table.bytes.as_slice(), bytes.as_slice());
        prop_assert_eq!(table.width, u16::from(width) + 1);
        prop_assert_eq!(table.flags.0, flags);
        prop_assert_eq!(table.check(), Ok(()));
        let read: Vec<_> = table
            .structures()
            .map(|structure| read_entry(structure.expect("well-formed")))
            .collect();
        let written: Vec<_> = entries.iter().map(known).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn a_changed_byte_is_noticed(at in 0usize..80, change in 1u8..=255) {
        let mut bytes = encode(38, 1, &[
            Entry::unit(0xfed9_0000),
            Entry::Atsr { flags: 1, segment: 0, scopes: vec![ScopeSpec::endpoint(0, 1, 0)] },
        ]);
        prop_assume!(at < bytes.len());
        bytes[at] ^= change;
        prop_assert!(Dmar::decode(&bytes).is_err());
    }
}
