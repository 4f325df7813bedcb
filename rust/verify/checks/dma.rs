// SPDX-License-Identifier: GPL-2.0

//! DMA-01 to DMA-17: DMA remapping as it is now.

use super::Check;

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 0] = [];
