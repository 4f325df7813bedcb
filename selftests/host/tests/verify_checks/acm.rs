// SPDX-License-Identifier: GPL-2.0

//! Cases of ACM-01 to ACM-10.

use super::Case;

pub(super) const CASES: &[Case] = &[];
