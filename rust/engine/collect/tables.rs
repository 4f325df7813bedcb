// SPDX-License-Identifier: GPL-2.0

//! ACPI tables.

use super::{map, NOT_YET};
use crate::sys::acpi::{table, Missing};
use crate::verify::facts::{Evidence, FirmwareTables};
use kernel::prelude::*;

/// What was read.
pub(super) struct Collected {
    dmar: Evidence<KVVec<u8>>,
    mcfg: Evidence<KVVec<u8>>,
    madt: Evidence<KVVec<u8>>,
    dtpr: Evidence<KVVec<u8>>,
    cedt: Evidence<KVVec<u8>>,
}

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self {
        dmar: Evidence::Unreadable(NOT_YET),
        mcfg: Evidence::Unreadable(NOT_YET),
        madt: Evidence::Unreadable(NOT_YET),
        dtpr: Evidence::Unreadable(NOT_YET),
        cedt: Evidence::Unreadable(NOT_YET),
    };

    /// Reads it.
    pub(super) fn read() -> Self {
        Self {
            dmar: read(c"DMAR"),
            mcfg: read(c"MCFG"),
            madt: read(c"APIC"),
            dtpr: read(c"DTPR"),
            cedt: read(c"CEDT"),
        }
    }

    /// As facts.
    pub(super) fn facts(&self) -> FirmwareTables<'_> {
        FirmwareTables {
            dmar: map(&self.dmar, |bytes| bytes.as_slice()),
            mcfg: map(&self.mcfg, |bytes| bytes.as_slice()),
            madt: map(&self.madt, |bytes| bytes.as_slice()),
            dtpr: map(&self.dtpr, |bytes| bytes.as_slice()),
            cedt: map(&self.cedt, |bytes| bytes.as_slice()),
        }
    }
}

fn read(signature: &CStr) -> Evidence<KVVec<u8>> {
    match table(signature) {
        Ok(bytes) => Evidence::Read(bytes),
        Err(Missing::Absent) => Evidence::Absent("the firmware has no such ACPI table"),
        Err(Missing::Unreadable(why)) => Evidence::Unreadable(why),
    }
}
