// SPDX-License-Identifier: GPL-2.0

//! What the guard knows: the windows that are open, and who was refused what.

use super::{map, NOT_YET};
use crate::guard::{Guard, Tally, View, MAX_SOURCES};
use crate::verify::facts::{Evidence, FaultCounts, FaultFacts, Reach, Refused};
use kernel::prelude::*;

/// Faults, as they were seen.
struct Seen {
    counts: FaultCounts,
    refused: KVVec<Refused>,
}

/// What was read.
pub(super) struct Collected {
    windows: Evidence<KVVec<Reach>>,
    faults: Evidence<Seen>,
}

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self {
        windows: Evidence::Unreadable(NOT_YET),
        faults: Evidence::Unreadable(NOT_YET),
    };

    /// Reads it. The view is what was shown last, so that nobody who changes it is waited for.
    pub(super) fn read(guard: &Guard) -> Self {
        let view = guard.view();
        Self {
            windows: windows(&view).map_or(
                Evidence::Unreadable("there was no memory for the list of windows"),
                Evidence::Read,
            ),
            faults: match guard.faults().blind() {
                Some(why) => Evidence::Unreadable(why),
                None => seen(guard, &view).map_or(
                    Evidence::Unreadable("there was no memory for the list of requesters"),
                    Evidence::Read,
                ),
            },
        }
    }

    /// The windows.
    pub(super) fn windows(&self) -> Evidence<&[Reach]> {
        map(&self.windows, |windows| windows.as_slice())
    }

    /// Faults.
    pub(super) fn faults(&self) -> Evidence<FaultFacts<'_>> {
        map(&self.faults, |seen| FaultFacts {
            counts: seen.counts,
            refused: &seen.refused,
        })
    }
}

fn windows(view: &View) -> Result<KVVec<Reach>> {
    let mut windows = KVVec::with_capacity(view.windows.len(), GFP_KERNEL)?;
    for window in &view.windows {
        let reach = Reach {
            segment: window.device.segment,
            bus: window.device.bus,
            devfn: window.device.devfn,
            base: window.mapping.base,
            size: window.mapping.size,
            writable: window.mapping.writable,
        };
        windows.push(reach, GFP_KERNEL)?;
    }
    Ok(windows)
}

fn seen(guard: &Guard, view: &View) -> Result<Seen> {
    let faults = guard.faults();
    let mut refused = KVVec::with_capacity(MAX_SOURCES, GFP_KERNEL)?;
    let others = faults.tally(|tally: &Tally| {
        for source in tally.sources() {
            let one = Refused {
                segment: source.last.segment,
                requester: source.last.record.requester(),
                group: source.group,
                owned: source.group.is_some_and(|group| view.owns(group)),
                faults: source.faults,
            };
            // There is room for all.
            let _ = refused.push(one, GFP_KERNEL);
        }
        tally.others()
    });
    let more = faults.unattributed();
    let counts = FaultCounts {
        watched: u32::try_from(faults.units().count()).unwrap_or(u32::MAX),
        others,
        lost: more.dropped.saturating_add(more.overflows),
        unseen: more.aside.saturating_add(more.missed),
    };
    Ok(Seen { counts, refused })
}
