// SPDX-License-Identifier: GPL-2.0

//! Secure Launch resource tables against TrenchBoot's slr_table.h (first layout) and the Secure Launch
//! Specification (second layout), and the layouts of OsMleData that name them.

use launchguard_host_tests::fixture::slrt::{entry, narrow, table, wide, Wide};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::heap::{OsMleData, Producer};
use launchguard_pure::decode::slrt::{
    Architecture, Body, Layout, Slrt, SlrtError, Tag, HEADER_SIZE, MAGIC,
};

fn bodies(bytes: &[u8]) -> Vec<Body<'_>> {
    let table = Slrt::decode(bytes).unwrap();
    let entries = table.entries();
    entries
        .map(|entry| entry.unwrap().body().unwrap())
        .collect()
}

#[test]
fn both_layouts_say_the_same() {
    assert_eq!(MAGIC, 0x4452_544d);
    for (bytes, layout) in [
        (narrow(), Layout::A),
        (wide(false), Layout::B),
        (wide(true), Layout::B),
    ] {
        let found = Slrt::decode(&bytes).unwrap();
        assert_eq!(found.layout, layout);
        assert_eq!(found.architecture, Architecture::IntelTxt);
        assert_eq!((found.size as usize, found.max_size), (bytes.len(), 0x1000));
        let tags: Vec<Tag> = found.entries().map(|entry| entry.unwrap().tag).collect();
        let expected = [
            Tag::DlInfo,
            Tag::LogInfo,
            Tag::Policy,
            Tag::IntelInfo,
            Tag::UefiConfig,
        ];
        assert_eq!(tags, expected);
        let [Body::DlInfo(dl), Body::LogInfo(log), Body::Policy(policy), Body::IntelInfo(intel), Body::UefiConfig(uefi)] =
            bodies(&bytes)[..]
        else {
            panic!("{layout}");
        };
        assert_eq!((dl.dce_base, dl.dce_size), (0x7ec1_0000, 0x1_0000));
        assert_eq!(dl.handler, 0x1111);
        assert_eq!(
            (log.format, log.address, log.size),
            (2, 0x7efd_e000, 0x8000)
        );
        let [measured] = policy.entries().collect::<Vec<_>>()[..] else {
            panic!("{layout}");
        };
        assert_eq!((measured.entity, measured.size), (0xab_c000, 0x1234));
        assert_eq!(
            (intel.misc_enable, intel.mtrrs.def_type),
            (0x85_0089, 0xc06)
        );
        let mtrrs: Vec<_> = intel.mtrrs.ranges().collect();
        assert_eq!(mtrrs, [(0x8000_0000, 0x7f_8000_0800)]);
        let [map] = uefi.entries().collect::<Vec<_>>()[..] else {
            panic!("{layout}");
        };
        assert_eq!(
            (map.config, map.size, map.info),
            (0xde_f000, 0x40, &b"UEFI memory map"[..])
        );
        if layout == Layout::A {
            assert_eq!((dl.entry, dl.dlme_base), (0x2222, None));
            assert_eq!(
                (measured.pcr, measured.entity_type, measured.flags),
                (17, 2, 1)
            );
            assert_eq!(measured.info, b"Measured boot parameters");
            assert_eq!((intel.txt_heap, map.pcr), (None, None));
        } else {
            assert_eq!(
                (dl.entry, dl.dlme_base, dl.dlme_size),
                (0x3333, Some(0x100_0000), Some(0x80_0000))
            );
            assert_eq!(
                (measured.pcr, measured.entity_type, measured.flags),
                (18, 2, 3)
            );
            assert_eq!(measured.info, b"Measured boot parameters, 32byte");
            assert_eq!((intel.txt_heap, map.pcr), (Some(0x7efe_0000), Some(18)));
        }
    }
    let newest = wide(true);
    let Body::IntelInfo(newest) = bodies(&newest)[3] else {
        panic!();
    };
    assert_eq!(newest.boot_params, Some(0x9_0000));
}

