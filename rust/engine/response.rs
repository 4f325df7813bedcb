// SPDX-License-Identifier: GPL-2.0

//! What follows a verdict that the owner does not accept.

use super::snapshot::{parse_policy, parse_references, Snapshot};
use super::Document;
use crate::decode::text::Text;
use crate::sys::module;
use crate::sys::params;
use crate::verify::judgement::Verdict;
use crate::verify::policy::OnFailure;
use kernel::prelude::*;
use kernel::str::CString;

/// Room for the ids of some checks: a machine that panics says no more than fits a line.
type Line = Text<240>;

/// What was last answered to, so that one verdict is answered to once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    verdict: Verdict,
    action: OnFailure,
}

/// Whether the owner expects a launch: by a check that is required by name, by references, or by a
/// file of references that was named and is no use.
fn expects_launch(snapshot: &Snapshot) -> bool {
    let references = parse_references(snapshot.references.as_deref());
    snapshot.policy().expects_launch()
        || references.is_some_and(|references| !references.is_empty())
        || snapshot.notes.references_file
}

/// Whether the policy does not accept the verdict. One that evidence is still awaited for is no
/// verdict yet.
fn is_unacceptable(snapshot: &Snapshot) -> bool {
    match snapshot.verdict {
        Verdict::Failed => true,
        Verdict::Absent | Verdict::Unknown => expects_launch(snapshot),
        Verdict::Pending | Verdict::Verified | Verdict::Unpinned => false,
    }
}

/// Answers to a published snapshot as its policy says; what was answered, for the next time.
#[inline(never)]
pub(super) fn answer(snapshot: &Snapshot, before: Option<Answered>) -> Option<Answered> {
    if snapshot.verdict == Verdict::Pending {
        // Between two verdicts: the next one is compared with the last.
        return before;
    }
    if !is_unacceptable(snapshot) {
        return None;
    }
    let action = match params::rescue() {
        true => OnFailure::Log,
        false => snapshot.policy().on_failure(),
    };
    let answered = Answered {
        verdict: snapshot.verdict,
        action,
    };
    if before == Some(answered) {
        return before;
    }
    let why = Line::format(format_args!(
        "the policy does not accept the verdict {}: {}",
        snapshot.verdict,
        snapshot.reasons()
    ));
    pr_alert!("{}\n", why.as_str());
    match answered.action {
        // The guard does, until the policy accepts a verdict.
        OnFailure::Log | OnFailure::Quarantine => {}
        OnFailure::Panic => panic(&why),
    }
    Some(answered)
}

/// Whether `policy` answers with quarantine to a verdict that it does not accept.
pub(super) fn wants_quarantine(policy: &Document) -> bool {
    parse_policy(Some(policy)).on_failure() == OnFailure::Quarantine
}

/// Whether the policy wants everything blocked that can be; `None` between two verdicts.
pub(super) fn quarantine(snapshot: &Snapshot) -> Option<bool> {
    let wanted = snapshot.policy().on_failure() == OnFailure::Quarantine;
    (snapshot.verdict != Verdict::Pending).then(|| wanted && is_unacceptable(snapshot))
}

fn panic(why: &Line) {
    match CString::try_from_fmt(fmt!("launchguard: {}", why.as_str())) {
        Ok(why) => module::panic(&why),
        Err(_) => module::panic(c"launchguard: the policy does not accept the verdict"),
    }
}
