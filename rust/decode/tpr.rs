// SPDX-License-Identifier: GPL-2.0

//! Registers of a TXT protected region (Linux, include/acpi/actbl1.h, TPRn_BASE and TPRn_LIMIT).

use super::registers::{RegisterSpace, Width};

/// Bits of an address within the 1 MiB that regions are made of.
const FINE: u64 = (1 << 20) - 1;
/// TPRn_BASE, bit 4: the region is off.
const DISABLED: u64 = 1 << 4;

/// One reading of a region's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TprRegisters {
    /// TPRn_BASE.
    pub base: u64,
    /// TPRn_LIMIT.
    pub limit: u64,
}

impl TprRegisters {
    /// Reads the pair at `offset` of `space`. `None` when nothing answers there: all ones.
    pub fn read(space: &impl RegisterSpace, offset: u16) -> Option<Self> {
        let base = space.read(offset, Width::Qword)?;
        let limit = space.read(offset.checked_add(8)?, Width::Qword)?;
        ((base & limit) != u64::MAX).then_some(Self { base, limit })
    }

    /// Whether the region keeps devices out.
    pub const fn is_enabled(self) -> bool {
        self.base & DISABLED == 0
    }

    /// First and last byte of the region; `None` where the limit lies below the base.
    pub const fn range(self) -> Option<(u64, u64)> {
        let (first, last) = (self.base & !FINE, self.limit | FINE);
        if first > last {
            return None;
        }
        Some((first, last))
    }

    /// Whether the region is on and holds the bytes from `from` up to, but not including, `to`.
    pub fn holds(self, (from, to): (u64, u64)) -> bool {
        let inside =
            |(first, last)| from >= first && to.checked_sub(1).is_some_and(|end| end <= last);
        self.is_enabled() && self.range().is_some_and(inside)
    }
}
