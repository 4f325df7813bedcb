// SPDX-License-Identifier: GPL-2.0
//! Page tables.

use super::*;

#[test]
fn second_stage_pages_of_each_size() {
    let (mut image, unit) = second_stage();
    ranges(&image, unit, &[]);
    image
        // 4 KiB at 0x1000 and 0x2000, one behind the other in memory as well; one apart.
        .put(0x30_3008, 0x1234_5003)
        .put(0x30_3010, 0x1234_6003)
        .put(0x30_3020, 0x1234_7003)
        // 2 MiB at 0x200000, 1 GiB at 0x40000000.
        .put(0x30_2008, 0x4060_0083)
        .put(0x30_1008, 0x1_4000_0083);
    let expected = [
        (0x1000, 0x1234_5000, 0x2000, RW),
        (0x4000, 0x1234_7000, 0x1000, RW),
        (0x20_0000, 0x4060_0000, 0x20_0000, RW),
        (0x4000_0000, 0x1_4000_0000, 0x4000_0000, RW),
    ];
    ranges(&image, unit, &expected);
    // Ignored bits, accessed and dirty change nothing.
    image.put(0x30_3008, 0xfff0_0000_1234_5303);
    ranges(&image, unit, &expected);
    // The last small page of the first 2 MiB goes on in the large page.
    image.put(0x30_3ff8, 0x405f_f003);
    ranges(
        &image,
        unit,
        &[
            expected[0],
            expected[1],
            (0x1f_f000, 0x405f_f000, 0x20_1000, RW),
            expected[3],
        ],
    );
    image.put(0x30_2008, 0x4060_1083);
    error(&image, unit, "a page of 0x200000 bytes at an address");
    image.put(0x30_2008, 0).put(0x30_1008, 0x1_4020_0083);
    error(&image, unit, "a page of 0x40000000 bytes at an address");
    image.put(0x30_1008, 0).put(0x30_0008, 0x83);
    error(&image, unit, "of level 4 is a page");
    image.put(0x30_0008, 0x999_9003);
    error(&image, unit, "a table of level 3: no memory");
}

#[test]
fn second_stage_access_is_that_of_every_level() {
    let (mut image, unit) = second_stage();
    image
        .put(0x30_3000, 0x5000_0003)
        .put(0x30_3008, 0x5000_1001)
        .put(0x30_3010, 0x5000_2002)
        // Neither: not present, whatever else it holds.
        .put(0x30_3018, 0x5000_3084);
    let all = [
        (0, 0x5000_0000, 0x1000, RW),
        (0x1000, 0x5000_1000, 0x1000, R),
        (0x2000, 0x5000_2000, 0x1000, W),
    ];
    ranges(&image, unit, &all);
    for above in [0x30_0000, 0x30_1000, 0x30_2000] {
        let entry = image.pages[&above][0];
        image.put(above, entry & !2);
        ranges(&image, unit, &[(0, 0x5000_0000, 0x2000, R)]);
        image.put(above, entry & !1);
        ranges(
            &image,
            unit,
            &[all[0], all[2]].map(|(i, p, s, _)| (i, p, s, W)),
        );
        image.put(above, entry & !3);
        ranges(&image, unit, &[]);
        image.put(above, entry);
    }
}

#[test]
fn second_stage_of_each_depth() {
    // Three levels, and a device that translates by itself: translation type 1.
    let (mut image, unit) = legacy(0x30_0005, 1);
    image
        .put(0x30_0ff8, 0x30_1003)
        .put(0x30_1000, 0x30_2003)
        .put(0x30_2000, 0x7000_0001);
    ranges(&image, unit, &[(0x7f_c000_0000, 0x7000_0000, 0x1000, R)]);
    // Five, from a PASID table entry.
    let (mut image, unit) = scalable(0x30_0001 | (2 << 6) | (3 << 2), 0);
    image
        .put(0x30_0ff8, 0x30_1003)
        .put(0x30_1000, 0x30_2003)
        .put(0x30_2000, 0x4000_0081);
    let at = 511 << 48;
    ranges(&image, unit, &[(at, 0x4000_0000, 0x4000_0000, R)]);
    // Four, from a PASID table entry.
    let (mut image, unit) = scalable(0x30_0001 | (2 << 6) | (2 << 2), 0);
    image
        .put(0x30_0ff8, 0x30_1003)
        .put(0x30_1000, 0x30_2003)
        .put(0x30_2008, 0x6020_0083);
    let at = (511 << 39) + 0x20_0000;
    ranges(&image, unit, &[(at, 0x6020_0000, 0x20_0000, RW)]);
}

