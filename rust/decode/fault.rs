// SPDX-License-Identifier: GPL-2.0

//! Fault records of a DMA remapping unit (VT-d specification, chapter 7 and section 11.4.7).

use super::registers::{RegisterSpace, Width};
use super::vtd::{Cap, Fsts};
use core::fmt;

/// Bytes of a fault recording register (VT-d specification, 11.4.7.4).
const RECORD: u64 = 16;
/// Offset of FSTS_REG.
const FSTS: u16 = 0x34;

/// What a device wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To write memory.
    Write,
    /// To read memory.
    Read,
    /// A page (page request service).
    Page,
    /// To read and write memory at once.
    Atomic,
    /// To send an interrupt; nothing of memory was asked for.
    Interrupt,
}

impl Access {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Page => "page request",
            Self::Atomic => "atomic",
            Self::Interrupt => "interrupt",
        }
    }
}

/// A fault recording register (VT-d specification, 11.4.7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// Bits 63:0.
    pub low: u64,
    /// Bits 127:64.
    pub high: u64,
}

impl FaultRecord {
    /// F: there is a fault in the record.
    pub const fn is_valid(&self) -> bool {
        self.high & (1 << 63) != 0
    }

    /// SID: the requester id, bus in bits 15:8, device and function below.
    pub const fn requester(&self) -> u16 {
        // Truncation is meant.
        (self.high & 0xffff) as u16
    }

    /// FR: the reason, by the specification's number.
    pub const fn reason(&self) -> Reason {
        Reason(((self.high >> 32) & 0xff) as u8)
    }

    /// What was tried: T1 in bit 126, T2 in bit 92.
    pub const fn access(&self) -> Access {
        if self.reason().is_interrupt() {
            return Access::Interrupt;
        }
        match (self.high & (1 << 62) != 0, self.high & (1 << 28) != 0) {
            (false, false) => Access::Write,
            (false, true) => Access::Page,
            (true, false) => Access::Read,
            (true, true) => Access::Atomic,
        }
    }

    /// FI: the first address of the page, in bytes; of an interrupt the index in the remapping table.
    pub const fn address(&self) -> u64 {
        match self.access() {
            Access::Interrupt => self.low >> 48,
            _ => self.low & !0xfff,
        }
    }

    /// PV where PP says that there is one: the process address space id, 20 bits.
    pub const fn pasid(&self) -> Option<u32> {
        if self.high & (1 << 31) == 0 {
            return None;
        }
        Some(((self.high >> 40) & 0xf_ffff) as u32)
    }
}

/// Why an access was refused (VT-d specification, 7.1.3 and table 25).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(pub u8);

impl Reason {
    /// Whether it was an interrupt that was refused.
    pub const fn is_interrupt(self) -> bool {
        matches!(self.0, 0x20..=0x2f)
    }

    /// In words; the number says more where these are few.
    pub const fn words(self) -> &'static str {
        match self.0 {
            0x01 | 0x39 => "its bus has no root entry",
            0x02 | 0x41 => "it has no context entry",
            0x03 | 0x43 => "its context entry is invalid",
            0x04 | 0x83 | 0x84 => "the address is above what the unit takes",
            0x05 | 0x85 => "writing is not permitted there",
            0x06 | 0x86 => "reading is not permitted there",
            0x07 | 0x70 | 0x73 | 0x78 | 0x7b => "a page table could not be read",
            0x08 | 0x30 | 0x38 => "the root table could not be read",
            0x09 | 0x40 => "the context table could not be read",
            0x0a | 0x3a => "the root entry has reserved bits set",
            0x0b | 0x42 => "the context entry has reserved bits set",
            0x0c | 0x72 | 0x7a => "a page table entry has reserved bits set",
            0x0d | 0x44 => "its translated and translation requests are blocked",
            0x20 => "the interrupt request has reserved bits set",
            0x21 => "the interrupt's index is above the table",
            0x22 => "the interrupt has no entry",
            0x23 => "the interrupt table could not be read",
            0x24 => "the interrupt's entry has reserved bits set",
            0x25 => "an interrupt of the compatibility format",
            0x26 => "the interrupt is another device's",
            0x31 | 0x32 | 0x45 | 0x46 => "its requests must not carry a PASID like that",
            0x47 => "its page requests are not taken",
            0x48 => "the context entry's own PASID is invalid",
            0x50..=0x52 => "there is no valid PASID directory entry",
            0x58..=0x5b => "there is no valid PASID table entry",
            0x5c => "it may not ask to execute",
            0x5d => "it may not ask as supervisor",
            0x71 => "nothing is mapped there",
            0x74..=0x77 | 0x79 => "a page table lies where it may not",
            0x7c | 0x90 => "an accessed or dirty bit could not be set",
            0x80 => "the address is not canonical",
            0x81 => "the page is the supervisor's",
            0x82 => "executing is not permitted there",
            0x87 => "the address is that of interrupts",
            _ => "a reason that has no words here",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (reason {:#04x})", self.words(), self.0)
    }
}

/// What a unit has recorded and nobody has taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// FSTS_REG.
    pub fsts: Fsts,
    /// Records given to the caller.
    pub records: u64,
}

/// Gives `each` the faults that the unit behind `space` has recorded, as the kernel's driver will take
/// them: from the one that FSTS names on, up to the first that is empty. Only reads, and not the
/// capabilities `cap`, which stay what they are: in an interrupt each read counts. `None` when the
/// registers cannot be read.
pub fn pending(
    space: &impl RegisterSpace,
    cap: Cap,
    mut each: impl FnMut(FaultRecord),
) -> Option<Pending> {
    let fsts = Fsts(u32::try_from(space.read(FSTS, Width::Dword)?).ok()?);
    let mut seen = Pending { fsts, records: 0 };
    if !fsts.pending() {
        return Some(seen);
    }
    let count = cap.fault_records();
    let mut index = u64::from(fsts.record());
    while seen.records < count && index < count {
        let offset = cap.fault_offset().checked_add(index.checked_mul(RECORD)?)?;
        let offset = u16::try_from(offset).ok()?;
        let record = FaultRecord {
            low: space.read(offset, Width::Qword)?,
            high: space.read(offset.checked_add(8)?, Width::Qword)?,
        };
        if !record.is_valid() {
            break;
        }
        each(record);
        seen.records = seen.records.saturating_add(1);
        index = index.saturating_add(1);
        if index == count {
            index = 0;
        }
    }
    Some(seen)
}

/// Whether the unit behind `space` has recorded nothing that is to be taken, and lost nothing. Only reads.
pub fn is_idle(space: &impl RegisterSpace) -> bool {
    let fsts = space
        .read(FSTS, Width::Dword)
        .and_then(|value| u32::try_from(value).ok());
    fsts.map(Fsts)
        .is_some_and(|fsts| !fsts.pending() && !fsts.overflow())
}

/// How many bytes of a unit's registers [`pending`] reads, from their base on.
pub const fn extent(cap: Cap) -> u64 {
    // At most 0x3ff0 and 256 records of 16 bytes.
    cap.fault_offset()
        .saturating_add(cap.fault_records().saturating_mul(RECORD))
}
