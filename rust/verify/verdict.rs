// SPDX-License-Identifier: GPL-2.0

//! From facts to findings, and from findings to one word.

use super::catalogue::{CheckId, CheckSet, Severity, Weight};
use super::checks::{self, Context, State};
use super::facts::Facts;
use super::judgement::{Judgement, Launcher, Outcome, Verdict};
use super::policy::{Policy, References};
use super::replay::{has_launcher_event, replay_bank, uncovered_event, HASH_START_DATA};
use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::eventlog::{EventType, Log};

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
        if let Some(log) = context.sound_log() {
            replay(log, context.launcher, hasher, out);
            measurements(log, out);
        }
    }
    checks::run(&context, out);
    decide(context.state, policy, references, awaiting, out);
}

/// Replays every bank of the log and tells which ones cover the launch.
#[inline(never)]
fn replay(log: &Log<'_>, launcher: Launcher, hasher: &dyn Hasher, out: &mut Judgement) {
    let banks = out.replay.iter_mut().zip(out.covered.iter_mut());
    for (alg, (bank, covered)) in HashAlg::ALL.into_iter().zip(banks) {
        replay_bank(log, alg, hasher, bank);
        let replayed = bank.iter().all(Option::is_some);
        // A log that lost tboot's own events must not make a bank look covered that tboot never
        // extended.
        let launcher_seen = launcher != Launcher::Tboot
            || [17, 18]
                .into_iter()
                .all(|pcr| has_launcher_event(log, pcr, alg));
        *covered = replayed && launcher_seen && uncovered_event(log, alg).is_none();
    }
}

/// Takes the measurements of SINIT and of the MLE out of the log.
#[inline(never)]
fn measurements(log: &Log<'_>, out: &mut Judgement) {
    for event in log.events().filter_map(Result::ok) {
        match event.kind {
            EventType::HashStart if out.sinit.is_none() => {
                out.sinit = sinit_hash(event.data).or_else(|| preferred(|alg| event.digest(alg)));
            }
            EventType::MleHash if out.mle.is_none() => {
                out.mle = preferred(|alg| event.digest(alg));
            }
            _ => {}
        }
    }
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
#[inline(never)]
fn decide(
    state: State,
    policy: &Policy<'_>,
    references: Option<&References<'_>>,
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
        (Verdict::Verified, only(CheckId::Tpm10))
    } else if weakened.is_empty() {
        (Verdict::Unpinned, only(CheckId::Tpm10))
    } else {
        (Verdict::Unpinned, weakened)
    };
}
