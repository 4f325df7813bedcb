// SPDX-License-Identifier: GPL-2.0

//! Numbers as they stand on the page.

use launchguard_bench::numbers::{plain, quantity, ratio, ratio_with_spread};
use launchguard_bench::stats::Quartiles;

#[test]
fn numbers_have_three_digits_that_count() {
    for (value, expected) in [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (1.0, "1"),
        (1.0 / 3.0, "0.3333"),
        (1.2345, "1.23"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (99.96, "100"),
        (123.4, "123"),
        (1234.4, "1,234"),
        (999.6, "1,000"),
        (1234567.0, "1,234,567"),
        (-1234.5, "-1,234"),
        (-123.0, "-123"),
    ] {
        assert_eq!(plain(value), expected, "{value}");
    }
}

#[test]
fn units_get_a_prefix_that_suits_them() {
    for (value, unit, expected) in [
        (0.0, "ns", "0 ns"),
        (999.0, "ns", "999 ns"),
        (1234.0, "ns", "1.23 µs"),
        (2.5e6, "ns", "2.50 ms"),
        (3e9, "ns", "3 s"),
        (4000.0, "ns/event", "4 µs/event"),
        (1023.0, "bytes", "1,023 bytes"),
        (1536.0, "bytes", "1.50 KiB"),
        (3.0 * 1048576.0, "bytes/s", "3 MiB/s"),
        (2147483648.0, "bytes", "2 GiB"),
        (12345.0, "events/s", "12,345 events/s"),
        (5.0, "", "5"),
    ] {
        assert_eq!(quantity(value, unit), expected);
    }
}

/// A goal of 1.01 must not look hit by 1.0149.
#[test]
fn ratios_near_one_keep_three_decimals() {
    assert_eq!(ratio(1.0149), "1.015");
    assert_eq!(ratio(12.345), "12.3");
    let spread = Quartiles {
        low: 0.5,
        median: 1.0,
        high: 1234.0,
    };
    assert_eq!(ratio_with_spread(&spread), "1.000 (0.500 to 1,234)");
}
