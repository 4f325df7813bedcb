// SPDX-License-Identifier: GPL-2.0

//! Time that a processor has spent, which waiting for one does not lengthen.

use anyhow::Result;
use nix::sys::resource::{getrusage, UsageWho};
use nix::sys::time::TimeValLike as _;
use nix::time::{clock_gettime, ClockId};

/// Nanoseconds spent on this thread until now.
pub fn of_thread() -> Result<f64> {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(now.num_nanoseconds() as f64)
}

/// Nanoseconds spent on the children that have been waited for until now; a multiple of 1000.
pub fn of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let spent = usage.user_time() + usage.system_time();
    Ok(spent.num_nanoseconds() as f64)
}
