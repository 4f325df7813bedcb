// SPDX-License-Identifier: GPL-2.0

//! Structures of the DMAR table one by one: names, least sizes and flags (VT-d specification, 8.2).

use launchguard_host_tests::fixture::dmar::{encode, seal, Entry};
use launchguard_pure::decode::dmar::{Dmar, PathStep, Structure};

/// A table of one structure of `kind`, `length` bytes long, filled with `fill` behind its head.
fn table(kind: u16, length: u16, fill: u8) -> Vec<u8> {
    let mut bytes = encode(
        0x26,
        1,
        &[Entry::Unknown {
            kind,
            body: vec![fill; usize::from(length) - 4],
        }],
    );
    seal(&mut bytes);
    bytes
}

#[test]
fn each_structure_has_its_name_and_its_least_size() {
    for (kind, name, least) in [
        (0, "DRHD", 16),
        (1, "RMRR", 24),
        (2, "ATSR", 8),
        (3, "RHSA", 20),
        (4, "ANDD", 8),
        (5, "SATC", 8),
        (6, "SIDP", 8),
        (7, "other", 4),
    ] {
        let bytes = table(kind, least, 0);
        let found = Dmar::decode(&bytes).unwrap();
        let structure = found.structures().next().unwrap().unwrap();
        assert_eq!(structure.name(), name);
        assert_eq!(found.check(), Ok(()), "{name}");
        if least > 4 {
            let bytes = table(kind, least - 1, 0);
            let words = Dmar::decode(&bytes)
                .unwrap()
                .check()
                .unwrap_err()
                .to_string();
            assert!(words.contains(&least.to_string()), "{name}: {words}");
        }
    }
}

#[test]
fn flags_are_bit_0_of_their_byte() {
    for (fill, set) in [(0, false), (1, true), (0xfe, false), (0xff, true)] {
        let word = u16::from_le_bytes([fill; 2]);
        for kind in [2, 5] {
            let bytes = table(kind, 8, fill);
            let found = Dmar::decode(&bytes).unwrap();
            let (flag, segment) = match found.structures().next().unwrap().unwrap() {
                Structure::Atsr(one) => (one.all_ports, one.segment),
                Structure::Satc(one) => (one.atc_required, one.segment),
                other => panic!("{}", other.name()),
            };
            assert_eq!((flag, segment), (set, word), "type {kind}, {fill:#x}");
        }
        let bytes = table(6, 8, fill);
        let found = Dmar::decode(&bytes).unwrap();
        let Structure::Sidp(one) = found.structures().next().unwrap().unwrap() else {
            panic!("no SIDP");
        };
        assert_eq!(one.segment, word);
    }
}

#[test]
fn device_and_function_stay_in_their_ranges() {
    for (device, function, devfn) in [
        (0, 0, Some(0)),
        (0, 7, Some(7)),
        (1, 0, Some(8)),
        (0x1f, 7, Some(0xff)),
        (0x15, 2, Some(0xaa)),
        (0x20, 0, None),
        (0, 8, None),
        (0x1f, 8, None),
        (0x20, 7, None),
        (0xff, 0xff, None),
    ] {
        let step = PathStep { device, function };
        assert_eq!(step.devfn(), devfn, "{device:#x}.{function}");
    }
}
