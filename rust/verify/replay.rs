// SPDX-License-Identifier: GPL-2.0

//! What PCR 17 to 22 must hold if the log tells the truth.
//!
//! A launch resets them to zero, then each event extends its PCR: `PCR = H(PCR | digest)` (SDG
//! G.1.1). An event without a digest in a bank did not extend that bank.

mod diagnosis;
mod heap;

use super::facts::{PcrBank, DRTM_PCRS, FIRST_DRTM_PCR};
use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::eventlog::{Event, EventType, Log, LogFormat};

pub use diagnosis::{diagnose, records_behind, Diagnosis};
pub use heap::{combined_parts, COMBINED_SIZE};

/// Bytes of HASH_START's data: 32 of SINIT's hash and EDX of SENTER.
pub const HASH_START_DATA: usize = 36;
/// Bytes of HASH_START's data where SINIT's hash is a SHA-1.
const HASH_START_SHA1_DATA: usize = 24;

/// Position of a PCR in a [`PcrBank`]; `None` for one that a D-RTM event does not reset.
pub fn slot(pcr: u32) -> Option<usize> {
    let slot = usize::try_from(pcr.checked_sub(FIRST_DRTM_PCR)?).ok()?;
    (slot < DRTM_PCRS).then_some(slot)
}

/// What PCR 17 and 18 hold where the log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// SHA-1 of PCR 17 and 18; `None` for zero, in which every bank starts that is not SHA-1's.
    after_sinit: Option<[Digest; 2]>,
}

impl Start {
    /// Zero, as the launch leaves them: the log holds all events.
    pub const ZERO: Self = Self { after_sinit: None };

    /// The value of `pcr` in the bank of `alg`.
    fn value(&self, alg: HashAlg, pcr: u32) -> Digest {
        let known = match (&self.after_sinit, alg, pcr) {
            (Some([pcr17, _]), HashAlg::Sha1, 17) => Some(*pcr17),
            (Some([_, pcr18]), HashAlg::Sha1, 18) => Some(*pcr18),
            _ => None,
        };
        known.unwrap_or(Digest::zero(alg))
    }

    /// What SINIT has left in PCR 17 or 18 where no log says it; `None` for other PCRs, and where
    /// they start at zero.
    pub fn after_sinit(&self, pcr: u32) -> Option<Digest> {
        let [pcr17, pcr18] = self.after_sinit?;
        match pcr {
            17 => Some(pcr17),
            18 => Some(pcr18),
            _ => None,
        }
    }
}

/// Whether `log` holds any event of SINIT. One that does not, in a TPM 1.2 container, holds what
/// the launcher did behind a SINIT that knows no log: its replay starts with [`Start::from_heap`].
pub fn has_sinit_event(log: &Log<'_>) -> bool {
    log.events()
        .filter_map(Result::ok)
        .any(|event| matches!(event.kind.value(), 0x400..=0x4ff))
}

/// What the digest of event HASH_START is. Firmware logs either; the data tells which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashStart {
    /// H(data), or there is no data to tell in a log of a TPM 2.0: it extends PCR 17.
    Extended,
    /// H(0 | H(data)), or there is no data to tell in a TPM 1.2 container: PCR 17 after the extend.
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
    let without_data = match event.format {
        LogFormat::Tcg | LogFormat::Legacy { .. } => HashStart::Extended,
        LogFormat::Tpm12Container => HashStart::Resulting,
    };
    if event.data.is_empty() {
        return without_data;
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
        Some(_) if matches!(event.data.len(), HASH_START_DATA | HASH_START_SHA1_DATA) => {
            HashStart::Wrong
        }
        // Data of another kind than the specification's tells nothing.
        Some(_) => without_data,
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
    let logged = event
        .digests()
        .find(|logged| logged.bank.alg() == Some(alg));
    match logged {
        Some(logged) => apply_logged(pcr, event, logged.bytes, hasher),
        None => Some(()),
    }
}

