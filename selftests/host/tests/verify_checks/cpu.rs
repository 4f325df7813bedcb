// SPDX-License-Identifier: GPL-2.0

//! Cases of CPU-01 to CPU-12.

use super::Case;

pub(super) const CASES: &[Case] = &[];
