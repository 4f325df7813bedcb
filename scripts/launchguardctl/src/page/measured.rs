// SPDX-License-Identifier: GPL-2.0

//! The events of a launch, whatever the format of the log, and what a launcher's own stand for.

use super::Input;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::{Event, EventType, LogError, LoggedDigest};
use launchguard_pure::verify::facts::LogCopy;

/// An event: one record of a log or, where there is a log for each bank, one record of each.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    /// Its number in the log, from 0.
    pub(super) number: usize,
    /// Its record in the first log.
    pub(super) event: Event<'a>,
    others: Vec<Event<'a>>,
}

impl<'a> Entry<'a> {
    /// Its digests in all logs.
    pub(super) fn digests(&self) -> impl Iterator<Item = LoggedDigest<'a>> + '_ {
        let records = std::iter::once(&self.event).chain(&self.others);
        records.flat_map(Event::digests)
    }

    /// Its digest in the bank of `alg`.
    pub(super) fn digest(&self, alg: HashAlg) -> Option<Digest> {
        let mut records = std::iter::once(&self.event).chain(&self.others);
        records.find_map(|event| event.digest(alg))
    }
}

/// The events of a launch, and where they break off.
#[derive(Clone, Debug, Default)]
pub(super) struct Events<'a> {
    /// The events that can be read.
    pub(super) entries: Vec<Entry<'a>>,
    /// What is wrong behind them.
    pub(super) problem: Option<String>,
}

/// Reads the log, or all of them.
pub(super) fn events<'a>(input: &Input<'a>) -> Events<'a> {
    let mut found = Events::default();
    let Some(logs) = input.facts.log.read() else {
        return found;
    };
    for (position, copy) in logs.iter().enumerate() {
        let (events, error) = read(copy);
        if let Some(error) = error {
            found.problem.get_or_insert(error.to_string());
        }
        if position == 0 {
            let entries = events.into_iter().enumerate().map(|(number, event)| Entry {
                number,
                event,
                others: Vec::new(),
            });
            found.entries = entries.collect();
            continue;
        }
        let agree = found.entries.len() == events.len()
            && found.entries.iter().zip(&events).all(|(entry, event)| {
                entry.event.pcr == event.pcr && entry.event.kind == event.kind
            });
        if agree {
            for (entry, event) in found.entries.iter_mut().zip(events) {
                entry.others.push(event);
            }
        } else {
            let different = "the logs of different banks do not list the same events";
            found.problem.get_or_insert(different.to_owned());
        }
    }
    found
}

fn read<'a>(copy: &LogCopy<'a>) -> (Vec<Event<'a>>, Option<LogError>) {
    let log = match copy.open() {
        Ok(log) => log,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let error = log.events().find_map(Result::err);
    (log.events().filter_map(Result::ok).collect(), error)
}

/// A measurement of tboot.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Number of its event in the log.
    pub(super) number: usize,
    /// What it stands for, in a word or two.
    pub(super) short: String,
    /// The same in a few words more.
    pub(super) long: &'static str,
    /// Whether it is of tboot itself, not of what tboot starts.
    pub(super) own: bool,
}

/// What each measurement of tboot stands for, by the order of tboot's default policies (policy.c):
/// first the policy, into PCR 17 and with details and authorities also into PCR 18, then the
/// modules in the boot loader's order, the kernel or hypervisor before all others.
pub(super) fn tboot_parts(events: &Events<'_>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut policy: Option<&Entry<'_>> = None;
    let mut modules = 0u32;
    for entry in &events.entries {
        if entry.event.kind != EventType::TbootMeasurement {
            continue;
        }
        let own = match policy {
            None => true,
            Some(first) => {
                modules == 0
                    && first.event.pcr != entry.event.pcr
                    && first.digests().eq(entry.digests())
            }
        };
        let (short, long) = if own {
            policy.get_or_insert(entry);
            ("tboot's policy".to_owned(), "tboot's own launch policy")
        } else {
            modules = modules.saturating_add(1);
            match modules {
                1 => (
                    "kernel, cmdline".to_owned(),
                    "first module: the kernel or hypervisor, with its command line",
                ),
                2 => (
                    "initrd".to_owned(),
                    "second module: on Linux the initrd, with its command line",
                ),
                number => (
                    format!("module {number}"),
                    "a further module, with its command line",
                ),
            }
        };
        parts.push(Part {
            number: entry.number,
            short,
            long,
            own,
        });
    }
    parts
}
