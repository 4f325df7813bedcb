// SPDX-License-Identifier: GPL-2.0

//! What an information table says the module is made for: chipsets, processors, TPMs (SDG tables
//! tboot, acmod.h, for the records of later tables).
//!
//! Up to version 8 of the table each list has its offset in the table and starts with a count. From
//! version 9 on the lists follow the table as records {u32 id, u32 size, u32 revision, ...}, and the
//! id "NULL" ends them.

use super::{AcmError, Header, Info};
use crate::decode::bytes::Bytes;
use crate::decode::registers::DidVid;

/// Bytes of a chipset, of a processor, and of a record's id, size and revision.
const CHIPSET: usize = 16;
const PROCESSOR: usize = 24;
const RECORD: usize = 12;

/// Most entries of a list: real ones have a few dozen.
const MAX_ENTRIES: u32 = 1024;

/// Which rule a list of chipsets follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChipsetRule {
    /// Vendor, device and revision; the revision can be a mask. Tables up to version 8, record CS1L.
    Revision,
    /// Vendor, and device under a mask; the revision says nothing. Record CS2L.
    Device,
}

/// A chipset that a module is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chipset {
    /// Bit 0: `revision` is a mask.
    pub flags: u32,
    /// Vendor id.
    pub vendor: u16,
    /// Device id.
    pub device: u16,
    /// Revision id, or a mask of which one bit must be set.
    pub revision: u16,
    /// Mask of the device id (rule [`ChipsetRule::Device`]).
    pub device_mask: u16,
}

impl Chipset {
    fn read(bytes: Bytes<'_>) -> Option<Self> {
        Some(Self {
            flags: bytes.u32(0)?,
            vendor: bytes.u16(4)?,
            device: bytes.u16(6)?,
            revision: bytes.u16(8)?,
            device_mask: bytes.u16(10)?,
        })
    }

    /// Whether the chipset that TXT.DIDVID names is this one. As a mask the revision matches when any
    /// bit of it is set in the chipset's (SDG table A-5).
    pub const fn matches(&self, rule: ChipsetRule, id: DidVid) -> bool {
        if self.vendor != id.vendor() {
            return false;
        }
        match rule {
            ChipsetRule::Revision => {
                let revision = if self.flags & 1 != 0 {
                    self.revision & id.revision() != 0
                } else {
                    self.revision == id.revision()
                };
                self.device == id.device() && revision
            }
            ChipsetRule::Device => id.device() & self.device_mask == self.device,
        }
    }
}

/// A processor that a module is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Family, model and stepping as CPUID leaf 1 gives them in EAX, under the mask.
    pub signature: u32,
    /// Which bits of them count.
    pub signature_mask: u32,
    /// IA32_PLATFORM_ID, under the mask.
    pub platform: u64,
    /// Which bits of it count.
    pub platform_mask: u64,
}

impl Processor {
    fn read(bytes: Bytes<'_>) -> Option<Self> {
        Some(Self {
            signature: bytes.u32(0)?,
            signature_mask: bytes.u32(4)?,
            platform: bytes.u64(8)?,
            platform_mask: bytes.u64(16)?,
        })
    }

    /// Whether a processor with this signature and this IA32_PLATFORM_ID is this one; `None` where
    /// the latter counts and was not read (tboot, acmod.c, does_acmod_match_platform()).
    pub fn matches(&self, signature: u32, platform: Option<u64>) -> Option<bool> {
        if signature & self.signature_mask != self.signature {
            return Some(false);
        }
        if self.platform_mask == 0 {
            return Some(self.platform == 0);
        }
        platform.map(|id| id & self.platform_mask == self.platform)
    }
}

/// TPM information: what TPMs a module works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TpmInfo<'a> {
    /// Capabilities: bits 1:0 policies of extending, 5:2 families, 6 set of NV indices.
    pub capabilities: u32,
    algs: Bytes<'a>,
}

