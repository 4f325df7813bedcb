// SPDX-License-Identifier: GPL-2.0

//! What a judgement says: a result for each check, and one verdict.

use super::catalogue::{CheckId, CheckSet};
use super::facts::DRTM_PCRS;
use super::replay::{slot, PcrBanks};
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::text::Text;
use core::fmt;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The condition holds.
    Pass,
    /// The condition does not hold.
    Fail,
    /// It could not be told: never a pass.
    Unknown,
    /// The check says nothing on this machine.
    NotApplicable,
}

impl Outcome {
    /// The word in `checks/<ID>`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "n/a",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The one-line detail of a finding.
pub type Detail = Text<160>;

/// A check's result.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// What it found.
    pub outcome: Outcome,
    /// Why, in one line with the values that decided it.
    pub detail: Detail,
}

impl Finding {
    /// Not looked at yet: counts as unknown.
    pub const NONE: Self = Self {
        outcome: Outcome::Unknown,
        detail: Detail::EMPTY,
    };
}

/// The verdict's word (sysfs `verdict`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The evidence is not complete yet; a deadline ends it.
    Pending,
    /// Every required check passes and PCR 17 and 18 equal a launch that the owner expects.
    Verified,
    /// Every required check passes; the policy holds nothing that would make it verified.
    Unpinned,
    /// A required check fails.
    Failed,
    /// Nothing failed, something required could not be read.
    Unknown,
    /// No measured launch took place.
    Absent,
}

impl Verdict {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Unpinned => "unpinned",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Who performed the launch (sysfs `launcher`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// tboot.
    Tboot,
    /// Linux Secure Launch.
    SecureLaunch,
    /// A launch took place, by none of the launchers known here.
    Unknown,
    /// No launch took place.
    None,
}

impl Launcher {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tboot => "tboot",
            Self::SecureLaunch => "secure-launch",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

/// A whole judgement. Large (about 10 KiB): lives on the heap, filled in place.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    findings: [Finding; CheckId::COUNT],
    /// The verdict.
    pub verdict: Verdict,
    /// The checks behind the verdict's word (sysfs `reason` prints them; it has no words of its own).
    pub decisive: CheckSet,
    /// Who launched.
    pub launcher: Launcher,
    /// PCR 17-22 as replayed from the log; `None` where no replay is possible.
    pub replay: PcrBanks,
    /// Whether every launcher event has a digest in the bank (TPM-02).
    pub covered: [bool; HashAlg::ALL.len()],
    /// The SINIT measurement: the hash part of event HASH_START's data, or its digest.
    pub sinit: Option<Digest>,
    /// The MLE measurement: event MLE_HASH, in the strongest bank that has it up to SHA-256.
    pub mle: Option<Digest>,
    /// The name of the launch entry that matched.
    pub launch: Option<Text<64>>,
}

impl Judgement {
    /// Nothing judged yet.
    pub const NONE: Self = Self {
        findings: [Finding::NONE; CheckId::COUNT],
        verdict: Verdict::Pending,
        decisive: CheckSet::EMPTY,
        launcher: Launcher::None,
        replay: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
        covered: [false; HashAlg::ALL.len()],
        sinit: None,
        mle: None,
        launch: None,
    };

    /// The checks behind the verdict's word, in catalogue order.
    pub fn reasons(&self) -> impl Iterator<Item = CheckId> + Clone {
        self.decisive.iter()
    }

    /// Forgets everything, in place: a `Judgement` is too large for a kernel stack.
    pub fn clear(&mut self) {
        for finding in &mut self.findings {
            *finding = Finding::NONE;
        }
        self.verdict = Verdict::Pending;
        self.decisive = CheckSet::EMPTY;
        self.launcher = Launcher::None;
        for bank in &mut self.replay {
            for pcr in bank {
                *pcr = None;
            }
        }
        self.covered = [false; HashAlg::ALL.len()];
        self.sinit = None;
        self.mle = None;
        self.launch = None;
    }

    /// The replayed value of a PCR from 17 to 22; `None` where no replay is possible.
    pub fn replayed(&self, alg: HashAlg, pcr: u32) -> Option<&Digest> {
        self.replay.get(alg.index())?.get(slot(pcr)?)?.as_ref()
    }

    /// Whether the bank of `alg` covers the launch: every event of PCR 17 and 18 has a digest in it.
    pub fn covers(&self, alg: HashAlg) -> bool {
        self.covered.get(alg.index()).copied().unwrap_or(false)
    }

    /// The outcome of `check`.
    pub fn outcome(&self, check: CheckId) -> Outcome {
        self.finding(check).outcome
    }

    /// The finding of `check`.
    pub fn finding(&self, check: CheckId) -> &Finding {
        self.findings.get(check.index()).unwrap_or(&Finding::NONE)
    }

    /// Records the finding of `check`.
    // Not inlined: its finding would stand on the stack of every check.
    #[inline(never)]
    pub fn set(&mut self, check: CheckId, outcome: Outcome, detail: fmt::Arguments<'_>) {
        if let Some(finding) = self.findings.get_mut(check.index()) {
            *finding = Finding {
                outcome,
                detail: Detail::format(detail),
            };
        }
    }
}
