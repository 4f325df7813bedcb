// SPDX-License-Identifier: GPL-2.0

//! Extended data elements, and the log pointer among them.

use crate::bytes::{bios_data, os_sinit_data, pointer, set, Build};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::heap::{
    event_log_pointer, BiosData, Body, ElementErrorKind, ElementType, LogFormat, LogPointerError,
    OsSinitData,
};

#[test]
fn elements_have_types_places_and_data() {
    let bytes = bios_data();
    let table = BiosData::decode(Bytes::new(&bytes)).unwrap();
    let elements: Vec<_> = table.elements().map(Result::unwrap).collect();
    assert_eq!(elements[0].kind, ElementType::BiosSpecVer);
    assert_eq!((elements[0].offset, elements[0].size), (36, 14));
    assert_eq!(elements[1].offset, 50);
    assert!(matches!(
        elements[0].body(),
        Ok(Body::BiosSpecVer {
            major: 2,
            minor: 1,
            revision: 3
        })
    ));
    match elements[1].body() {
        Ok(Body::Acm(list)) => {
            assert!(list.iter().eq([0xfff4_f000, 0xfff0_0000]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_chain_of_elements_never_loops_and_never_leaves_its_table() {
    let cases: [(&[u8], ElementErrorKind); 3] = [
        (&[1, 0, 0, 0], ElementErrorKind::HeaderCut { left: 4 }),
        (
            &[1, 0, 0, 0, 7, 0, 0],
            ElementErrorKind::HeaderCut { left: 7 },
        ),
        (&[9, 9, 0, 0, 8, 0, 0, 0], ElementErrorKind::NoEnd),
    ];
    for (elements, kind) in cases {
        let bytes = os_sinit_data(elements);
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        let last = table.elements().last().unwrap();
        assert_eq!(last.unwrap_err().kind, kind);
    }
    for size in (0..8).chain([21, 1000, 0x8000_0000, u32::MAX]) {
        let elements = Build::default().u32(8).u32(size).raw(&[0; 12]).0;
        let bytes = os_sinit_data(&elements);
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        let all: Vec<_> = table.elements().collect();
        assert_eq!(all.len(), 1, "size {size}");
        assert!(table.elements().end().is_err());
        let error = all[0].unwrap_err();
        assert_eq!(error.offset, 92);
        assert_eq!(
            error.kind,
            ElementErrorKind::Size {
                element: ElementType::EventLogPointer21,
                size,
                left: 20
            }
        );
    }
    // END must be 8 bytes; what follows it is not looked at.
    let long_end = os_sinit_data(&Build::default().element(0, &[0; 4]).0);
    let table = OsSinitData::decode(Bytes::new(&long_end)).unwrap();
    assert!(table.elements().next().unwrap().is_err());
    let behind_end = os_sinit_data(&Build::default().end().raw(&[0xff; 9]).0);
    let table = OsSinitData::decode(Bytes::new(&behind_end)).unwrap();
    assert_eq!(table.elements().count(), 0);
    assert_eq!(table.elements().end(), Ok(92 + 8));
}

#[test]
fn elements_of_every_type_are_decoded() {
    let mut acpi = vec![0_u8; 40];
    set(&mut acpi, 4, &38_u32.to_le_bytes());
    let acpi = |signature: &[u8; 4]| {
        let mut table = acpi.clone();
        set(&mut table, 0, signature);
        table
    };
    let mut dtpr = acpi(b"DTPR");
    dtpr.truncate(36);
    let mut dtpr = Build(dtpr)
        .u32(0x5)
        .u32(2)
        .u32(1)
        .u32(1)
        .u64(0xfed1_0000)
        .u32(2)
        .u32(0)
        .u32(1)
        .u64(0xfed2_0010)
        .0;
    let length = dtpr.len() as u32;
    set(&mut dtpr, 4, &length.to_le_bytes());
    let elements = Build::default()
        .element(3, &[1, 2, 3])
        .element(4, &Build::default().raw(&[0xab; 16]).raw(&[7]).0)
        .element(5, &0x1234_5678_u64.to_le_bytes())
        .element(6, &acpi(b"APIC"))
        .element(
            7,
            &Build::default()
                .u32(2)
                .u16(4)
                .u16(0)
                .u64(0x1000)
                .u32(0x2000)
                .u32(1)
                .u32(2)
                .u16(11)
                .u16(0)
                .u64(0x3000)
                .u32(0x4000)
                .u32(3)
                .u32(4)
                .0,
        )
        .raw(&pointer(0x5000, 0x6000, 5, 6))
        .element(9, &acpi(b"MCFG"))
        .element(13, &Build::default().u32(2).u64(1).u64(2).u64(3).u64(4).0)
        .element(14, &dtpr)
        .element(15, &acpi(b"CEDT"))
        .element(11, &[0xfe; 5])
        .end()
        .0;
    let bytes = os_sinit_data(&elements);
    let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
    let kinds: Vec<u32> = table
        .elements()
        .map(|element| element.unwrap().kind.value())
        .collect();
    assert_eq!(kinds, [3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 11]);
    assert_eq!(table.elements().end(), Ok(bytes.len()));
    for element in table.elements() {
        let element = element.unwrap();
        match (element.kind.value(), element.body().unwrap()) {
            (3, Body::Stm(data)) => assert_eq!(data.as_slice(), [1, 2, 3]),
            (4, Body::Custom { uuid, data }) => {
                assert_eq!((uuid, data.as_slice()), ([0xab; 16], &[7][..]));
            }
            (5, Body::EventLogPtr(address)) => assert_eq!(address, 0x1234_5678),
            (6, Body::Madt(table)) | (9, Body::Mcfg(table)) | (15, Body::Cedt(table)) => {
                assert_eq!(table.bytes.len(), 38);
            }
            (7, Body::EventLogPointer2(logs)) => {
                let logs: Vec<_> = logs.iter().collect();
                assert_eq!((logs[0].alg, logs[1].alg), (4, 11));
                assert_eq!(logs[1].area.address, 0x3000);
                assert_eq!(logs[1].area.allocated, 0x4000);
                assert_eq!((logs[1].area.first, logs[1].area.next), (3, 4));
            }
            (8, Body::EventLogPointer21(area)) => {
                assert_eq!((area.address, area.allocated), (0x5000, 0x6000));
                assert_eq!((area.first, area.next), (5, 6));
            }
            (13, Body::TprReq(regions)) => assert!(regions.iter().eq([(1, 2), (3, 4)])),
            (14, Body::Dtpr(dtpr)) => {
                assert_eq!(dtpr.flags, 5);
                let instances: Vec<_> = dtpr.instances().collect();
                assert_eq!(instances.len(), 2);
                assert_eq!((instances[0].flags, instances[1].flags), (1, 2));
                assert!(instances[0].registers.iter().eq([0xfed1_0000]));
                assert!(instances[1].registers.is_empty());
                assert!(dtpr.serialize_requests().iter().eq([0xfed2_0010]));
            }
            (11, Body::Other(data)) => {
                assert_eq!(element.kind, ElementType::Unknown(11));
                assert_eq!(data.as_slice(), [0xfe; 5]);
            }
            (kind, body) => panic!("{kind}: {body:?}"),
        }
    }
}

#[test]
fn data_that_does_not_fit_its_type_is_refused() {
    let mut short_acpi = vec![0; 36];
    set(&mut short_acpi, 0, b"APIC");
    set(&mut short_acpi, 4, &37_u32.to_le_bytes());
    let mut tiny_acpi = short_acpi.clone();
    set(&mut tiny_acpi, 4, &35_u32.to_le_bytes());
    let mut foreign = short_acpi.clone();
    set(&mut foreign, 0, b"SSDT");
    let mut dtpr = vec![0; 48];
    set(&mut dtpr, 0, b"DTPR");
    set(&mut dtpr, 4, &48_u32.to_le_bytes());
    set(&mut dtpr, 40, &u32::MAX.to_le_bytes());
    let counted = |count: u32, rest: usize| Build::default().u32(count).raw(&vec![0; rest]).0;
    for (kind, data, message) in [
        (1, vec![0; 5], "its data takes 6 bytes"),
        (2, counted(0, 0), "0 entries are announced"),
        (2, counted(2, 15), "2 entries are announced"),
        (
            2,
            counted(0x2000_0001, 8),
            "536870913 entries are announced",
        ),
        (4, vec![0; 15], "its data takes 16 bytes"),
        (5, vec![0; 7], "its data takes 8 bytes"),
        (6, vec![0; 35], "its data takes 36 bytes"),
        (6, short_acpi, "ACPI length 37"),
        (6, tiny_acpi, "ACPI length 35"),
        (6, foreign, "ACPI signature \"SSDT\""),
        (7, counted(0, 24), "0 entries are announced"),
        (7, counted(2, 47), "2 entries are announced"),
        (7, vec![0; 3], "its data takes 4 bytes"),
        (8, vec![0; 19], "its data takes 20 bytes"),
        (
            13,
            counted(u32::MAX, 16),
            "4294967295 entries are announced",
        ),
        (14, dtpr, "the ACPI table's contents do not fit its length"),
    ] {
        let bytes = os_sinit_data(&Build::default().element(kind, &data).end().0);
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        let element = table.elements().next().unwrap().unwrap();
        let error = element.body().unwrap_err().to_string();
        assert!(error.ends_with(message), "{kind}: {error}");
        assert!(
            error.starts_with("extended data element at 0x5c: "),
            "{error}"
        );
    }
}

#[test]
fn the_log_pointer_prefers_the_agile_log() {
    let pointer_of = |elements: Vec<u8>| {
        let bytes = os_sinit_data(&elements);
        event_log_pointer(&OsSinitData::decode(Bytes::new(&bytes)).unwrap())
    };
    let legacy = |alg: u16| {
        let data = Build::default().u32(1).u16(alg).u16(0).u64(0x9000);
        Build::default()
            .element(7, &data.u32(4096).u32(0).u32(801).0)
            .0
    };
    let container = Build::default()
        .element(5, &0xb8f3_0176_u64.to_le_bytes())
        .0;
    let agile = pointer(0x7ff0_0000, 8192, 16, 1510);

    let all = [container.clone(), legacy(4), agile.clone()].concat();
    let found = pointer_of(Build(all).end().0).unwrap();
    assert_eq!(found.format, LogFormat::Tcg);
    assert_eq!((found.address, found.allocated), (0x7ff0_0000, 8192));
    assert_eq!((found.first, found.next), (16, 1510));

    let found = pointer_of(Build([container.clone(), legacy(4)].concat()).end().0).unwrap();
    assert_eq!(found.format, LogFormat::Legacy { alg: 4 });
    assert_eq!((found.address, found.next), (0x9000, 801));

    let found = pointer_of(Build(container.clone()).end().0).unwrap();
    assert_eq!(found.format, LogFormat::Tpm12Container);
    assert_eq!(found.address, 0xb8f3_0176);

    assert_eq!(
        pointer_of(Build::default().end().0),
        Err(LogPointerError::Missing)
    );
    assert_eq!(pointer_of(vec![]), Err(LogPointerError::Missing));
    assert!(matches!(
        pointer_of(agile.clone()),
        Err(LogPointerError::Element(_))
    ));
    assert_eq!(
        pointer_of(Build([agile.clone(), agile].concat()).end().0),
        Err(LogPointerError::Ambiguous(ElementType::EventLogPointer21))
    );
    for (address, allocated, first, next, is_range) in [
        (0x1000, 100, 51, 50, true),
        (0x1000, 100, 0, 101, true),
        (0x1000, 100, u32::MAX, u32::MAX, true),
        (0, 100, 0, 50, false),
        (u64::MAX - 50, 100, 0, 50, false),
    ] {
        match pointer_of(Build(pointer(address, allocated, first, next)).end().0) {
            Err(LogPointerError::Range(_)) => assert!(is_range),
            Err(LogPointerError::Address(_)) => assert!(!is_range),
            other => panic!("{other:?}"),
        }
    }
    // Limits that are still good.
    assert!(pointer_of(Build(pointer(0x1000, 100, 100, 100)).end().0).is_ok());
    assert!(pointer_of(Build(pointer(0x1000, 0, 0, 0)).end().0).is_ok());
}
