// SPDX-License-Identifier: GPL-2.0
//! What a device reaches: the tables of an Intel IOMMU, read where they lie in memory.
//!
//! Written from the VT-d specification (chapter 9, translation structure formats) and from nothing
//! of the module, whose work it looks at from outside. It reads tables, not the IOMMU's caches: that
//! what was taken back is not reached any more is shown by devices that try.

mod context;
mod ranges;
mod registers;
mod requester;
mod tables;
#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::{bail, ensure, Result};

use crate::guestmem::GuestMemory;
use context::Translation;
use tables::Stage;

pub use ranges::{merged, Access, Range};
pub use registers::unit;
pub use requester::Requester;

/// Global status: translation is on.
const GSTS_TES: u32 = 1 << 31;
/// Bits 12 to 51: the address in an entry of any kind.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Memory as an IOMMU reads it.
pub trait Memory {
    /// Reads physical memory; an error where there is none.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<()>;
}

impl Memory for GuestMemory {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<()> {
        GuestMemory::read(self, address, buffer)
    }
}

/// Reads consecutive 64-bit words.
fn words<const N: usize>(memory: &dyn Memory, address: u64) -> Result<[u64; N]> {
    let mut words = [0; N];
    for (word, at) in words.iter_mut().zip((address..).step_by(8)) {
        let mut bytes = [0; 8];
        memory.read(at, &mut bytes)?;
        *word = u64::from_le_bytes(bytes);
    }
    Ok(words)
}

/// How an IOMMU finds the tables of a requester (RTADDR.TTM).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Context entries lead to page tables.
    Legacy,
    /// Context entries lead to PASID tables, and those to page tables.
    Scalable,
    /// Every request is refused, whatever the tables say.
    Abort,
}

/// A remapping unit: where its root table is, and of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    mode: Mode,
    root: u64,
}

impl Unit {
    /// From the unit's registers: global status and root table address.
    pub fn new(status: u32, root: u64) -> Result<Unit> {
        ensure!(
            status & GSTS_TES != 0,
            "translation is off (status {status:#x}): everything reaches everything"
        );
        let mode = match (root >> 10) & 3 {
            0 => Mode::Legacy,
            1 => Mode::Scalable,
            3 => Mode::Abort,
            mode => bail!("reserved translation table mode {mode}"),
        };
        let root = root & ADDRESS;
        Ok(Unit { mode, root })
    }

    /// What this requester's requests without a PASID reach.
    pub fn reach(&self, memory: &dyn Memory, requester: Requester) -> Result<Reach> {
        let tables = |stage, table| tables::walk(memory, stage, table);
        Ok(match self.translation(memory, requester)? {
            Translation::Blocked => Reach::Nothing,
            Translation::PassThrough => Reach::PassThrough,
            Translation::FirstStage(first) => Reach::Ranges(tables(Stage::First, first)?),
            Translation::SecondStage(second) => Reach::Ranges(tables(Stage::Second, second)?),
            Translation::Nested { first, second } => {
                let second = tables(Stage::Second, second)?;
                let behind = ranges::Behind {
                    memory,
                    ranges: &second,
                };
                let first = tables::walk(&behind, Stage::First, first)?;
                Reach::Ranges(ranges::composed(&first, &second))
            }
        })
    }

    /// Every requester whose requests are translated or let through, in order.
    pub fn present(&self, memory: &dyn Memory) -> Result<Vec<Requester>> {
        let mut present = Vec::new();
        for requester in Requester::all() {
            if !matches!(self.translation(memory, requester)?, Translation::Blocked) {
                present.push(requester);
            }
        }
        Ok(present)
    }

    fn translation(&self, memory: &dyn Memory, requester: Requester) -> Result<Translation> {
        match self.mode {
            Mode::Legacy => context::legacy(memory, self.root, requester),
            Mode::Scalable => context::scalable(memory, self.root, requester),
            Mode::Abort => Ok(Translation::Blocked),
        }
    }
}

/// What a requester reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It has no translation: a request is refused before any page table is read.
    Nothing,
    /// All memory, untranslated.
    PassThrough,
    /// What its page tables hold, merged and in order; perhaps nothing.
    Ranges(Vec<Range>),
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Nothing => f.write_str("nothing"),
            Reach::PassThrough => f.write_str("pass-through"),
            Reach::Ranges(ranges) => {
                f.write_str("[")?;
                for (index, range) in ranges.iter().enumerate() {
                    write!(f, "{}{range}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}
