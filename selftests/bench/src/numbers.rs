// SPDX-License-Identifier: GPL-2.0

//! Numbers as people read them.

use crate::stats::Quartiles;

/// Prefixes of times that are counted in nanoseconds.
const TIMES: [(&str, f64); 4] = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
/// Prefixes of sizes that are counted in bytes.
const SIZES: [(&str, f64); 4] = [
    ("bytes", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

/// `value` with about three digits that count, and a comma between thousands.
pub fn plain(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if value.fract() == 0.0 || size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 4,
    };
    let digits = format!("{value:.decimals$}");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |w| ("-", w));
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A ratio: with one digit more, as goals lie near 1.
pub fn ratio(value: f64) -> String {
    if value < 9.9995 {
        format!("{value:.3}")
    } else {
        plain(value)
    }
}

/// A ratio with its quartiles.
pub fn ratio_with_spread(ratios: &Quartiles) -> String {
    let Quartiles { low, median, high } = ratios;
    format!("{} ({} to {})", ratio(*median), ratio(*low), ratio(*high))
}

/// `value` in `unit`, with a prefix where the unit is that of a time or a size.
pub fn quantity(value: f64, unit: &str) -> String {
    let (base, per) = unit
        .split_once('/')
        .map_or((unit, String::new()), |(base, per)| {
            (base, format!("/{per}"))
        });
    let scale = match base {
        "ns" => TIMES,
        "bytes" => SIZES,
        _ => return format!("{} {unit}", plain(value)).trim_end().to_owned(),
    };
    let fits = |(_, factor): &&(&str, f64)| value.abs() >= *factor;
    let (prefixed, factor) = scale.iter().rev().find(fits).unwrap_or(&scale[0]);
    format!("{} {prefixed}{per}", plain(value / factor))
}
