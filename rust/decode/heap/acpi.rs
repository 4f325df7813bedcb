// SPDX-License-Identifier: GPL-2.0

//! Copies of ACPI tables that SINIT leaves in the heap.

use super::body::{Addresses, BodyError};
use crate::decode::bytes::Bytes;

/// Bytes of an ACPI table's header.
const HEADER: usize = 36;

/// An ACPI table with the right signature, whose length lies in the element. Its checksum is not
/// looked at: whoever can write the heap can make it right.
#[derive(Clone, Copy, Debug)]
pub struct Acpi<'a> {
    /// The table, header and all, exactly as long as its header says.
    pub bytes: Bytes<'a>,
}

impl<'a> Acpi<'a> {
    /// The table at the start of `data`.
    pub(super) fn decode(data: Bytes<'a>, signature: [u8; 4]) -> Result<Self, BodyError> {
        if data.len() < HEADER {
            return Err(BodyError::Short { needed: HEADER });
        }
        let found: [u8; 4] = data.array(0).ok_or(BodyError::Short { needed: HEADER })?;
        if found != signature {
            return Err(BodyError::AcpiSignature(found));
        }
        let length = data.u32(4).ok_or(BodyError::Short { needed: HEADER })?;
        let bytes = usize::try_from(length)
            .ok()
            .filter(|length| *length >= HEADER)
            .and_then(|length| data.sub(0, length));
        bytes
            .map(|bytes| Self { bytes })
            .ok_or(BodyError::AcpiLength { length })
    }
}

/// DTPR: where the registers of the TXT protected regions lie (Linux, actbl1.h, acpi_table_dtpr).
#[derive(Clone, Copy, Debug)]
pub struct Dtpr<'a> {
    /// The table.
    pub table: Acpi<'a>,
    /// Its flags.
    pub flags: u32,
    instances: Instances<'a>,
    serialize: Addresses<'a>,
}

/// A group of protected regions.
#[derive(Clone, Copy, Debug)]
pub struct TprInstance<'a> {
    /// Its flags.
    pub flags: u32,
    /// Physical addresses of its register pairs: base at +0, limit at +8.
    pub registers: Addresses<'a>,
}

impl<'a> Dtpr<'a> {
    /// Layout behind the header: u32 flags, u32 count, count of {u32 flags, u32 n, n addresses},
    /// u32 n, n addresses of serialize requests.
    ///
    /// # Errors
    ///
    /// When the signature is another, or the table ends in one of its lists.
    pub fn decode(data: Bytes<'a>) -> Result<Self, BodyError> {
        let table = Acpi::decode(data, *b"DTPR")?;
        Self::read(table).ok_or(BodyError::AcpiContents)
    }

    fn read(table: Acpi<'a>) -> Option<Self> {
        let bytes = table.bytes;
        let flags = bytes.u32(36)?;
        let instances = Instances {
            rest: bytes.from(44)?,
            left: bytes.u32(40)?,
        };
        // Each instance takes 8 bytes at least, so the table's length bounds this walk.
        let mut walk = instances;
        while walk.left != 0 {
            walk.next()?;
        }
        let serialize = Addresses::read(walk.rest, 4, walk.rest.u32(0)?)?;
        Some(Self {
            table,
            flags,
            instances,
            serialize,
        })
    }

    /// Physical addresses of all register pairs.
    pub fn registers(&self) -> impl Iterator<Item = u64> + 'a {
        self.instances
            .flat_map(|instance| instance.registers.iter())
    }

    /// The groups of protected regions.
    pub const fn instances(&self) -> Instances<'a> {
        self.instances
    }

    /// Physical addresses of the serialize request registers.
    pub const fn serialize_requests(&self) -> Addresses<'a> {
        self.serialize
    }
}

/// The groups of protected regions of a DTPR.
#[derive(Clone, Copy, Debug)]
pub struct Instances<'a> {
    rest: Bytes<'a>,
    left: u32,
}

impl<'a> Iterator for Instances<'a> {
    type Item = TprInstance<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.left.checked_sub(1)?;
        let registers = Addresses::read(self.rest, 8, self.rest.u32(4)?)?;
        let instance = TprInstance {
            flags: self.rest.u32(0)?,
            registers,
        };
        let taken = registers.len().checked_mul(8)?.checked_add(8)?;
        self.rest = self.rest.from(taken)?;
        self.left = left;
        Some(instance)
    }
}
