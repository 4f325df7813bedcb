// SPDX-License-Identifier: GPL-2.0

//! The processors.

use crate::verify::facts::{CpuFacts, Evidence};

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
    pub(super) fn facts(&self) -> Evidence<CpuFacts<'_>> {
        Evidence::Unreadable("not read by this version")
    }
}
