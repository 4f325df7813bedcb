// SPDX-License-Identifier: GPL-2.0

//! MAP-03 to MAP-10: the chipset's memory map.

use super::Check;

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 0] = [];
