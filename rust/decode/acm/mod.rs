// SPDX-License-Identifier: GPL-2.0

//! Header and information table of an authenticated code module (SDG A.1, tables ).
//!
//! The SINIT region stays writable after the launch: what is decoded here says what lies there now,
//! not what was launched.

mod error;
mod lists;

pub use error::AcmError;
pub use lists::{Chipset, ChipsetRule, List, Lists, Processor, TpmInfo};

use super::bytes::Bytes;
use core::fmt;

/// ModuleType of a chipset ACM.
pub const MODULE_TYPE: u16 = 2;
/// ModuleVendor of Intel.
pub const VENDOR_INTEL: u32 = 0x8086;

/// First four dwords of an information table.
const INFO_UUID: [u32; 4] = [0x7fc0_3aaa, 0x18db_46a7, 0x8f69_ac2e, 0x5a7f_418d];
/// Bytes of the header that every version has.
const HEADER_MIN: u64 = 128;
/// Bytes of an information table up to the capabilities: the least that can be read.
const INFO_MIN: u16 = 36;

/// Day of an ACM's build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcmDate {
    /// Year, four digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl AcmDate {
    /// The date of a BCD value 0xYYYYMMDD; `None` when that is no date.
    pub fn from_bcd(value: u32) -> Option<Self> {
        let digit = |shift: u32| {
            let digit = value.checked_shr(shift)? & 0xf;
            (digit <= 9).then_some(digit)
        };
        let pair = |shift: u32| {
            let tens = digit(shift.checked_add(4)?)?.checked_mul(10)?;
            tens.checked_add(digit(shift)?)
        };
        let year = pair(24)?.checked_mul(100)?.checked_add(pair(16)?)?;
        let (month, day) = (pair(8)?, pair(0)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }
}

impl fmt::Display for AcmDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The fields of an ACM's header (SDG table A-1), as they stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// ModuleType: [`MODULE_TYPE`].
    pub module_type: u16,
    /// ModuleSubType: 0 for a module that SENTER can launch; bit 0 set when it can run at reset.
    pub subtype: u16,
    /// HeaderLen in bytes (the field counts dwords).
    pub header_size: u64,
    /// HeaderVersion: major number in bits 31:16.
    pub header_version: u32,
    /// ChipsetID.
    pub chipset_id: u16,
    /// Flags: see [`Header::is_pre_production`] and [`Header::is_debug_signed`].
    pub flags: u16,
    /// ModuleVendor: [`VENDOR_INTEL`].
    pub vendor: u32,
    /// Date in BCD, 0xYYYYMMDD; see [`Header::date`].
    pub date_bcd: u32,
    /// Size of the module in bytes (the field counts dwords).
    pub size: u64,
    /// Security version number of TXT.
    pub txt_svn: u16,
    /// Security version number of the secure enclaves.
    pub se_svn: u16,
    /// Offset of the entry point, in bytes from the module's start.
    pub entry: u32,
    /// Size of the signing key in bytes (the field counts dwords): 256 of header version 0, larger
    /// ones later.
    pub key_size: u64,
    /// ScratchSize in bytes (the field counts dwords).
    pub scratch_size: u64,
}

impl Header {
    /// Reads the header at the start of `bytes` and checks that its sizes fit each other and
    /// `region_size`, the size in bytes of the region that the module lies in. Only the first 128
    /// bytes need to be there.
    ///
    /// # Errors
    ///
    /// When there are too few bytes, or the sizes do not fit.
    pub fn decode(bytes: &[u8], region_size: u64) -> Result<Self, AcmError> {
        let short = AcmError::Short {
            what: "header",
            needed: HEADER_MIN,
            got: bytes.len(),
        };
        let header = Self::read(Bytes::new(bytes)).ok_or(short)?;
        if header.size > region_size {
            return Err(AcmError::Region {
                size: header.size,
                region: region_size,
            });
        }
        let with_key = HEADER_MIN.saturating_add(header.key_size);
        if !(with_key..=header.size).contains(&header.header_size) {
            return Err(AcmError::HeaderSize {
                header: header.header_size,
                needed: with_key,
                size: header.size,
            });
        }
        Ok(header)
    }

