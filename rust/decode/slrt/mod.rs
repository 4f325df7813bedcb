// SPDX-License-Identifier: GPL-2.0

//! The Secure Launch resource table (SLRT): what the boot loader tells the measured kernel.
//!
//! Two layouts are in use, and both call themselves revision 1: [`Layout::A`] (TrenchBoot's
//! slr_table.h of the first kernels) has 16-bit tags and sizes, [`Layout::B`] (Secure Launch
//! Specification 0.6, later kernels) 32-bit ones. They are told apart by the first entry: in layout
//! B the upper half of its tag is zero, where layout A has a size that cannot be zero.
//!
//! The table is pre-launch software's: its measurement in PCR 18, not its presence, is evidence.

mod entry;
mod error;

pub use entry::{
    Body, DlInfo, IntelInfo, LogInfo, Policy, PolicyEntries, PolicyEntry, UefiConfig, UefiEntries,
    UefiEntry,
};
pub use error::SlrtError;

use crate::decode::bytes::Bytes;
use core::fmt;
use core::iter::FusedIterator;

/// Magic of the table, "MTRD" in memory order.
pub const MAGIC: u32 = 0x4452_544d;
/// Bytes of the header.
pub const HEADER_SIZE: usize = 16;
/// Largest table that is read, in bytes: a launcher gives it a page or two.
pub const MAX_SIZE: usize = 0x4000;

/// How tags and sizes are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// 16 bits each.
    A,
    /// 32 bits each; an END entry is required.
    B,
}

impl Layout {
    /// Bytes of tag and size.
    const fn header(self) -> usize {
        match self {
            Self::A => 4,
            Self::B => 8,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A (16-bit tags)",
            Self::B => "B (32-bit tags)",
        })
    }
}

/// Who performs the launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Intel TXT.
    IntelTxt,
    /// AMD SKINIT.
    AmdSkinit,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IntelTxt => "Intel TXT",
            Self::AmdSkinit => "AMD SKINIT",
        })
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// How to start the launch.
    DlInfo,
    /// The event log.
    LogInfo,
    /// What is to be measured.
    Policy,
    /// What Intel's launch saves.
    IntelInfo,
    /// What AMD's launch saves.
    AmdInfo,
    /// Arm's.
    ArmInfo,
    /// UEFI's memory map and the like.
    UefiInfo,
    /// Configuration of UEFI to be measured.
    UefiConfig,
    /// The end.
    End,
    /// A value that is not known here: to be skipped.
    Unknown(u32),
}

impl Tag {
    /// The tag with this value.
    pub const fn from_value(value: u32) -> Self {
        match value {
            1 => Self::DlInfo,
            2 => Self::LogInfo,
            3 => Self::Policy,
            4 => Self::IntelInfo,
            5 => Self::AmdInfo,
            6 => Self::ArmInfo,
            7 => Self::UefiInfo,
            8 => Self::UefiConfig,
            0xffff => Self::End,
            other => Self::Unknown(other),
        }
    }

    /// The value in the table.
    pub const fn value(self) -> u32 {
        match self {
            Self::DlInfo => 1,
            Self::LogInfo => 2,
            Self::Policy => 3,
            Self::IntelInfo => 4,
            Self::AmdInfo => 5,
            Self::ArmInfo => 6,
            Self::UefiInfo => 7,
            Self::UefiConfig => 8,
            Self::End => 0xffff,
            Self::Unknown(value) => value,
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DlInfo => "DL_INFO",
            Self::LogInfo => "LOG_INFO",
            Self::Policy => "ENTRY_POLICY",
            Self::IntelInfo => "INTEL_INFO",
            Self::AmdInfo => "AMD_INFO",
            Self::ArmInfo => "ARM_INFO",
            Self::UefiInfo => "UEFI_INFO",
            Self::UefiConfig => "UEFI_CONFIG",
            Self::End => "END",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(value) => write!(f, "unknown entry {value:#x}"),
            known => f.write_str(known.name()),
        }
    }
}

/// A resource table.
#[derive(Clone, Copy, Debug)]
pub struct Slrt<'a> {
    /// Who performs the launch.
    pub architecture: Architecture,
    /// How its entries are laid out.
    pub layout: Layout,
    /// Bytes in use.
    pub size: u32,
    /// Bytes that there is room for.
    pub max_size: u32,
    entries: Bytes<'a>,
}

impl<'a> Slrt<'a> {
    /// Whether `bytes` start with the table's magic.
    pub fn has_magic(bytes: &[u8]) -> bool {
        Bytes::new(bytes).u32(0) == Some(MAGIC)
    }

