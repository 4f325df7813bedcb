// SPDX-License-Identifier: GPL-2.0
//! Root, context and PASID entries.

use super::*;

#[test]
fn the_root_table_register() {
    let error = |status, root| Unit::new(status, root).unwrap_err().to_string();
    assert!(error(0x4700_0000, ROOT).contains("translation is off"));
    assert!(error(TES, ROOT | (2 << 10)).contains("reserved translation table mode 2"));
    let (image, _) = legacy(0x30_0009, 2);
    let abort = Unit::new(TES, ROOT | (3 << 10)).unwrap();
    assert_eq!(reach(&image, abort).unwrap(), Reach::Nothing);
}

#[test]
fn legacy_entries_on_the_way() {
    // Translation type 2, width 2.
    let (mut image, unit) = legacy(0x30_0009, 2);
    assert_eq!(reach(&image, unit).unwrap(), Reach::PassThrough);
    let neighbour = Requester {
        devfn: 0x80,
        ..REQUESTER
    };
    assert_eq!(unit.reach(&image, neighbour).unwrap(), Reach::Nothing);
    assert_eq!(unit.present(&image).unwrap(), [REQUESTER]);

    image.put(0x20_0000 + 0x81 * 16, 0x30_000d);
    error(&image, unit, "reserved translation type 3");
    image.put(0x20_0000 + 0x81 * 16, 0x30_0019);
    error(&image, unit, "reserved bits 0x10 in a context entry");
    image.put(0x20_0000 + 0x81 * 16, 0x30_0008);
    assert_eq!(reach(&image, unit).unwrap(), Reach::Nothing);
    image.put(ROOT + 2 * 16, 0x20_0003);
    error(&image, unit, "reserved bits 0x2 in a root entry");
    image.put(ROOT + 2 * 16, 0x20_0000);
    assert_eq!(reach(&image, unit).unwrap(), Reach::Nothing);
    assert_eq!(unit.present(&image).unwrap(), []);

    // Domain 0xffff and ignored bits; reserved ones.
    let (image, unit) = legacy(0x30_0009, 0xff_ff7a);
    assert_eq!(reach(&image, unit).unwrap(), Reach::PassThrough);
    let (image, unit) = legacy(0x30_0009, (1 << 24) | 2);
    error(&image, unit, "upper half");
    let (image, unit) = legacy(0x30_0001, 4);
    error(&image, unit, "reserved address width 4");
}

#[test]
fn scalable_entries_on_the_way() {
    let (mut image, unit) = scalable(1 | (4 << 6), 0);
    assert_eq!(reach(&image, unit).unwrap(), Reach::PassThrough);
    assert_eq!(unit.present(&image).unwrap(), [REQUESTER]);
    // The same place in the lower half, which the other word of the root entry leads to.
    let other = Requester { bus: 2, devfn: 1 };
    assert_eq!(unit.reach(&image, other).unwrap(), Reach::Nothing);
    image.put(ROOT + 2 * 16, 0x20_0001);
    assert_eq!(unit.reach(&image, other).unwrap(), Reach::PassThrough);
    image.put(ROOT + 2 * 16, 0);

    image.put(0x20_2000, 1 | (5 << 6));
    error(&image, unit, "reserved translation type 5");
    image.put(0x20_2000, 1);
    error(&image, unit, "reserved translation type 0");
    image.put(0x20_2000, 1 | (2 << 6) | (5 << 2));
    error(&image, unit, "reserved address width 5");
    image.put(0x20_2000, 1 | (1 << 6)).put(0x20_2010, 2 << 2);
    error(&image, unit, "reserved first-stage paging mode 2");
    image.put(0x20_2000, 4 << 6);
    assert_eq!(reach(&image, unit).unwrap(), Reach::Nothing);
    image.put(0x20_2000, 1 | (4 << 6));

    // A directory entry that is not present, with another PASID's that is.
    image.put(0x20_1000, 0x20_2000).put(0x20_1008, 0x20_2001);
    assert_eq!(reach(&image, unit).unwrap(), Reach::Nothing);
    image.put(0x20_1000, 0x20_2001);
    image.put(0x20_0028, 1);
    error(&image, unit, "RID_PASID and RID_PRIV are 0x1");
    image.put(0x20_0028, 1 << 20);
    error(&image, unit, "RID_PASID and RID_PRIV are 0x100000");
    image.put(0x20_0028, 0).put(0x20_0020, 0x20_1000);
    assert_eq!(reach(&image, unit).unwrap(), Reach::Nothing);
    image.put(0x20_0020, 0x20_1001).put(ROOT + 40, 0x20_0000);
    assert_eq!(reach(&image, unit).unwrap(), Reach::Nothing);
}
