// SPDX-License-Identifier: GPL-2.0

//! TPM-11 to TPM-14: what the log says beside the heap, the MLE, the processors and the TPM's driver.

use super::context::Context;
use super::cpu::{over_all, processors, Told};
use super::hex::Hex;
use super::log::sound;
use super::measured::{measured, Difference, Measured};
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::eventlog::{Event, EventType, Log};
use crate::decode::msr::Msr;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Cpu, TpmFamily};
use crate::verify::judgement::{Judgement, Outcome};
use crate::verify::logs::{Logs, Mapping};
use crate::verify::replay::{hash_start, HashStart, HASH_START_DATA};

/// The checks of this file.
pub(super) const CHECKS: [super::Check; 4] = [capabilities, mle, stm, transport];

/// TPM-11.
fn capabilities(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm11;
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let edx = senter_edx(c, logs);
    if let Some(edx) = edx.filter(|edx| *edx != 0) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("EDX of SENTER was {edx:#x}, every bit of it is reserved"),
        );
    }
    let Some(table) = c.os_sinit_data() else {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason()));
    };
    let kind = EventType::OsSinitDataCapHash;
    let value = table.capabilities;
    match measured(c, logs, kind, &value.to_le_bytes()) {
        Measured::Differs(Difference { alg, offset, .. }) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "capabilities {value:#x} in OsSinitData are not what SINIT measured: {alg} at {offset}"
            ),
        ),
        Measured::Same(compared) => {
            let (outcome, words) = if edx.is_some() {
                (Outcome::Pass, "EDX of SENTER is 0")
            } else {
                (Outcome::Unknown, "the log does not hold EDX of SENTER")
            };
            out.set(
                check,
                outcome,
                format_args!("capabilities {value:#x} are those measured {compared}; {words}"),
            );
        }
        Measured::Nothing if has_legacy_mapping(logs) => out.set(
            check,
            Outcome::NotApplicable,
            format_args!("the legacy mapping measures no capabilities of its own"),
        ),
        Measured::Nothing => out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no event {kind} whose digests can be compared in a bank"),
        ),
    }
}

// A loop: the name of what an `any` over so many adapters becomes is too long for the linker's tools.
fn has_legacy_mapping(logs: &Logs<'_>) -> bool {
    for (log, _) in logs.iter() {
        if Mapping::of(&log) == Mapping::Legacy {
            return true;
        }
    }
    false
}

/// Whether the data of `event`, a HASH_START, is what was measured: else it says nothing (TPM-07).
#[inline(never)]
fn is_measured(event: &Event<'_>, c: &Context<'_>) -> bool {
    event.data.len() == HASH_START_DATA
        && HashAlg::ALL.into_iter().any(|alg| {
            matches!(
                hash_start(event, alg, c.hasher),
                HashStart::Extended | HashStart::Resulting
            )
        })
}

/// EDX of SENTER: behind SINIT's hash in the data of HASH_START; of a TPM 1.2 in SinitMleData, too.
fn senter_edx(c: &Context<'_>, logs: &Logs<'_>) -> Option<u32> {
    let logged = logs
        .events()
        .find(|event| event.kind == EventType::HashStart && is_measured(event, c))
        .and_then(|event| Some(u32::from_le_bytes(*event.data.last_chunk::<4>()?)));
    let field = c
        .sinit_mle_data()
        .filter(|table| table.version <= 8)
        .map(|table| table.edx_senter_flags);
    // The one that is not zero, if there is one.
    logged.filter(|edx| *edx != 0).or(field).or(logged)
}

/// The first event of `kind` in `log`.
fn first<'a>(log: &Log<'a>, kind: EventType) -> Option<Event<'a>> {
    log.events()
        .filter_map(Result::ok)
        .find(|event| event.kind == kind)
}

/// TPM-12. The pages that were measured are used for other things since: what there is to compare
/// is the copy of the hash that SINIT leaves in the heap, with a TPM 1.2.
fn mle(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm12;
    if !c.is_tpm12() {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!(
                "the MLE's pages are not kept, nor is its hash in the heap: name it in the references"
            ),
        );
    }
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let logged = logs.of(HashAlg::Sha1).and_then(|(log, _)| {
        let event = first(&log, EventType::MleHash)?;
        event.digest(HashAlg::Sha1)
    });
    let field = c
        .sinit_mle_data()
        .and_then(|table| Digest::new(HashAlg::Sha1, &table.mle_hash));
    match (logged, field) {
        (Some(logged), Some(field)) => {
            let outcome = if logged == field {
                Outcome::Pass
            } else {
                Outcome::Fail
            };
            out.set(
                check,
                outcome,
                format_args!(
                    "the MLE is {:.16}.. in the log, {:.16}.. in SinitMleData",
                    Hex(&logged),
                    Hex(&field)
                ),
            );
        }
        (None, _) => out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no event MLE_HASH"),
        ),
        (_, None) => out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason())),
    }
}

/// Whether SINIT measured an STM. `None`: it cannot be told.
pub(super) fn measured_stm(c: &Context<'_>, logs: &Logs<'_>) -> Option<bool> {
    let (log, _) = logs.iter().next()?;
    match Mapping::of(&log) {
        // Logged only where it was opted in to.
        Mapping::Details => Some(first(&log, EventType::StmHash).is_some()),
        Mapping::Legacy => {
            let table = c.sinit_mle_data()?;
            Some(table.mseg_valid != 0 || table.stm_hash.iter().any(|byte| *byte != 0))
        }
        Mapping::Tpm2 => HashAlg::ALL.into_iter().find_map(|alg| {
            let (log, _) = logs.of(alg)?;
            let logged = first(&log, EventType::StmHash)?.digest(alg)?;
            Some(logged != c.hasher.digest(alg, &[&[0]])?)
        }),
    }
}

/// TPM-13.
fn stm(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm13;
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let Some(measured) = measured_stm(c, logs) else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no event STM_HASH whose hash can be computed"),
        );
    };
    let Some(cpus) = processors(c, out, check) else {
        return;
    };
    let (name, other) = if measured {
        (
            "an STM",
            "SINIT measured an STM, it has none: IA32_SMM_MONITOR_CTL",
        )
    } else {
        (
            "no STM",
            "SINIT measured no STM, it has one: IA32_SMM_MONITOR_CTL",
        )
    };
    let judge = |cpu: &Cpu| match cpu.msr(Msr::SmmMonitorCtl) {
        None => Told::Unread(Msr::SmmMonitorCtl),
        Some(value) if (value & 1 != 0) != measured => Told::Bad(other, value),
        Some(_) => Told::Good,
    };
    let count = cpus.cpus.len();
    over_all(
        &cpus,
        out,
        check,
        judge,
        format_args!("SINIT measured {name}, as {count} processors say"),
    );
}

/// TPM-14.
fn transport(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm14;
    let Some(tpm) = c.tpm() else {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.tpm_reason()));
    };
    if tpm.family == TpmFamily::Tpm12 {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("the kernel knows no sessions with a TPM 1.2"),
        );
    }
    match tpm.hmac {
        Some(true) => out.set(
            check,
            Outcome::Pass,
            format_args!("what the kernel reads of PCRs carries an HMAC"),
        ),
        Some(false) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "PCR values reach the kernel without an HMAC: with a TPM on a bus, compare a quote"
            ),
        ),
        None => out.set(
            check,
            Outcome::Unknown,
            format_args!("it could not be told whether PCR values carry an HMAC"),
        ),
    }
}