    /// Decodes the table at the start of `bytes`, of which it may take a part.
    ///
    /// # Errors
    ///
    /// When the header is not one, or the entries have no known layout.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, SlrtError> {
        let view = Bytes::new(bytes);
        let short = SlrtError::Short { got: bytes.len() };
        let magic = view.u32(0).ok_or(short)?;
        let revision = view.u16(4).ok_or(short)?;
        let architecture = view.u16(6).ok_or(short)?;
        let size = view.u32(8).ok_or(short)?;
        let max_size = view.u32(12).ok_or(short)?;
        if magic != MAGIC {
            return Err(SlrtError::Magic(magic));
        }
        if revision != 1 {
            return Err(SlrtError::Revision(revision));
        }
        let architecture = match architecture {
            1 => Architecture::IntelTxt,
            2 => Architecture::AmdSkinit,
            other => return Err(SlrtError::Architecture(other)),
        };
        let entries = usize::try_from(size)
            .ok()
            .filter(|_| size <= max_size)
            .and_then(|size| view.sub(HEADER_SIZE, size.checked_sub(HEADER_SIZE)?))
            .ok_or(SlrtError::Size {
                size,
                max: max_size,
                got: bytes.len(),
            })?;
        Ok(Self {
            architecture,
            layout: layout_of(entries)?,
            size,
            max_size,
            entries,
        })
    }

    /// The entries up to END. An error is the last item.
    pub const fn entries(&self) -> Entries<'a> {
        Entries {
            rest: self.entries,
            layout: self.layout,
            offset: HEADER_SIZE,
            done: false,
        }
    }
}

/// The layout by the first entry. A table without any is of the first layout, as the second one
/// needs an END.
fn layout_of(entries: Bytes<'_>) -> Result<Layout, SlrtError> {
    if entries.is_empty() {
        return Ok(Layout::A);
    }
    let first = entries.u32(0).ok_or(SlrtError::Layout)?;
    let (low, high) = (first & 0xffff, first >> 16);
    let fits = |size: u32, header: u32| {
        size >= header && usize::try_from(size).is_ok_and(|size| size <= entries.len())
    };
    let b = high == 0 && entries.u32(4).is_some_and(|size| fits(size, 8));
    let a = fits(high, 4);
    match (low != 0 && a, low != 0 && b) {
        (true, false) => Ok(Layout::A),
        (false, true) => Ok(Layout::B),
        _ => Err(SlrtError::Layout),
    }
}

/// An entry other than END.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What it is.
    pub tag: Tag,
    /// Its offset in bytes from the table's start.
    pub offset: usize,
    /// Its size in bytes, tag and size included.
    pub size: usize,
    layout: Layout,
    bytes: Bytes<'a>,
}

impl<'a> Entry<'a> {
    /// Its contents in typed form.
    ///
    /// # Errors
    ///
    /// When its size is not one that its kind can have.
    pub fn body(&self) -> Result<Body<'a>, SlrtError> {
        Body::decode(self.tag, self.layout, self.bytes).ok_or(SlrtError::EntrySize {
            tag: self.tag,
            offset: self.offset,
            size: self.size,
        })
    }
}

/// The entries of a table. Each takes 4 bytes at least, so the table's size bounds their number.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a> {
    rest: Bytes<'a>,
    layout: Layout,
    offset: usize,
    done: bool,
}

impl<'a> Entries<'a> {
    fn front(&self) -> Result<Option<Entry<'a>>, SlrtError> {
        let left = self.rest.len();
        if left == 0 {
            return match self.layout {
                Layout::A => Ok(None),
                Layout::B => Err(SlrtError::NoEnd),
            };
        }
        let header = match self.layout {
            Layout::A => self
                .rest
                .u16(0)
                .zip(self.rest.u16(2))
                .map(|(tag, size)| (u32::from(tag), u32::from(size))),
            Layout::B => self.rest.u32(0).zip(self.rest.u32(4)),
        };
        let cut = |size| SlrtError::Entry {
            offset: self.offset,
            size,
            left,
        };
        let (tag, size) = header.ok_or(cut(0))?;
        let tag = Tag::from_value(tag);
        if tag == Tag::End {
            return Ok(None);
        }
        let bytes = usize::try_from(size)
            .ok()
            .filter(|size| *size >= self.layout.header())
            .and_then(|size| self.rest.sub(0, size))
            .ok_or(cut(size))?;
        Ok(Some(Entry {
            tag,
            offset: self.offset,
            size: bytes.len(),
            layout: self.layout,
            bytes,
        }))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, SlrtError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let front = self.front();
        let rest = match &front {
            Ok(Some(entry)) => self
                .rest
                .from(entry.size)
                .zip(self.offset.checked_add(entry.size)),
            _ => None,
        };
        match rest {
            Some((rest, offset)) => {
                self.rest = rest;
                self.offset = offset;
            }
            None => self.done = true,
        }
        front.transpose()
    }
}

impl FusedIterator for Entries<'_> {}
