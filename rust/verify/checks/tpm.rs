// SPDX-License-Identifier: GPL-2.0

//! TPM-01, TPM-02, TPM-03 and TPM-15: the TPM itself.

use super::context::Context;
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::LogFormat;
use crate::decode::text::Text;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{TpmFacts, TpmFamily, DRTM_PCRS};
use crate::verify::judgement::{Judgement, Outcome};
use crate::verify::logs::Logs;
use crate::verify::replay::uncovered_event;
use core::fmt::Write;

/// The TPM, or the finding that there is none.
fn tpm<'a>(c: &Context<'a>, check: CheckId, out: &mut Judgement) -> Option<&'a TpmFacts> {
    let tpm = c.tpm();
    if tpm.is_none() {
        out.set(check, Outcome::Unknown, format_args!("{}", c.tpm_reason()));
    }
    tpm
}

/// TPM-01.
pub(super) fn family(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm01;
    let Some(tpm) = tpm(c, check, out) else {
        return;
    };
    let Some(chain) = c.chain() else {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason()));
    };
    let (Some(os), Some(sinit)) = (
        chain.os_sinit_data.bytes.u32(0),
        chain.sinit_mle_data.bytes.u32(0),
    ) else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("a table has no room for its version (HEAP-02)"),
        );
    };
    let (name, good) = match tpm.family {
        TpmFamily::Tpm20 => ("2.0", sinit >= 9 && os >= 7),
        TpmFamily::Tpm12 => ("1.2", sinit <= 8),
    };
    let format = c.sound_logs().and_then(Logs::format);
    let fits = format.is_none_or(|format| format.is_tpm2() == (tpm.family == TpmFamily::Tpm20));
    let log = format.map_or("no", LogFormat::word);
    out.set(
        check,
        if good && fits {
            Outcome::Pass
        } else {
            Outcome::Fail
        },
        format_args!("TPM {name} with OsSinitData {os} and SinitMleData {sinit}, {log} log"),
    );
}

/// Names of banks, separated by commas.
#[derive(Default)]
struct Names(Option<Text<32>>);

impl Names {
    fn add(&mut self, alg: HashAlg) {
        let text = self.0.get_or_insert(Text::EMPTY);
        let comma = if text.is_empty() { "" } else { "," };
        // Five names of at most six letters fit.
        let _ = write!(text, "{comma}{alg}");
    }

    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("none", Text::as_str)
    }
}

/// TPM-02.
pub(super) fn coverage(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm02;
    let Some(tpm) = tpm(c, check, out) else {
        return;
    };
    if tpm.family == TpmFamily::Tpm12 {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("a TPM 1.2 has one bank, sha1: too weak for a verified launch"),
        );
    }
    if c.sound_logs().is_none() {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.log_reason()));
    }
    if pin_fails(c, out) {
        return;
    }
    covered_banks(c, tpm, out);
}

#[inline(never)]
fn covered_banks(c: &Context<'_>, tpm: &TpmFacts, out: &mut Judgement) {
    let mut covered = Names::default();
    let mut others = Names::default();
    let mut strong = false;
    for alg in HashAlg::ALL {
        if !tpm.is_allocated(alg) {
            continue;
        }
        if out.covers(alg) {
            covered.add(alg);
            strong |= alg.is_strong();
        } else {
            others.add(alg);
        }
    }
    let example = first_uncovered(c, HashAlg::Sha256)
        .filter(|_| !strong)
        .unwrap_or(Text::EMPTY);
    out.set(
        CheckId::Tpm02,
        if strong { Outcome::Pass } else { Outcome::Fail },
        format_args!(
            "banks that cover the launch: {}; that do not: {}{example}",
            covered.as_str(),
            others.as_str()
        ),
    );
}

