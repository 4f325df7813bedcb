// SPDX-License-Identifier: GPL-2.0

//! What windows cost: the calls that give and take them back, with what is noted beside them.

use kernel::time::{Instant, Monotonic};

/// Some calls and the time that they took together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calls {
    /// How many.
    pub(crate) count: usize,
    /// Nanoseconds.
    pub(crate) nanoseconds: i64,
}

impl Calls {
    const NONE: Self = Self {
        count: 0,
        nanoseconds: 0,
    };

    /// Adds `count` calls that began at `since`.
    pub(super) fn add(&mut self, count: usize, since: Instant<Monotonic>) {
        self.count = self.count.saturating_add(count);
        self.nanoseconds = self.nanoseconds.saturating_add(since.elapsed().as_nanos());
    }
}

/// What one look at all groups spent on windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// On giving them.
    pub(crate) given: Calls,
    /// On taking them back.
    pub(crate) taken: Calls,
}

impl Spent {
    /// Before any window was given.
    pub(super) const NOTHING: Self = Self {
        given: Calls::NONE,
        taken: Calls::NONE,
    };

    /// Whether it spent anything.
    pub(super) const fn is_something(&self) -> bool {
        self.given.count != 0 || self.taken.count != 0
    }
}
