// SPDX-License-Identifier: GPL-2.0

//! How many faults a group may cause.

use crate::verify::policy::FaultBudget;

/// Counts a group's faults in the time of a budget. A time begins with the first fault after the last
/// time ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// When the time began, in milliseconds.
    began: Option<u64>,
    /// Faults since then.
    faults: u64,
}

impl Meter {
    /// Nothing was counted.
    pub const NEW: Self = Self {
        began: None,
        faults: 0,
    };

    /// Counts `faults` more at `now`, in milliseconds of a clock that never goes back; whether the
    /// budget is exceeded.
    pub fn count(&mut self, budget: FaultBudget, now: u64, faults: u64) -> bool {
        let time = u64::from(budget.seconds).saturating_mul(1000);
        let runs = |began: &u64| now.saturating_sub(*began) < time;
        if self.began.filter(runs).is_none() {
            self.began = Some(now);
            self.faults = 0;
        }
        self.faults = self.faults.saturating_add(faults);
        self.faults > u64::from(budget.faults)
    }
}
