// SPDX-License-Identifier: GPL-2.0

//! The catalogue of checks: ids, severities and what there is to say about each.

mod acm;
mod cpu;
mod dma;
mod heap;
mod kernel;
mod launch;
mod lcp;
mod map;
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

/// When a check decides the verdict, the policy saying nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Always: a failure makes `failed`, and what could not be told makes `unknown`.
    Required,
    /// Only a failure decides: there are machines on which it cannot be told.
    Alarm,
    /// Never: it is said, and no more.
    Advisory,
}

impl Weight {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Alarm => "alarm",
            Self::Advisory => "advisory",
        }
    }
}

/// What there is to know about a check without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id that people write: "TXT-01".
    pub name: &'static str,
    /// How much depends on it.
    pub severity: Severity,
    /// When it decides the verdict, the policy saying nothing about it.
    pub weight: Weight,
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

macro_rules! checks {
    ($($variant:ident = $entry:path;)+) => {
        /// A check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is described by its entry")]
        pub enum CheckId {
            $($variant,)+
        }

        impl CheckId {
            /// Every check, in the order of [`CheckId::index`] and of reports.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            /// What there is to know about the check.
            pub const fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$variant => &$entry,)+
                }
            }
        }
    };
}

checks! {
    Cpu01 = cpu::CPU_01;
    Cpu02 = cpu::CPU_02;
    Cpu03 = cpu::CPU_03;
    Cpu04 = cpu::CPU_04;
    Cpu05 = cpu::CPU_05;
    Cpu06 = cpu::CPU_06;
    Cpu07 = cpu::CPU_07;
    Cpu08 = cpu::CPU_08;
    Cpu09 = cpu::CPU_09;
    Cpu10 = cpu::CPU_10;
    Cpu11 = cpu::CPU_11;
    Cpu12 = cpu::CPU_12;
    Txt01 = launch::TXT_01;
    Txt02 = launch::TXT_02;
    Txt03 = launch::TXT_03;
    Txt04 = launch::TXT_04;
    Txt05 = launch::TXT_05;
    Txt06 = launch::TXT_06;
    Txt07 = launch::TXT_07;
    Txt08 = launch::TXT_08;
    Txt09 = launch::TXT_09;
    Txt10 = launch::TXT_10;
    Txt11 = launch::TXT_11;
    Txt12 = launch::TXT_12;
    Txt13 = launch::TXT_13;
    Acm01 = acm::ACM_01;
    Acm02 = acm::ACM_02;
    Acm03 = acm::ACM_03;
    Acm04 = acm::ACM_04;
    Acm05 = acm::ACM_05;
    Acm06 = acm::ACM_06;
    Acm07 = acm::ACM_07;
    Acm08 = acm::ACM_08;
    Acm09 = acm::ACM_09;
    Acm10 = acm::ACM_10;
    Heap01 = heap::HEAP_01;
    Heap02 = heap::HEAP_02;
    Heap03 = heap::HEAP_03;
    Heap04 = heap::HEAP_04;
    Heap05 = heap::HEAP_05;
    Heap06 = heap::HEAP_06;
    Heap07 = heap::HEAP_07;
    Heap08 = heap::HEAP_08;
    Map01 = map::MAP_01;
    Map02 = map::MAP_02;
    Map03 = map::MAP_03;
    Map04 = map::MAP_04;
    Map05 = map::MAP_05;
    Map06 = map::MAP_06;
    Map07 = map::MAP_07;
    Map08 = map::MAP_08;
    Map09 = map::MAP_09;
    Map10 = map::MAP_10;
    Dma01 = dma::DMA_01;
    Dma02 = dma::DMA_02;
    Dma03 = dma::DMA_03;
    Dma04 = dma::DMA_04;
    Dma05 = dma::DMA_05;
    Dma06 = dma::DMA_06;
    Dma07 = dma::DMA_07;
    Dma08 = dma::DMA_08;
    Dma09 = dma::DMA_09;
    Dma10 = dma::DMA_10;
    Dma11 = dma::DMA_11;
    Dma12 = dma::DMA_12;
    Dma13 = dma::DMA_13;
    Dma14 = dma::DMA_14;
    Dma15 = dma::DMA_15;
    Dma16 = dma::DMA_16;
    Dma17 = dma::DMA_17;
    Tpm01 = tpm::TPM_01;
    Tpm02 = tpm::TPM_02;
    Tpm03 = tpm::TPM_03;
    Tpm04 = tpm::TPM_04;
    Tpm05 = tpm::TPM_05;
    Tpm06 = tpm::TPM_06;
    Tpm07 = tpm::TPM_07;
    Tpm08 = tpm::TPM_08;
    Tpm09 = tpm::TPM_09;
    Tpm10 = tpm::TPM_10;
    Tpm11 = tpm::TPM_11;
    Tpm12 = tpm::TPM_12;
    Tpm13 = tpm::TPM_13;
    Tpm14 = tpm::TPM_14;
    Tpm15 = tpm::TPM_15;
    Lcp01 = lcp::LCP_01;
    Lcp02 = lcp::LCP_02;
    Lcp03 = lcp::LCP_03;
    Lcp04 = lcp::LCP_04;
    Krn01 = kernel::KRN_01;
    Krn02 = kernel::KRN_02;
    Krn03 = kernel::KRN_03;
}

impl CheckId {
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

    /// When it decides the verdict, the policy saying nothing about it.
    pub const fn weight(self) -> Weight {
        self.entry().weight
    }

    /// Whether a failure and an unknown outcome decide the verdict when the policy says nothing about
    /// the check.
    pub const fn required_by_default(self) -> bool {
        matches!(self.entry().weight, Weight::Required)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSet(u128);

// One bit for each check.
const _: () = assert!(CheckId::COUNT <= 128);

impl CheckSet {
    /// No check.
    pub const EMPTY: Self = Self(0);

    const fn bit(check: CheckId) -> u128 {
        1u128.wrapping_shl(check as u32)
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
