// SPDX-License-Identifier: GPL-2.0

//! The catalogue of checks: ids, severities and what there is to say about each.

mod launch;
mod platform;
mod tpm;

use core::fmt;

/// How much depends on a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For information.
    Info,
    /// A weakness.
    Medium,
    /// A serious weakness.
    High,
    /// The claim of a launch is void without it.
    Critical,
}

impl Severity {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What there is to know about a check without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id that people write: "TXT-01".
    pub name: &'static str,
    /// How much depends on it.
    pub severity: Severity,
    /// Whether a failure decides the verdict when the policy says nothing about the check.
    pub required: bool,
    /// What it looks at, in a few words.
    pub title: &'static str,
    /// When it passes.
    pub meaning: &'static str,
    /// What an attacker gains, or what has gone wrong, when it fails.
    pub attack: &'static str,
    /// What to do about a failure.
    pub remedy: &'static str,
    /// Where the condition comes from.
    pub source: &'static str,
}

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is described by its entry")]
pub enum CheckId {
    Txt01,
    Txt02,
    Txt03,
    Txt04,
    Txt05,
    Txt06,
    Txt07,
    Txt08,
    Txt09,
    Txt10,
    Txt11,
    Txt12,
    Txt13,
    Acm05,
    Acm06,
    Heap01,
    Heap02,
    Heap03,
    Heap04,
    Heap05,
    Heap06,
    Heap07,
    Heap08,
    Map01,
    Map02,
    Tpm01,
    Tpm02,
    Tpm03,
    Tpm04,
    Tpm05,
    Tpm06,
    Tpm07,
    Tpm08,
    Tpm09,
    Tpm10,
    Tpm15,
    Krn01,
}

impl CheckId {
    /// Every check, in the order of [`CheckId::index`] and of reports.
    pub const ALL: [Self; 37] = [
        Self::Txt01,
        Self::Txt02,
        Self::Txt03,
        Self::Txt04,
        Self::Txt05,
        Self::Txt06,
        Self::Txt07,
        Self::Txt08,
        Self::Txt09,
        Self::Txt10,
        Self::Txt11,
        Self::Txt12,
        Self::Txt13,
        Self::Acm05,
        Self::Acm06,
        Self::Heap01,
        Self::Heap02,
        Self::Heap03,
        Self::Heap04,
        Self::Heap05,
        Self::Heap06,
        Self::Heap07,
        Self::Heap08,
        Self::Map01,
        Self::Map02,
        Self::Tpm01,
        Self::Tpm02,
        Self::Tpm03,
        Self::Tpm04,
        Self::Tpm05,
        Self::Tpm06,
        Self::Tpm07,
        Self::Tpm08,
        Self::Tpm09,
        Self::Tpm10,
        Self::Tpm15,
        Self::Krn01,
    ];

    /// Number of checks.
    pub const COUNT: usize = Self::ALL.len();

    /// Position in [`CheckId::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The id that people write: "TXT-01".
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The check of a [`CheckId::name`]; upper case only.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }

    /// How much depends on the check.
    pub const fn severity(self) -> Severity {
        self.entry().severity
    }

    /// Whether its failure decides the verdict when the policy says nothing about it.
    pub const fn required_by_default(self) -> bool {
        self.entry().required
    }

    /// What there is to know about the check.
    pub const fn entry(self) -> &'static Entry {
        match self {
            Self::Txt01 => &launch::TXT_01,
            Self::Txt02 => &launch::TXT_02,
            Self::Txt03 => &launch::TXT_03,
            Self::Txt04 => &launch::TXT_04,
            Self::Txt05 => &launch::TXT_05,
            Self::Txt06 => &launch::TXT_06,
            Self::Txt07 => &launch::TXT_07,
            Self::Txt08 => &launch::TXT_08,
            Self::Txt09 => &launch::TXT_09,
            Self::Txt10 => &launch::TXT_10,
            Self::Txt11 => &launch::TXT_11,
            Self::Txt12 => &launch::TXT_12,
            Self::Txt13 => &launch::TXT_13,
            Self::Acm05 => &platform::ACM_05,
            Self::Acm06 => &platform::ACM_06,
            Self::Heap01 => &platform::HEAP_01,
            Self::Heap02 => &platform::HEAP_02,
            Self::Heap03 => &platform::HEAP_03,
            Self::Heap04 => &platform::HEAP_04,
            Self::Heap05 => &platform::HEAP_05,
            Self::Heap06 => &platform::HEAP_06,
            Self::Heap07 => &platform::HEAP_07,
            Self::Heap08 => &platform::HEAP_08,
            Self::Map01 => &platform::MAP_01,
            Self::Map02 => &platform::MAP_02,
            Self::Tpm01 => &tpm::TPM_01,
            Self::Tpm02 => &tpm::TPM_02,
            Self::Tpm03 => &tpm::TPM_03,
            Self::Tpm04 => &tpm::TPM_04,
            Self::Tpm05 => &tpm::TPM_05,
            Self::Tpm06 => &tpm::TPM_06,
            Self::Tpm07 => &tpm::TPM_07,
            Self::Tpm08 => &tpm::TPM_08,
            Self::Tpm09 => &tpm::TPM_09,
            Self::Tpm10 => &tpm::TPM_10,
            Self::Tpm15 => &tpm::TPM_15,
            Self::Krn01 => &launch::KRN_01,
        }
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSet(u64);

// One bit for each check.
const _: () = assert!(CheckId::COUNT <= 64);

impl CheckSet {
    /// No check.
    pub const EMPTY: Self = Self(0);

    const fn bit(check: CheckId) -> u64 {
        1u64.wrapping_shl(check as u32)
    }

    /// Whether `check` is in the set.
    pub const fn contains(self, check: CheckId) -> bool {
        self.0 & Self::bit(check) != 0
    }

    /// Adds `check`.
    pub fn insert(&mut self, check: CheckId) {
        self.0 |= Self::bit(check);
    }

    /// Whether no check is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The checks of the set, in catalogue order.
    pub fn iter(self) -> impl Iterator<Item = CheckId> + Clone {
        CheckId::ALL
            .into_iter()
            .filter(move |check| self.contains(*check))
    }
}

/// Writes the ids, separated by single spaces.
impl fmt::Display for CheckSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, check) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(check.name())?;
        }
        Ok(())
    }
}
