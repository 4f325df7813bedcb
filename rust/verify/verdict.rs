// SPDX-License-Identifier: GPL-2.0

//! From facts to findings, and from findings to one word.

use super::catalogue::{CheckId, CheckSet, Severity, Weight};
use super::checks::{self, Context, State};
use super::facts::Facts;
use super::judgement::{Judgement, Outcome, Verdict};
use super::logs::Logs;
use super::policy::{Policy, References};
use super::replay::{replay_banks, HASH_START_DATA};
use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::eventlog::{Event, EventType};

/// Judges `facts` by `policy` and `references` into `out`, which is overwritten whole.
///
/// `awaiting` says that evidence may still arrive (the TPM's driver or the references are not there
/// and the deadline is not over, or the machine is between suspend and a new reading): the verdict
/// is then `pending`, while the findings are those of what is there.
pub fn judge(
    facts: &Facts<'_>,
    policy: &Policy<'_>,
    references: Option<&References<'_>>,
    awaiting: bool,
    hasher: &dyn Hasher,
    out: &mut Judgement,
) {
    out.clear();
    let context = Context::new(facts, references, hasher);
    out.launcher = context.launcher;
    if context.state == State::Launched {
        replay(&context, hasher, out);
        if let Some(logs) = context.sound_logs() {
            measurements(logs, out);
        }
    }
    checks::run(&context, out);
    let strong = !context.is_tpm12();
    decide(context.state, policy, references, strong, awaiting, out);
}

/// Replays every bank of the logs and tells which ones cover the launch.
#[inline(never)]
fn replay(context: &Context<'_>, hasher: &dyn Hasher, out: &mut Judgement) {
    let start = context.start();
    let Some(logs) = context.sound_logs() else {
        // What the heap says is all there is.
        let sha1 = out.replay.get_mut(HashAlg::Sha1.index());
        for (pcr, value) in (17..).zip(sha1.into_iter().flatten()) {
            *value = start.after_sinit(pcr);
        }
        return;
    };
    let mut carried = [false; HashAlg::ALL.len()];
    for (log, _) in logs.iter() {
        replay_banks(&log, &start, hasher, &mut carried, &mut out.replay);
    }
    let covered = logs.covered(context.launcher);
    for ((bank, covered), out) in out.replay.iter().zip(covered).zip(&mut out.covered) {
        *out = covered && bank.iter().all(Option::is_some);
    }
}

/// Takes the measurements of SINIT and of the MLE out of the logs.
#[inline(never)]
fn measurements(logs: &Logs<'_>, out: &mut Judgement) {
    out.sinit = first(logs, EventType::HashStart)
        .and_then(|event| sinit_hash(event.data))
        .or_else(|| preferred(|alg| first_in(logs, alg, EventType::HashStart)));
    out.mle = preferred(|alg| first_in(logs, alg, EventType::MleHash));
}

/// The first event of `kind` in any log.
fn first<'a>(logs: &Logs<'a>, kind: EventType) -> Option<Event<'a>> {
    logs.events().find(|event| event.kind == kind)
}

/// The digest of the first event of `kind` in the bank of `alg`.
#[inline(never)]
fn first_in(logs: &Logs<'_>, alg: HashAlg, kind: EventType) -> Option<Digest> {
    let (log, _) = logs.of(alg)?;
    log.events()
        .filter_map(Result::ok)
        .find(|event| event.kind == kind)?
        .digest(alg)
}

/// SINIT's own hash: the data of HASH_START without EDX.
fn sinit_hash(data: &[u8]) -> Option<Digest> {
    if data.len() != HASH_START_DATA {
        return None;
    }
    Digest::new(HashAlg::Sha256, data.get(..HashAlg::Sha256.size())?)
}

/// The digest that people compare: sha256 where there is one.
fn preferred(digest: impl Fn(HashAlg) -> Option<Digest>) -> Option<Digest> {
    [
        HashAlg::Sha256,
        HashAlg::Sha384,
        HashAlg::Sha512,
        HashAlg::Sha1,
    ]
    .into_iter()
    .find_map(digest)
}

/// Whether `outcome` of `check` decides.
const fn decides(check: CheckId, outcome: Outcome, policy: &Policy<'_>) -> bool {
    let by_default = match check.weight() {
        Weight::Required => true,
        Weight::Alarm => matches!(outcome, Outcome::Fail),
        Weight::Advisory => false,
    };
    !policy.waives(check) && (by_default || policy.requires(check))
}

/// The checks with `outcome` that decide.
fn deciding(outcome: Outcome, policy: &Policy<'_>, out: &Judgement) -> CheckSet {
    let mut found = CheckSet::EMPTY;
    for check in CheckId::ALL {
        if decides(check, outcome, policy) && out.outcome(check) == outcome {
            found.insert(check);
        }
    }
    found
}

/// The waived checks without which nothing is verified: the critical ones, and TPM-09 where it does
/// not pass. With a bank that the log does not know, the log could hide the very events that only
/// that bank has, and any other bank would seem to cover the launch.
fn weakening(policy: &Policy<'_>, out: &Judgement) -> CheckSet {
    let mut found = CheckSet::EMPTY;
    for check in policy.waived().iter() {
        let hides_events = check == CheckId::Tpm09 && out.outcome(check) != Outcome::Pass;
        if check.severity() == Severity::Critical || hides_events {
            found.insert(check);
        }
    }
    found
}

fn only(check: CheckId) -> CheckSet {
    let mut set = CheckSet::EMPTY;
    set.insert(check);
    set
}

/// The verdict and the checks behind it. Not good before good: what fails outweighs what is
/// unknown, and nothing unknown is good.
///
/// `strong` says that the TPM can have a bank of at least 256 bits. Without one a launch that is
/// the expected one stays `unpinned`, and TPM-02 says why.
#[inline(never)]
fn decide(
    state: State,
    policy: &Policy<'_>,
    references: Option<&References<'_>>,
    strong: bool,
    awaiting: bool,
    out: &mut Judgement,
) {
    let failing = deciding(Outcome::Fail, policy, out);
    let unknown = deciding(Outcome::Unknown, policy, out);
    let expects = references.is_some_and(|references| references.launches().next().is_some());
    let weakened = weakening(policy, out);
    (out.verdict, out.decisive) = if awaiting {
        (Verdict::Pending, unknown)
    } else if state == State::Absent {
        (Verdict::Absent, only(CheckId::Txt01))
    } else if state == State::Unconfirmed {
        // TXT-01 fails here too, but PCR 17 alone can exclude a launch.
        (Verdict::Unknown, unknown)
    } else if !failing.is_empty() {
        (Verdict::Failed, failing)
    } else if !unknown.is_empty() {
        (Verdict::Unknown, unknown)
    } else if expects && out.outcome(CheckId::Tpm10) == Outcome::Pass && weakened.is_empty() {
        if strong {
            (Verdict::Verified, only(CheckId::Tpm10))
        } else {
            (Verdict::Unpinned, only(CheckId::Tpm02))
        }
    } else if weakened.is_empty() {
        (Verdict::Unpinned, only(CheckId::Tpm10))
    } else {
        (Verdict::Unpinned, weakened)
    };
}
