// SPDX-License-Identifier: GPL-2.0

//! The ACPI DMAR table: which units remap DMA, for which devices, and which memory firmware keeps
//! for itself (VT-d specification, chapter 8).

mod error;
mod scope;
mod structure;

use super::bytes::Bytes;

pub use error::{DmarError, Problem};
pub use scope::{Path, PathStep, Scope, ScopeKind, Scopes};
pub use structure::{Andd, Atsr, Drhd, Rhsa, Rmrr, Satc, Sidp, Structure};

/// Bytes of the fixed part: the ACPI header, host address width, flags and 10 reserved ones.
const FIXED: usize = 48;
/// Offset of the checksum in an ACPI header.
const CHECKSUM: usize = 9;
/// Offset of the flags.
pub const FLAGS_OFFSET: usize = 37;

/// DMAR flags (VT-d specification, 8.1; bit 3: Linux, include/linux/dmar.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// INTR_REMAP: the platform can remap interrupts.
    pub const fn interrupt_remapping(self) -> bool {
        self.0 & 1 != 0
    }

    /// X2APIC_OPT_OUT: firmware asks system software not to use x2APIC.
    pub const fn x2apic_opt_out(self) -> bool {
        self.0 & 2 != 0
    }

    /// DMA_CTRL_PLATFORM_OPT_IN_FLAG: firmware says that it kept devices from DMA before the system
    /// started; nothing proves it.
    pub const fn platform_opt_in(self) -> bool {
        self.0 & 4 != 0
    }

    /// DMA remapping opt-out: firmware tells the system to leave the units off.
    pub const fn remapping_opt_out(self) -> bool {
        self.0 & 8 != 0
    }
}

/// A DMAR table whose header holds; its structures are checked by [`Dmar::check`] or while walking.
#[derive(Clone, Copy, Debug)]
pub struct Dmar<'a> {
    /// The table, exactly as long as its header says.
    pub bytes: Bytes<'a>,
    /// Host address width in bits.
    pub width: u16,
    /// Flags.
    pub flags: Flags,
}

impl<'a> Dmar<'a> {
    /// The table at the start of `bytes`, which may be longer.
    ///
    /// # Errors
    ///
    /// When signature, length or checksum are wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DmarError> {
        let all = Bytes::new(bytes);
        let short = DmarError::header(Problem::Short {
            needed: FIXED,
            size: all.len(),
        });
        let signature: [u8; 4] = all.array(0).ok_or(short)?;
        if signature != *b"DMAR" {
            return Err(DmarError::header(Problem::Signature(signature)));
        }
        let length = all.u32(4).ok_or(short)?;
        let table = usize::try_from(length)
            .ok()
            .and_then(|length| all.sub(0, length))
            .ok_or(DmarError::header(Problem::Length {
                length,
                size: all.len(),
            }))?;
        if table.len() < FIXED {
            return Err(DmarError::header(Problem::Short {
                needed: FIXED,
                size: table.len(),
            }));
        }
        let sum = table
            .as_slice()
            .iter()
            .fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        if sum != 0 {
            return Err(DmarError::header(Problem::Checksum {
                checksum: table.u8(CHECKSUM).unwrap_or(0),
                sum,
            }));
        }
        let width = u16::from(table.u8(36).ok_or(short)?);
        Ok(Self {
            bytes: table,
            width: width.saturating_add(1),
            flags: Flags(table.u8(FLAGS_OFFSET).ok_or(short)?),
        })
    }

    /// The structures in the table's order. The first one that is malformed ends the walk.
    pub fn structures(&self) -> Structures<'a> {
        Structures {
            rest: self.bytes.from(FIXED).unwrap_or(Bytes::new(&[])),
            offset: FIXED,
        }
    }

    /// Walks every structure and every device scope.
    ///
    /// # Errors
    ///
    /// The first thing that is malformed.
    pub fn check(&self) -> Result<(), DmarError> {
        for structure in self.structures() {
            for scope in structure?.scopes() {
                scope?;
            }
        }
        Ok(())
    }

    /// The remapping units that are well-formed.
    pub fn units(&self) -> impl Iterator<Item = Drhd<'a>> {
        self.structures().filter_map(|structure| match structure {
            Ok(Structure::Drhd(unit)) => Some(unit),
            _ => None,
        })
    }

    /// The reserved memory regions that are well-formed.
    pub fn reserved(&self) -> impl Iterator<Item = Rmrr<'a>> {
        self.structures().filter_map(|structure| match structure {
            Ok(Structure::Rmrr(region)) => Some(region),
            _ => None,
        })
    }
}

/// The structures of a table.
#[derive(Clone, Copy, Debug)]
pub struct Structures<'a> {
    rest: Bytes<'a>,
    offset: usize,
}

impl<'a> Structures<'a> {
    fn take(&mut self) -> Result<Structure<'a>, DmarError> {
        let offset = self.offset;
        let bad = |problem| DmarError { offset, problem };
        let left = self.rest.len();
        let (Some(kind), Some(length)) = (self.rest.u16(0), self.rest.u16(2)) else {
            return Err(bad(Problem::Short {
                needed: 4,
                size: left,
            }));
        };
        let length = usize::from(length);
        // A length of less than its own header would never end the walk.
        let bytes = Some(length)
            .filter(|length| *length >= 4)
            .and_then(|length| self.rest.sub(0, length))
            .ok_or(bad(Problem::StructureLength { kind, length, left }))?;
        let structure = Structure::decode(kind, bytes, offset)?;
        self.rest = self.rest.from(length).unwrap_or(Bytes::new(&[]));
        self.offset = offset.saturating_add(length);
        Ok(structure)
    }
}

impl<'a> Iterator for Structures<'a> {
    type Item = Result<Structure<'a>, DmarError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let structure = self.take();
        if structure.is_err() {
            self.rest = Bytes::new(&[]);
        }
        Some(structure)
    }
}
