// SPDX-License-Identifier: GPL-2.0

//! The contents of each kind of entry, in both layouts.

use super::{Layout, Tag};
use crate::decode::bytes::Bytes;
use crate::decode::mtrr::{SavedMtrrs, SECURE_LAUNCH_SIZE};

/// Bytes of a policy entry in both layouts, and of a UEFI configuration entry in each.
const POLICY_ENTRY: usize = 56;
const UEFI_ENTRY_A: usize = 44;
const UEFI_ENTRY_B: usize = 48;
/// Bytes of a text that says what is measured. It may fill them without a NUL.
const INFO: usize = 32;

/// An entry's contents.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// DL_INFO.
    DlInfo(DlInfo),
    /// LOG_INFO.
    LogInfo(LogInfo),
    /// ENTRY_POLICY.
    Policy(Policy<'a>),
    /// INTEL_INFO.
    IntelInfo(IntelInfo<'a>),
    /// UEFI_CONFIG.
    UefiConfig(UefiConfig<'a>),
    /// An entry whose contents are not read here.
    Other(Bytes<'a>),
}

/// How to start the launch. Addresses are physical, sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DlInfo {
    /// The module that the processor measures (SINIT).
    pub dce_base: u64,
    /// Its size.
    pub dce_size: u64,
    /// The environment that is launched; layout B only.
    pub dlme_base: Option<u64>,
    /// Its size; layout B only.
    pub dlme_size: Option<u64>,
    /// Its entry point: an address in layout A, an offset in layout B.
    pub entry: u64,
    /// The function that performs the launch.
    pub handler: u64,
}

/// The event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// 1: TPM 1.2, 2: TPM 2.0.
    pub format: u16,
    /// Its size in bytes.
    pub size: u32,
    /// Its physical address.
    pub address: u64,
}

/// What Intel's launch saves.
#[derive(Clone, Copy, Debug)]
pub struct IntelInfo<'a> {
    /// Physical address of boot_params; newest tables only.
    pub boot_params: Option<u64>,
    /// Physical address of the TXT heap; layout B only.
    pub txt_heap: Option<u64>,
    /// IA32_MISC_ENABLE before the launch.
    pub misc_enable: u64,
    /// The MTRRs before the launch.
    pub mtrrs: SavedMtrrs<'a>,
}

/// What is to be measured into PCRs.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// Revision of the policy.
    pub revision: u16,
    /// Number of entries that it announces.
    pub count: u16,
    entries: Bytes<'a>,
    layout: Layout,
}

impl<'a> Policy<'a> {
    /// Its entries.
    pub fn entries(&self) -> PolicyEntries<'a> {
        PolicyEntries {
            rest: self.entries,
            layout: self.layout,
        }
    }
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyEntry<'a> {
    /// The PCR.
    pub pcr: u16,
    /// What it is: 0 to 8, 0x10 or 0xffff.
    pub entity_type: u16,
    /// Bit 0: it was measured; bit 1: its size is implicit.
    pub flags: u16,
    /// Its physical address, or a value of its own.
    pub entity: u64,
    /// Its size in bytes.
    pub size: u64,
    /// What the event log says of it, up to the first NUL.
    pub info: &'a [u8],
}

/// Entries of a policy.
#[derive(Clone, Copy, Debug)]
pub struct PolicyEntries<'a> {
    rest: Bytes<'a>,
    layout: Layout,
}

impl<'a> Iterator for PolicyEntries<'a> {
    type Item = PolicyEntry<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.rest.sub(0, POLICY_ENTRY)?;
        self.rest = self.rest.from(POLICY_ENTRY)?;
        let (first, second) = (entry.u64(8)?, entry.u64(16)?);
        let (entity, size) = match self.layout {
            Layout::A => (first, second),
            Layout::B => (second, first),
        };
        Some(PolicyEntry {
            pcr: entry.u16(0)?,
            entity_type: entry.u16(2)?,
            flags: entry.u16(4)?,
            entity,
            size,
            info: info(entry, 24)?,
        })
    }
}

/// UEFI's configuration to be measured.
#[derive(Clone, Copy, Debug)]
pub struct UefiConfig<'a> {
    /// Its revision.
    pub revision: u16,
    /// Number of entries that it announces.
    pub count: u16,
    entries: Bytes<'a>,
    layout: Layout,
}

impl<'a> UefiConfig<'a> {
    /// Its entries.
    pub const fn entries(&self) -> UefiEntries<'a> {
        UefiEntries {
            rest: self.entries,
            layout: self.layout,
        }
    }
}

/// A part of UEFI's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UefiEntry<'a> {
    /// The PCR; layout B only.
    pub pcr: Option<u16>,
    /// Its physical address, or a value of its own.
    pub config: u64,
    /// Its size in bytes.
    pub size: u32,
    /// What the event log says of it, up to the first NUL.
    pub info: &'a [u8],
}

/// Parts of UEFI's configuration.
#[derive(Clone, Copy, Debug)]
pub struct UefiEntries<'a> {
    rest: Bytes<'a>,
    layout: Layout,
}

