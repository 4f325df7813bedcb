// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with a Secure Launch resource table.

use super::Tag;
use core::fmt;

/// A table or an entry that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlrtError {
    /// There are too few bytes for the header.
    Short {
        /// Bytes there.
        got: usize,
    },
    /// The first four bytes are not the table's magic.
    Magic(u32),
    /// A revision other than 1.
    Revision(u16),
    /// An architecture other than TXT (1) and SKINIT (2).
    Architecture(u16),
    /// The size is smaller than the header, larger than the room for the table, or larger than what
    /// could be read.
    Size {
        /// Bytes in use, as the header says.
        size: u32,
        /// Bytes that the table has room for, as the header says.
        max: u32,
        /// Bytes there.
        got: usize,
    },
    /// No known layout: the entries make sense neither with 16-bit nor with 32-bit tags.
    Layout,
    /// An entry does not lie in the table.
    Entry {
        /// Its offset in bytes from the table's start.
        offset: usize,
        /// Its size in bytes, as it says.
        size: u32,
        /// Bytes left for it.
        left: usize,
    },
    /// An entry's size is not one that its kind can have.
    EntrySize {
        /// The entry.
        tag: Tag,
        /// Its offset in bytes from the table's start.
        offset: usize,
        /// Its size in bytes.
        size: usize,
    },
    /// The entries end without an END, which this layout requires.
    NoEnd,
}

impl fmt::Display for SlrtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { got } => write!(f, "resource table: the header takes 16 bytes, {got} are there"),
            Self::Magic(found) => write!(f, "resource table: magic {found:#010x} is not 0x4452544d"),
            Self::Revision(found) => write!(f, "resource table: revision {found} is not 1"),
            Self::Architecture(found) => write!(f, "resource table: architecture {found} is not known"),
            Self::Size { size, max, got } => write!(
                f,
                "resource table: size {size:#x} with room for {max:#x}, {got:#x} bytes are there"
            ),
            Self::Layout => f.write_str("resource table: its entries have no known layout"),
            Self::Entry { offset, size, left } => write!(
                f,
                "resource table: the entry at {offset:#x} has size {size:#x}, {left:#x} bytes are left"
            ),
            Self::EntrySize { tag, offset, size } => {
                write!(f, "resource table: {tag} at {offset:#x} cannot have {size:#x} bytes")
            }
            Self::NoEnd => f.write_str("resource table: no END entry"),
        }
    }
}
