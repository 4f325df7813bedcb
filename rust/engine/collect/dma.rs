// SPDX-License-Identifier: GPL-2.0

//! DMA remapping.

use crate::verify::facts::{DmaFacts, Evidence};

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
    pub(super) fn facts(&self) -> DmaFacts<'_> {
        DmaFacts {
            units: Evidence::Unreadable("not read by this version"),
            functions: Evidence::Unreadable("not read by this version"),
            command_line: Evidence::Unreadable("not read by this version"),
            passthrough: None,
            driver_enabled: None,
        }
    }
}
