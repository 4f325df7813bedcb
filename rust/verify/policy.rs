// SPDX-License-Identifier: GPL-2.0

//! The owner's texts: the guard policy and the references.

use super::catalogue::{CheckId, CheckSet};
use crate::decode::digest::Digest;
use crate::decode::text::Text;
use core::fmt;

/// What is wrong with a text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// What is wrong there, in words.
    pub what: Text<120>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.what
        )
    }
}

/// What happens on a verdict that is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is said in the kernel's log.
    Log,
}

/// A guard policy. Holds its text; a few hundred bytes at most.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    text: &'a str,
    required: CheckSet,
    waived: CheckSet,
    on_failure: OnFailure,
}

impl<'a> Policy<'a> {
    /// The policy that says nothing.
    pub const EMPTY: Policy<'static> = Policy {
        text: "",
        required: CheckSet::EMPTY,
        waived: CheckSet::EMPTY,
        on_failure: OnFailure::Log,
    };

    /// Parses a whole text. A text of nothing but blanks and comments is the empty policy.
    ///
    /// # Errors
    ///
    /// Where the text first departs from the language.
    pub fn parse(_text: &'a [u8]) -> Result<Self, PolicyError> {
        Ok(Policy::EMPTY)
    }

    /// Whether the text requires `check` by name.
    pub const fn requires(&self, check: CheckId) -> bool {
        self.required.contains(check)
    }

    /// Whether the text waives `check`.
    pub const fn waives(&self, check: CheckId) -> bool {
        self.waived.contains(check)
    }

    /// The checks that the text requires by name.
    pub const fn required(&self) -> CheckSet {
        self.required
    }

    /// The checks that the text waives.
    pub const fn waived(&self) -> CheckSet {
        self.waived
    }

    /// The waivers with their reasons, in the order of the text.
    pub fn waivers(&self) -> impl Iterator<Item = (CheckId, &'a str)> {
        let _ = self.text;
        core::iter::empty()
    }

    /// What happens on a verdict that is not good.
    pub const fn on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// Whether the policy expects a launch: it requires something.
    pub const fn expects_launch(&self) -> bool {
        !self.required.is_empty()
    }
}

/// One pinned PCR value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// 17 to 22.
    pub pcr: u32,
    /// The expected value, with its bank.
    pub digest: Digest,
}

/// A launch that the owner expects.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// Its name.
    pub name: &'a str,
}

impl Launch<'_> {
    /// The pinned PCR values, in the order of the text.
    pub fn pins(&self) -> impl Iterator<Item = Pin> {
        core::iter::empty()
    }
}

/// The references: launches that the owner expects.
#[derive(Clone, Copy, Debug)]
pub struct References<'a> {
    text: &'a str,
}

impl<'a> References<'a> {
    /// Parses a whole text. A text of nothing but blanks and comments holds no references.
    ///
    /// # Errors
    ///
    /// Where the text first departs from the language.
    pub fn parse(_text: &'a [u8]) -> Result<Self, PolicyError> {
        Ok(References { text: "" })
    }

    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The launches, in the order of the text.
    pub fn launches(&self) -> impl Iterator<Item = Launch<'a>> {
        core::iter::empty()
    }

    /// SINIT measurements of which one is expected; none means any.
    pub fn sinits(&self) -> impl Iterator<Item = Digest> {
        core::iter::empty()
    }

    /// MLE measurements of which one is expected; none means any.
    pub fn mles(&self) -> impl Iterator<Item = Digest> {
        core::iter::empty()
    }
}
