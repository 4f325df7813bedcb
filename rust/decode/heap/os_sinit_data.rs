// SPDX-License-Identifier: GPL-2.0

//! OsSinitData (SDG table C-4).

use super::chain::TableId;
use super::elements::Elements;
use super::table::TableError;
use crate::decode::bytes::Bytes;

/// What the launcher tells SINIT. Addresses are physical unless said otherwise, sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct OsSinitData<'a> {
    /// Version; 4 to 7 are known, later ones are read as 7.
    pub version: u32,
    /// Flags: bit 0 is the PCR extend policy (version 7), see [`OsSinitData::max_performance`].
    pub flags: u32,
    /// The MLE's page tables.
    pub mle_page_table: u64,
    /// Size of the MLE.
    pub mle_size: u64,
    /// The MLE header, as a linear address in the MLE's page tables.
    pub mle_header: u64,
    /// Low protected memory region: base.
    pub pmr_low_base: u64,
    /// Low protected memory region: size, 0 for none.
    pub pmr_low_size: u64,
    /// High protected memory region: base.
    pub pmr_high_base: u64,
    /// High protected memory region: size, 0 for none.
    pub pmr_high_size: u64,
    /// The platform owner's policy data.
    pub lcp_po_base: u64,
    /// Size of the platform owner's policy data.
    pub lcp_po_size: u64,
    /// Capabilities that the launcher asks for (SDG table 2-2).
    pub capabilities: u32,
    /// RSDT (version 5) or RSDP (later); `None` for earlier versions.
    pub rsdp: Option<u64>,
    elements: Elements<'a>,
}

impl<'a> OsSinitData<'a> {
    /// Decodes the table behind its size field.
    ///
    /// # Errors
    ///
    /// When the table is too short for its version.
    pub fn decode(bytes: Bytes<'a>) -> Result<Self, TableError> {
        let version = bytes
            .u32(0)
            .ok_or(TableError::no_version(TableId::OsSinitData, bytes))?;
        let needed = if version <= 4 { 84 } else { 92 };
        Self::read(bytes, version, needed).ok_or(TableError {
            table: TableId::OsSinitData,
            version: Some(version),
            needed,
            size: bytes.len(),
        })
    }

    fn read(bytes: Bytes<'a>, version: u32, needed: usize) -> Option<Self> {
        let fixed = bytes.sub(0, needed)?;
        Some(Self {
            version,
            flags: fixed.u32(4)?,
            mle_page_table: fixed.u64(8)?,
            mle_size: fixed.u64(16)?,
            mle_header: fixed.u64(24)?,
            pmr_low_base: fixed.u64(32)?,
            pmr_low_size: fixed.u64(40)?,
            pmr_high_base: fixed.u64(48)?,
            pmr_high_size: fixed.u64(56)?,
            lcp_po_base: fixed.u64(64)?,
            lcp_po_size: fixed.u64(72)?,
            capabilities: fixed.u32(80)?,
            rsdp: fixed.u64(84),
            elements: if version >= 6 {
                Elements::new(bytes.from(needed)?, needed)
            } else {
                Elements::NONE
            },
        })
    }

    /// Whether SINIT was told to extend only the banks that it can hash itself (version 7); with
    /// `false` the TPM hashes for every bank.
    pub const fn max_performance(&self) -> bool {
        self.version >= 7 && self.flags & 1 != 0
    }

    /// The extended data elements, version 6 and later.
    pub const fn elements(&self) -> Elements<'a> {
        self.elements
    }
}
