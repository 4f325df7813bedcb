// SPDX-License-Identifier: GPL-2.0

//! Faults in windows, held against the policy's budget.

use crate::plan::Meter;
use crate::verify::policy::{Address, FaultBudget};
use kernel::prelude::*;

/// What functions have caused under a policy. By address: one that goes and comes back goes on where it was.
pub(super) struct Charges {
    /// The policy's, if it has one.
    budget: Option<FaultBudget>,
    meters: KVVec<(Address, Meter)>,
    /// Those that caused more than the budget.
    over: KVVec<Address>,
}

impl Charges {
    /// Without a budget nothing is counted.
    pub(super) const fn new() -> Self {
        Self {
            budget: None,
            meters: KVVec::new(),
            over: KVVec::new(),
        }
    }

    /// Another policy: everybody gets another chance.
    pub(super) fn begin(&mut self, budget: Option<FaultBudget>) {
        self.budget = budget;
        self.meters.clear();
        self.over.clear();
    }

    /// Makes room for so many functions more: to count one may not depend on memory that it could use up.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(super) fn reserve(&mut self, functions: usize) -> Result {
        if self.budget.is_some() {
            self.meters.reserve(functions, GFP_KERNEL)?;
            self.over.reserve(functions, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Counts `faults` of a function at `now`, in milliseconds; whether its budget is exceeded.
    pub(super) fn count(&mut self, at: Address, faults: u64, now: u64) -> bool {
        let Some(budget) = self.budget else {
            return false;
        };
        if !self.meters.iter().any(|(who, _)| *who == at) {
            // There is room.
            let _ = self.meters.push((at, Meter::NEW), GFP_KERNEL);
        }
        let exceeds = self
            .meters
            .iter_mut()
            .find(|(who, _)| *who == at)
            .is_some_and(|(_, meter)| meter.count(budget, now, faults));
        exceeds && (self.over.contains(&at) || self.over.push(at, GFP_KERNEL).is_ok())
    }

    /// Those that caused more than the budget.
    pub(super) fn over(&self) -> &[Address] {
        &self.over
    }
}
