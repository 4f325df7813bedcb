// SPDX-License-Identifier: GPL-2.0

//! Quartiles as Python's `statistics.quantiles(values, n=4, method="inclusive")` gives them.

use launchguard_bench::stats::{ratios, Quartiles};

#[test]
fn quartiles_are_those_of_python() {
    let cases: [(&[f64], [f64; 3]); 6] = [
        (&[7.0], [7.0, 7.0, 7.0]),
        (&[5.0, 5.0], [5.0, 5.0, 5.0]),
        (&[10.0, 1.0], [3.25, 5.5, 7.75]),
        (&[3.0, 1.0, 2.0], [1.5, 2.0, 2.5]),
        (&[1.0, 2.0, 3.0, 4.0], [1.75, 2.5, 3.25]),
        (&[10.5, 2.25, 8.0, 4.0, 16.0, 1.0], [2.6875, 6.0, 9.875]),
    ];
    for (values, [low, median, high]) in cases {
        let expected = Quartiles { low, median, high };
        assert_eq!(Quartiles::of(values), Some(expected), "{values:?}");
    }
    assert_eq!(Quartiles::of(&[]), None);
}

/// The median of the ratios, which is not the ratio of the medians: 4 there.
#[test]
fn ratios_are_those_of_pairs() {
    let (of, over) = ([8.0, 2.0, 9.0], [2.0, 1.0, 3.0]);
    let ratios = ratios(&of, &over);
    assert_eq!(ratios, [4.0, 2.0, 3.0]);
    assert_eq!(Quartiles::of(&ratios).map(|q| q.median), Some(3.0));
}
