// SPDX-License-Identifier: GPL-2.0
//! From a requester id to its page tables: root, context and PASID table entries.

use anyhow::{bail, ensure, Result};

use super::{words, Memory, Requester, ADDRESS};

/// Bit 0 of every entry here.
const PRESENT: u64 = 1;

/// How requests are translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Translation {
    /// Not at all: an entry on the way is not present.
    Blocked,
    /// Not at all: the address is the physical one.
    PassThrough,
    /// By first-stage tables.
    FirstStage(Table),
    /// By second-stage tables.
    SecondStage(Table),
    /// By first-stage tables whose addresses the second stage translates.
    Nested {
        /// The first stage.
        first: Table,
        /// The second stage.
        second: Table,
    },
}

/// A page table of some levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Where it is.
    pub root: u64,
    /// How many levels it has.
    pub levels: u32,
}

impl Table {
    /// Second stage; the width is the AW field.
    fn second_stage(root: u64, width: u64) -> Result<Table> {
        let levels = match width & 7 {
            1 => 3,
            2 => 4,
            3 => 5,
            width => bail!("reserved address width {width}"),
        };
        let root = root & ADDRESS;
        Ok(Table { root, levels })
    }

    /// First stage, from the word of a PASID table entry that has pointer and paging mode.
    fn first_stage(word: u64) -> Result<Table> {
        let levels = match (word >> 2) & 3 {
            0 => 4,
            1 => 5,
            mode => bail!("reserved first-stage paging mode {mode}"),
        };
        let root = word & ADDRESS;
        Ok(Table { root, levels })
    }
}

fn unreserved(what: &str, word: u64, reserved: u64) -> Result<()> {
    ensure!(
        word & reserved == 0,
        "reserved bits {:#x} in {what}",
        word & reserved
    );
    Ok(())
}

/// Legacy mode: 256 root entries, each with a table of 256 context entries, all of 16 bytes.
pub fn legacy(memory: &dyn Memory, root: u64, requester: Requester) -> Result<Translation> {
    let at = root + u64::from(requester.bus) * 16;
    let [low, high] = words(memory, at)?;
    if low & PRESENT == 0 {
        return Ok(Translation::Blocked);
    }
    unreserved("a root entry", low, 0xffe)?;
    unreserved("a root entry's upper half", high, u64::MAX)?;

    let at = (low & ADDRESS) + u64::from(requester.devfn) * 16;
    let [low, high] = words(memory, at)?;
    if low & PRESENT == 0 {
        return Ok(Translation::Blocked);
    }
    unreserved("a context entry", low, 0xff0)?;
    unreserved("a context entry's upper half", high, 0xffff_ffff_ff00_0080)?;
    match (low >> 2) & 3 {
        // 1 takes requests that the device has translated as well.
        0 | 1 => Ok(Translation::SecondStage(Table::second_stage(low, high)?)),
        2 => Ok(Translation::PassThrough),
        kind => bail!("reserved translation type {kind} in a context entry"),
    }
}

/// Scalable mode: a root entry leads to two tables of 128 context entries of 32 bytes, those to
/// PASID directories, and those to tables of PASID entries of 64 bytes.
pub fn scalable(memory: &dyn Memory, root: u64, requester: Requester) -> Result<Translation> {
    let devfn = u64::from(requester.devfn);
    let at = root + u64::from(requester.bus) * 16 + (devfn >> 7) * 8;
    let [half] = words(memory, at)?;
    if half & PRESENT == 0 {
        return Ok(Translation::Blocked);
    }
    unreserved("half a root entry", half, 0xffe)?;

    let at = (half & ADDRESS) + (devfn & 0x7f) * 32;
    let [directory, rid, _, _] = words(memory, at)?;
    if directory & PRESENT == 0 {
        return Ok(Translation::Blocked);
    }
    unreserved("a context entry", directory, 0x1e0)?;
    unreserved("a context entry's second word", rid, 0xffff_ffff_ffe0_0000)?;
    // An IOMMU may know these fields or not: with another value it would depend on that.
    ensure!(
        rid == 0,
        "RID_PASID and RID_PRIV are {rid:#x}, not PASID 0 without privileges"
    );

    let [table] = words(memory, directory & ADDRESS)?;
    if table & PRESENT == 0 {
        return Ok(Translation::Blocked);
    }
    unreserved("a PASID directory entry", table, 0xffc)?;
    pasid_entry(words(memory, table & ADDRESS)?)
}

fn pasid_entry(entry: [u64; 8]) -> Result<Translation> {
    if entry[0] & PRESENT == 0 {
        return Ok(Translation::Blocked);
    }
    let first = || Table::first_stage(entry[2]);
    let second = || Table::second_stage(entry[0], entry[0] >> 2);
    Ok(match (entry[0] >> 6) & 7 {
        1 => Translation::FirstStage(first()?),
        2 => Translation::SecondStage(second()?),
        3 => Translation::Nested {
            first: first()?,
            second: second()?,
        },
        4 => Translation::PassThrough,
        kind => bail!("reserved translation type {kind} in a PASID table entry"),
    })
}
