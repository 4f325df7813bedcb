// SPDX-License-Identifier: GPL-2.0

//! What PCR 17 to 22 must hold if the log tells the truth.
//!
//! A launch resets them to zero, then each event extends its PCR: `PCR = H(PCR | digest)` (SDG
//! G.1.1). An event without a digest in a bank did not extend that bank.

mod diagnosis;

use super::facts::{PcrBank, DRTM_PCRS, FIRST_DRTM_PCR};
use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::eventlog::{Event, EventType, Log};

pub use diagnosis::{diagnose, Diagnosis};

/// Bytes of HASH_START's data: 32 of SINIT's hash and EDX of SENTER.
pub const HASH_START_DATA: usize = 36;

/// Position of a PCR in a [`PcrBank`]; `None` for one that a D-RTM event does not reset.
pub fn slot(pcr: u32) -> Option<usize> {
    let slot = usize::try_from(pcr.checked_sub(FIRST_DRTM_PCR)?).ok()?;
    (slot < DRTM_PCRS).then_some(slot)
}

/// What the digest of event HASH_START is. Firmware logs either; the data tells which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashStart {
    /// H(data), or there is no data to tell: it extends PCR 17.
    Extended,
    /// H(0 | H(data)): PCR 17 after the extend.
    Resulting,
    /// Neither: the log contradicts itself.
    Wrong,
    /// The bank's hash cannot be computed here, or the event has no digest in the bank.
    Unknown,
}

/// Tells what the digest of `event`, a HASH_START, is in the bank of `alg`.
pub fn hash_start(event: &Event<'_>, alg: HashAlg, hasher: &dyn Hasher) -> HashStart {
    let Some(logged) = event.digest(alg) else {
        return HashStart::Unknown;
    };
    if event.data.len() != HASH_START_DATA {
        return HashStart::Extended;
    }
    let Some(hash) = hasher.digest(alg, &[event.data]) else {
        return HashStart::Unknown;
    };
    if logged == hash {
        return HashStart::Extended;
    }
    match extend(&Digest::zero(alg), &hash, hasher) {
        None => HashStart::Unknown,
        Some(result) if result == logged => HashStart::Resulting,
        Some(_) => HashStart::Wrong,
    }
}

/// The value of a PCR that holds `pcr` after an extend with `digest`.
pub fn extend(pcr: &Digest, digest: &Digest, hasher: &dyn Hasher) -> Option<Digest> {
    hasher.digest(pcr.alg(), &[pcr.as_bytes(), digest.as_bytes()])
}

/// Applies `event` to `pcr`, the value of the PCR that it names. `None` when the hash cannot be
/// computed here.
fn apply(pcr: &mut Digest, event: &Event<'_>, hasher: &dyn Hasher) -> Option<()> {
    let alg = pcr.alg();
    let Some(logged) = event.digest(alg) else {
        return Some(());
    };
    // Only the first extend of a launch finds zero: a later HASH_START must not wipe out what came
    // before it.
    let resulting = event.kind == EventType::HashStart
        && pcr.is_zero()
        && hash_start(event, alg, hasher) == HashStart::Resulting;
    *pcr = if resulting {
        logged
    } else {
        extend(pcr, &logged, hasher)?
    };
    Some(())
}

/// Replays all PCRs of one bank into `out`. They become `None` when the log has no such bank,
/// cannot be read to its end, or the bank's hash cannot be computed here.
pub fn replay_bank(log: &Log<'_>, alg: HashAlg, hasher: &dyn Hasher, out: &mut PcrBank) {
    for (pcr, slot) in (FIRST_DRTM_PCR..).zip(out.iter_mut()) {
        *slot = replay_pcr(log, pcr, alg, hasher);
    }
}

/// Replays one PCR of one bank; see [`replay_bank`].
pub fn replay_pcr(log: &Log<'_>, pcr: u32, alg: HashAlg, hasher: &dyn Hasher) -> Option<Digest> {
    replay_filtered(log, pcr, alg, hasher, &mut |_| true)
}

/// Replays the events for which `counts` holds.
fn replay_filtered(
    log: &Log<'_>,
    pcr: u32,
    alg: HashAlg,
    hasher: &dyn Hasher,
    counts: &mut dyn FnMut(&Event<'_>) -> bool,
) -> Option<Digest> {
    if !log.banks().contains(alg) {
        return None;
    }
    // Also a PCR without events: a bank whose hash is out of reach must not seem replayed.
    hasher.digest(alg, &[])?;
    let mut value = Digest::zero(alg);
    for event in log.events() {
        let event = event.ok()?;
        if event.pcr == pcr && event.is_extended() && counts(&event) {
            apply(&mut value, &event, hasher)?;
        }
    }
    Some(value)
}

/// Offset of the first event that extends PCR 17 or 18 and has no digest in the bank of `alg`:
/// that bank does not see all of the launch.
pub fn uncovered_event<'a>(log: &Log<'a>, alg: HashAlg) -> Option<Event<'a>> {
    log.events()
        .filter_map(Result::ok)
        .filter(|event| matches!(event.pcr, 17 | 18) && event.is_extended())
        .find(|event| event.digest(alg).is_none())
}

/// Whether some event of a launcher has a digest in the bank of `alg` and extends `pcr`.
pub fn has_launcher_event(log: &Log<'_>, pcr: u32, alg: HashAlg) -> bool {
    log.events().filter_map(Result::ok).any(|event| {
        event.pcr == pcr
            && event.kind.is_from_launcher()
            && event.is_extended()
            && event.digest(alg).is_some()
    })
}
