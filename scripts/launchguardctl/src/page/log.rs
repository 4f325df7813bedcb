// SPDX-License-Identifier: GPL-2.0

//! The event log, event by event.

use super::{hexadecimal, measured, words, Input};
use crate::report::hex;
use launchguard_pure::decode::eventlog::NO_PCR;
use launchguard_pure::verify::facts::Evidence;
use serde::Serialize;

/// Most events that a page shows: a real log has some thirty.
const MAX_EVENTS: usize = 200;
/// Most bytes of an event's data that a page shows.
const MAX_DATA: usize = 64;

/// The event log.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogPage {
    /// Its format: a word.
    pub format: Option<&'static str>,
    /// Its events, the first of them if there are very many.
    pub events: Vec<EventRow>,
    /// How many more there are.
    pub left_out: usize,
    /// Why there is no log, or where it breaks off.
    pub problem: Option<String>,
}

/// An event.
#[derive(Clone, Debug, Serialize)]
pub struct EventRow {
    /// Its number in the log, from 0.
    pub number: usize,
    /// The PCR that it names, if any.
    pub pcr: Option<u32>,
    /// Whether that PCR was extended with it.
    pub extended: bool,
    /// Value of its type.
    #[serde(serialize_with = "hexadecimal::number")]
    pub kind: u32,
    /// Name of its type.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What exactly was measured, where the launcher's order tells.
    pub part: Option<&'static str>,
    /// Its digests: bank and hex.
    pub digests: Vec<(String, String)>,
    /// Its data in words.
    pub words: Option<String>,
    /// Its data in hex, the first bytes if there are many.
    pub data: String,
    /// Bytes of its data.
    pub size: usize,
}

pub(super) fn read(input: &Input<'_>) -> LogPage {
    let copy = match input.facts.log {
        Evidence::Read(logs) => logs.first().copied(),
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            return LogPage {
                problem: Some(why.to_owned()),
                ..LogPage::default()
            }
        }
    };
    let found = measured::events(input);
    let parts = measured::tboot_parts(&found);
    let left_out = found.entries.len().saturating_sub(MAX_EVENTS);
    let mut events = Vec::new();
    for entry in found.entries.iter().take(MAX_EVENTS) {
        let (number, event) = (entry.number, &entry.event);
        let part = parts.iter().find(|part| part.number == number);
        let digests = entry.digests().map(|logged| {
            let name = match logged.bank.alg() {
                Some(alg) => alg.name().to_owned(),
                None => format!("algorithm {:#06x}", logged.bank.id),
            };
            (name, hex(logged.bytes))
        });
        events.push(EventRow {
            number,
            pcr: (event.pcr != NO_PCR).then_some(event.pcr),
            extended: event.is_extended(),
            kind: event.kind.value(),
            name: event.kind.name(),
            meaning: words::meaning(event.kind),
            part: part.map(|part| part.long),
            digests: digests.collect(),
            words: words::data(event.kind, event.data),
            data: hex(event.data.get(..MAX_DATA).unwrap_or(event.data)),
            size: event.data.len(),
        });
    }
    LogPage {
        format: copy.map(|copy| copy.format.word()),
        events,
        left_out,
        problem: found.problem,
    }
}
