// SPDX-License-Identifier: GPL-2.0

//! The chipset and the memory map.

use crate::verify::facts::{ChipsetFacts, Evidence};

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
    pub(super) fn facts(&self) -> ChipsetFacts<'_> {
        ChipsetFacts {
            host_bridge: Evidence::Unreadable("not read by this version"),
            remap: Evidence::Unreadable("not read by this version"),
            memory_map: Evidence::Unreadable("not read by this version"),
            ecam: Evidence::Unreadable("not read by this version"),
        }
    }
}
