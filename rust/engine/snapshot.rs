// SPDX-License-Identifier: GPL-2.0

//! What is published: an immutable whole.

use super::collect::Collected;
use super::texts::{Document, Kind};
use super::timing::Timing;
use crate::verify::catalogue::CheckSet;
use crate::sys::release;
use crate::verify::evidence::{Contents, VERSION};
use crate::verify::facts::Facts;
use crate::verify::judgement::{Judgement, Verdict};
use crate::verify::notes::Notes;
use crate::verify::policy::{Policy, References};
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::Arc;

/// The evidence and what was found in it.
pub(crate) struct Examined {
    /// The evidence.
    pub(crate) collected: KBox<Collected>,
    /// The judgement; its verdict does not count the snapshot's notes.
    pub(crate) judgement: KBox<Judgement>,
    /// Whether it was judged as evidence to which more may come.
    pub(crate) awaiting: bool,
    /// What it took.
    pub(crate) timing: Timing,
}

/// A published snapshot.
pub(crate) struct Snapshot {
    /// Counts publications, from 0 for the one that knows nothing.
    pub(crate) generation: u64,
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// What else stands behind it.
    pub(crate) notes: Notes,
    /// The evidence, shared with other snapshots where it was not collected anew.
    pub(crate) examined: Arc<Examined>,
    /// The guard policy it was judged by.
    pub(crate) policy: Option<Arc<Document>>,
    /// The references it was judged by.
    pub(crate) references: Option<Arc<Document>>,
    /// Nanoseconds that it took to tell of its publication; 0 before that.
    pub(crate) announced: Atomic<i64>,
}

impl Snapshot {
    /// The checks behind the verdict.
    pub(crate) fn reasons(&self) -> CheckSet {
        self.examined.judgement.decisive
    }

    /// The text of `kind` it was judged by.
    pub(crate) fn document(&self, kind: Kind) -> Option<&Document> {
        match kind {
            Kind::Policy => self.policy.as_deref(),
            Kind::References => self.references.as_deref(),
        }
    }

    /// The serial number of the references; 0 without references or a number.
    pub(crate) fn references_serial(&self) -> u64 {
        let references = parse_references(self.references.as_deref());
        references.map_or(0, |references| references.serial())
    }

    /// All of it, to be written as evidence; `facts` are those of what was collected.
    pub(crate) fn contents<'a>(&'a self, facts: &'a Facts<'a>) -> Contents<'a> {
        Contents {
            generation: self.generation,
            kernel_release: release::kernel(),
            version: VERSION,
            facts,
            policy: self.policy.as_deref().map(Document::bytes),
            references: self.references.as_deref().map(Document::bytes),
            awaiting: self.examined.awaiting,
            notes: self.notes,
            verdict: self.verdict,
            judgement: &self.examined.judgement,
        }
    }

    /// The guard policy it was judged by.
    pub(crate) fn policy(&self) -> Policy<'_> {
        parse_policy(self.policy.as_deref())
    }
}

/// The policy of a checked text; without one, the empty policy.
pub(crate) fn parse_policy(document: Option<&Document>) -> Policy<'_> {
    document
        .and_then(|document| Policy::parse(document.bytes()).ok())
        .unwrap_or(Policy::EMPTY)
}

/// The references of a checked text.
pub(crate) fn parse_references(document: Option<&Document>) -> Option<References<'_>> {
    References::parse(document?.bytes()).ok()
}
