// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with an authenticated code module.

use super::INFO_MIN;
use core::fmt;

/// A module that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmError {
    /// Too few bytes were there to read.
    Short {
        /// The structure.
        what: &'static str,
        /// Bytes needed, from the module's start.
        needed: u64,
        /// Bytes there.
        got: usize,
    },
    /// The module is larger than its region.
    Region {
        /// Size of the module in bytes.
        size: u64,
        /// Size of the region in bytes.
        region: u64,
    },
    /// The header is smaller than its fixed part and key, or larger than the module.
    HeaderSize {
        /// Size of the header in bytes.
        header: u64,
        /// Bytes of fixed part and key.
        needed: u64,
        /// Size of the module in bytes.
        size: u64,
    },
    /// The information table does not lie in the module.
    InfoOutside {
        /// Its offset; `None` when header and scratch size overflow.
        offset: Option<u64>,
        /// Its size in bytes.
        needed: u64,
        /// Size of the module in bytes.
        size: u64,
    },
    /// No information table stands where it should.
    InfoUuid {
        /// The place.
        offset: u64,
        /// What stands there.
        uuid: [u32; 4],
    },
    /// The information table's length is too small.
    InfoLength {
        /// The length in bytes.
        length: u16,
    },
    /// A record behind the information table cannot be read.
    Record {
        /// Its offset.
        offset: u64,
        /// Size of the module in bytes.
        size: u64,
    },
    /// A list does not lie in the module.
    ListOutside {
        /// The list.
        list: &'static str,
        /// Its offset.
        offset: u32,
        /// Size of the module in bytes.
        size: u64,
    },
}

impl fmt::Display for AcmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { what, needed, got } => {
                write!(f, "{what} of the ACM: {needed} bytes are needed, {got} are there")
            }
            Self::Region { size, region } => {
                write!(f, "the ACM takes {size:#x} bytes, its region has {region:#x}")
            }
            Self::HeaderSize { header, needed, size } => write!(
                f,
                "the ACM's header size {header:#x} is not between {needed:#x} and the ACM's {size:#x}"
            ),
            Self::InfoOutside {
                offset: Some(offset),
                needed,
                size,
            } => write!(
                f,
                "information table at {offset:#x} with {needed} bytes does not lie in the ACM's {size:#x}"
            ),
            Self::InfoOutside { offset: None, .. } => {
                f.write_str("header and scratch size of the ACM overflow")
            }
            Self::InfoUuid {
                offset,
                uuid: [a, b, c, d],
            } => write!(
                f,
                "no information table at {offset:#x}: UUID {a:08x} {b:08x} {c:08x} {d:08x}"
            ),
            Self::InfoLength { length } => write!(
                f,
                "information table of {length} bytes is shorter than {INFO_MIN}"
            ),
            Self::Record { offset, size } => {
                write!(f, "the record at {offset:#x} does not fit in the ACM's {size:#x} bytes")
            }
            Self::ListOutside { list, offset, size } => {
                write!(f, "{list} at {offset:#x} does not lie in the ACM's {size:#x}")
            }
        }
    }
}