#[test]
fn broken_tables_are_refused() {
    type Change = fn(&mut Vec<u8>);
    let cases: [(Change, SlrtError); 6] = [
        (|b| b[0] ^= 1, SlrtError::Magic(MAGIC ^ 1)),
        (|b| b[4] = 2, SlrtError::Revision(2)),
        (|b| b[6] = 3, SlrtError::Architecture(3)),
        (|b| b.truncate(15), SlrtError::Short { got: 15 }),
        (
            |b| b[8..12].copy_from_slice(&15u32.to_le_bytes()),
            SlrtError::Size {
                size: 15,
                max: 0x1000,
                got: 0,
            },
        ),
        (|b| b[16] = 0, SlrtError::Layout),
    ];
    for (change, error) in cases {
        let mut bytes = wide(true);
        change(&mut bytes);
        let expected = match error {
            SlrtError::Size { size, max, .. } => SlrtError::Size {
                size,
                max,
                got: bytes.len(),
            },
            other => other,
        };
        assert_eq!(Slrt::decode(&bytes).unwrap_err(), expected);
    }
    // The second layout must end; the first one need not.
    let open = table(&[entry(Wide::Yes, 0x99, &[1, 2])]);
    let found = Slrt::decode(&open).unwrap();
    let items: Vec<_> = found.entries().collect();
    assert!(matches!(items[0], Ok(entry) if entry.tag == Tag::Unknown(0x99) && entry.size == 10));
    assert_eq!(items[1].unwrap_err(), SlrtError::NoEnd);
    let short = table(&[entry(Wide::No, 1, &[0; 8])]);
    let found = Slrt::decode(&short).unwrap();
    let dl = found.entries().next().unwrap().unwrap();
    assert_eq!(
        dl.body().unwrap_err(),
        SlrtError::EntrySize {
            tag: Tag::DlInfo,
            offset: HEADER_SIZE,
            size: 12
        }
    );
    // An entry that reaches beyond the table.
    let mut long = wide(true);
    let second = HEADER_SIZE + 72 + 4;
    long[second..second + 4].copy_from_slice(&0x2000u32.to_le_bytes());
    let found = Slrt::decode(&long).unwrap();
    assert!(matches!(
        found.entries().nth(1),
        Some(Err(SlrtError::Entry { size: 0x2000, .. }))
    ));
    // A policy with more entries than it has room for.
    let mut many = wide(true);
    many[HEADER_SIZE + 72 + 24 + 14] = 2;
    let found = Slrt::decode(&many).unwrap();
    assert!(found.entries().nth(2).unwrap().unwrap().body().is_err());
}

#[test]
fn a_producer_needs_its_resource_table() {
    let table = |size: usize| {
        let mut bytes = vec![0; size];
        bytes[0] = 1;
        bytes
    };
    let (good, other) = (wide(true), vec![0u8; 64]);
    for (size, producer) in [
        (104, Producer::SecureLaunchG1),
        (96, Producer::SecureLaunchG2),
    ] {
        let bytes = table(size);
        let data = OsMleData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(data.confirmed(Some(&good)), producer);
        assert_eq!(data.confirmed(Some(&other)), Producer::Unknown);
        assert_eq!(data.confirmed(None), Producer::Unknown);
    }
    // The first generation has none: its saved MTRRs must make sense.
    let mut bytes = table(628);
    bytes[24] = 32;
    let data = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(data.confirmed(None), Producer::SecureLaunchG0);
    bytes[24] = 33;
    let data = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(data.confirmed(None), Producer::Unknown);
}

/// tboot, heap.h and mtrrs.h: u32 version; u64 default type, u32 count, 16 bases, 16 masks; u32
/// context; u32 IA32_MISC_ENABLE; 65536 bytes of policy data; 20480 bytes of log: 86296 in all.
#[test]
fn the_state_that_tboot_saved_is_found() {
    let mut bytes = 3u32.to_le_bytes().to_vec();
    bytes.extend(0xc06u64.to_le_bytes());
    bytes.extend(2u32.to_le_bytes());
    let list = |first: u64| (0..16u64).flat_map(move |n| (first + n).to_le_bytes());
    bytes.extend(list(0x1000));
    bytes.extend(list(0x2000));
    bytes.extend(0x2_d000u32.to_le_bytes());
    bytes.extend(0x85_0089u32.to_le_bytes());
    bytes.extend(*b"Intel(R) TXT LCP_POLICY_DATA\0\0\0\0");
    bytes.resize(280 + 65536 + 20480, 0);
    let data = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    let saved = data.saved().unwrap();
    assert_eq!(
        (saved.misc_enable, saved.mtrrs.def_type),
        (0x85_0089, 0xc06)
    );
    let mtrrs: Vec<_> = saved.mtrrs.ranges().collect();
    assert_eq!(mtrrs, [(0x1000, 0x2000), (0x1001, 0x2001)]);
    let policy = data.policy_data().unwrap();
    assert_eq!(policy.len(), 65536);
    assert!(policy.starts_with(b"Intel(R) TXT"));
    bytes[12] = 17;
    let data = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    assert!(data.saved().is_none());
    assert_eq!(data.confirmed(None), Producer::Tboot);
}

