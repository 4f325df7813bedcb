// SPDX-License-Identifier: GPL-2.0

//! LCP-01 to LCP-04: the launch control policy.

use super::Check;

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 0] = [];
