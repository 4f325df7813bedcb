// SPDX-License-Identifier: GPL-2.0

//! ACPI MCFG: where the firmware maps configuration space (PCI Firmware specification, 4.1.2).

use super::bytes::Bytes;

/// Bytes in front of the ranges: the ACPI header and 8 reserved ones.
const RANGES: usize = 44;
/// Bytes of a range.
const RANGE_SIZE: usize = 16;
/// Configuration space of a bus, in bytes.
const BUS_SIZE: u64 = 1 << 20;

/// Configuration space of some buses of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigRange {
    /// Physical address at which bus 0 of the segment would lie.
    pub base: u64,
    /// Segment.
    pub segment: u16,
    /// The first bus.
    pub first_bus: u8,
    /// The last bus.
    pub last_bus: u8,
}

impl ConfigRange {
    /// Physical address of the first bus.
    pub fn start(&self) -> u64 {
        let skipped = u64::from(self.first_bus).saturating_mul(BUS_SIZE);
        self.base.saturating_add(skipped)
    }

    /// Size in bytes; 0 when the last bus is in front of the first one.
    pub fn size(&self) -> u64 {
        let buses = u64::from(self.last_bus)
            .saturating_add(1)
            .saturating_sub(u64::from(self.first_bus));
        buses.saturating_mul(BUS_SIZE)
    }
}

/// The ranges of `table`, header and all; what is cut off is left out.
pub fn ranges(table: &[u8]) -> impl Iterator<Item = ConfigRange> + '_ {
    let ranges = table.get(RANGES..).unwrap_or(&[]);
    ranges.chunks_exact(RANGE_SIZE).filter_map(|range| {
        let range = Bytes::new(range);
        Some(ConfigRange {
            base: range.u64(0)?,
            segment: range.u16(8)?,
            first_bus: range.u8(10)?,
            last_bus: range.u8(11)?,
        })
    })
}
