// SPDX-License-Identifier: GPL-2.0
//! Ranges of device addresses and what is behind them.

use std::fmt;
use std::ops::BitAnd;

use anyhow::{Context, Result};

use super::Memory;

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Reads.
    pub read: bool,
    /// Writes.
    pub write: bool,
}

impl Access {
    /// Both.
    pub const ALL: Access = Access {
        read: true,
        write: true,
    };
    /// Neither.
    pub const NONE: Access = Access {
        read: false,
        write: false,
    };
}

impl BitAnd for Access {
    type Output = Access;

    fn bitand(self, other: Access) -> Access {
        Access {
            read: self.read && other.read,
            write: self.write && other.write,
        }
    }
}

/// Consecutive device addresses with consecutive memory behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first address that the device uses.
    pub iova: u64,
    /// What it leads to.
    pub physical: u64,
    /// Bytes.
    pub size: u64,
    /// What may be done there.
    pub access: Access,
}

impl Range {
    /// Whether `next` begins where this one ends, in both address spaces.
    fn leads_to(&self, next: &Range) -> bool {
        self.access == next.access
            && self.iova.checked_add(self.size) == Some(next.iova)
            && self.physical.checked_add(self.size) == Some(next.physical)
    }

    /// The part at device addresses `start` to `end`, if there is one.
    fn part(&self, start: u64, end: u64) -> Option<Range> {
        let start = start.max(self.iova);
        let end = end.min(self.iova.saturating_add(self.size));
        let size = end.checked_sub(start).filter(|size| *size > 0)?;
        Some(Range {
            iova: start,
            physical: self.physical + (start - self.iova),
            size,
            access: self.access,
        })
    }
}

/// As the policy language writes a window.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Access { read, write } = self.access;
        write!(f, "{:#x} + {:#x} ", self.physical, self.size)?;
        write!(f, "{}", if read { "r" } else { "" })?;
        write!(f, "{}", if write { "w" } else { "" })?;
        write!(f, " at {:#x}", self.iova)
    }
}

/// Adds a range behind the last one, to which it may belong.
pub fn push(ranges: &mut Vec<Range>, next: Range) {
    match ranges.last_mut() {
        Some(last) if last.leads_to(&next) => last.size += next.size,
        _ => ranges.push(next),
    }
}

/// In order of their device addresses; those that go on in one another are one.
pub fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| range.iova);
    let mut merged = Vec::new();
    for range in ranges {
        push(&mut merged, range);
    }
    merged
}

/// Memory whose addresses second-stage tables translate.
pub struct Behind<'a> {
    /// The memory.
    pub memory: &'a dyn Memory,
    /// What those tables map.
    pub ranges: &'a [Range],
}

impl Memory for Behind<'_> {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<()> {
        let size = buffer.len() as u64;
        let whole = |range: &Range| range.part(address, address.checked_add(size)?);
        let part = self
            .ranges
            .iter()
            .filter(|range| range.access.read)
            .find_map(|range| whole(range).filter(|part| part.size == size))
            .with_context(|| format!("the second stage maps no {size:#x} bytes at {address:#x}"))?;
        self.memory.read(part.physical, buffer)
    }
}

/// What first-stage ranges reach whose physical addresses the second stage translates.
pub fn composed(first: &[Range], second: &[Range]) -> Vec<Range> {
    let mut composed = Vec::new();
    for outer in first {
        for inner in second {
            let end = outer.physical.saturating_add(outer.size);
            let Some(part) = inner.part(outer.physical, end) else {
                continue;
            };
            let access = outer.access & inner.access;
            if access != Access::NONE {
                composed.push(Range {
                    iova: outer.iova + (part.iova - outer.physical),
                    access,
                    ..part
                });
            }
        }
    }
    merged(composed)
}
