// SPDX-License-Identifier: GPL-2.0

//! Reasons that live as long as the module's own, which are part of its text.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Most different reasons that a process keeps. The module has a few dozen.
const MOST: usize = 4096;

static REASONS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// `reason`, for the rest of the process. Each is kept once, and only so many that hostile evidence
/// cannot fill the memory: what comes then is named by a common reason.
pub fn intern(reason: &str) -> &'static str {
    let mut reasons = REASONS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = reasons.get(reason) {
        return known;
    }
    if reasons.len() >= MOST {
        return "one more reason than can be kept";
    }
    let kept: &'static str = Box::leak(reason.into());
    reasons.insert(kept);
    kept
}
