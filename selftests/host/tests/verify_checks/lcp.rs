// SPDX-License-Identifier: GPL-2.0

//! Cases of LCP-01 to LCP-04.

use super::Case;

pub(super) const CASES: &[Case] = &[];
