// SPDX-License-Identifier: GPL-2.0

//! What several checks look at, decoded once.

use crate::decode::digest::{HashAlg, Hasher};
use crate::decode::eventlog::{Log, LogError, LogFormat};
use crate::decode::heap::{Chain, ChainError, OsMleData, OsSinitData, Producer, SinitMleData};
use crate::decode::registers::{launch_claimed, DidVid, Reg, VENDOR_INTEL};
use crate::verify::facts::{Evidence, Facts, HeapCopy, LogSet, TpmFacts, TpmFamily};
use crate::verify::judgement::Launcher;
use crate::verify::logs::Logs;
use crate::verify::policy::References;
use crate::verify::replay::{has_sinit_event, Start};

/// What registers and PCR 17 say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum State {
    /// At least one of them speaks of a launch, or cannot be read: everything is looked at.
    Launched,
    /// Both say that there was none.
    Absent,
    /// The registers claim none, and PCR 17 cannot be read.
    Unconfirmed,
}

/// PCR 17 over all banks that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pcr17 {
    /// Some bank holds all ones: no D-RTM event.
    pub(super) ones: Option<HashAlg>,
    /// Some bank holds zero: a D-RTM event without measurement.
    pub(super) zero: Option<HashAlg>,
    /// Some bank holds another value.
    pub(super) alive: Option<HashAlg>,
    /// Some allocated bank was not read.
    pub(super) unread: Option<HashAlg>,
}

impl Pcr17 {
    fn of(tpm: Option<&TpmFacts>) -> Self {
        let mut state = Self {
            ones: None,
            zero: None,
            alive: None,
            unread: None,
        };
        let Some(tpm) = tpm else { return state };
        for alg in HashAlg::ALL {
            if !tpm.is_allocated(alg) {
                continue;
            }
            let slot = match tpm.pcr(alg, 17) {
                None => &mut state.unread,
                Some(value) if value.is_ones() => &mut state.ones,
                Some(value) if value.is_zero() => &mut state.zero,
                Some(_) => &mut state.alive,
            };
            slot.get_or_insert(alg);
        }
        state
    }

    /// Whether no bank was read.
    pub(super) const fn is_unread(&self) -> bool {
        self.ones.is_none() && self.zero.is_none() && self.alive.is_none()
    }

    /// Whether every bank that was read says that no D-RTM event took place.
    pub(super) const fn is_untouched(&self) -> bool {
        self.ones.is_some() && self.zero.is_none() && self.alive.is_none()
    }
}

