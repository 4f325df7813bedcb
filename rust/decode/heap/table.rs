// SPDX-License-Identifier: GPL-2.0

//! What the four tables' decoders share.

use super::chain::TableId;
use crate::decode::bytes::Bytes;
use core::fmt;

/// A table that is too short for what its version promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableError {
    /// The table.
    pub table: TableId,
    /// Its version; `None` when it is too short even for that.
    pub version: Option<u32>,
    /// Bytes that this version's fixed part takes, without the size field.
    pub needed: usize,
    /// Bytes there are, without the size field.
    pub size: usize,
}

impl TableError {
    /// The error of a table without version.
    pub(super) const fn no_version(table: TableId, bytes: Bytes<'_>) -> Self {
        Self {
            table,
            version: None,
            needed: 4,
            size: bytes.len(),
        }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            needed,
            size,
            ..
        } = self;
        match self.version {
            Some(version) => write!(
                f,
                "{table} version {version} takes {needed} bytes, {size} are there"
            ),
            None => write!(f, "{table} has {size} bytes: no room for a version"),
        }
    }
}

/// A part of a table that its own fields place outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeError {
    /// The part.
    pub part: &'static str,
    /// Offset as the field says, in bytes from the table's size field.
    pub offset: u32,
    /// Number of entries or of bytes, as the field says.
    pub count: u32,
    /// Bytes of one entry.
    pub entry: usize,
    /// Bytes of the table, without the size field.
    pub size: usize,
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {:#x}, {} of {} bytes, does not lie behind the fixed part of a table of {:#x} bytes",
            self.part, self.offset, self.count, self.entry, self.size
        )
    }
}
