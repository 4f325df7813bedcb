// SPDX-License-Identifier: GPL-2.0

//! The structures of a DMAR table (VT-d specification, 8.3 to 8.9).

use super::error::{DmarError, Problem};
use super::scope::Scopes;
use crate::decode::bytes::Bytes;

/// DRHD: a remapping unit.
#[derive(Clone, Copy, Debug)]
pub struct Drhd<'a> {
    /// It remaps every device of its segment that no other unit names.
    pub include_all: bool,
    /// PCI segment.
    pub segment: u16,
    /// Physical address of its registers.
    pub base: u64,
    /// Pages of 4 KiB that its registers take: a power of two, 1 where the field is not defined.
    pub pages: u32,
    /// The devices that it names.
    pub scopes: Scopes<'a>,
}

/// RMRR: memory that firmware wants devices to reach.
#[derive(Clone, Copy, Debug)]
pub struct Rmrr<'a> {
    /// PCI segment.
    pub segment: u16,
    /// Physical address of the first byte.
    pub base: u64,
    /// Physical address of the last byte.
    pub limit: u64,
    /// The devices that reach it.
    pub scopes: Scopes<'a>,
}

/// ATSR: root ports that support address translation services.
#[derive(Clone, Copy, Debug)]
pub struct Atsr<'a> {
    /// Every root port of the segment does.
    pub all_ports: bool,
    /// PCI segment.
    pub segment: u16,
    /// The root ports.
    pub scopes: Scopes<'a>,
}

/// RHSA: which proximity domain a unit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhsa {
    /// Physical address of the unit's registers.
    pub base: u64,
    /// The proximity domain.
    pub proximity_domain: u32,
}

/// ANDD: a device of the ACPI namespace that can issue DMA.
#[derive(Clone, Copy, Debug)]
pub struct Andd<'a> {
    /// Its number, which a scope's enumeration id refers to.
    pub number: u8,
    /// Its name in the namespace, with the byte that ends it.
    pub name: Bytes<'a>,
}

/// SATC: integrated devices with an address translation cache.
#[derive(Clone, Copy, Debug)]
pub struct Satc<'a> {
    /// They do not work without it.
    pub atc_required: bool,
    /// PCI segment.
    pub segment: u16,
    /// The devices.
    pub scopes: Scopes<'a>,
}

/// SIDP: properties of integrated devices.
#[derive(Clone, Copy, Debug)]
pub struct Sidp<'a> {
    /// PCI segment.
    pub segment: u16,
    /// The devices; their flags hold the properties.
    pub scopes: Scopes<'a>,
}

/// A structure.
#[derive(Clone, Copy, Debug)]
pub enum Structure<'a> {
    /// Type 0.
    Drhd(Drhd<'a>),
    /// Type 1.
    Rmrr(Rmrr<'a>),
    /// Type 2.
    Atsr(Atsr<'a>),
    /// Type 3.
    Rhsa(Rhsa),
    /// Type 4.
    Andd(Andd<'a>),
    /// Type 5.
    Satc(Satc<'a>),
    /// Type 6.
    Sidp(Sidp<'a>),
    /// Another type, which system software passes over.
    Other {
        /// The type.
        kind: u16,
        /// Bytes of the whole structure.
        length: usize,
    },
}

/// Bytes that a type takes before its scopes.
const fn fixed(kind: u16) -> usize {
    match kind {
        0 => 16,
        1 => 24,
        2 | 4 | 5 | 6 => 8,
        3 => 20,
        _ => 4,
    }
}

impl<'a> Structure<'a> {
    /// The structure in `bytes`, which start at `offset` of the table.
    pub(super) fn decode(kind: u16, bytes: Bytes<'a>, offset: usize) -> Result<Self, DmarError> {
        let needed = fixed(kind);
        Self::read(kind, bytes, needed, offset.saturating_add(needed)).ok_or(DmarError {
            offset,
            problem: Problem::StructureShort {
                kind,
                needed,
                length: bytes.len(),
            },
        })
    }

    fn read(kind: u16, bytes: Bytes<'a>, needed: usize, behind: usize) -> Option<Self> {
        let scopes = Scopes::new(bytes.from(needed)?, behind);
        Some(match kind {
            0 => Self::Drhd(Drhd {
                include_all: bytes.u8(4)? & 1 != 0,
                pages: 1u32.wrapping_shl(u32::from(bytes.u8(5)? & 0xf)),
                segment: bytes.u16(6)?,
                base: bytes.u64(8)?,
                scopes,
            }),
            1 => Self::Rmrr(Rmrr {
                segment: bytes.u16(6)?,
                base: bytes.u64(8)?,
                limit: bytes.u64(16)?,
                scopes,
            }),
            2 => Self::Atsr(Atsr {
                all_ports: bytes.u8(4)? & 1 != 0,
                segment: bytes.u16(6)?,
                scopes,
            }),
            3 => Self::Rhsa(Rhsa {
                base: bytes.u64(8)?,
                proximity_domain: bytes.u32(16)?,
            }),
            4 => Self::Andd(Andd {
                number: bytes.u8(7)?,
                name: bytes.from(needed)?,
            }),
            5 => Self::Satc(Satc {
                atc_required: bytes.u8(4)? & 1 != 0,
                segment: bytes.u16(6)?,
                scopes,
            }),
            6 => Self::Sidp(Sidp {
                segment: bytes.u16(6)?,
                scopes,
            }),
            _ => Self::Other {
                kind,
                length: bytes.len(),
            },
        })
    }

    /// The name in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Drhd(_) => "DRHD",
            Self::Rmrr(_) => "RMRR",
            Self::Atsr(_) => "ATSR",
            Self::Rhsa(_) => "RHSA",
            Self::Andd(_) => "ANDD",
            Self::Satc(_) => "SATC",
            Self::Sidp(_) => "SIDP",
            Self::Other { .. } => "other",
        }
    }

    /// Its device scopes.
    pub const fn scopes(&self) -> Scopes<'a> {
        match self {
            Self::Drhd(one) => one.scopes,
            Self::Rmrr(one) => one.scopes,
            Self::Atsr(one) => one.scopes,
            Self::Satc(one) => one.scopes,
            Self::Sidp(one) => one.scopes,
            Self::Rhsa(_) | Self::Andd(_) | Self::Other { .. } => Scopes::NONE,
        }
    }
}
