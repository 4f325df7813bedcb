// SPDX-License-Identifier: GPL-2.0

//! How many faults a group may cause, and of whom they are counted.

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

/// What is known of a requester when there is no room for another one.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// All its faults were held against the budget.
    pub judged: bool,
    /// Its group is known.
    pub attributed: bool,
    /// When it caused its last fault.
    pub last: u64,
}

/// Which of the requesters gives its place to a new one: a device chooses its ids, and one that takes a new one
/// each time must neither stay uncounted nor drive the others out. None whose faults were not judged yet;
/// rather one that is nobody's, and of these the quietest.
pub fn gives_way(requesters: impl Iterator<Item = Standing>) -> Option<usize> {
    let judged = requesters.enumerate().filter(|(_, one)| one.judged);
    judged
        .min_by_key(|(_, one)| (one.attributed, one.last))
        .map(|(position, _)| position)
}
