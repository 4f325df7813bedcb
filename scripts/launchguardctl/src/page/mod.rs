// SPDX-License-Identifier: GPL-2.0

//! What a report says, as data: `--json` prints it, and `html` draws it.
//!
//! Texts that come out of evidence, policy or references are kept as they are: whoever shows them
//! escapes them.

mod appendix;
mod chain;
mod chipset;
mod findings;
mod headline;
mod log;
mod measured;
mod memory;
mod pcrs;
mod remarks;
mod time;
mod words;

use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::facts::{Facts, TpmFacts};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};
use launchguard_pure::verify::policy::{Policy, References};
use serde::Serialize;

pub use appendix::{Appendix, Row};
pub use chain::{Chain, Lane, Link, Measured};
pub use findings::{Check, FAMILIES};
pub use headline::Headline;
pub use log::{EventRow, LogPage};
pub use memory::{Level, Memory, Region, Role};
pub use pcrs::{Bank, PcrRow};
pub use time::utc;

/// Where the evidence comes from, as far as that is known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    /// Name of the evidence's file.
    pub source: String,
    /// SHA-256 of that file, in hex.
    pub sha256: Option<String>,
    /// Number of the snapshot since the module was loaded.
    pub generation: Option<u64>,
    /// When the page was made, in words.
    pub made: Option<String>,
    /// Release of the kernel that ran.
    pub release: Option<String>,
    /// What else is to be known of how the evidence was judged, in sentences.
    pub notes: Vec<String>,
}

/// Everything that a report looks at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The evidence.
    pub facts: &'a Facts<'a>,
    /// What was found in it.
    pub judgement: &'a Judgement,
    /// The verdict: that of the judgement, or what the circumstances made of it.
    pub verdict: Verdict,
    /// The policy it was judged by.
    pub policy: &'a Policy<'a>,
    /// The references it was judged by.
    pub references: Option<&'a References<'a>>,
    /// Where it comes from.
    pub about: &'a About,
}

impl<'a> Input<'a> {
    /// The TPM, if it answered.
    fn tpm(&self) -> Option<&'a TpmFacts> {
        self.facts.tpm.read()
    }

    /// The bank that a person compares: one that covers the launch, sha256 before others, else any.
    fn bank(&self) -> Option<HashAlg> {
        const BEST_FIRST: [HashAlg; 5] = [
            HashAlg::Sha256,
            HashAlg::Sha384,
            HashAlg::Sha512,
            HashAlg::Sm3,
            HashAlg::Sha1,
        ];
        let tpm = self.tpm();
        let allocated = |alg: &HashAlg| tpm.is_some_and(|tpm| tpm.is_allocated(*alg));
        let mut covering = BEST_FIRST.into_iter().filter(allocated);
        covering
            .find(|alg| self.judgement.covers(*alg))
            .or_else(|| BEST_FIRST.into_iter().find(allocated))
            .or_else(|| {
                let replayed = |alg: &HashAlg| self.judgement.replayed(*alg, 17).is_some();
                BEST_FIRST.into_iter().find(replayed)
            })
    }
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    /// It holds.
    #[serde(rename = "pass")]
    Pass,
    /// It does not hold.
    #[serde(rename = "fail")]
    Fail,
    /// It could not be told.
    #[serde(rename = "unknown")]
    Unknown,
    /// There is nothing to tell.
    #[serde(rename = "n/a")]
    None,
}

impl State {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::None => "n/a",
        }
    }
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::Unknown => Self::Unknown,
            Outcome::NotApplicable => Self::None,
        }
    }
}

/// Addresses and other numbers that people write in hexadecimal, as strings of that form.
mod hexadecimal {
    use serde::Serializer;
    use std::fmt::LowerHex;

    pub(super) fn number<S: Serializer>(value: &impl LowerHex, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{value:#x}"))
    }

    #[allow(clippy::ref_option, reason = "serde hands over references to fields")]
    pub(super) fn optional<S: Serializer>(value: &Option<u16>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => number(value, to),
            None => to.serialize_none(),
        }
    }
}

/// A report.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// The verdict and the machine.
    pub headline: Headline,
    /// Every check, in the catalogue's order.
    pub checks: Vec<Check>,
    /// From the processor to the kernel.
    pub chain: Chain,
    /// The banks of the TPM and of the log.
    pub banks: Vec<Bank>,
    /// The event log.
    pub log: LogPage,
    /// Where things lie in memory.
    pub memory: Memory,
    /// Registers and what else was read.
    pub evidence: Appendix,
    /// Where the evidence comes from.
    pub about: About,
}

impl Page {
    /// The report on `input`.
    pub fn new(input: &Input<'_>) -> Self {
        let log = log::read(input);
        Self {
            headline: headline::headline(input),
            checks: findings::checks(input),
            chain: chain::chain(input),
            banks: pcrs::banks(input),
            memory: memory::memory(input),
            evidence: appendix::appendix(input),
            log,
            about: input.about.clone(),
        }
    }

    /// The check `id`.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// Checks that fail and are not waived, the most severe first, those that decide before others.
    pub fn failing(&self) -> Vec<&Check> {
        self.sorted(|check| check.outcome == State::Fail && check.waived.is_none())
    }

    /// Checks that could not be told and are not waived, in the same order.
    pub fn unknown(&self) -> Vec<&Check> {
        self.sorted(|check| check.outcome == State::Unknown && check.waived.is_none())
    }

    /// Checks that the policy waives.
    pub fn waived(&self) -> Vec<&Check> {
        self.sorted(|check| check.waived.is_some())
    }

    fn sorted(&self, which: impl Fn(&Check) -> bool) -> Vec<&Check> {
        let mut found: Vec<&Check> = self.checks.iter().filter(|check| which(check)).collect();
        // Stable: the catalogue's order remains among equals.
        found.sort_by_key(|check| (std::cmp::Reverse(check.rank), !check.decides));
        found
    }
}
