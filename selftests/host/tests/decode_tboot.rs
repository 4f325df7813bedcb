// SPDX-License-Identifier: GPL-2.0

//! tboot's shared page, by the words of Linux's include/linux/tboot.h: structures are packed.

use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::tboot::SharedPage;

/// Bytes of struct tboot_acpi_sleep_info: four generic addresses of 12 bytes, two u16, u64, u32, u64.
const SLEEP_INFO: usize = 4 * 12 + 2 * 2 + 8 + 4 + 8;

/// A page of version 6, with a number of its own in each field.
fn page() -> Vec<u8> {
    let mut page = b"\xff\x8d\x3c\x66\xb3\xe8\x82\x4b\xbf\xaa\x19\xea\x4d\x05\x7a\x08".to_vec();
    // version, log_addr, shutdown_entry, shutdown_type.
    for word in [6u32, 0x6_0000, 0x80_5000, 3] {
        page.extend(word.to_le_bytes());
    }
    page.extend([0x55; SLEEP_INFO]);
    // tboot_base, tboot_size; then num_mac_regions.
    for word in [0x80_4000u32, 0x228_5d54] {
        page.extend(word.to_le_bytes());
    }
    page.push(7);
    page
}

#[test]
fn the_page_says_where_tboot_is() {
    let page = page();
    let expected = SharedPage {
        log: 0x6_0000,
        base: 0x80_4000,
        size: 0x228_5d54,
    };
    assert_eq!(SharedPage::decode(Bytes::new(&page)), Some(expected));
    let shortest = &page[..SharedPage::SIZE];
    assert_eq!(SharedPage::decode(Bytes::new(shortest)), Some(expected));
    for len in 0..SharedPage::SIZE {
        assert_eq!(SharedPage::decode(Bytes::new(&page[..len])), None, "{len}");
    }
}

#[test]
fn a_page_of_somebody_else_says_nothing() {
    for at in 0..16 {
        let mut page = page();
        page[at] ^= 1;
        assert_eq!(SharedPage::decode(Bytes::new(&page)), None, "{at}");
    }
}
