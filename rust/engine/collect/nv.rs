// SPDX-License-Identifier: GPL-2.0

//! NV indices of the launch control policy.

use crate::sys::tpm::Chip;
use crate::verify::facts::{Evidence, NvIndex};

/// What was read.
pub(super) struct Collected;

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self;

    /// Reads it.
    pub(super) fn read(_chip: Option<&Chip>) -> Self {
        Self
    }

    /// As facts.
    pub(super) fn facts(&self) -> Evidence<&[NvIndex<'_>]> {
        Evidence::Unreadable("not read by this version")
    }
}
