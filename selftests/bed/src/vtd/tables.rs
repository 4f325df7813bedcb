// SPDX-License-Identifier: GPL-2.0
//! Page tables of either stage.

use anyhow::{ensure, Context, Result};

use super::context::Table;
use super::ranges::{push, Access, Range};
use super::{Memory, ADDRESS};

/// Bytes of a table.
const TABLE: usize = 4096;
/// Tables that a walk reads at most: four times what all memory of a large machine takes in small
/// pages. Tables that lead back to themselves end here.
const TABLES: usize = 4096;
/// An entry of level 2 or 3 is a page, not a table.
const PAGE_SIZE: u64 = 1 << 7;

/// Which format the entries have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// That of the processor's tables.
    First,
    /// The IOMMU's own.
    Second,
}

impl Stage {
    /// What an entry allows; `None` when it is not present.
    fn access(self, entry: u64) -> Result<Option<Access>> {
        let (bit0, bit1) = (entry & 1 != 0, entry & 2 != 0);
        match self {
            // Present and writable; bit 2 is set where requests without privileges are served.
            Stage::First if bit0 => {
                ensure!(
                    entry & 4 != 0,
                    "entry {entry:#x} is for privileged requests, which nobody makes here"
                );
                Ok(Some(Access {
                    read: true,
                    write: bit1,
                }))
            }
            Stage::First => Ok(None),
            // Readable and writable; one of them makes it present.
            Stage::Second => Ok((bit0 || bit1).then_some(Access {
                read: bit0,
                write: bit1,
            })),
        }
    }

    /// The address of a page of this size, whose lower address bits must be 0.
    fn page(self, entry: u64, size: u64) -> Result<u64> {
        let low = match self {
            // Bit 12 of a large page says how it is cached.
            Stage::First if size > 1 << 12 => (size - 1) & !(1 << 12),
            _ => size - 1,
        };
        ensure!(
            entry & ADDRESS & low == 0,
            "entry {entry:#x} is a page of {size:#x} bytes at an address that is none"
        );
        Ok(entry & ADDRESS & !(size - 1))
    }
}

/// All that a table maps, merged and in order.
pub fn walk(memory: &dyn Memory, stage: Stage, table: Table) -> Result<Vec<Range>> {
    let mut walk = Walk {
        memory,
        stage,
        levels: table.levels,
        left: TABLES,
        found: Vec::new(),
    };
    walk.table(table.root, table.levels, 0, Access::ALL)?;
    Ok(walk.found)
}

struct Walk<'a> {
    memory: &'a dyn Memory,
    stage: Stage,
    levels: u32,
    left: usize,
    found: Vec<Range>,
}

impl Walk<'_> {
    fn table(&mut self, at: u64, level: u32, iova: u64, above: Access) -> Result<()> {
        self.left = self
            .left
            .checked_sub(1)
            .with_context(|| format!("more than {TABLES} tables, or one that leads to itself"))?;
        let mut bytes = [0; TABLE];
        self.memory
            .read(at, &mut bytes)
            .with_context(|| format!("a table of level {level}"))?;
        let shift = 12 + 9 * (level - 1);
        for (index, entry) in (0u64..).zip(bytes.chunks_exact(8)) {
            let entry = u64::from_le_bytes(entry.try_into()?);
            let Some(own) = self.stage.access(entry)? else {
                continue;
            };
            let access = above & own;
            let iova = self.canonical(iova | (index << shift));
            if level > 1 && entry & PAGE_SIZE == 0 {
                self.table(entry & ADDRESS, level - 1, iova, access)?;
                continue;
            }
            ensure!(level <= 3, "entry {entry:#x} of level {level} is a page");
            let size = 1 << shift;
            let physical = self.stage.page(entry, size)?;
            if access != Access::NONE {
                push(
                    &mut self.found,
                    Range {
                        iova,
                        physical,
                        size,
                        access,
                    },
                );
            }
        }
        Ok(())
    }

    /// The first stage's addresses have the upper bits of their highest translated one.
    fn canonical(&self, iova: u64) -> u64 {
        let width = 12 + 9 * self.levels;
        if self.stage == Stage::First && (iova >> (width - 1)) & 1 != 0 {
            iova | (u64::MAX << width)
        } else {
            iova
        }
    }
}
