// SPDX-License-Identifier: GPL-2.0

//! SinitMleData (SDG table C-5) and its memory descriptors (table C-6).

use super::chain::TableId;
use super::elements::Elements;
use super::table::{RangeError, TableError};
use crate::decode::bytes::Bytes;
use core::fmt;

/// Bytes of a memory descriptor.
const MDR_SIZE: usize = 24;
/// Offsets inside this table count from its size field, which is not part of its data.
const SIZE_FIELD: usize = 8;
/// Fields that version 9 reserves as zero: start and end, in bytes from the first data byte.
const RESERVED: [(usize, usize); 2] = [(4, 56), (76, 120)];

/// What SINIT tells the measured environment.
#[derive(Clone, Copy, Debug)]
pub struct SinitMleData<'a> {
    /// Version: 6 to 8 with TPM 1.2, 9 with TPM 2.0. Later ones are read as 9.
    pub version: u32,
    /// BiosAcmID; reserved from version 9 on.
    pub bios_acm_id: [u8; 20],
    /// EDX of SENTER; reserved from version 9 on.
    pub edx_senter_flags: u32,
    /// MsegValid; reserved from version 9 on.
    pub mseg_valid: u64,
    /// SinitHash: SHA-1 of SINIT (version 6) or PCR 17 after the first extend (7 and 8); reserved
    /// from version 9 on.
    pub sinit_hash: [u8; 20],
    /// MleHash; reserved, but not zero, from version 9 on.
    pub mle_hash: [u8; 20],
    /// StmHash; reserved from version 9 on.
    pub stm_hash: [u8; 20],
    /// LcpPolicyHash; reserved from version 9 on.
    pub lcp_policy_hash: [u8; 20],
    /// PolicyControl; reserved from version 9 on.
    pub policy_control: u32,
    /// Physical address that wakes the other processors, version 7 and later.
    pub rlp_wakeup_addr: Option<u32>,
    /// Number of memory descriptors.
    pub mdr_count: u32,
    /// Where they start, in bytes from the table's size field.
    pub mdr_offset: u32,
    /// Size in bytes of the copy of the DMAR table.
    pub dmar_size: u32,
    /// Where it starts, in bytes from the table's size field.
    pub dmar_offset: u32,
    /// ProcessorSCRTMStatus, version 8 and later: bit 0 set when the processor measured the BIOS.
    pub scrtm_status: Option<u32>,
    bytes: Bytes<'a>,
    fixed: usize,
    elements: Elements<'a>,
}

impl<'a> SinitMleData<'a> {
    /// Decodes the table behind its size field.
    ///
    /// # Errors
    ///
    /// When the table is too short for its version.
    pub fn decode(bytes: Bytes<'a>) -> Result<Self, TableError> {
        let version = bytes
            .u32(0)
            .ok_or(TableError::no_version(TableId::SinitMleData, bytes))?;
        let needed = if version <= 7 { 144 } else { 148 };
        Self::read(bytes, version, needed).ok_or(TableError {
            table: TableId::SinitMleData,
            version: Some(version),
            needed,
            size: bytes.len(),
        })
    }

    fn read(bytes: Bytes<'a>, version: u32, needed: usize) -> Option<Self> {
        let fixed = bytes.sub(0, needed)?;
        Some(Self {
            version,
            bios_acm_id: fixed.array(4)?,
            edx_senter_flags: fixed.u32(24)?,
            mseg_valid: fixed.u64(28)?,
            sinit_hash: fixed.array(36)?,
            mle_hash: fixed.array(56)?,
            stm_hash: fixed.array(76)?,
            lcp_policy_hash: fixed.array(96)?,
            policy_control: fixed.u32(116)?,
            rlp_wakeup_addr: fixed.u32(120).filter(|_| version >= 7),
            mdr_count: fixed.u32(128)?,
            mdr_offset: fixed.u32(132)?,
            dmar_size: fixed.u32(136)?,
            dmar_offset: fixed.u32(140)?,
            scrtm_status: fixed.u32(144),
            bytes,
            fixed: needed,
            elements: if version >= 9 {
                Elements::new(bytes.from(needed)?, needed)
            } else {
                Elements::NONE
            },
        })
    }

