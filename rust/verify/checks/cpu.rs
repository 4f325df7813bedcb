// SPDX-License-Identifier: GPL-2.0

//! CPU-01 to CPU-12: the processors.

use super::Check;

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 0] = [];