/// The same where `logged` is the event's digest in the bank of `pcr`.
fn apply_logged(
    pcr: &mut Digest,
    event: &Event<'_>,
    logged: &[u8],
    hasher: &dyn Hasher,
) -> Option<()> {
    let alg = pcr.alg();
    // Only the first extend of a launch finds zero: a later HASH_START must not wipe out what came
    // before it.
    let resulting = event.kind == EventType::HashStart
        && pcr.is_zero()
        && hash_start(event, alg, hasher) == HashStart::Resulting;
    *pcr = if resulting {
        Digest::new(alg, logged)?
    } else {
        hasher.digest(alg, &[pcr.as_bytes(), logged])?
    };
    Some(())
}

/// PCR 17 to 22 of every bank, by [`HashAlg::index`].
pub type PcrBanks = [PcrBank; HashAlg::ALL.len()];

/// Replays all PCRs of every bank of `log` into `out`, in one walk over its events. Banks in `carried`
/// are left alone, and those of this log are put into it: of several logs, the first that carries a bank
/// counts.
///
/// The others stay `None` where the log has no such bank, cannot be read to its end, or the bank's
/// hash cannot be computed here.
pub fn replay_banks(
    log: &Log<'_>,
    start: &Start,
    hasher: &dyn Hasher,
    carried: &mut [bool; HashAlg::ALL.len()],
    out: &mut PcrBanks,
) {
    let mut replayed = [false; HashAlg::ALL.len()];
    let banks = HashAlg::ALL.into_iter().zip(&mut *out).zip(carried);
    for (((alg, bank), carried), replayed) in banks.zip(&mut replayed) {
        if *carried || !log.banks().contains(alg) {
            continue;
        }
        *carried = true;
        // Also a bank without events: one whose hash is out of reach must not seem replayed.
        *replayed = hasher.digest(alg, &[]).is_some();
        if *replayed {
            for (pcr, value) in (FIRST_DRTM_PCR..).zip(bank) {
                *value = Some(start.value(alg, pcr));
            }
        }
    }
    for event in log.events() {
        match event {
            Ok(event) => replay_event(&event, hasher, &replayed, out),
            Err(_) => {
                for (bank, _) in out
                    .iter_mut()
                    .zip(replayed)
                    .filter(|(_, replayed)| *replayed)
                {
                    bank.fill(None);
                }
            }
        }
    }
}

/// Applies `event` to those banks in `out` that are `replayed`.
fn replay_event(
    event: &Event<'_>,
    hasher: &dyn Hasher,
    replayed: &[bool; HashAlg::ALL.len()],
    out: &mut PcrBanks,
) {
    let Some(slot) = slot(event.pcr).filter(|_| event.is_extended()) else {
        return;
    };
    for logged in event.digests() {
        let index = logged.bank.alg().map(HashAlg::index);
        let Some(index) = index.filter(|index| replayed.get(*index) == Some(&true)) else {
            continue;
        };
        let Some(bank) = out.get_mut(index) else {
            continue;
        };
        let Some(Some(value)) = bank.get_mut(slot) else {
            continue;
        };
        if apply_logged(value, event, logged.bytes, hasher).is_none() {
            bank.fill(None);
        }
    }
}

/// Replays one PCR of one bank of a log that holds all events; see [`replay_banks`].
pub fn replay_pcr(log: &Log<'_>, pcr: u32, alg: HashAlg, hasher: &dyn Hasher) -> Option<Digest> {
    replay_filtered(log, &Start::ZERO, pcr, alg, hasher, &mut |_| true)
}

/// Replays the events for which `counts` holds.
fn replay_filtered(
    log: &Log<'_>,
    start: &Start,
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
    let mut value = start.value(alg, pcr);
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
        .find(|event| !event.has_digest(alg))
}

/// Whether some event of a launcher has a digest in the bank of `alg` and extends `pcr`.
pub fn has_launcher_event(log: &Log<'_>, pcr: u32, alg: HashAlg) -> bool {
    log.events().filter_map(Result::ok).any(|event| {
        event.pcr == pcr
            && event.kind.is_from_launcher()
            && event.is_extended()
            && event.has_digest(alg)
    })
}
