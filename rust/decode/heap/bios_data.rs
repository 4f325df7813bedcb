// SPDX-License-Identifier: GPL-2.0

//! BiosData (SDG table C-2).

use super::chain::TableId;
use super::elements::Elements;
use super::table::TableError;
use crate::decode::bytes::Bytes;

/// What the firmware tells launchers.
#[derive(Clone, Copy, Debug)]
pub struct BiosData<'a> {
    /// Version; 2 to 6 are known, later ones are read as 6.
    pub version: u32,
    /// Size in bytes of the SINIT that the firmware carries, 0 for none.
    pub bios_sinit_size: u32,
    /// Physical address of the platform default policy; reserved in later guides.
    pub lcp_pd_base: u64,
    /// Its size in bytes.
    pub lcp_pd_size: u64,
    /// Number of logical processors.
    pub num_log_procs: u32,
    /// SinitFlags, version 3 and later.
    pub sinit_flags: Option<u32>,
    /// MleFlags, version 5 and later: bit 0 PPI support; bits 2:1 the platform (version 6).
    pub mle_flags: Option<u32>,
    elements: Elements<'a>,
}

/// The platform of MleFlags bits 2:1 (SDG table C-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// The firmware does not say.
    Legacy,
    /// Client.
    Client,
    /// Server.
    Server,
    /// The value 3, which is not allowed.
    Illegal,
}

impl<'a> BiosData<'a> {
    /// Decodes the table behind its size field.
    ///
    /// # Errors
    ///
    /// When the table is too short for its version.
    pub fn decode(bytes: Bytes<'a>) -> Result<Self, TableError> {
        let version = bytes
            .u32(0)
            .ok_or(TableError::no_version(TableId::BiosData, bytes))?;
        let needed = match version {
            0..=2 => 28,
            3 => 32,
            _ => 36,
        };
        Self::read(bytes, version, needed).ok_or(TableError {
            table: TableId::BiosData,
            version: Some(version),
            needed,
            size: bytes.len(),
        })
    }

    fn read(bytes: Bytes<'a>, version: u32, needed: usize) -> Option<Self> {
        let fixed = bytes.sub(0, needed)?;
        Some(Self {
            version,
            bios_sinit_size: fixed.u32(4)?,
            lcp_pd_base: fixed.u64(8)?,
            lcp_pd_size: fixed.u64(16)?,
            num_log_procs: fixed.u32(24)?,
            sinit_flags: fixed.u32(28),
            mle_flags: fixed.u32(32).filter(|_| version >= 5),
            elements: if version >= 4 {
                Elements::new(bytes.from(needed)?, needed)
            } else {
                Elements::NONE
            },
        })
    }

    /// The platform, version 6 and later.
    pub fn platform(&self) -> Option<Platform> {
        let flags = self.mle_flags.filter(|_| self.version >= 6)?;
        Some(match (flags >> 1) & 3 {
            0 => Platform::Legacy,
            1 => Platform::Client,
            2 => Platform::Server,
            _ => Platform::Illegal,
        })
    }

    /// The extended data elements, version 4 and later.
    pub const fn elements(&self) -> Elements<'a> {
        self.elements
    }
}
