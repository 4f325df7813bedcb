// SPDX-License-Identifier: GPL-2.0

//! TPM-04 and TPM-05: whether the log explains the PCRs.

use super::context::{Context, LogState};
use super::hex::Hex;
use crate::decode::digest::HashAlg;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::TpmFacts;
use crate::verify::judgement::{Judgement, Outcome};
use crate::verify::logs::Logs;
use crate::verify::replay::{diagnose, slot};

/// PCRs that a launcher may extend beside 17 and 18.
const FURTHER: [u32; 4] = [19, 20, 21, 22];

/// What the comparison of one PCR in all banks found.
#[derive(Clone, Copy, Default)]
struct Compared {
    /// Number of banks that were compared.
    banks: usize,
    /// A bank that could not be compared though the TPM has it.
    open: Option<HashAlg>,
    /// A bank whose hash cannot be computed here.
    foreign: Option<HashAlg>,
    /// A bank that differs.
    differs: Option<HashAlg>,
}

/// TPM-04: PCR 17, and those of 19 to 22 that the log holds events of.
pub(super) fn pcr17(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm04;
    if !compare(c, check, 17, out) {
        return;
    }
    let Some(logs) = c.sound_logs() else { return };
    for pcr in FURTHER {
        let used = logs
            .events()
            .any(|event| event.pcr == pcr && event.is_extended());
        if used && !compare(c, check, pcr, out) {
            return;
        }
    }
}

/// TPM-05: PCR 18.
pub(super) fn pcr18(c: &Context<'_>, out: &mut Judgement) {
    compare(c, CheckId::Tpm05, 18, out);
}

/// Compares the replay of `pcr` with the TPM and records it; whether it passes.
fn compare(c: &Context<'_>, check: CheckId, pcr: u32, out: &mut Judgement) -> bool {
    let Some(tpm) = c.tpm() else {
        out.set(check, Outcome::Unknown, format_args!("{}", c.tpm_reason()));
        return false;
    };
    let logs = match &c.log {
        LogState::Sound(logs) => logs,
        LogState::None(_) => return without_log(c, check, tpm, pcr, out),
        _ => {
            out.set(check, Outcome::Unknown, format_args!("{}", c.log_reason()));
            return false;
        }
    };
    let compared = banks(logs, tpm, pcr, out);
    if let Some(alg) = compared.differs {
        explain(c, check, logs, pcr, alg, out);
        return false;
    }
    if let Some(alg) = compared.open {
        out.set(
            check,
            Outcome::Unknown,
            format_args!("PCR {pcr} {alg} could not be read"),
        );
        return false;
    }
    if compared.banks == 0 {
        out.set(
            check,
            Outcome::Unknown,
            format_args!("no bank of the log can be compared with the TPM"),
        );
        return false;
    }
    let further = compared.foreign.map_or("", HashAlg::name);
    let words = if further.is_empty() {
        ""
    } else {
        "; not computed: "
    };
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "the replay equals PCR {pcr} in {} banks{words}{further}",
            compared.banks
        ),
    );
    true
}

/// A launch without a log. With a TPM 1.2 the heap tells what SINIT extended, and nothing what the
/// launcher did; with a TPM 2.0 nothing was replayed.
#[inline(never)]
fn without_log(
    c: &Context<'_>,
    check: CheckId,
    tpm: &TpmFacts,
    pcr: u32,
    out: &mut Judgement,
) -> bool {
    let alg = HashAlg::Sha1;
    let (Some(after), Some(actual)) = (out.replayed(alg, pcr).copied(), tpm.pcr(alg, pcr)) else {
        out.set(check, Outcome::Unknown, format_args!("{}", c.log_reason()));
        return false;
    };
    let same = after == *actual;
    if same {
        out.set(
            check,
            Outcome::Pass,
            format_args!("no log; what the heap says SINIT measured leads to PCR {pcr}"),
        );
    } else {
        out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "no log; SINIT left {:.16}.. in PCR {pcr} by the heap, it is {:.16}..: the launcher's \
                 part is not known",
                Hex(&after),
                Hex(actual)
            ),
        );
    }
    same
}

#[inline(never)]
fn banks(logs: &Logs<'_>, tpm: &TpmFacts, pcr: u32, out: &Judgement) -> Compared {
    let mut compared = Compared::default();
    for alg in HashAlg::ALL {
        if !tpm.is_allocated(alg) || logs.of(alg).is_none() {
            continue;
        }
        match (out.replayed(alg, pcr), tpm.pcr(alg, pcr)) {
            (_, None) => compared.open = Some(alg),
            (None, Some(_)) => compared.foreign = Some(alg),
            (Some(replayed), Some(actual)) if replayed == actual => {
                compared.banks = compared.banks.saturating_add(1);
            }
            // The first bank that differs, as banks are in ascending strength and the reader wants
            // one answer.
            _ => {
                compared.differs.get_or_insert(alg);
            }
        }
    }
    compared
}

/// Says in which bank the replay differs and what would explain it.
#[inline(never)]
fn explain(
    c: &Context<'_>,
    check: CheckId,
    logs: &Logs<'_>,
    pcr: u32,
    alg: HashAlg,
    out: &mut Judgement,
) {
    let Some(actual) = c.tpm().and_then(|tpm| tpm.pcr(alg, pcr)) else {
        return;
    };
    let Some(replayed) = slot(pcr)
        .and_then(|slot| out.replay.get(alg.index())?.get(slot).copied())
        .flatten()
    else {
        return;
    };
    let Some((log, copy)) = logs.of(alg) else {
        return;
    };
    let diagnosis = diagnose(&log, copy, &c.start(), pcr, actual, c.hasher);
    out.set(
        check,
        Outcome::Fail,
        format_args!(
            "PCR {pcr} {alg} is {:.16}.., the replay {:.16}..: {diagnosis}",
            Hex(actual),
            Hex(&replayed)
        ),
    );
}
