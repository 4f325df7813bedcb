// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with a DMAR table.

use core::fmt;

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmarError {
    /// Offset in bytes from the start of the table.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It ends before what it must have.
    Short {
        /// Bytes that it must have.
        needed: usize,
        /// Bytes there are.
        size: usize,
    },
    /// Another signature than DMAR.
    Signature([u8; 4]),
    /// The header's length is not that of the table.
    Length {
        /// Length by the header.
        length: u32,
        /// Bytes there are.
        size: usize,
    },
    /// The bytes do not add up to zero.
    Checksum {
        /// The checksum as it stands.
        checksum: u8,
        /// What the bytes add up to.
        sum: u8,
    },
    /// A structure does not end in the table, or is shorter than its own header.
    StructureLength {
        /// Its type.
        kind: u16,
        /// Its length in bytes.
        length: usize,
        /// Bytes that are left in the table.
        left: usize,
    },
    /// A structure is too short for its type.
    StructureShort {
        /// Its type.
        kind: u16,
        /// Bytes that the type takes.
        needed: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// A device scope does not end in its structure, or has no path.
    ScopeLength {
        /// Its length in bytes.
        length: usize,
        /// Bytes that are left in the structure.
        left: usize,
    },
}

impl DmarError {
    /// An error of the table's header.
    pub(super) const fn header(problem: Problem) -> Self {
        Self { offset: 0, problem }
    }
}

impl fmt::Display for DmarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.offset;
        match self.problem {
            Problem::Short { needed, size } => {
                write!(f, "{size} bytes at {at:#x} where {needed} are needed")
            }
            Problem::Signature(found) => {
                f.write_str("signature ")?;
                found.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(", not DMAR")
            }
            Problem::Length { length, size } => {
                write!(f, "its header says {length} bytes, {size} are there")
            }
            Problem::Checksum { checksum, sum } => write!(
                f,
                "checksum {checksum:#04x}: the bytes add up to {sum:#04x}, not to 0"
            ),
            Problem::StructureLength { kind, length, left } => write!(
                f,
                "structure of type {kind} at {at:#x} has length {length}, {left} bytes are left"
            ),
            Problem::StructureShort {
                kind,
                needed,
                length,
            } => write!(
                f,
                "structure of type {kind} at {at:#x} has length {length}, it takes {needed}"
            ),
            Problem::ScopeLength { length, left } => write!(
                f,
                "device scope at {at:#x} has length {length}, {left} bytes are left"
            ),
        }
    }
}
