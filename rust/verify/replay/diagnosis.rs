// SPDX-License-Identifier: GPL-2.0

//! Why a replay does not end in the TPM's value.

use super::{apply, replay_filtered, Start};
use crate::decode::digest::{Digest, Hasher};
use crate::decode::eventlog::{Event, EventType, Log, LogFormat, Tpm12Header};
use crate::verify::facts::LogCopy;
use core::fmt;

/// Most events of one PCR with which a search among all of them is tried: it takes the square of
/// their number of hashes.
const MAX_SEARCHED: usize = 64;
/// Most records behind the log's end that are tried.
const MAX_BEHIND: usize = 16;

/// What makes a replay end in the TPM's value after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// Each repeated event counted once.
    LoggedTwice {
        /// How many events repeat an earlier one.
        repeated: usize,
    },
    /// One event left out.
    Foreign {
        /// Its offset in the container, in bytes.
        offset: usize,
        /// Its type.
        kind: EventType,
    },
    /// Records that stand behind the log's end.
    CutShort {
        /// How many.
        records: usize,
    },
    /// Nothing simple.
    Unexplained,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedTwice { repeated } => {
                write!(f, "equal if {repeated} events logged twice count once")
            }
            Self::Foreign { offset, kind } => {
                write!(f, "equal without the foreign event at {offset} ({kind})")
            }
            Self::CutShort { records } => {
                write!(
                    f,
                    "log cut short: equal with {records} records behind its end"
                )
            }
            Self::Unexplained => {
                f.write_str("an event is missing (log cut short) or a digest was changed")
            }
        }
    }
}

/// Looks for what makes the replay of `pcr` in the bank of `target` end in `target`.
pub fn diagnose(
    log: &Log<'_>,
    copy: &LogCopy<'_>,
    start: &Start,
    pcr: u32,
    target: &Digest,
    hasher: &dyn Hasher,
) -> Diagnosis {
    let count = events_of(log, pcr).count();
    if count <= MAX_SEARCHED {
        if let Some(found) = logged_twice(log, start, pcr, target, hasher) {
            return found;
        }
        if let Some(found) = foreign(log, start, pcr, target, hasher) {
            return found;
        }
    }
    cut_short(log, copy, start, pcr, target, hasher).unwrap_or(Diagnosis::Unexplained)
}

fn events_of<'a>(log: &Log<'a>, pcr: u32) -> impl Iterator<Item = Event<'a>> {
    log.events()
        .filter_map(Result::ok)
        .filter(move |event| event.pcr == pcr && event.is_extended())
}

/// Whether the records say the same, apart from their place.
fn same(a: &Event<'_>, b: &Event<'_>) -> bool {
    a.kind == b.kind && a.data == b.data && a.digests().eq(b.digests())
}

#[inline(never)]
fn repeats(log: &Log<'_>, event: &Event<'_>) -> bool {
    events_of(log, event.pcr)
        .take_while(|earlier| earlier.offset < event.offset)
        .any(|earlier| same(&earlier, event))
}

#[inline(never)]
fn logged_twice(
    log: &Log<'_>,
    start: &Start,
    pcr: u32,
    target: &Digest,
    hasher: &dyn Hasher,
) -> Option<Diagnosis> {
    let repeated = events_of(log, pcr)
        .filter(|event| repeats(log, event))
        .count();
    if repeated == 0 {
        return None;
    }
    let value = replay_filtered(log, start, pcr, target.alg(), hasher, &mut |event| {
        !repeats(log, event)
    })?;
    (value == *target).then_some(Diagnosis::LoggedTwice { repeated })
}

#[inline(never)]
fn foreign(
    log: &Log<'_>,
    start: &Start,
    pcr: u32,
    target: &Digest,
    hasher: &dyn Hasher,
) -> Option<Diagnosis> {
    events_of(log, pcr)
        .find(|suspect| is_explained_without(log, start, suspect.offset, pcr, target, hasher))
        .map(|suspect| Diagnosis::Foreign {
            offset: suspect.offset,
            kind: suspect.kind,
        })
}

#[inline(never)]
fn is_explained_without(
    log: &Log<'_>,
    start: &Start,
    offset: usize,
    pcr: u32,
    target: &Digest,
    hasher: &dyn Hasher,
) -> bool {
    replay_filtered(log, start, pcr, target.alg(), hasher, &mut |event| {
        event.offset != offset
    })
    .is_some_and(|value| value == *target)
}

/// Offset behind the log's last record.
fn end_of(log: &Log<'_>, copy: &LogCopy<'_>) -> Option<usize> {
    let end = match log.format() {
        LogFormat::Tpm12Container => Tpm12Header::read(copy.bytes).ok()?.next,
        LogFormat::Tcg | LogFormat::Legacy { .. } => copy.next,
    };
    usize::try_from(end).ok()
}

/// The records that stand behind the log's end, up to the first that is none.
fn behind<'a>(log: &Log<'a>, copy: &LogCopy<'a>) -> Option<impl Iterator<Item = Event<'a>>> {
    let end = end_of(log, copy)?;
    if end >= copy.bytes.len() {
        return None;
    }
    let all = Log::open_with_rest(copy.format, copy.bytes, copy.first).ok()?;
    let records = all
        .events()
        .map_while(Result::ok)
        .skip_while(move |event| event.offset < end);
    Some(records.take(MAX_BEHIND))
}

/// How many records of a launch stand directly behind the log's end, at most 16: a launcher wrote
/// them and did not count them, or they were left there by an earlier launch.
pub fn records_behind(log: &Log<'_>, copy: &LogCopy<'_>) -> usize {
    let Some(records) = behind(log, copy) else {
        return 0;
    };
    records
        .take_while(|event| !matches!(event.kind, EventType::Unknown(_) | EventType::NoAction))
        .count()
}

/// Reads on behind the log's end: a cut log leaves its last records there.
#[inline(never)]
fn cut_short(
    log: &Log<'_>,
    copy: &LogCopy<'_>,
    start: &Start,
    pcr: u32,
    target: &Digest,
    hasher: &dyn Hasher,
) -> Option<Diagnosis> {
    let mut value = replay_filtered(log, start, pcr, target.alg(), hasher, &mut |_| true)?;
    for (index, event) in behind(log, copy)?.enumerate() {
        if event.pcr != pcr || !event.is_extended() {
            continue;
        }
        apply(&mut value, &event, hasher)?;
        if value == *target {
            let records = index.saturating_add(1);
            return Some(Diagnosis::CutShort { records });
        }
    }
    None
}