    fn read(bytes: Bytes<'_>) -> Option<Self> {
        let dwords = |offset| u64::from(bytes.u32(offset)?).checked_mul(4);
        Some(Self {
            module_type: bytes.u16(0)?,
            subtype: bytes.u16(2)?,
            header_size: dwords(4)?,
            header_version: bytes.u32(8)?,
            chipset_id: bytes.u16(12)?,
            flags: bytes.u16(14)?,
            vendor: bytes.u32(16)?,
            date_bcd: bytes.u32(20)?,
            size: dwords(24)?,
            txt_svn: bytes.u16(28)?,
            se_svn: bytes.u16(30)?,
            entry: bytes.u32(52)?,
            key_size: dwords(120)?,
            scratch_size: dwords(124)?,
        })
    }

    /// Major number of the header's version: 0, or 3 to 5 with longer keys.
    pub const fn major(&self) -> u16 {
        (self.header_version >> 16) as u16
    }

    /// Flags bit 14: a pre-production module. It caps PCR 17 and 18 with random values.
    pub const fn is_pre_production(&self) -> bool {
        self.flags & (1 << 14) != 0
    }

    /// Flags bit 15: signed with a debug key.
    pub const fn is_debug_signed(&self) -> bool {
        self.flags & (1 << 15) != 0
    }

    /// The date, if the field holds one.
    pub fn date(&self) -> Option<AcmDate> {
        AcmDate::from_bcd(self.date_bcd)
    }

    /// Offset of the information table in bytes: behind header and scratch area.
    const fn user_area(&self) -> Option<u64> {
        self.header_size.checked_add(self.scratch_size)
    }
}

/// What kind of module an information table describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmKind {
    /// A BIOS ACM.
    Bios,
    /// SINIT.
    Sinit,
    /// A BIOS ACM that only revokes.
    BiosRevocation,
    /// A SINIT that only revokes.
    SinitRevocation,
    /// A value that is not known here.
    Unknown(u8),
}

impl AcmKind {
    const fn from_value(value: u8) -> Self {
        match value {
            0 => Self::Bios,
            1 => Self::Sinit,
            8 => Self::BiosRevocation,
            9 => Self::SinitRevocation,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for AcmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bios => f.write_str("BIOS ACM"),
            Self::Sinit => f.write_str("SINIT"),
            Self::BiosRevocation => f.write_str("BIOS revocation ACM"),
            Self::SinitRevocation => f.write_str("SINIT revocation ACM"),
            Self::Unknown(value) => write!(f, "unknown kind {value:#x}"),
        }
    }
}

/// An ACM's information table (SDG table A-3). Offsets count bytes from the module's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Offset of the table itself.
    pub offset: u64,
    /// ChipsetACMType.
    pub kind: AcmKind,
    /// Version of the table.
    pub version: u8,
    /// Length of the table in bytes.
    pub length: u16,
    /// Offset of the list of chipsets, 0 for none. Inside the module for versions below 9.
    pub chipset_list: u32,
    /// Newest version of OsSinitData that the module reads.
    pub os_sinit_data_version: u32,
    /// Oldest version of the MLE header that it takes.
    pub min_mle_header_version: u32,
    /// Capabilities (SDG table 2-2); bit 9 set when it writes a crypto-agile log.
    pub capabilities: u32,
    /// AcmVersion, which policies compare; tables of 40 bytes and more.
    pub acm_version: Option<u8>,
    /// Offset of the list of processors; tables of 44 bytes and more.
    pub processor_list: Option<u32>,
    /// Offset of the TPM information; tables of 48 bytes and more, version 5 and later.
    pub tpm_list: Option<u32>,
}