impl<'a> TpmInfo<'a> {
    /// Bit 0 of the policies: the TPM hashes for every bank (maximum agility).
    pub const fn max_agility(&self) -> bool {
        self.capabilities & 1 != 0
    }

    /// Bit 1 of the policies: SINIT extends the banks that it can hash itself (maximum performance).
    pub const fn max_performance(&self) -> bool {
        self.capabilities & 2 != 0
    }

    /// Bit 2: discrete TPM 1.2.
    pub const fn discrete_12(&self) -> bool {
        self.capabilities & (1 << 2) != 0
    }

    /// Bit 3: discrete TPM 2.0.
    pub const fn discrete_20(&self) -> bool {
        self.capabilities & (1 << 3) != 0
    }

    /// Bit 5: a TPM in firmware.
    pub const fn firmware(&self) -> bool {
        self.capabilities & (1 << 5) != 0
    }

    /// Bit 6: the set of NV indices that the TCG reserved for Intel, instead of the first set.
    pub const fn new_indices(&self) -> bool {
        self.capabilities & (1 << 6) != 0
    }

    /// TPM_ALG_IDs of the algorithms that the module can use.
    pub fn algs(&self) -> impl Iterator<Item = u16> + 'a {
        let list = self.algs.as_slice().chunks_exact(2);
        list.filter_map(|alg| Bytes::new(alg).u16(0))
    }
}

/// Entries of a list.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    entries: Bytes<'a>,
}

impl<'a> List<'a> {
    /// A count of 32 bits and that many entries of `size` bytes at the start of `bytes`.
    fn read(bytes: Bytes<'a>, size: usize) -> Option<Self> {
        let count = bytes.u32(0).filter(|count| *count <= MAX_ENTRIES)?;
        let size = usize::try_from(count).ok()?.checked_mul(size)?;
        Some(Self {
            entries: bytes.sub(4, size)?,
        })
    }

    /// As chipsets.
    pub fn chipsets(&self) -> impl Iterator<Item = Chipset> + 'a {
        let list = self.entries.as_slice().chunks_exact(CHIPSET);
        list.filter_map(|entry| Chipset::read(Bytes::new(entry)))
    }

    /// As processors.
    pub fn processors(&self) -> impl Iterator<Item = Processor> + 'a {
        let list = self.entries.as_slice().chunks_exact(PROCESSOR);
        list.filter_map(|entry| Processor::read(Bytes::new(entry)))
    }
}

fn tpm_info(bytes: Bytes<'_>) -> Option<TpmInfo<'_>> {
    let count = usize::from(bytes.u16(4)?);
    Some(TpmInfo {
        capabilities: bytes.u32(0)?,
        algs: bytes.sub(6, count.checked_mul(2)?)?,
    })
}

/// What a module is made for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lists<'a> {
    /// Chipsets by revision.
    pub chipsets: Option<List<'a>>,
    /// Chipsets by device under a mask.
    pub chipsets_2: Option<List<'a>>,
    /// Processors.
    pub processors: Option<List<'a>>,
    /// TPMs.
    pub tpm: Option<TpmInfo<'a>>,
    /// The record VERL, versions that are not decoded further.
    pub versions: Option<Bytes<'a>>,
}

impl<'a> Lists<'a> {
    /// Reads the lists of the module that starts at `bytes`.
    ///
    /// # Errors
    ///
    /// When one of them does not lie in the module, or not in `bytes`, or has a broken record.
    pub fn decode(bytes: &'a [u8], header: &Header, info: &Info) -> Result<Self, AcmError> {
        // What lies behind the module is not its own.
        let size = usize::try_from(header.size).unwrap_or(usize::MAX);
        let module = bytes.get(..size).unwrap_or(bytes);
        if info.version < 9 {
            Self::by_offset(Bytes::new(module), header, info)
        } else {
            Self::by_record(Bytes::new(module), header, info)
        }
    }