/// The event log: usable, broken, or not there with the reason.
#[derive(Clone, Copy)]
pub(super) enum LogState<'a> {
    /// Every record could be read.
    Sound(Logs<'a>),
    /// It is no well-formed log.
    Broken(LogError),
    /// It could not be read.
    Missing(&'static str),
    /// There is none.
    None(&'static str),
}

/// The heap: split into its tables, broken, or not there with the reason.
#[derive(Clone, Copy)]
pub(super) enum HeapState<'a> {
    /// Its four tables.
    Split(Chain<'a>),
    /// Its sizes lead nowhere.
    Broken(ChainError),
    /// It could not be read, or there is none.
    Missing(&'static str),
}

/// What the checks look at.
pub(in crate::verify) struct Context<'a> {
    pub(super) facts: &'a Facts<'a>,
    /// `None` also for references that expect nothing.
    pub(super) references: Option<&'a References<'a>>,
    pub(super) hasher: &'a dyn Hasher,
    /// What the registers claim.
    pub(super) claimed: Option<bool>,
    pub(super) pcr17: Pcr17,
    pub(in crate::verify) state: State,
    pub(in crate::verify) launcher: Launcher,
    pub(super) heap: HeapState<'a>,
    pub(super) log: LogState<'a>,
}

impl<'a> Context<'a> {
    pub(in crate::verify) fn new(
        facts: &'a Facts<'a>,
        references: Option<&'a References<'a>>,
        hasher: &'a dyn Hasher,
    ) -> Self {
        let claimed = launch_claimed(facts.registers);
        let pcr17 = Pcr17::of(facts.tpm.read());
        let state = match claimed {
            Some(false) if pcr17.is_unread() => State::Unconfirmed,
            Some(false) if pcr17.is_untouched() => State::Absent,
            _ => State::Launched,
        };
        let heap = split_heap(facts.heap);
        let launcher = match state {
            State::Launched => launcher_of(&heap, facts.slrt.read()),
            _ => Launcher::None,
        };
        Self {
            facts,
            references: references.filter(|references| !references.is_empty()),
            hasher,
            claimed,
            pcr17,
            state,
            launcher,
            heap,
            log: open_log(&facts.log),
        }
    }

    /// Register `reg`.
    pub(super) fn reg(&self, reg: Reg) -> Option<u64> {
        self.facts.registers.get(reg)
    }

    /// Whether an Intel chipset answers in the public window.
    pub(super) fn is_intel(&self) -> bool {
        self.reg(Reg::DidVid)
            .is_some_and(|value| DidVid(value).vendor() == VENDOR_INTEL)
    }

    /// The logs, if they are sound.
    pub(in crate::verify) const fn sound_logs(&self) -> Option<&Logs<'a>> {
        match &self.log {
            LogState::Sound(logs) => Some(logs),
            _ => None,
        }
    }

    /// The first of the logs, if they are sound: each holds every event with its data.
    pub(super) fn first_log(&self) -> Option<Log<'a>> {
        self.sound_logs()?.iter().next().map(|(log, _)| log)
    }

    /// Why there is no sound log.
    pub(super) const fn log_reason(&self) -> &'static str {
        match self.log {
            LogState::Sound(_) => "",
            LogState::Broken(_) => "the event log is malformed (TPM-06)",
            LogState::Missing(reason) | LogState::None(reason) => reason,
        }
    }

    /// Whether this is a launch that left no log, as those of the first SINITs did: a TPM 1.2, and
    /// a heap that points at none.
    pub(super) fn is_without_log(&self) -> bool {
        matches!(self.log, LogState::None(_)) && self.is_tpm12()
    }

    /// Whether the launch is that of a TPM 1.2: by its log, else by the TPM.
    pub(in crate::verify) fn is_tpm12(&self) -> bool {
        match self.sound_logs().and_then(Logs::format) {
            Some(format) => format == LogFormat::Tpm12Container,
            None => self.tpm().is_some_and(|tpm| tpm.family == TpmFamily::Tpm12),
        }
    }

    /// What PCR 17 and 18 hold where the log begins: zero, or with a SINIT that knows no log what
    /// the heap says.
    pub(in crate::verify) fn start(&self) -> Start {
        let from_heap = match self.sound_logs() {
            Some(logs) => logs.iter().all(|(log, _)| {
                log.format() == LogFormat::Tpm12Container && !has_sinit_event(&log)
            }),
            None => self.is_without_log(),
        };
        if !from_heap {
            return Start::ZERO;
        }
        let start = || {
            let capabilities = self.os_sinit_data()?.capabilities;
            Start::from_heap(&self.sinit_mle_data()?, capabilities, self.hasher)
        };
        start().unwrap_or(Start::ZERO)
    }

    /// OsSinitData, if it can be decoded.
    pub(super) fn os_sinit_data(&self) -> Option<OsSinitData<'a>> {
        OsSinitData::decode(self.chain()?.os_sinit_data.bytes).ok()
    }

    /// The heap's tables, if it could be split.
    pub(super) const fn chain(&self) -> Option<&Chain<'a>> {
        match &self.heap {
            HeapState::Split(chain) => Some(chain),
            _ => None,
        }
    }

    /// Why there are no tables.
    pub(super) const fn heap_reason(&self) -> &'static str {
        match self.heap {
            HeapState::Split(_) => "",
            HeapState::Broken(_) => "the heap's tables are malformed (HEAP-02)",
            HeapState::Missing(reason) => reason,
        }
    }

    /// SinitMleData, if it can be decoded.
    pub(super) fn sinit_mle_data(&self) -> Option<SinitMleData<'a>> {
        SinitMleData::decode(self.chain()?.sinit_mle_data.bytes).ok()
    }

    /// The TPM, if it answered.
    pub(super) const fn tpm(&self) -> Option<&'a TpmFacts> {
        match self.facts.tpm {
            Evidence::Read(tpm) => Some(tpm),
            _ => None,
        }
    }

    /// Why there is no TPM.
    pub(super) const fn tpm_reason(&self) -> &'static str {
        match self.facts.tpm {
            Evidence::Read(_) => "PCR 17 could not be read in any bank",
            Evidence::Unreadable(reason) | Evidence::Absent(reason) => reason,
        }
    }
}

#[inline(never)]
fn split_heap(heap: Evidence<HeapCopy<'_>>) -> HeapState<'_> {
    match heap {
        Evidence::Read(copy) => match Chain::split(copy.bytes) {
            Ok(chain) => HeapState::Split(chain),
            Err(error) => HeapState::Broken(error),
        },
        Evidence::Unreadable(reason) | Evidence::Absent(reason) => HeapState::Missing(reason),
    }
}

#[inline(never)]
fn open_log<'a>(logs: &'a Evidence<LogSet<'a>>) -> LogState<'a> {
    match logs {
        Evidence::Read(set) => match Logs::open(set) {
            Ok(logs) => LogState::Sound(logs),
            Err(Some(error)) => LogState::Broken(error),
            Err(None) => LogState::Missing("there is no log"),
        },
        Evidence::Unreadable(reason) => LogState::Missing(reason),
        Evidence::Absent(reason) => LogState::None(reason),
    }
}

fn launcher_of(heap: &HeapState<'_>, slrt: Option<&[u8]>) -> Launcher {
    let HeapState::Split(chain) = heap else {
        return Launcher::Unknown;
    };
    match OsMleData::decode(chain.os_mle_data.bytes).map(|table| table.confirmed(slrt)) {
        Ok(Producer::Tboot) => Launcher::Tboot,
        Ok(Producer::SecureLaunchG0 | Producer::SecureLaunchG1 | Producer::SecureLaunchG2) => {
            Launcher::SecureLaunch
        }
        Ok(Producer::Unknown) | Err(_) => Launcher::Unknown,
    }
}
