// SPDX-License-Identifier: GPL-2.0

//! The data of each type of extended data element (SDG appendix C; Xen's intel-txt.h for the types
//! from 13 on).

use super::acpi::{Acpi, Dtpr};
use super::elements::ElementType;
use crate::decode::bytes::Bytes;
use core::fmt;

/// An element's data in typed form.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// BIOS_SPEC_VER.
    BiosSpecVer {
        /// Major number.
        major: u16,
        /// Minor number.
        minor: u16,
        /// Revision.
        revision: u16,
    },
    /// ACM: physical addresses of the firmware's ACMs, at least one.
    Acm(Addresses<'a>),
    /// STM: its own specification's layout.
    Stm(Bytes<'a>),
    /// CUSTOM.
    Custom {
        /// The vendor's UUID as it stands in memory.
        uuid: [u8; 16],
        /// The vendor's data.
        data: Bytes<'a>,
    },
    /// TPM_EVENT_LOG_PTR: physical address of a TPM 1.2 event log container.
    EventLogPtr(u64),
    /// MADT.
    Madt(Acpi<'a>),
    /// EVENT_LOG_POINTER2: the legacy logs, at least one.
    EventLogPointer2(LegacyLogs<'a>),
    /// EVENT_LOG_POINTER2_1: the crypto-agile log.
    EventLogPointer21(LogArea),
    /// MCFG.
    Mcfg(Acpi<'a>),
    /// TPR_REQ: the regions asked for.
    TprReq(Regions<'a>),
    /// DTPR.
    Dtpr(Dtpr<'a>),
    /// CEDT.
    Cedt(Acpi<'a>),
    /// END, or a type that is not known here: its data as it stands.
    Other(Bytes<'a>),
}

/// Where a log lies and which part of it is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogArea {
    /// Physical address of the container.
    pub address: u64,
    /// Size of the container in bytes.
    pub allocated: u32,
    /// Offset of the first record in bytes.
    pub first: u32,
    /// Offset behind the last record in bytes.
    pub next: u32,
}

impl LogArea {
    fn read(bytes: Bytes<'_>, offset: usize) -> Option<Self> {
        let bytes = bytes.sub(offset, 20)?;
        Some(Self {
            address: bytes.u64(0)?,
            allocated: bytes.u32(8)?,
            first: bytes.u32(12)?,
            next: bytes.u32(16)?,
        })
    }
}

/// A log in the legacy format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyLog {
    /// TPM_ALG_ID of its digests.
    pub alg: u16,
    /// Where it lies.
    pub area: LogArea,
}

/// A list of physical addresses, which need not be aligned.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a>(Bytes<'a>);

impl<'a> Addresses<'a> {
    /// `count` addresses of 8 bytes at `offset`.
    pub(super) fn read(bytes: Bytes<'a>, offset: usize, count: u32) -> Option<Self> {
        entries(bytes, offset, count, 8).map(Self)
    }

    /// Number of addresses.
    pub const fn len(&self) -> usize {
        self.0.len() / 8
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses.
    pub fn iter(&self) -> impl Iterator<Item = u64> + 'a {
        let list = self.0.as_slice().chunks_exact(8);
        list.filter_map(|entry| Bytes::new(entry).u64(0))
    }
}

/// The logs of an EVENT_LOG_POINTER2.
#[derive(Clone, Copy, Debug)]
pub struct LegacyLogs<'a>(Bytes<'a>);

impl<'a> LegacyLogs<'a> {
    /// The logs.
    pub fn iter(&self) -> impl Iterator<Item = LegacyLog> + 'a {
        self.0.as_slice().chunks_exact(24).filter_map(|entry| {
            let entry = Bytes::new(entry);
            Some(LegacyLog {
                alg: entry.u16(0)?,
                area: LogArea::read(entry, 4)?,
            })
        })
    }
}

/// A list of memory regions.
#[derive(Clone, Copy, Debug)]
pub struct Regions<'a>(Bytes<'a>);

impl<'a> Regions<'a> {
    /// Base and size of each region, in bytes.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + 'a {
        self.0.as_slice().chunks_exact(16).filter_map(|entry| {
            let entry = Bytes::new(entry);
            Some((entry.u64(0)?, entry.u64(8)?))
        })
    }
}

/// The bytes of `count` entries of `size` bytes at `offset`.
fn entries(bytes: Bytes<'_>, offset: usize, count: u32, size: usize) -> Option<Bytes<'_>> {
    bytes.sub(offset, usize::try_from(count).ok()?.checked_mul(size)?)
}

/// Data that does not have the layout of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// The data is shorter than the fixed part of its type.
    Short {
        /// Bytes that the fixed part takes, without the element's type and size.
        needed: usize,
    },
    /// The data has no room for as many entries as it announces, or announces none.
    Count {
        /// Number announced.
        count: u32,
    },
    /// The copy of an ACPI table has another signature.
    AcpiSignature([u8; 4]),
    /// The copy of an ACPI table has a length that does not lie in the element.
    AcpiLength {
        /// The length in bytes.
        length: u32,
    },
    /// The copy of an ACPI table has contents that do not fit its length.
    AcpiContents,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { needed } => write!(f, "its data takes {needed} bytes"),
            Self::Count { count } => write!(f, "{count} entries are announced"),
            Self::AcpiSignature(signature) => {
                write!(f, "ACPI signature \"{}\"", signature.escape_ascii())
            }
            Self::AcpiLength { length } => write!(f, "ACPI length {length}"),
            Self::AcpiContents => f.write_str("the ACPI table's contents do not fit its length"),
        }
    }
}

