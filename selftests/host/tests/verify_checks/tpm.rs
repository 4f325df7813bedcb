// SPDX-License-Identifier: GPL-2.0

//! Cases of TPM-11 to TPM-14.

use super::Case;

pub(super) const CASES: &[Case] = &[];
