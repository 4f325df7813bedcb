// SPDX-License-Identifier: GPL-2.0

//! Cases of DMA-01 to DMA-17.

use super::Case;

pub(super) const CASES: &[Case] = &[];