impl<'a> Body<'a> {
    /// The data of an element of type `kind`.
    pub(super) fn decode(kind: ElementType, data: Bytes<'a>) -> Result<Self, BodyError> {
        match kind {
            ElementType::BiosSpecVer => bios_spec_ver(data).ok_or(BodyError::Short { needed: 6 }),
            ElementType::Acm => {
                let count = count(data)?;
                let list = Addresses::read(data, 4, count).filter(|list| !list.is_empty());
                list.map(Self::Acm).ok_or(BodyError::Count { count })
            }
            ElementType::Stm => Ok(Self::Stm(data)),
            ElementType::Custom => custom(data).ok_or(BodyError::Short { needed: 16 }),
            ElementType::EventLogPtr => data
                .u64(0)
                .map(Self::EventLogPtr)
                .ok_or(BodyError::Short { needed: 8 }),
            ElementType::EventLogPointer2 => {
                let count = count(data)?;
                let list = entries(data, 4, count, 24).filter(|list| !list.is_empty());
                list.map(|list| Self::EventLogPointer2(LegacyLogs(list)))
                    .ok_or(BodyError::Count { count })
            }
            ElementType::EventLogPointer21 => LogArea::read(data, 0)
                .map(Self::EventLogPointer21)
                .ok_or(BodyError::Short { needed: 20 }),
            ElementType::TprReq => {
                let count = count(data)?;
                entries(data, 4, count, 16)
                    .map(|list| Self::TprReq(Regions(list)))
                    .ok_or(BodyError::Count { count })
            }
            ElementType::Madt => Acpi::decode(data, *b"APIC").map(Self::Madt),
            ElementType::Mcfg => Acpi::decode(data, *b"MCFG").map(Self::Mcfg),
            ElementType::Cedt => Acpi::decode(data, *b"CEDT").map(Self::Cedt),
            ElementType::Dtpr => Dtpr::decode(data).map(Self::Dtpr),
            ElementType::End | ElementType::Unknown(_) => Ok(Self::Other(data)),
        }
    }
}

fn count(data: Bytes<'_>) -> Result<u32, BodyError> {
    data.u32(0).ok_or(BodyError::Short { needed: 4 })
}

fn bios_spec_ver(data: Bytes<'_>) -> Option<Body<'_>> {
    Some(Body::BiosSpecVer {
        major: data.u16(0)?,
        minor: data.u16(2)?,
        revision: data.u16(4)?,
    })
}

fn custom(data: Bytes<'_>) -> Option<Body<'_>> {
    Some(Body::Custom {
        uuid: data.array(0)?,
        data: data.from(16)?,
    })
}