#[test]
fn first_stage_pages() {
    let (mut image, unit) = first_stage();
    ranges(&image, unit, &[]);
    image
        // Small: writable, dirty, global, not to be executed; not writable; not present.
        .put(0x30_3000, 0x8000_0000_5000_0167)
        .put(0x30_3008, 0x5000_1005)
        .put(0x30_3010, 0x5000_2006)
        // Bit 7 of a small page says how it is cached; bit 12 of a large one as well.
        .put(0x30_3018, 0x5000_3087)
        .put(0x30_2008, 0x4060_1087)
        .put(0x30_1008, 0x1_4000_0085);
    ranges(
        &image,
        unit,
        &[
            (0, 0x5000_0000, 0x1000, RW),
            (0x1000, 0x5000_1000, 0x1000, R),
            (0x3000, 0x5000_3000, 0x1000, RW),
            (0x20_0000, 0x4060_0000, 0x20_0000, RW),
            (0x4000_0000, 0x1_4000_0000, 0x4000_0000, R),
        ],
    );
    image.put(0x30_0000, 0x30_1025).put(0x30_2008, 0);
    ranges(
        &image,
        unit,
        &[
            (0, 0x5000_0000, 0x2000, R),
            (0x3000, 0x5000_3000, 0x1000, R),
            (0x4000_0000, 0x1_4000_0000, 0x4000_0000, R),
        ],
    );
    image.put(0x30_1008, 0x1_4000_2087);
    error(&image, unit, "a page of 0x40000000 bytes at an address");
    image.put(0x30_1008, 0).put(0x30_3000, 0x5000_0003);
    error(&image, unit, "for privileged requests");
}

#[test]
fn first_stage_addresses_are_canonical() {
    let (mut image, unit) = first_stage();
    image
        .put(0x30_0800, 0x30_4027)
        .put(0x30_4000, 0x4000_0087)
        .put(0x30_0ff8, 0x30_5027)
        .put(0x30_5ff8, 0xc000_0087);
    ranges(
        &image,
        unit,
        &[
            (0xffff_8000_0000_0000, 0x4000_0000, 0x4000_0000, RW),
            (0xffff_ffff_c000_0000, 0xc000_0000, 0x4000_0000, RW),
        ],
    );
    // Five levels.
    let (mut image, unit) = scalable(1 | (1 << 6), 0x30_0004);
    image
        .put(0x30_0008, 0x30_1007)
        .put(0x30_0800, 0x30_1007)
        .put(0x30_1000, 0x30_2007)
        .put(0x30_2000, 0x4000_0087);
    ranges(
        &image,
        unit,
        &[
            (1 << 48, 0x4000_0000, 0x4000_0000, RW),
            (0xff00_0000_0000_0000, 0x4000_0000, 0x4000_0000, RW),
        ],
    );
}

#[test]
fn a_first_stage_over_a_second() {
    // Second stage: three levels at 0x400000, 0x600000 + 2M to 0x200000, and two small pages. First
    // stage: four levels at 0x300000, which it sees at 0x700000.
    let (_, unit) = first_stage();
    let (mut image, _) = scalable(0x40_0001 | (3 << 6) | (1 << 2), 0x70_0000);
    image
        .put(0x40_0000, 0x40_1003)
        .put(0x40_1018, 0x20_0083)
        .put(0x40_0008, 0x40_2003)
        .put(0x40_2400, 0x40_3003)
        .put(0x40_3000, 0x9000_0001)
        .put(0x40_3008, 0x9000_1003);
    image
        .put(0x30_0000, 0x70_1007)
        .put(0x30_1000, 0x70_2007)
        .put(0x30_2000, 0x70_3007)
        // Three pages, of which the second stage has two.
        .put(0x30_3000, 0x5000_0007)
        .put(0x30_3008, 0x5000_1007)
        .put(0x30_3010, 0x5000_2007);
    ranges(
        &image,
        unit,
        &[
            (0, 0x9000_0000, 0x1000, R),
            (0x1000, 0x9000_1000, 0x1000, RW),
        ],
    );
    image.put(0x30_2000, 0x80_3007);
    error(
        &image,
        unit,
        "the second stage maps no 0x1000 bytes at 0x803000",
    );
}

#[test]
fn tables_that_lead_to_themselves_end() {
    let (mut image, unit) = second_stage();
    image.put(0x30_2000, 0x30_0003);
    for index in 0..512 {
        image.put(0x30_0000 + index * 8, 0x30_0003);
    }
    error(&image, unit, "more than 4096 tables");
    assert!(image.reads.get() < 4200, "{}", image.reads.get());
}

#[test]
fn as_the_policy_writes_it() {
    let (mut image, unit) = second_stage();
    image
        .put(0x30_3008, 0x1234_5003)
        .put(0x30_3000, 0x5000_1001);
    assert_eq!(
        reach(&image, unit).unwrap().to_string(),
        "[0x50001000 + 0x1000 r at 0x0, 0x12345000 + 0x1000 rw at 0x1000]"
    );
    assert_eq!(Reach::Ranges(vec![]).to_string(), "[]");
    assert_eq!(Reach::Nothing.to_string(), "nothing");
    assert_eq!(Reach::PassThrough.to_string(), "pass-through");
}