impl Info {
    fn decode(bytes: &[u8], header: &Header) -> Result<Self, AcmError> {
        let outside = |offset: Option<u64>, needed: u64| AcmError::InfoOutside {
            offset,
            needed,
            size: header.size,
        };
        let offset = header.user_area().ok_or(outside(None, 0))?;
        let end_of = |length: u16| offset.checked_add(u64::from(length));
        let in_module = |length: u16| end_of(length).is_some_and(|end| end <= header.size);
        if !in_module(INFO_MIN) {
            return Err(outside(Some(offset), u64::from(INFO_MIN)));
        }
        let short = |needed: u64| AcmError::Short {
            what: "information table",
            needed: offset.saturating_add(needed),
            got: bytes.len(),
        };
        let table = usize::try_from(offset)
            .ok()
            .and_then(|offset| Bytes::new(bytes).from(offset))
            .ok_or(short(u64::from(INFO_MIN)))?;
        let (uuid, length) = identity(table).ok_or(short(u64::from(INFO_MIN)))?;
        if uuid != INFO_UUID {
            return Err(AcmError::InfoUuid { offset, uuid });
        }
        if length < INFO_MIN {
            return Err(AcmError::InfoLength { length });
        }
        if !in_module(length) {
            return Err(outside(Some(offset), u64::from(length)));
        }
        let info = table
            .sub(0, usize::from(length))
            .and_then(|table| Self::read(table, offset, length))
            .ok_or(short(u64::from(length)))?;
        // Later tables keep their lists as records behind the table instead.
        if info.version < 9 {
            info.check_list("chipset list", Some(info.chipset_list), header)?;
            info.check_list("processor list", info.processor_list, header)?;
            info.check_list("TPM information", info.tpm_list, header)?;
        }
        Ok(info)
    }

    fn read(table: Bytes<'_>, offset: u64, length: u16) -> Option<Self> {
        let version = table.u8(17)?;
        Some(Self {
            offset,
            kind: AcmKind::from_value(table.u8(16)?),
            version,
            length,
            chipset_list: table.u32(20)?,
            os_sinit_data_version: table.u32(24)?,
            min_mle_header_version: table.u32(28)?,
            capabilities: table.u32(32)?,
            acm_version: table.sub(36, 4).and_then(|field| field.u8(0)),
            processor_list: table.u32(40),
            tpm_list: if version >= 5 { table.u32(44) } else { None },
        })
    }

    /// A list starts with a 32-bit count, which must lie in the module.
    fn check_list(
        &self,
        list: &'static str,
        offset: Option<u32>,
        header: &Header,
    ) -> Result<(), AcmError> {
        let Some(offset) = offset.filter(|offset| *offset != 0) else {
            return Ok(());
        };
        let end = u64::from(offset).checked_add(4);
        if end.is_some_and(|end| end <= header.size) {
            Ok(())
        } else {
            Err(AcmError::ListOutside {
                list,
                offset,
                size: header.size,
            })
        }
    }
}

/// UUID and length of an information table.
fn identity(table: Bytes<'_>) -> Option<([u32; 4], u16)> {
    let uuid = [table.u32(0)?, table.u32(4)?, table.u32(8)?, table.u32(12)?];
    Some((uuid, table.u16(18)?))
}

/// An authenticated code module's header and information table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acm {
    /// The header.
    pub header: Header,
    /// The information table.
    pub info: Info,
}

impl Acm {
    /// Reads the module that starts at `bytes`. `region_size` is the size in bytes of the region
    /// that it lies in (TXT.SINIT.SIZE); `bytes` need not hold all of it, only header and
    /// information table. Whether type, subtype, vendor and flags are the right ones is left to
    /// the caller.
    ///
    /// # Errors
    ///
    /// When a size or an offset does not fit, or there is no information table.
    pub fn decode(bytes: &[u8], region_size: u64) -> Result<Self, AcmError> {
        let header = Header::decode(bytes, region_size)?;
        let info = Info::decode(bytes, &header)?;
        Ok(Self { header, info })
    }
}
