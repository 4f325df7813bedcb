// SPDX-License-Identifier: GPL-2.0

//! Ranges of addresses: base and size in bytes.

/// Whether two ranges share a byte; one that reaches beyond 64 bits ends there.
pub const fn overlap(one: (u64, u64), other: (u64, u64)) -> bool {
    one.1 != 0 && other.1 != 0 && one.0 <= last(other) && other.0 <= last(one)
}

const fn last((base, size): (u64, u64)) -> u64 {
    base.saturating_add(size.saturating_sub(1))
}