#[test]
fn each_kind_of_entry_has_its_value_and_its_name() {
    for (value, tag, name) in [
        (1, Tag::DlInfo, "DL_INFO"),
        (2, Tag::LogInfo, "LOG_INFO"),
        (3, Tag::Policy, "ENTRY_POLICY"),
        (4, Tag::IntelInfo, "INTEL_INFO"),
        (5, Tag::AmdInfo, "AMD_INFO"),
        (6, Tag::ArmInfo, "ARM_INFO"),
        (7, Tag::UefiInfo, "UEFI_INFO"),
        (8, Tag::UefiConfig, "UEFI_CONFIG"),
        (0xffff, Tag::End, "END"),
    ] {
        assert_eq!(Tag::from_value(value), tag);
        assert_eq!((tag.value(), tag.name()), (value, name));
        assert_eq!(tag.to_string(), name);
    }
    for value in [0, 9, 0xfffe, 0x1_0000, 0x1_0001] {
        let tag = Tag::from_value(value);
        assert_eq!(tag, Tag::Unknown(value));
        assert_eq!((tag.value(), tag.name()), (value, "unknown"));
    }
    assert_eq!(Tag::Unknown(0x99).to_string(), "unknown entry 0x99");
    assert_eq!(Layout::A.to_string(), "A (16-bit tags)");
    assert_eq!(Layout::B.to_string(), "B (32-bit tags)");
    assert_eq!(Architecture::IntelTxt.to_string(), "Intel TXT");
    assert_eq!(Architecture::AmdSkinit.to_string(), "AMD SKINIT");
    let mut amd = wide(true);
    amd[6] = 2;
    let found = Slrt::decode(&amd).unwrap();
    assert_eq!(found.architecture, Architecture::AmdSkinit);
}

/// The first eight bytes decide; what is neither, or both, is refused.
#[test]
fn the_first_entry_tells_the_layouts_apart() {
    for (first, layout) in [
        // Tag 1 of four bytes, and nothing else; then with another entry behind it.
        (&[1, 0, 4, 0][..], Some(Layout::A)),
        (&[1, 0, 4, 0, 8, 0, 0, 0][..], Some(Layout::A)),
        (&[1, 0, 8, 0, 0, 0, 0, 0][..], Some(Layout::A)),
        (&[1, 0, 3, 0, 8, 0, 0, 0][..], None),
        (&[1, 0, 9, 0, 8, 0, 0, 0][..], None),
        (&[0, 0, 8, 0, 8, 0, 0, 0][..], None),
        (&[1, 0, 0, 0, 8, 0, 0, 0][..], Some(Layout::B)),
        (&[1, 0, 0, 0, 7, 0, 0, 0][..], None),
        (&[1, 0, 0, 0, 9, 0, 0, 0][..], None),
        (&[0, 0, 0, 0, 8, 0, 0, 0][..], None),
        (&[1, 0, 0, 0][..], None),
        (&[1, 0, 4][..], None),
        (&[][..], Some(Layout::A)),
    ] {
        let bytes = table(&[first.to_vec()]);
        let found = Slrt::decode(&bytes).map(|table| table.layout);
        assert_eq!(found, layout.ok_or(SlrtError::Layout), "{first:02x?}");
    }
}

/// An entry holds its own tag and size at least.
#[test]
fn an_entry_smaller_than_its_head_ends_the_walk() {
    for (wide, size, head) in [(Wide::No, 3, 4), (Wide::Yes, 7, 8), (Wide::Yes, 4, 8)] {
        let first = entry(wide, 0x99, &[]);
        let mut second = first.clone();
        assert_eq!(first.len(), head);
        second[head / 2] = size;
        let bytes = table(&[first, second]);
        let found = Slrt::decode(&bytes).unwrap();
        let mut entries = found.entries();
        assert_eq!(entries.next().unwrap().unwrap().size, head);
        let expected = SlrtError::Entry {
            offset: HEADER_SIZE + head,
            size: size.into(),
            left: head,
        };
        assert_eq!(entries.next().unwrap().unwrap_err(), expected);
        assert!(entries.next().is_none());
    }
}
