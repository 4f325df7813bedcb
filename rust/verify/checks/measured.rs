// SPDX-License-Identifier: GPL-2.0

//! Whether what an event measured is what can be read elsewhere: its digests, bank by bank.

use super::context::Context;
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::eventlog::{EventType, Log};
use crate::verify::logs::Logs;
use core::fmt;

/// A set of banks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BankSet([bool; HashAlg::ALL.len()]);

impl BankSet {
    const EMPTY: Self = Self([false; HashAlg::ALL.len()]);

    fn insert(&mut self, alg: HashAlg) {
        if let Some(slot) = self.0.get_mut(alg.index()) {
            *slot = true;
        }
    }

    fn remove(&mut self, alg: HashAlg) {
        if let Some(slot) = self.0.get_mut(alg.index()) {
            *slot = false;
        }
    }

    fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
}

/// Writes the names, separated by single spaces.
impl fmt::Display for BankSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (alg, _) in HashAlg::ALL.iter().zip(self.0).filter(|(_, has)| *has) {
            write!(f, "{separator}{alg}")?;
            separator = " ";
        }
        Ok(())
    }
}

/// The banks that were compared, and those of the log in which that was not possible.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    /// Every event has this digest, and it is that of the bytes.
    banks: BankSet,
    /// An event lacks a digest, or its hash cannot be computed here.
    others: BankSet,
}

/// "in sha1 sha256; not compared in sm3".
impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.banks)?;
        if self.others.is_empty() {
            return Ok(());
        }
        write!(f, "; not compared in {}", self.others)
    }
}

/// A digest that is not that of the bytes.
#[derive(Clone, Copy)]
pub(super) struct Difference {
    /// Its bank.
    pub(super) alg: HashAlg,
    /// Where its event stands in the log.
    pub(super) offset: usize,
    /// What stands there.
    pub(super) logged: Digest,
    /// The digest of the bytes.
    pub(super) hash: Digest,
}

/// What the events of a type say of the bytes that they should have measured.
pub(super) enum Measured {
    /// Nothing: there is no such event, or none of its digests can be compared.
    Nothing,
    /// What could be compared is the digest of the bytes.
    Same(Compared),
    /// A digest is another one.
    Differs(Difference),
}

/// Compares every digest of every event of type `kind` with that of `bytes`. The digests are looked
/// at, not the events' data: only they lead to the PCRs.
#[inline(never)]
pub(super) fn measured(
    c: &Context<'_>,
    logs: &Logs<'_>,
    kind: EventType,
    bytes: &[u8],
) -> Measured {
    let mut compared = Compared {
        banks: BankSet::EMPTY,
        others: BankSet::EMPTY,
    };
    for (log, _) in logs.iter() {
        for alg in log.banks().iter().filter_map(|bank| bank.alg()) {
            match in_bank(c, &log, kind, alg, bytes) {
                InBank::Same => compared.banks.insert(alg),
                InBank::Open => compared.others.insert(alg),
                InBank::Differs(difference) => return Measured::Differs(difference),
            }
        }
    }
    // A bank that stands in two logs is one that was compared only where both say so.
    for alg in HashAlg::ALL {
        if compared.others.0.get(alg.index()) == Some(&true) {
            compared.banks.remove(alg);
        }
    }
    if compared.banks.is_empty() {
        Measured::Nothing
    } else {
        Measured::Same(compared)
    }
}

/// The same of one bank of one log.
enum InBank {
    /// Each of the events has the digest of the bytes.
    Same,
    /// There is no event, one lacks the digest, or the hash cannot be computed here.
    Open,
    /// A digest is another one.
    Differs(Difference),
}

#[inline(never)]
fn in_bank(c: &Context<'_>, log: &Log<'_>, kind: EventType, alg: HashAlg, bytes: &[u8]) -> InBank {
    let Some(hash) = c.hasher.digest(alg, &[bytes]) else {
        return InBank::Open;
    };
    let (mut events, mut equal) = (0usize, 0usize);
    for event in log.events().filter_map(Result::ok) {
        if event.kind != kind {
            continue;
        }
        events = events.saturating_add(1);
        match event.digest(alg) {
            None => {}
            Some(logged) if logged == hash => equal = equal.saturating_add(1),
            Some(logged) => {
                return InBank::Differs(Difference {
                    alg,
                    offset: event.offset,
                    logged,
                    hash,
                })
            }
        }
    }
    if events > 0 && equal == events {
        InBank::Same
    } else {
        InBank::Open
    }
}