impl<'a> Iterator for UefiEntries<'a> {
    type Item = UefiEntry<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.layout {
            Layout::A => {
                let entry = self.rest.sub(0, UEFI_ENTRY_A)?;
                self.rest = self.rest.from(UEFI_ENTRY_A)?;
                Some(UefiEntry {
                    pcr: None,
                    config: entry.u64(0)?,
                    size: entry.u32(8)?,
                    info: info(entry, 12)?,
                })
            }
            Layout::B => {
                let entry = self.rest.sub(0, UEFI_ENTRY_B)?;
                self.rest = self.rest.from(UEFI_ENTRY_B)?;
                Some(UefiEntry {
                    pcr: Some(entry.u16(0)?),
                    size: entry.u32(4)?,
                    config: entry.u64(8)?,
                    info: info(entry, 16)?,
                })
            }
        }
    }
}

/// The text at `offset` up to its first NUL.
fn info(entry: Bytes<'_>, offset: usize) -> Option<&[u8]> {
    let text = entry.get(offset, INFO)?;
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(INFO);
    text.get(..end)
}

impl<'a> Body<'a> {
    /// The contents of `bytes`, tag and size at its start; `None` when the size does not fit.
    pub(super) fn decode(tag: Tag, layout: Layout, bytes: Bytes<'a>) -> Option<Self> {
        match tag {
            Tag::DlInfo => dl_info(layout, bytes).map(Self::DlInfo),
            Tag::LogInfo => log_info(layout, bytes).map(Self::LogInfo),
            Tag::Policy => policy(layout, bytes).map(Self::Policy),
            Tag::IntelInfo => intel_info(layout, bytes).map(Self::IntelInfo),
            Tag::UefiConfig => uefi_config(layout, bytes).map(Self::UefiConfig),
            _ => Some(Self::Other(bytes)),
        }
    }
}

fn dl_info(layout: Layout, bytes: Bytes<'_>) -> Option<DlInfo> {
    Some(match layout {
        Layout::A => DlInfo {
            handler: bytes.u64(4)?,
            dce_base: bytes.u64(12)?,
            dce_size: u64::from(bytes.u32(20)?),
            dlme_base: None,
            dlme_size: None,
            entry: bytes.u64(24)?,
        },
        Layout::B => DlInfo {
            dce_size: bytes.u64(8)?,
            dce_base: bytes.u64(16)?,
            dlme_size: Some(bytes.u64(24)?),
            dlme_base: Some(bytes.u64(32)?),
            entry: bytes.u64(40)?,
            handler: bytes.u64(64)?,
        },
    })
}

fn log_info(layout: Layout, bytes: Bytes<'_>) -> Option<LogInfo> {
    Some(match layout {
        Layout::A => LogInfo {
            format: bytes.u16(4)?,
            address: bytes.u64(8)?,
            size: bytes.u32(16)?,
        },
        Layout::B => LogInfo {
            format: bytes.u16(8)?,
            size: bytes.u32(12)?,
            address: bytes.u64(16)?,
        },
    })
}

fn policy(layout: Layout, bytes: Bytes<'_>) -> Option<Policy<'_>> {
    let (revision, start) = match layout {
        Layout::A => (4usize, 8usize),
        Layout::B => (12, 16),
    };
    let count = bytes.u16(revision.checked_add(2)?)?;
    let size = usize::from(count).checked_mul(POLICY_ENTRY)?;
    Some(Policy {
        revision: bytes.u16(revision)?,
        count,
        entries: bytes.sub(start, size)?,
        layout,
    })
}

fn uefi_config(layout: Layout, bytes: Bytes<'_>) -> Option<UefiConfig<'_>> {
    // Layout A: id, reserved, count; layout B: revision, count.
    let (revision, count, start, entry) = match layout {
        Layout::A => (4, 10, 12, UEFI_ENTRY_A),
        Layout::B => (12, 14, 16, UEFI_ENTRY_B),
    };
    let count = bytes.u16(count)?;
    Some(UefiConfig {
        revision: bytes.u16(revision)?,
        count,
        entries: bytes.sub(start, usize::from(count).checked_mul(entry)?)?,
        layout,
    })
}

fn intel_info(layout: Layout, bytes: Bytes<'_>) -> Option<IntelInfo<'_>> {
    // The saved MTRRs end the entry: where they start tells the generation.
    let (boot_params, txt_heap, misc, mtrrs) = match (layout, bytes.len()) {
        (Layout::A, 540) => (None, None, 4, 12),
        (Layout::B, 552) => (None, Some(bytes.u64(8)?), 16, 24),
        (Layout::B, 560) => (Some(bytes.u64(8)?), Some(bytes.u64(16)?), 24, 32),
        _ => return None,
    };
    Some(IntelInfo {
        boot_params,
        txt_heap,
        misc_enable: bytes.u64(misc)?,
        mtrrs: SavedMtrrs::secure_launch(bytes.sub(mtrrs, SECURE_LAUNCH_SIZE)?)?,
    })
}
