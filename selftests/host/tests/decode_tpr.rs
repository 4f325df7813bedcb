// SPDX-License-Identifier: GPL-2.0

//! Registers of TXT protected regions, by the words of Linux's include/acpi/actbl1.h: 63:20 are the
//! address, bit 3 says read-only, bit 4 switches off.

use launchguard_pure::decode::registers::{RegisterSpace, Width};
use launchguard_pure::decode::tpr::TprRegisters;

/// A page whose first pair stands at 0x10.
struct Page(u64, u64);

impl RegisterSpace for Page {
    fn read(&self, offset: u16, width: Width) -> Option<u64> {
        match (offset, width) {
            (0x10, Width::Qword) => Some(self.0),
            (0x18, Width::Qword) => Some(self.1),
            _ => None,
        }
    }
}

#[test]
fn a_pair_is_read_where_it_stands() {
    let page = Page(0x1230_0008, 0x4560_0000);
    let expected = TprRegisters {
        base: 0x1230_0008,
        limit: 0x4560_0000,
    };
    assert_eq!(TprRegisters::read(&page, 0x10), Some(expected));
    assert_eq!(TprRegisters::read(&page, 0x18), None);
    assert_eq!(TprRegisters::read(&page, u16::MAX), None);
    let nothing = Page(u64::MAX, u64::MAX);
    assert_eq!(TprRegisters::read(&nothing, 0x10), None);
    for one in [Page(u64::MAX, 0), Page(0, u64::MAX)] {
        assert!(TprRegisters::read(&one, 0x10).is_some());
    }
}

#[test]
fn regions_are_whole_mebibytes_ends_included() {
    let tpr = |base, limit| TprRegisters { base, limit };
    assert_eq!(
        tpr(0x10_0000, 0x20_0000).range(),
        Some((0x10_0000, 0x2f_ffff))
    );
    // Bits below 20 are no part of an address.
    assert_eq!(
        tpr(0x1f_fff7, 0x2f_fff7).range(),
        Some((0x10_0000, 0x2f_ffff))
    );
    assert_eq!(tpr(0, 0).range(), Some((0, 0xf_ffff)));
    assert_eq!(tpr(0x20_0000, 0x10_0000).range(), None);
    assert_eq!(
        tpr(u64::MAX, u64::MAX).range(),
        Some((0xffff_ffff_fff0_0000, u64::MAX))
    );
}

#[test]
fn a_region_holds_what_lies_in_it_while_it_is_on() {
    let tpr = |base| TprRegisters {
        base,
        limit: 0x20_0000,
    };
    for (base, on) in [
        (0x10_0000, true),
        (0x10_0008, true),
        (0x10_0010, false),
        (0x10_0018, false),
    ] {
        assert_eq!(tpr(base).is_enabled(), on, "{base:#x}");
        assert_eq!(tpr(base).holds((0x10_0000, 0x30_0000)), on, "{base:#x}");
    }
    for (range, holds) in [
        ((0x10_0000, 0x30_0000), true),
        ((0x0f_ffff, 0x30_0000), false),
        ((0x10_0000, 0x30_0001), false),
        ((0x18_0000, 0x18_0001), true),
        ((0, 0), false),
    ] {
        assert_eq!(tpr(0x10_0000).holds(range), holds, "{range:x?}");
    }
}
