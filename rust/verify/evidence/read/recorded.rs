// SPDX-License-Identifier: GPL-2.0

//! What stands around the facts.

use super::{Blob, Cursor, FormatError, Items, Section};
use crate::verify::notes::Notes;

/// Who made the evidence: what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info<'a> {
    /// Version of launchguard.
    pub version: &'a str,
    /// Release of the running kernel.
    pub kernel_release: &'a str,
}

/// What was said of the evidence where it was made: for comparison, never for a judgement.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The word of the verdict that was published.
    pub verdict: &'a str,
    /// The word of the judgement's own verdict, which does not count the notes.
    pub judged: &'a str,
    /// The word of the launcher.
    pub launcher: &'a str,
    /// What each check found.
    pub findings: Items<'a, RecordedFinding<'a>>,
}

/// What a check found where the evidence was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedFinding<'a> {
    /// The check's id.
    pub check: &'a str,
    /// The outcome's word.
    pub outcome: &'a str,
    /// Why.
    pub detail: &'a str,
    /// Whether the check stands behind the verdict.
    pub decisive: bool,
}

/// The texts in force and the circumstances of the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts<'a> {
    /// The guard policy.
    pub policy: Option<&'a [u8]>,
    /// The references.
    pub references: Option<&'a [u8]>,
    /// Whether evidence may still arrive.
    pub awaiting: bool,
    /// What else stands behind the verdict.
    pub notes: Notes,
}

impl<'a> Blob<'a> {
    /// Who made it.
    ///
    /// # Errors
    ///
    /// When the section cannot be read; so for all functions here.
    pub fn info(&self) -> Result<Info<'a>, FormatError> {
        let mut at = self.section(Section::Info)?;
        Ok(Info {
            version: at.text("version")?,
            kernel_release: at.text("kernel release")?,
        })
    }

    /// What was said of it.
    pub fn recorded(&self) -> Result<Recorded<'a>, FormatError> {
        let mut at = self.section(Section::Recorded)?;
        Ok(Recorded {
            verdict: at.text("verdict")?,
            judged: at.text("judged")?,
            launcher: at.text("launcher")?,
            findings: Items::new(at.records("findings")?, finding),
        })
    }

    /// The texts in force.
    pub fn texts(&self) -> Result<Texts<'a>, FormatError> {
        let mut at = self.section(Section::Texts)?;
        Ok(Texts {
            policy: at.option("policy", |at| at.bytes("policy"))?,
            references: at.option("references", |at| at.bytes("references"))?,
            awaiting: at.bool("awaiting")?,
            notes: Notes {
                sleeping: at.bool("sleeping")?,
                policy_file: at.bool("policy file")?,
                references_file: at.bool("references file")?,
            },
        })
    }
}

fn finding(mut at: Cursor<'_>) -> Result<RecordedFinding<'_>, FormatError> {
    Ok(RecordedFinding {
        check: at.text("check")?,
        outcome: at.text("outcome")?,
        detail: at.text("detail")?,
        decisive: at.bool("decisive")?,
    })
}