/// The event that the bank of `alg` misses, in words.
#[inline(never)]
fn first_uncovered(c: &Context<'_>, alg: HashAlg) -> Option<Text<80>> {
    let logs = c.sound_logs()?;
    let Some((log, _)) = logs.of(alg) else {
        return Some(Text::format(format_args!("; {alg} is not in the log")));
    };
    let Some(event) = uncovered_event(&log, alg) else {
        return logs
            .misses_events(&log)
            .then(|| Text::format(format_args!("; the {alg} log has fewer events than others")));
    };
    Some(Text::format(format_args!(
        "; {} at {} has no {alg} digest",
        event.kind, event.offset
    )))
}

/// Whether a launch entry pins what cannot vouch for the launch; records it.
#[inline(never)]
fn pin_fails(c: &Context<'_>, out: &mut Judgement) -> bool {
    let Some(references) = c.references else {
        return false;
    };
    for launch in references.launches() {
        let uncovered = launch
            .pins()
            .map(|pin| pin.digest.alg())
            .find(|alg| !out.covers(*alg));
        if let Some(alg) = uncovered {
            let example = first_uncovered(c, alg).unwrap_or(Text::EMPTY);
            out.set(
                CheckId::Tpm02,
                Outcome::Fail,
                format_args!(
                    "\"{:.32}\" pins {alg}, which does not cover the launch{example}",
                    launch.name
                ),
            );
            return true;
        }
        if !launch.pins().any(|pin| pin.digest.alg().is_strong()) {
            out.set(
                CheckId::Tpm02,
                Outcome::Fail,
                format_args!("\"{:.32}\" pins no bank of at least 256 bits", launch.name),
            );
            return true;
        }
    }
    false
}

/// TPM-03.
pub(super) fn pcr17(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm03;
    if tpm(c, check, out).is_none() {
        return;
    }
    let state = c.pcr17;
    if let Some(alg) = state.zero {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("PCR 17 {alg} is zero: a D-RTM event that measured nothing"),
        );
    }
    if let Some(alg) = state.ones {
        // Without registers to contradict it, it only says that there was no launch.
        let outcome = match c.claimed {
            None if state.alive.is_none() => Outcome::Unknown,
            _ => Outcome::Fail,
        };
        return out.set(
            check,
            outcome,
            format_args!("PCR 17 {alg} is all ones: no D-RTM event since the TPM started"),
        );
    }
    if let Some(alg) = state.unread {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("PCR 17 {alg} could not be read"),
        );
    }
    match state.alive {
        Some(_) => out.set(
            check,
            Outcome::Pass,
            format_args!("PCR 17 was written in every bank"),
        ),
        None => out.set(
            check,
            Outcome::Unknown,
            format_args!("the TPM has no bank that is known here"),
        ),
    }
}

/// TPM-15.
pub(super) fn stable(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm15;
    let Some(tpm) = tpm(c, check, out) else {
        return;
    };
    let mut compared = 0usize;
    let mut unread = None;
    for alg in HashAlg::ALL {
        if !tpm.is_allocated(alg) {
            continue;
        }
        let (Some(first), Some(second)) = (tpm.first.get(alg.index()), tpm.second.get(alg.index()))
        else {
            continue;
        };
        for ((pcr, first), second) in (17u32..).zip(first).zip(second).take(DRTM_PCRS) {
            match (first, second) {
                (Some(first), Some(second)) if first == second => {
                    compared = compared.saturating_add(1);
                }
                (Some(_), Some(_)) => {
                    return out.set(
                        check,
                        Outcome::Fail,
                        format_args!("PCR {pcr} {alg} changed while the evidence was judged"),
                    );
                }
                _ => {
                    unread.get_or_insert((pcr, alg));
                }
            }
        }
    }
    match unread {
        Some((pcr, alg)) => out.set(
            check,
            Outcome::Unknown,
            format_args!("PCR {pcr} {alg} could not be read twice"),
        ),
        None if compared == 0 => out.set(
            check,
            Outcome::Unknown,
            format_args!("no PCR could be read"),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!("{compared} PCRs, each read twice, are equal"),
        ),
    }
}
