// SPDX-License-Identifier: GPL-2.0

//! PCR 17 to 22 by bank: what the TPM holds, what the log leads to, what the owner expects.

use super::{Input, State};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::verify::facts::DRTM_PCRS;
use launchguard_pure::verify::policy::Launch;
use serde::Serialize;

/// A bank.
#[derive(Clone, Debug, Serialize)]
pub struct Bank {
    /// Its algorithm.
    pub name: &'static str,
    /// Whether the TPM has allocated it.
    pub allocated: bool,
    /// Whether every event of the launch has a digest in it.
    pub covers: bool,
    /// Whether a pin in it counts: at least 256 bits.
    pub strong: bool,
    /// PCR 17 to 22.
    pub pcrs: Vec<PcrRow>,
}

/// A PCR in one bank.
#[derive(Clone, Debug, Serialize)]
pub struct PcrRow {
    /// 17 to 22.
    pub pcr: u32,
    /// What the TPM holds, in hex.
    pub tpm: Option<String>,
    /// What it means, where that can be told from the value alone.
    pub remark: Option<&'static str>,
    /// What the log leads to, in hex.
    pub replay: Option<String>,
    /// Whether both are equal.
    pub explained: State,
    /// What the owner expects: the matching launch's value, else that of every launch with a pin here.
    pub pinned: Vec<(String, String)>,
    /// Whether the TPM holds what the owner expects.
    pub expected: State,
}

pub(super) fn banks(input: &Input<'_>) -> Vec<Bank> {
    HashAlg::ALL
        .into_iter()
        .filter_map(|alg| bank(input, alg))
        .collect()
}

fn bank(input: &Input<'_>, alg: HashAlg) -> Option<Bank> {
    let allocated = input.tpm().is_some_and(|tpm| tpm.is_allocated(alg));
    let replayed = input.judgement.replayed(alg, 17).is_some();
    if !allocated && !replayed {
        return None;
    }
    Some(Bank {
        name: alg.name(),
        allocated,
        covers: input.judgement.covers(alg),
        strong: alg.is_strong(),
        pcrs: (17..)
            .take(DRTM_PCRS)
            .map(|pcr| row(input, alg, pcr))
            .collect(),
    })
}

fn row(input: &Input<'_>, alg: HashAlg, pcr: u32) -> PcrRow {
    let tpm = input.tpm().and_then(|tpm| tpm.pcr(alg, pcr));
    let replay = input.judgement.replayed(alg, pcr);
    let pinned = pins(input, alg, pcr);
    PcrRow {
        pcr,
        tpm: tpm.map(Digest::to_string),
        remark: tpm.and_then(remark),
        replay: replay.map(Digest::to_string),
        explained: compared(tpm, replay),
        expected: match (tpm, pinned.as_slice()) {
            (_, []) => State::None,
            (None, _) => State::Unknown,
            (Some(tpm), pins) if pins.iter().any(|(_, digest)| digest == tpm) => State::Pass,
            _ => State::Fail,
        },
        pinned: pinned
            .into_iter()
            .map(|(name, digest)| (name, digest.to_string()))
            .collect(),
    }
}

/// Whether the TPM holds what the log leads to.
pub(super) fn compared(tpm: Option<&Digest>, replay: Option<&Digest>) -> State {
    match (tpm, replay) {
        (Some(tpm), Some(replay)) if tpm == replay => State::Pass,
        (Some(_), Some(_)) => State::Fail,
        (None, Some(_)) => State::Unknown,
        (_, None) => State::None,
    }
}

fn remark(value: &Digest) -> Option<&'static str> {
    if value.is_ones() {
        Some("all ones: no launch reset this PCR since power-on")
    } else if value.is_zero() {
        Some("zero: nothing was extended")
    } else {
        None
    }
}

/// What the owner expects of a PCR: launch and value.
pub(super) fn pins(input: &Input<'_>, alg: HashAlg, pcr: u32) -> Vec<(String, Digest)> {
    let Some(references) = input.references else {
        return Vec::new();
    };
    let matched = input.judgement.launch;
    let counts = |launch: &Launch<'_>| match matched {
        Some(name) => launch.name == name.as_str(),
        None => true,
    };
    let launches = references.launches().filter(counts);
    let mut found = Vec::new();
    for launch in launches {
        let pins = launch.pins();
        let here = pins.filter(|pin| pin.pcr == pcr && pin.digest.alg() == alg);
        found.extend(here.map(|pin| (launch.name.to_owned(), pin.digest)));
    }
    found
}
