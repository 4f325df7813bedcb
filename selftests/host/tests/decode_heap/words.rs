// SPDX-License-Identifier: GPL-2.0

//! Words for elements and pointers, and flags one by one.

use crate::bytes::{bios_data, os_sinit_data, pointer, set, sinit_mle_data, Build};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::heap::{
    event_log_pointer, event_log_pointers, BiosData, Chain, LogPointerError, OsSinitData, Platform,
    SinitMleData,
};

/// What is said of OsSinitData whose elements are `elements`.
fn said(elements: Vec<u8>) -> String {
    let bytes = os_sinit_data(&elements);
    let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
    event_log_pointer(&table).unwrap_err().to_string()
}

/// An EVENT_LOG_POINTER2 with logs of these algorithms (SDG C.4.2).
fn legacy(algs: &[u16]) -> Vec<u8> {
    let mut data = Build::default().u32(algs.len() as u32);
    for alg in algs {
        data = data.u16(*alg).u16(0).u64(0x9000).u32(4096).u32(0).u32(801);
    }
    Build::default().element(7, &data.0).end().0
}

#[test]
fn each_wrong_pointer_has_its_words() {
    let agile = pointer(0x7ff0_0000, 8192, 16, 1510);
    let two = Build([agile.clone(), agile].concat()).end().0;
    for (elements, words) in [
        (
            Build::default().end().0,
            "OsSinitData points at no event log",
        ),
        (two, "OsSinitData has two EVENT_LOG_POINTER2_1 elements"),
        (
            legacy(&[4, 4]),
            "event log pointer: two logs of algorithm 0x0004",
        ),
        (
            legacy(&[0x27]),
            "event log pointer: algorithm 0x0027 is not known",
        ),
        (
            Build(pointer(0x1000, 100, 51, 50)).end().0,
            "event log pointer: records from 51 to 50 do not lie in a container of 100 bytes",
        ),
        (
            Build(pointer(0, 100, 0, 50)).end().0,
            "event log pointer: 100 bytes at 0x0 are no range of memory",
        ),
    ] {
        assert_eq!(said(elements), words);
    }
}

/// A log of an algorithm that is not known is passed over where there are others.
#[test]
fn a_known_log_beside_an_unknown_one_is_taken() {
    for (algs, count) in [
        (&[0x27, 4][..], Some(1)),
        (&[4, 0x27], Some(1)),
        (&[4, 11], Some(2)),
        (&[0x27], None),
        (&[0x27, 0x28], None),
    ] {
        let bytes = os_sinit_data(&legacy(algs));
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        match event_log_pointers(&table) {
            Ok(found) => assert_eq!(Some(found.iter().count()), count, "{algs:x?}"),
            Err(error) => {
                assert_eq!(error, LogPointerError::Algorithm(0x27));
                assert_eq!(count, None, "{algs:x?}");
            }
        }
    }
}

#[test]
fn each_type_of_element_has_its_name() {
    for (kind, name) in [
        (8, "EVENT_LOG_POINTER2_1"),
        (9, "MCFG"),
        (13, "TPR_REQ"),
        (14, "DTPR"),
        (15, "CEDT"),
        (99, "unknown element 0x63"),
    ] {
        let bytes = os_sinit_data(&Build::default().element(kind, b"data").end().0);
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        let element = table.elements().next().unwrap().unwrap();
        assert_eq!(element.kind.to_string(), name);
    }
}

/// Bits 2:1 of MleFlags (SDG table C-2).
#[test]
fn the_platform_is_two_bits() {
    for (flags, platform) in [
        (0b000, Platform::Legacy),
        (0b001, Platform::Legacy),
        (0b010, Platform::Client),
        (0b011, Platform::Client),
        (0b100, Platform::Server),
        (0b110, Platform::Illegal),
        (0xffff_fff9, Platform::Legacy),
    ] {
        let mut bytes = bios_data();
        set(&mut bytes, 32, &u32::to_le_bytes(flags));
        let table = BiosData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.platform(), Some(platform), "{flags:#x}");
    }
}

/// Bit 0 of the flags, from version 7 on (SDG table C-4).
#[test]
fn maximum_performance_is_one_bit() {
    for (version, flags, set_there) in [
        (7u32, 0u32, false),
        (7, 1, true),
        (7, !1, false),
        (7, u32::MAX, true),
        (6, 1, false),
    ] {
        let mut bytes = os_sinit_data(&Build::default().end().0);
        set(&mut bytes, 0, &version.to_le_bytes());
        set(&mut bytes, 4, &flags.to_le_bytes());
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.max_performance(), set_there, "{version} {flags:#x}");
    }
}

#[test]
fn a_table_may_be_empty_and_descriptors_may_be_none() {
    // Sizes count their own eight bytes.
    let heap = Build::default().u64(8).u64(8).u64(8).u64(8).0;
    let chain = Chain::split(&heap).unwrap();
    assert_eq!(chain.end, 32);
    assert_eq!(chain.sinit_mle_data.bytes.len(), 0);
    let heap = Build::default().u64(8).u64(7).u64(8).u64(8).0;
    assert!(Chain::split(&heap).is_err());

    for (count, is_empty) in [(3u32, false), (0, true)] {
        let mut bytes = sinit_mle_data();
        set(&mut bytes, 128, &count.to_le_bytes());
        let table = SinitMleData::decode(Bytes::new(&bytes)).unwrap();
        let mdrs = table.mdrs().unwrap();
        assert_eq!(mdrs.len(), count as usize);
        assert_eq!(mdrs.is_empty(), is_empty);
    }
}
