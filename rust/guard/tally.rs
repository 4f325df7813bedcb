// SPDX-License-Identifier: GPL-2.0

//! Who caused faults, and how many at least.

use crate::decode::fault::FaultRecord;
use crate::plan::{gives_way, Standing};
use crate::verify::policy::Address;
use kernel::prelude::*;

/// Requesters that are told apart; a device chooses its requester ids, so there is an end to it.
pub(crate) const MAX_SOURCES: usize = 256;
/// The last faults that are kept.
const RECENT: usize = 64;
/// How long nothing more is told of a requester that something was told of, in milliseconds.
const QUIET: u64 = 5_000;
/// Requesters that something is told of in a second at most: what changes its id is a new one each time.
const TOLD: usize = 8;

/// A fault.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    /// When it was seen, in microseconds since the module was loaded.
    pub(crate) time: u64,
    /// Physical address of the unit's registers.
    pub(crate) unit: u64,
    /// The unit's segment.
    pub(crate) segment: u32,
    /// The unit's record.
    pub(crate) record: FaultRecord,
}

impl Fault {
    /// The requester id, as the address of a function.
    pub(crate) const fn requester(&self) -> Address {
        let [devfn, bus] = self.record.requester().to_le_bytes();
        Address {
            segment: self.segment,
            bus,
            devfn,
        }
    }
}

/// A requester that caused faults.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    /// The group of the functions that use the requester id.
    pub(crate) group: Option<u32>,
    /// How many at least.
    pub(crate) faults: u64,
    /// The last one.
    pub(crate) last: Fault,
    /// Of those nothing was told of yet.
    pub(crate) untold: u64,
    /// Since when there are such, in microseconds since load.
    waits: u64,
    /// When something was told, in milliseconds since load.
    told: Option<u64>,
    /// Of those the guard was not asked about yet.
    unjudged: u64,
}

/// What was taken out of the ring so far.
pub(crate) struct Tally {
    sources: KVVec<Source>,
    recent: KVVec<Fault>,
    /// Where the next one goes in `recent`, once that is full.
    oldest: usize,
    total: u64,
    others: u64,
    /// A second, and how many requesters something was told of in it.
    told: (u64, usize),
}

impl Tally {
    /// Nothing yet. No more memory is asked for later.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            sources: KVVec::with_capacity(MAX_SOURCES, GFP_KERNEL)?,
            recent: KVVec::with_capacity(RECENT, GFP_KERNEL)?,
            oldest: 0,
            total: 0,
            others: 0,
            told: (0, 0),
        })
    }

    /// Notes a fault; `find` finds the group of a requester that is new. The requester's group.
    pub(super) fn note(
        &mut self,
        fault: Fault,
        find: impl FnOnce(u32, u16) -> Option<u32>,
    ) -> Option<u32> {
        self.total = self.total.saturating_add(1);
        self.keep(fault);
        let same = |one: &&mut Source| {
            one.last.segment == fault.segment
                && one.last.record.requester() == fault.record.requester()
        };
        if let Some(source) = self.sources.iter_mut().find(same) {
            source.faults = source.faults.saturating_add(1);
            if source.untold == 0 {
                source.waits = fault.time;
            }
            source.untold = source.untold.saturating_add(1);
            source.unjudged = source.unjudged.saturating_add(1);
            source.last = fault;
            return source.group;
        }
        let group = find(fault.segment, fault.record.requester());
        self.admit(Source {
            group,
            faults: 1,
            last: fault,
            untold: 1,
            waits: fault.time,
            told: None,
            unjudged: 1,
        });
        group
    }

    /// Lists a new requester, in another one's place when there is no room.
    fn admit(&mut self, source: Source) {
        if self.sources.len() < MAX_SOURCES {
            // There is room.
            let _ = self.sources.push(source, GFP_KERNEL);
            return;
        }
        let standings = self.sources.iter().map(|one| Standing {
            judged: one.unjudged == 0,
            attributed: one.group.is_some(),
            last: one.last.time,
        });
        let place = gives_way(standings).and_then(|place| self.sources.get_mut(place));
        let gone = match place {
            Some(place) => core::mem::replace(place, source),
            // No more are noted between two judgements than are listed, so there is one.
            None => source,
        };
        self.others = self.others.saturating_add(gone.faults);
    }

    fn keep(&mut self, fault: Fault) {
        if self.recent.len() < RECENT {
            // There is room.
            let _ = self.recent.push(fault, GFP_KERNEL);
        } else if let Some(slot) = self.recent.get_mut(self.oldest) {
            *slot = fault;
            self.oldest = self.oldest.saturating_add(1) % RECENT;
        }
    }

    /// Finds the groups anew of all requesters that have new faults: functions come and go.
    pub(super) fn regroup(&mut self, find: impl Fn(u32, u16) -> Option<u32>) {
        for source in self.sources.iter_mut().filter(|one| one.unjudged != 0) {
            source.group = find(source.last.segment, source.last.record.requester());
        }
    }

    /// Takes what a group caused since the last call, of one of the groups that caused something.
    pub(super) fn take_unjudged(&mut self) -> Option<(u32, u64)> {
        for source in self.sources.iter_mut() {
            let faults = core::mem::replace(&mut source.unjudged, 0);
            if let Some(group) = source.group.filter(|_| faults != 0) {
                return Some((group, faults));
            }
        }
        None
    }

    /// Takes a requester of which something is to be told at `now`.
    pub(super) fn take_untold(&mut self, now: u64) -> Option<Source> {
        let second = now / 1_000;
        if self.told.0 != second {
            self.told = (second, 0);
        }
        if self.told.1 >= TOLD {
            return None;
        }
        let due = |one: &&mut Source| {
            let quiet = |told: u64| now.saturating_sub(told) < QUIET;
            one.untold != 0 && !one.told.is_some_and(quiet)
        };
        let due = self.sources.iter_mut().filter(due);
        // The one that waits longest: new ones keep nobody waiting.
        let source = due.min_by_key(|one| one.waits)?;
        self.told.1 = self.told.1.saturating_add(1);
        let told = *source;
        source.untold = 0;
        source.told = Some(now);
        Some(told)
    }

    /// Whether there is something of which nothing was told yet.
    pub(super) fn is_untold(&self) -> bool {
        self.sources.iter().any(|one| one.untold != 0)
    }

    /// Faults in all.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// Faults of requesters that are not listed any more.
    pub(crate) const fn others(&self) -> u64 {
        self.others
    }

    /// The requesters, in the order of their first faults.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The last faults, the newest first.
    pub(crate) fn recent(&self) -> impl Iterator<Item = &Fault> {
        let (newer, older) = self
            .recent
            .split_at_checked(self.oldest)
            .unwrap_or((&[], &[]));
        Iterator::chain(newer.iter().rev(), older.iter().rev())
    }
}
