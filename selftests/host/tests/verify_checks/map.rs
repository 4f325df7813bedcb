// SPDX-License-Identifier: GPL-2.0

//! Cases of MAP-03 to MAP-10.

use super::Case;

pub(super) const CASES: &[Case] = &[];
