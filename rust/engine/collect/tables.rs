// SPDX-License-Identifier: GPL-2.0

//! ACPI tables.

use crate::verify::facts::{Evidence, FirmwareTables};

/// What was read.
pub(super) struct Collected;

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self;

    /// Reads it.
    pub(super) fn read() -> Self {
        Self
    }

    /// As facts.
    pub(super) fn facts(&self) -> FirmwareTables<'_> {
        FirmwareTables {
            dmar: Evidence::Unreadable("not read by this version"),
            mcfg: Evidence::Unreadable("not read by this version"),
            madt: Evidence::Unreadable("not read by this version"),
            dtpr: Evidence::Unreadable("not read by this version"),
            cedt: Evidence::Unreadable("not read by this version"),
        }
    }
}
