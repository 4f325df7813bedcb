// SPDX-License-Identifier: GPL-2.0

//! MLE headers at the borders of SDG table 2-1, and the capabilities of table 2-2 one by one.

use launchguard_pure::decode::mle::{Capabilities, MleError, MleHeader};

/// A header of `length` bytes, as many as are needed by its own word.
fn header(length: u32, version: u32, entry: u32) -> Vec<u8> {
    [
        0x9082_ac5a,
        0x74a7_476f,
        0xa255_5c0f,
        0x42b6_51cb,
        length,
        version,
        entry,
        0x1000,
        0x100,
        0x4_8000,
        0x227,
        0x1111,
        0x2222,
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .take(length.clamp(44, 52) as usize)
    .collect()
}

#[test]
fn the_command_line_is_there_from_its_length_on() {
    for (length, command_line) in [
        (44, None),
        (48, None),
        (51, None),
        (52, Some((0x1111, 0x2222))),
        (60, Some((0x1111, 0x2222))),
    ] {
        let found = MleHeader::decode(&header(length, 0x2_0003, 0x1000)).unwrap();
        assert_eq!(found.length, length);
        assert_eq!(found.command_line, command_line, "length {length}");
    }
}

#[test]
fn the_oldest_version_and_the_first_and_last_entry_point_are_taken() {
    for (version, entry) in [
        (0x2_0001, 0x1000),
        (0x2_0002, 0x4_8eff),
        (0xffff_ffff, 0x1001),
    ] {
        let found = MleHeader::decode(&header(52, version, entry)).unwrap();
        assert_eq!((found.version, found.entry), (version, entry));
    }
    for (version, entry, words) in [
        (
            0x2_0000,
            0x1000,
            "MLE header: version 0x20000 is before 0x20001",
        ),
        (
            0x2_0001,
            0xfff,
            "MLE header: 0x100 to 0x48000 with entry point 0xfff is no range to launch",
        ),
        (
            0x2_0001,
            0x4_8f00,
            "MLE header: 0x100 to 0x48000 with entry point 0x48f00 is no range to launch",
        ),
    ] {
        let error = MleHeader::decode(&header(52, version, entry)).unwrap_err();
        assert_eq!(error.to_string(), words);
    }
}

/// Debian's tboot 1.10.5: its measured part starts behind four pages of the image, and linear address 0
/// is there.
#[test]
fn the_header_of_a_real_tboot_is_taken() {
    let bytes: Vec<u8> = [
        0x9082_ac5a_u32,
        0x74a7_476f,
        0xa255_5c0f,
        0x42b6_51cb,
        0x34,
        0x2_0001,
        0x10,
        0,
        0x4000,
        0x4_c000,
        0x627,
        0x7d60,
        0x7f5f,
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect();
    let header = MleHeader::decode(&bytes).unwrap();
    assert_eq!((header.entry, header.start), (0x10, 0x4000));
}

#[test]
fn each_error_says_what_stands_there() {
    for (error, words) in [
        (
            MleError::Short { needed: 44, got: 7 },
            "MLE header: 44 bytes are needed, 7 are there",
        ),
        (
            MleError::Uuid([0x9082_ac5a, 0xab, 0, 1]),
            "MLE header: UUID 9082ac5a 000000ab 00000000 00000001 is another one",
        ),
        (
            MleError::Length(43),
            "MLE header: length 43 is less than 44",
        ),
    ] {
        assert_eq!(error.to_string(), words);
    }
    let cut = &header(52, 0x2_0003, 0x1000)[..48];
    assert_eq!(
        MleHeader::decode(cut),
        Err(MleError::Short {
            needed: 52,
            got: 48
        })
    );
}

#[test]
fn each_capability_is_one_bit() {
    let names = [
        (0, "rlp-wake-getsec"),
        (1, "rlp-wake-monitor"),
        (2, "ecx-page-table"),
        (3, "stm"),
        (4, "no-legacy-pcr-map"),
        (5, "da-pcr-map"),
        (6, "client"),
        (7, "server"),
        (8, "max-phy-addr"),
        (9, "tcg-event-log"),
        (10, "cbnt"),
        (14, "tpr"),
    ];
    for bit in 0..32 {
        let one = Capabilities(1 << bit);
        let name = names.iter().find(|(named, _)| *named == bit);
        let text = name.map_or("none", |(_, name)| name);
        assert_eq!(one.to_string(), text, "bit {bit}");
        assert_eq!(one.da_mapping(), bit == 5, "bit {bit}");
        assert_eq!(one.tcg_event_log(), bit == 9, "bit {bit}");
        assert_eq!(one.tpr(), bit == 14, "bit {bit}");
    }
}
