// SPDX-License-Identifier: GPL-2.0

//! The four tables behind each other (SDG appendix C, table C-1).

use crate::decode::bytes::Bytes;
use core::fmt;

/// Bytes of a size field, which counts itself.
const SIZE_FIELD: usize = 8;

/// A table of the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableId {
    /// BiosData, written by the firmware.
    BiosData,
    /// OsMleData, the launcher's own.
    OsMleData,
    /// OsSinitData, written by the launcher for SINIT.
    OsSinitData,
    /// SinitMleData, written by SINIT.
    SinitMleData,
}

impl TableId {
    /// Every table, in the heap's order.
    pub const ALL: [Self; 4] = [
        Self::BiosData,
        Self::OsMleData,
        Self::OsSinitData,
        Self::SinitMleData,
    ];

    /// The specification's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BiosData => "BiosData",
            Self::OsMleData => "OsMleData",
            Self::OsSinitData => "OsSinitData",
            Self::SinitMleData => "SinitMleData",
        }
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A table behind its size field.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Which one.
    pub id: TableId,
    /// Offset of its first data byte (behind the size field), in bytes from the heap's start.
    pub offset: usize,
    /// Its data, without the size field.
    pub bytes: Bytes<'a>,
}

impl Table<'_> {
    /// Whether its size is a multiple of 8, as the SDG wants. Some firmware gets BiosData wrong:
    /// a reason for a remark, not for a failure.
    pub const fn is_aligned(&self) -> bool {
        self.bytes.len() & 7 == 0
    }
}

/// The heap's tables.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    /// BiosData.
    pub bios_data: Table<'a>,
    /// OsMleData.
    pub os_mle_data: Table<'a>,
    /// OsSinitData.
    pub os_sinit_data: Table<'a>,
    /// SinitMleData.
    pub sinit_mle_data: Table<'a>,
    /// Offset behind the last table, in bytes from the heap's start.
    pub end: usize,
}

impl<'a> Chain<'a> {
    /// Splits a copy of the heap, `bytes`, which is as long as TXT.HEAP.SIZE says.
    ///
    /// # Errors
    ///
    /// When a size field or the table that it announces does not lie in the heap.
    pub fn split(bytes: &'a [u8]) -> Result<Self, ChainError> {
        let heap = Bytes::new(bytes);
        let (bios_data, next) = take(heap, TableId::BiosData, 0)?;
        let (os_mle_data, next) = take(heap, TableId::OsMleData, next)?;
        let (os_sinit_data, next) = take(heap, TableId::OsSinitData, next)?;
        let (sinit_mle_data, end) = take(heap, TableId::SinitMleData, next)?;
        Ok(Self {
            bios_data,
            os_mle_data,
            os_sinit_data,
            sinit_mle_data,
            end,
        })
    }

    /// The tables in their order.
    pub const fn tables(&self) -> [Table<'a>; 4] {
        [
            self.bios_data,
            self.os_mle_data,
            self.os_sinit_data,
            self.sinit_mle_data,
        ]
    }
}

/// The table whose size field stands at `offset`, and the offset behind it.
fn take(heap: Bytes<'_>, id: TableId, offset: usize) -> Result<(Table<'_>, usize), ChainError> {
    let error = |kind| ChainError {
        table: id,
        offset,
        kind,
    };
    let available = heap.len().saturating_sub(offset);
    let size = heap
        .u64(offset)
        .ok_or(error(ChainErrorKind::NoSizeField { available }))?;
    if size < SIZE_FIELD as u64 {
        return Err(error(ChainErrorKind::TooSmall { size }));
    }
    let too_large = error(ChainErrorKind::TooLarge { size, available });
    let table = usize::try_from(size).ok().and_then(|size| {
        let data = offset.checked_add(SIZE_FIELD)?;
        let bytes = heap.sub(data, size.checked_sub(SIZE_FIELD)?)?;
        let table = Table {
            id,
            offset: data,
            bytes,
        };
        Some((table, offset.checked_add(size)?))
    });
    table.ok_or(too_large)
}

/// A heap that cannot be split into its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainError {
    /// The table.
    pub table: TableId,
    /// Offset of its size field, in bytes from the heap's start.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: ChainErrorKind,
}

/// What is wrong with a size field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainErrorKind {
    /// The heap ends before or inside the size field.
    NoSizeField {
        /// Bytes left in the heap.
        available: usize,
    },
    /// The size is below 8: it does not even count the size field itself.
    TooSmall {
        /// The size in bytes.
        size: u64,
    },
    /// The table reaches beyond the heap.
    TooLarge {
        /// The size in bytes.
        size: u64,
        /// Bytes left in the heap.
        available: usize,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at heap offset {:#x}: ", self.table, self.offset)?;
        match self.kind {
            ChainErrorKind::NoSizeField { available } => {
                write!(f, "the size field takes 8 bytes, {available} are left")
            }
            ChainErrorKind::TooSmall { size } => {
                write!(f, "size {size} does not cover the size field's 8 bytes")
            }
            ChainErrorKind::TooLarge { size, available } => {
                write!(
                    f,
                    "size {size:#x} is more than the {available:#x} bytes left"
                )
            }
        }
    }
}
