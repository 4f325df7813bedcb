// SPDX-License-Identifier: GPL-2.0

//! The ACM decoder against a module laid out by hand from SDG tables.

use launchguard_pure::decode::acm::{Acm, AcmDate, AcmError, AcmKind, Header, Lists};
use launchguard_pure::decode::registers::DidVid;
use proptest::prelude::*;

const REGION: u64 = 0x5_0000;

fn put(bytes: &mut [u8], offset: usize, value: u32) {
    bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

/// Header of 161 dwords and scratch area of 143: information table at 0x4c0.
fn module() -> Vec<u8> {
    let mut acm = vec![0; 0x500];
    for (offset, value) in [
        (0, 2),
        (4, 161),
        (8, 0x0003_0001),
        (12, 0x0000_b006),
        (16, 0x8086),
        (20, 0x2018_0904),
        (24, 0x8000),
        (28, 0x0007_0003),
        (120, 64),
        (124, 143),
        (0x4c0, 0x7fc0_3aaa),
        (0x4c4, 0x18db_46a7),
        (0x4c8, 0x8f69_ac2e),
        (0x4cc, 0x5a7f_418d),
        (0x4d0, 0x0030_0501),
        (0x4d4, 0x4f0),
        (0x4d8, 7),
        (0x4dc, 0x2_0000),
        (0x4e0, 0x23c),
        (0x4e4, 171),
        (0x4e8, 0x504),
        (0x4ec, 0x548),
    ] {
        put(&mut acm, offset, value);
    }
    acm
}

#[test]
fn every_field_is_read_from_its_place() {
    let bytes = module();
    let acm = Acm::decode(&bytes, REGION).unwrap();
    let header = acm.header;
    assert_eq!((header.module_type, header.subtype), (2, 0));
    assert_eq!(header.header_size, 644);
    assert_eq!(header.header_version, 0x0003_0001);
    assert_eq!((header.chipset_id, header.flags), (0xb006, 0));
    assert_eq!(header.vendor, 0x8086);
    assert_eq!(header.date().unwrap().to_string(), "2018-09-04");
    assert_eq!(header.size, 0x2_0000);
    assert_eq!((header.txt_svn, header.se_svn), (3, 7));
    assert_eq!(header.scratch_size, 572);
    let info = acm.info;
    assert_eq!(info.offset, 0x4c0);
    assert_eq!(info.kind, AcmKind::Sinit);
    assert_eq!((info.version, info.length), (5, 48));
    assert_eq!(info.chipset_list, 0x4f0);
    assert_eq!(info.os_sinit_data_version, 7);
    assert_eq!(info.min_mle_header_version, 0x2_0000);
    assert_eq!(info.capabilities, 0x23c);
    assert_eq!(info.acm_version, Some(171));
    assert_eq!(info.processor_list, Some(0x504));
    assert_eq!(info.tpm_list, Some(0x548));
}

#[test]
fn flags_and_kinds() {
    for (flags, pre_production, debug) in [
        (0_u16, false, false),
        (0x4000, true, false),
        (0x8000, false, true),
        (0x3fff, false, false),
    ] {
        let mut bytes = module();
        bytes[14..16].copy_from_slice(&flags.to_le_bytes());
        let header = Header::decode(&bytes, REGION).unwrap();
        assert_eq!(header.is_pre_production(), pre_production, "{flags:#x}");
        assert_eq!(header.is_debug_signed(), debug, "{flags:#x}");
    }
    for (value, kind) in [
        (0, AcmKind::Bios),
        (1, AcmKind::Sinit),
        (8, AcmKind::BiosRevocation),
        (9, AcmKind::SinitRevocation),
        (2, AcmKind::Unknown(2)),
    ] {
        let mut bytes = module();
        bytes[0x4d0] = value;
        assert_eq!(Acm::decode(&bytes, REGION).unwrap().info.kind, kind);
    }
}

#[test]
fn dates_are_decimal() {
    let date = |value| AcmDate::from_bcd(value).map(|date| date.to_string());
    assert_eq!(date(0x2015_0828).as_deref(), Some("2015-08-28"));
    assert_eq!(date(0x2015_1231).as_deref(), Some("2015-12-31"));
    for value in [
        0,
        0x2015_0a28,
        0x201f_0828,
        0x2015_1328,
        0x2015_0028,
        0x2015_0832,
        u32::MAX,
    ] {
        assert_eq!(date(value), None, "{value:#x}");
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    for (offset, value, message) in [
        (
            4,
            31,
            "the ACM's header size 0x7c is not between 0x180 and the ACM's 0x20000",
        ),
        (
            4,
            0x8001,
            "the ACM's header size 0x20004 is not between 0x180 and the ACM's 0x20000",
        ),
        (
            4,
            u32::MAX,
            "the ACM's header size 0x3fffffffc is not between 0x180 and the ACM's 0x20000",
        ),
        (
            24,
            0x1_4001,
            "the ACM takes 0x50004 bytes, its region has 0x50000",
        ),
        (
            24,
            160,
            "the ACM's header size 0x284 is not between 0x180 and the ACM's 0x280",
        ),
        (
            24,
            312,
            "information table at 0x4c0 with 36 bytes does not lie in the ACM's 0x4e0",
        ),
        (
            24,
            315,
            "information table at 0x4c0 with 48 bytes does not lie in the ACM's 0x4ec",
        ),
        (
            124,
            0x8000,
            "information table at 0x20284 with 36 bytes does not lie in the ACM's 0x20000",
        ),
        (
            124,
            u32::MAX,
            "information table at 0x400000280 with 36 bytes does not lie in the ACM's 0x20000",
        ),
        (
            124,
            0x1000,
            "information table of the ACM: 17064 bytes are needed, 1280 are there",
        ),
        (
            124,
            144,
            "no information table at 0x4c4: UUID 18db46a7 8f69ac2e 5a7f418d 00300501",
        ),
        (
            0x4d4,
            0x1_fffd,
            "chipset list at 0x1fffd does not lie in the ACM's 0x20000",
        ),
        (
            0x4e8,
            u32::MAX,
            "processor list at 0xffffffff does not lie in the ACM's 0x20000",
        ),
        (
            0x4ec,
            0x2_0000,
            "TPM information at 0x20000 does not lie in the ACM's 0x20000",
        ),
        (
            0x4d0,
            0x0023_0501,
            "information table of 35 bytes is shorter than 36",
        ),
    ] {
        let mut bytes = module();
        put(&mut bytes, offset, value);
        let error = Acm::decode(&bytes, REGION).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_table_has_the_fields_that_its_length_and_version_cover() {
    for (length, version, acm_version, processors, tpm) in [
        (36_u32, 5_u32, None, None, None),
        (40, 5, Some(171), None, None),
        (44, 5, Some(171), Some(0x504), None),
        (48, 4, Some(171), Some(0x504), None),
        (48, 5, Some(171), Some(0x504), Some(0x548)),
    ] {
        let mut bytes = module();
        put(&mut bytes, 0x4d0, (length << 16) | (version << 8) | 1);
        let info = Acm::decode(&bytes, REGION).unwrap().info;
        assert_eq!(info.acm_version, acm_version, "{length}");
        assert_eq!(info.processor_list, processors, "{length}");
        assert_eq!(info.tpm_list, tpm, "{length}, version {version}");
    }
    // From version 9 on the lists stand elsewhere, and these fields are not offsets.
    let mut bytes = module();
    put(&mut bytes, 0x4d0, 0x0030_0901);
    put(&mut bytes, 0x4d4, u32::MAX);
    assert!(Acm::decode(&bytes, REGION).is_ok());
}

#[test]
fn header_and_table_are_all_that_need_be_there() {
    let bytes = module();
    for end in 0..bytes.len() {
        let read = Acm::decode(&bytes[..end], REGION);
        assert_eq!(read.is_ok(), end >= 0x4f0, "{end:#x}: {read:?}");
        if end < 0x4f0 {
            assert!(
                matches!(read, Err(AcmError::Short { .. })),
                "{end:#x}: {read:?}"
            );
        }
        assert_eq!(Header::decode(&bytes[..end], REGION).is_ok(), end >= 128);
    }
}

proptest! {
    #[test]
    fn any_change_is_an_answer(
        changes in prop::collection::vec((0..0x500_usize, any::<u8>()), 1..8),
        region in any::<u64>()
    ) {
        let mut bytes = module();
        for (offset, value) in changes {
            bytes[offset] = value;
        }
        if let Err(error) = Acm::decode(&bytes, region) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

/// A module with lists, from SDG tables: two chipsets, one processor, TPM information.
fn with_lists() -> Vec<u8> {
    let mut acm = module();
    acm.resize(0x600, 0);
    for (offset, value) in [
        (0x4f0, 2),
        // Flags, vendor and device, revision and mask, reserved.
        (0x4f4, 1),
        (0x4f8, 0x1d00_8086),
        (0x4fc, 0x0000_000f),
        (0x504, 0),
        (0x508, 0x9b64_8086),
        (0x50c, 0x0000_0004),
        // Processors at 0x514: signature, its mask, platform, its mask.
        (0x4e8, 0x514),
        (0x514, 1),
        (0x518, 0x0005_0650),
        (0x51c, 0x0fff_0ff0),
        // TPMs at 0x540: both policies, discrete 2.0 and firmware, second set; SHA-256 and SHA-384.
        (0x4ec, 0x540),
        (0x540, 0x6b),
        (0x544, 0x000b_0002),
        (0x548, 0x0000_000c),
    ] {
        put(&mut acm, offset, value);
    }
    acm
}

fn id(device: u16, revision: u16) -> DidVid {
    DidVid((u64::from(revision) << 32) | (u64::from(device) << 16) | 0x8086)
}

fn lists_of(bytes: &[u8]) -> Result<Lists<'_>, AcmError> {
    let acm = Acm::decode(bytes, REGION).unwrap();
    Lists::decode(bytes, &acm.header, &acm.info)
}

#[test]
fn lists_say_what_a_module_is_made_for() {
    let bytes = with_lists();
    let lists = lists_of(&bytes).unwrap();
    // The revision of the first chipset is a mask: any bit of it; that of the second a value.
    for (device, revision, matches) in [
        (0x1d00, 1, true),
        (0x1d00, 8, true),
        (0x1d00, 0x10, false),
        (0x9b64, 4, true),
        (0x9b64, 5, false),
        (0x9b65, 4, false),
    ] {
        let found = lists.match_chipset(id(device, revision));
        assert_eq!(found, Some(matches), "{device:#x} revision {revision:#x}");
    }
    assert_eq!(lists.match_chipset(DidVid(0x1_1d00_8087)), Some(false));
    assert_eq!(lists.match_processor(0x5_0654, None), Some(true));
    assert_eq!(lists.match_processor(0x5_0664, None), Some(false));
    let tpm = lists.tpm.unwrap();
    assert!(tpm.max_agility() && tpm.max_performance());
    assert!(!tpm.discrete_12() && tpm.discrete_20() && tpm.firmware() && tpm.new_indices());
    assert_eq!(tpm.algs().collect::<Vec<_>>(), [0x000b, 0x000c]);

    // More entries than the module has room for.
    let mut many = with_lists();
    put(&mut many, 0x4f0, 1000);
    assert!(matches!(
        lists_of(&many),
        Err(AcmError::Short {
            what: "chipset list",
            ..
        })
    ));
    put(&mut many, 24, 0x600 / 4);
    assert!(matches!(
        lists_of(&many),
        Err(AcmError::ListOutside {
            list: "chipset list",
            ..
        })
    ));
}

/// tboot, acmod.h: from version 9 on {id, size, revision} records follow the table, "NULL" the last.
#[test]
fn later_tables_have_records() {
    let record = |id: &[u8; 4], body: &[u32]| {
        let mut bytes = id.to_vec();
        bytes.extend((body.len() as u32 * 4 + 12).to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(body.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    };
    let mut acm = module();
    put(&mut acm, 0x4d0, 0x0030_0901);
    acm.truncate(0x4c0 + 48);
    let start = acm.len();
    for part in [
        record(b"CPUL", &[1, 0xa_0650, 0xf_fff0, 0, 0, 0, 0]),
        record(b"XYZW", &[1, 2, 3]),
        // Devices 0x4680 to 0x469f of any revision: the mask leaves five bits out.
        record(b"CS2L", &[1, 0, 0x4680_8086, 0xffe0_0007, 0]),
        record(b"TPML", &[0x46, 0x000b_0001]),
        record(b"VERL", &[7, 8]),
        record(b"NULL", &[]),
    ] {
        acm.extend(part);
    }
    let lists = lists_of(&acm).unwrap();
    assert!(lists.chipsets.is_none());
    for (device, revision, matches) in [(0x4680, 0, true), (0x469f, 9, true), (0x46a0, 7, false)] {
        assert_eq!(
            lists.match_chipset(id(device, revision)),
            Some(matches),
            "{device:#x}"
        );
    }
    assert_eq!(lists.match_processor(0xa_0655, None), Some(true));
    assert!(lists.tpm.unwrap().new_indices());
    assert_eq!(lists.versions.unwrap().len(), 8);
    // A record without a size would never end.
    let mut hangs = acm.clone();
    put(&mut hangs, start + 4, 0);
    assert!(matches!(lists_of(&hangs), Err(AcmError::Record { .. })));
    for cut in start..acm.len() - 8 {
        assert!(lists_of(&acm[..cut]).is_err(), "{cut} bytes");
    }
}

/// SDG table A-9: what a module says of TPMs, one bit after the other.
#[test]
fn each_capability_of_the_tpm_list_is_one_bit() {
    for bit in 0..32 {
        let mut bytes = with_lists();
        put(&mut bytes, 0x540, 1 << bit);
        let lists = lists_of(&bytes).unwrap();
        let tpm = lists.tpm.unwrap();
        let found = [
            tpm.max_agility(),
            tpm.max_performance(),
            tpm.discrete_12(),
            tpm.discrete_20(),
            tpm.firmware(),
            tpm.new_indices(),
        ];
        assert_eq!(found, [0, 1, 2, 3, 5, 6].map(|of| bit == of), "bit {bit}");
    }
}

#[test]
fn a_module_may_fill_its_region_and_a_kind_has_its_name() {
    let bytes = module();
    // 0x8000 dwords.
    assert!(Header::decode(&bytes, 0x2_0000).is_ok());
    assert_eq!(
        Header::decode(&bytes, 0x1_ffff),
        Err(AcmError::Region {
            size: 0x2_0000,
            region: 0x1_ffff
        })
    );
    for (kind, words) in [
        (0, "BIOS ACM"),
        (1, "SINIT"),
        (8, "BIOS revocation ACM"),
        (9, "SINIT revocation ACM"),
        (0x2a, "unknown kind 0x2a"),
    ] {
        let mut bytes = module();
        bytes[0x4d0] = kind;
        let acm = Acm::decode(&bytes, REGION).unwrap();
        assert_eq!(acm.info.kind.to_string(), words);
    }
}

/// A list of chipsets of the first form in a record.
#[test]
fn a_record_may_hold_the_older_list_of_chipsets() {
    let mut acm = module();
    put(&mut acm, 0x4d0, 0x0030_0901);
    acm.truncate(0x4c0 + 48);
    for (id, body) in [
        (b"CS1L", &[1u32, 0, 0x1d00_8086, 4, 0][..]),
        (b"NULL", &[][..]),
    ] {
        acm.extend(id);
        acm.extend((body.len() as u32 * 4 + 12).to_le_bytes());
        acm.extend(1u32.to_le_bytes());
        acm.extend(body.iter().flat_map(|value| value.to_le_bytes()));
    }
    let lists = lists_of(&acm).unwrap();
    assert!(lists.chipsets.is_some() && lists.chipsets_2.is_none());
    for (device, revision, matches) in [(0x1d00, 4, true), (0x1d00, 5, false), (0x1d01, 4, false)] {
        assert_eq!(lists.match_chipset(id(device, revision)), Some(matches));
    }
}

/// Header majors 3 to 5 differ in the size of the key, and with it of the header.
#[test]
fn longer_keys_make_longer_headers() {
    for (version, key, header) in [
        (0u32, 64u32, 161u32),
        (3 << 16, 96, 224),
        (5 << 16, 128, 288),
    ] {
        let mut acm = vec![0; 0x1000];
        for (offset, value) in [
            (0, 2),
            (4, header),
            (8, version),
            (16, 0x8086),
            (24, 0x400),
            (120, key),
            (124, 208),
        ] {
            put(&mut acm, offset, value);
        }
        let info = (header as usize + 208) * 4;
        for (index, value) in [
            0x7fc0_3aaa,
            0x18db_46a7,
            0x8f69_ac2e,
            0x5a7f_418d,
            0x0030_0701,
        ]
        .into_iter()
        .enumerate()
        {
            put(&mut acm, info + index * 4, value);
        }
        let found = Acm::decode(&acm, REGION).unwrap();
        assert_eq!(found.info.offset, info as u64);
        assert_eq!(found.header.key_size, u64::from(key) * 4);
        assert_eq!(u32::from(found.header.major()), version >> 16);
        // A key that does not fit in its header.
        put(&mut acm, 120, header - 31);
        assert!(matches!(
            Acm::decode(&acm, REGION),
            Err(AcmError::HeaderSize { .. })
        ));
    }
}