    fn by_offset(module: Bytes<'a>, header: &Header, info: &Info) -> Result<Self, AcmError> {
        let broken = |list, offset: u32| {
            let there = u64::try_from(module.len()).unwrap_or(u64::MAX);
            if there < header.size {
                AcmError::Short {
                    what: list,
                    needed: u64::from(offset).saturating_add(4),
                    got: module.len(),
                }
            } else {
                AcmError::ListOutside {
                    list,
                    offset,
                    size: header.size,
                }
            }
        };
        let at = |offset: Option<u32>| {
            let offset = offset.filter(|offset| *offset != 0)?;
            Some((
                offset,
                usize::try_from(offset).ok().and_then(|at| module.from(at)),
            ))
        };
        let list = |name, offset, size| match at(offset) {
            None => Ok(None),
            Some((offset, bytes)) => bytes
                .and_then(|bytes| List::read(bytes, size))
                .map(Some)
                .ok_or(broken(name, offset)),
        };
        Ok(Self {
            chipsets: list("chipset list", Some(info.chipset_list), CHIPSET)?,
            chipsets_2: None,
            processors: list("processor list", info.processor_list, PROCESSOR)?,
            tpm: match at(info.tpm_list) {
                None => None,
                Some((offset, bytes)) => Some(
                    bytes
                        .and_then(tpm_info)
                        .ok_or(broken("TPM information", offset))?,
                ),
            },
            versions: None,
        })
    }

    fn by_record(module: Bytes<'a>, header: &Header, info: &Info) -> Result<Self, AcmError> {
        let mut lists = Self::default();
        let mut offset = info.offset.saturating_add(u64::from(info.length));
        // Each record takes 12 bytes at least, so the module's size bounds the number of steps.
        loop {
            let broken = AcmError::Record {
                offset,
                size: header.size,
            };
            let rest = usize::try_from(offset)
                .ok()
                .and_then(|offset| module.from(offset))
                .ok_or(broken)?;
            let id: [u8; 4] = rest.array(0).ok_or(broken)?;
            let size = rest.u32(4).ok_or(broken)?;
            if id == *b"NULL" {
                return Ok(lists);
            }
            let record = usize::try_from(size)
                .ok()
                .and_then(|size| rest.sub(0, size)?.from(RECORD))
                .ok_or(broken)?;
            match &id {
                b"CS1L" => lists.chipsets = Some(List::read(record, CHIPSET).ok_or(broken)?),
                b"CS2L" => lists.chipsets_2 = Some(List::read(record, CHIPSET).ok_or(broken)?),
                b"CPUL" => lists.processors = Some(List::read(record, PROCESSOR).ok_or(broken)?),
                b"TPML" => lists.tpm = Some(tpm_info(record).ok_or(broken)?),
                b"VERL" => lists.versions = Some(record),
                _ => {}
            }
            offset = offset.saturating_add(u64::from(size));
        }
    }

    /// Whether one of the chipsets is that of TXT.DIDVID; `None` when there is no list of chipsets.
    pub fn match_chipset(&self, id: DidVid) -> Option<bool> {
        let by = |list: Option<List<'a>>, rule| {
            let mut entries = list?.chipsets();
            Some(entries.any(|chipset| chipset.matches(rule, id)))
        };
        match (
            by(self.chipsets, ChipsetRule::Revision),
            by(self.chipsets_2, ChipsetRule::Device),
        ) {
            (None, None) => None,
            (first, second) => Some(first == Some(true) || second == Some(true)),
        }
    }

    /// Whether one of the processors has this signature and this IA32_PLATFORM_ID; `None` when there
    /// is no list of processors, it is empty, or the latter decides and was not read.
    pub fn match_processor(&self, signature: u32, platform: Option<u64>) -> Option<bool> {
        let list = self.processors?;
        list.processors().next()?;
        let mut open = false;
        for processor in list.processors() {
            match processor.matches(signature, platform) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => open = true,
            }
        }
        (!open).then_some(false)
    }
}
