// SPDX-License-Identifier: GPL-2.0

//! The logs of a launch as one: there is a single log, or of the legacy format one for each bank.

use super::facts::{LogCopy, LogSet};
use super::judgement::Launcher;
use super::replay::has_launcher_event;
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::{Event, EventType, Log, LogError, LogFormat};

/// How a launch spreads what it measures over PCR 17 and 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// TPM 2.0: details in PCR 17, authorities in PCR 18 (SDG 1.10.3).
    Tpm2,
    /// TPM 1.2, legacy: one combined hash in PCR 17, the MLE in PCR 18 (SDG 1.10.1).
    Legacy,
    /// TPM 1.2, details and authorities (SDG 1.10.2).
    Details,
}

impl Mapping {
    /// The mapping that `log` follows. SINIT says which in the event PCR_MAPPING; where that is
    /// missing, the events themselves tell.
    pub fn of(log: &Log<'_>) -> Self {
        if log.format().is_tpm2() {
            return Self::Tpm2;
        }
        let mut guess = Self::Legacy;
        for event in log.events().filter_map(Result::ok) {
            match event.kind {
                EventType::PcrMapping if event.data.len() == 4 => {
                    return match event.data.first() {
                        Some(bits) if bits & 1 != 0 => Self::Details,
                        _ => Self::Legacy,
                    };
                }
                EventType::BiosAcRegData
                | EventType::ElementsHash
                | EventType::SinitPubKeyHash
                | EventType::LcpHash => guess = Self::Details,
                _ => {}
            }
        }
        guess
    }

    /// The PCR that the MLE is measured into.
    pub const fn mle_pcr(self) -> u32 {
        match self {
            Self::Tpm2 | Self::Details => 17,
            Self::Legacy => 18,
        }
    }

    /// The PCRs that tboot extends in every launch. With the legacy mapping its policy goes into PCR
    /// 17 alone, and where the kernel goes is the policy's affair (tboot, policy.c).
    pub const fn tboot_pcrs(self) -> &'static [u32] {
        match self {
            Self::Tpm2 | Self::Details => &[17, 18],
            Self::Legacy => &[17],
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tpm2 => "TPM 2.0",
            Self::Legacy => "TPM 1.2, legacy mapping",
            Self::Details => "TPM 1.2, details and authorities",
        }
    }
}

/// The logs of a launch, every record of which could be read.
#[derive(Clone, Copy, Debug)]
pub struct Logs<'a> {
    set: &'a LogSet<'a>,
}

impl<'a> Logs<'a> {
    /// Reads every record of every log.
    ///
    /// # Errors
    ///
    /// The first log that is broken; `None` when there is no log at all.
    pub fn open(set: &'a LogSet<'a>) -> Result<Self, Option<LogError>> {
        let mut empty = true;
        for copy in set.iter() {
            let log = copy.open()?;
            if let Some(error) = log.events().find_map(Result::err) {
                return Err(Some(error));
            }
            empty = false;
        }
        if empty {
            Err(None)
        } else {
            Ok(Self { set })
        }
    }

    /// Each log with the copy that it stands in.
    pub fn iter(&self) -> impl Iterator<Item = (Log<'a>, &'a LogCopy<'a>)> {
        let set = self.set;
        set.iter()
            .filter_map(|copy| Some((copy.open().ok()?, copy)))
    }

    /// The log that carries the bank of `alg`.
    pub fn of(&self, alg: HashAlg) -> Option<(Log<'a>, &'a LogCopy<'a>)> {
        self.iter().find(|(log, _)| log.banks().contains(alg))
    }

    /// Every event of every log.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> {
        self.iter()
            .flat_map(|(log, _)| log.events().filter_map(Result::ok))
    }

    /// The format of all of them.
    pub fn format(&self) -> Option<LogFormat> {
        self.set.first().map(|copy| copy.format)
    }

    /// Whether there are several.
    pub fn are_several(&self) -> bool {
        self.set.iter().count() > 1
    }

    /// Whether the bank of `alg` sees the whole launch by `launcher`; see [`Logs::covered`].
    pub fn cover(&self, alg: HashAlg, launcher: Launcher) -> bool {
        self.covered(launcher).get(alg.index()) == Some(&true)
    }

    /// Which banks see the whole launch by `launcher`, by [`HashAlg::index`]: each of its events has a
    /// digest there, and none caps the bank.
    pub fn covered(&self, launcher: Launcher) -> [bool; HashAlg::ALL.len()] {
        let mut covered = [None; HashAlg::ALL.len()];
        for (log, _) in self.iter() {
            let misses = self.misses_events(&log);
            for ((alg, covered), by_log) in HashAlg::ALL
                .into_iter()
                .zip(&mut covered)
                .zip(covered_by(&log, launcher))
            {
                // Of several logs, the first that carries a bank counts.
                if covered.is_none() && log.banks().contains(alg) {
                    *covered = Some(by_log && !misses);
                }
            }
        }
        covered.map(|covered| covered == Some(true))
    }

    /// Whether another log of the set has more events in PCR 17 or 18 than `log`: with the legacy
    /// format, what a bank was not extended with is not in its log at all.
    pub fn misses_events(&self, log: &Log<'_>) -> bool {
        if !self.are_several() {
            return false;
        }
        let missed = |pcr| {
            let own = extends(log, pcr);
            self.iter().any(|(other, _)| extends(&other, pcr) > own)
        };
        missed(17) || missed(18)
    }
}

/// How many events extend `pcr`.
fn extends(log: &Log<'_>, pcr: u32) -> usize {
    log.events()
        .filter_map(Result::ok)
        .filter(|event| event.pcr == pcr && event.is_extended())
        .count()
}

/// Which banks of `log` see the whole launch by `launcher`, as far as this log says.
#[inline(never)]
fn covered_by(log: &Log<'_>, launcher: Launcher) -> [bool; HashAlg::ALL.len()] {
    // A log that lost tboot's own events must not make a bank look covered that tboot never
    // extended.
    let pcrs = Mapping::of(log).tboot_pcrs();
    let mut covered = HashAlg::ALL.map(|alg| {
        launcher != Launcher::Tboot || pcrs.iter().all(|pcr| has_launcher_event(log, *pcr, alg))
    });
    for event in log.events().filter_map(Result::ok) {
        let counts = matches!(event.pcr, 17 | 18) && event.is_extended();
        let caps = matches!(event.kind, EventType::CapValue | EventType::RandomValue);
        if !counts && !caps {
            continue;
        }
        let mut has_digest = [false; HashAlg::ALL.len()];
        for alg in event.digests().filter_map(|logged| logged.bank.alg()) {
            if let Some(has_digest) = has_digest.get_mut(alg.index()) {
                *has_digest = true;
            }
        }
        for (covered, has_digest) in covered.iter_mut().zip(has_digest) {
            if (counts && !has_digest) || (caps && has_digest) {
                *covered = false;
            }
        }
    }
    covered
}