    /// The extended data elements, version 9 and later.
    pub const fn elements(&self) -> Elements<'a> {
        self.elements
    }

    /// Offset in the table's data of the first byte that version 9 reserves as zero and that is
    /// not zero. `None` for earlier versions, which use these fields.
    pub fn reserved_not_zero(&self) -> Option<usize> {
        if self.version < 9 {
            return None;
        }
        RESERVED.into_iter().find_map(|(start, end)| {
            let field = self.bytes.get(start, end.checked_sub(start)?)?;
            start.checked_add(field.iter().position(|byte| *byte != 0)?)
        })
    }

    /// The memory descriptors.
    ///
    /// # Errors
    ///
    /// When they do not lie in the table, behind its fixed part.
    pub fn mdrs(&self) -> Result<Mdrs<'a>, RangeError> {
        self.part("MDR table", self.mdr_offset, self.mdr_count, MDR_SIZE)
            .map(|list| Mdrs { list })
    }

    /// The copy of the ACPI DMAR table; `None` when its size is 0.
    ///
    /// # Errors
    ///
    /// When it does not lie in the table, behind its fixed part.
    pub fn dmar(&self) -> Result<Option<Bytes<'a>>, RangeError> {
        if self.dmar_size == 0 {
            return Ok(None);
        }
        self.part("DMAR copy", self.dmar_offset, self.dmar_size, 1)
            .map(Some)
    }

    fn part(
        &self,
        part: &'static str,
        offset: u32,
        count: u32,
        entry: usize,
    ) -> Result<Bytes<'a>, RangeError> {
        let place = || {
            if count == 0 {
                return Some(Bytes::new(&[]));
            }
            let size = usize::try_from(count).ok()?.checked_mul(entry)?;
            let start = usize::try_from(offset).ok()?.checked_sub(SIZE_FIELD)?;
            if start < self.fixed {
                return None;
            }
            self.bytes.sub(start, size)
        };
        place().ok_or(RangeError {
            part,
            offset,
            count,
            entry,
            size: self.bytes.len(),
        })
    }
}

/// What a range of memory is, as SINIT found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Usable memory.
    Good,
    /// SMRAM, overlay (deprecated).
    SmramOverlay,
    /// SMRAM, not overlay (deprecated).
    SmramNonOverlay,
    /// Configuration space of PCI Express.
    PcieConfig,
    /// Persistent memory.
    Persistent,
    /// A reserved value.
    Reserved(u8),
}

impl MemoryKind {
    const fn from_value(value: u8) -> Self {
        match value {
            0 => Self::Good,
            1 => Self::SmramOverlay,
            2 => Self::SmramNonOverlay,
            3 => Self::PcieConfig,
            4 => Self::Persistent,
            other => Self::Reserved(other),
        }
    }
}

impl fmt::Display for MemoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::SmramOverlay => f.write_str("SMRAM overlay"),
            Self::SmramNonOverlay => f.write_str("SMRAM non-overlay"),
            Self::PcieConfig => f.write_str("PCIe configuration"),
            Self::Persistent => f.write_str("persistent"),
            Self::Reserved(value) => write!(f, "reserved type {value}"),
        }
    }
}

/// A memory descriptor. Descriptors are not sorted, and one of length 0 says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mdr {
    /// Physical address.
    pub base: u64,
    /// Length in bytes.
    pub length: u64,
    /// What it is.
    pub kind: MemoryKind,
}

impl Mdr {
    /// The address behind it; `None` when that does not fit in 64 bits.
    pub const fn end(&self) -> Option<u64> {
        self.base.checked_add(self.length)
    }
}

/// The memory descriptors of a table.
#[derive(Clone, Copy, Debug)]
pub struct Mdrs<'a> {
    list: Bytes<'a>,
}

impl<'a> Mdrs<'a> {
    /// Number of descriptors.
    pub const fn len(&self) -> usize {
        self.list.len() / MDR_SIZE
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The descriptors in the table's order.
    pub fn iter(&self) -> impl Iterator<Item = Mdr> + 'a {
        self.list
            .as_slice()
            .chunks_exact(MDR_SIZE)
            .filter_map(|entry| {
                let entry = Bytes::new(entry);
                Some(Mdr {
                    base: entry.u64(0)?,
                    length: entry.u64(8)?,
                    kind: MemoryKind::from_value(entry.u8(16)?),
                })
            })
    }
}
