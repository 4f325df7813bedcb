// SPDX-License-Identifier: GPL-2.0

//! TPM-06, TPM-07 and TPM-09: what the event log itself must be like.

use super::context::{Context, LogState};
use crate::decode::bytes::Bytes;
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::eventlog::{Event, EventType, Log, LogFormat, NO_PCR};
use crate::decode::heap::{event_log_pointer, LogPointerError};
use crate::verify::catalogue::CheckId;
use crate::verify::judgement::{Judgement, Outcome};
use crate::verify::logs::Logs;
use crate::verify::replay::{
    combined_parts, hash_start, slot, HashStart, COMBINED_SIZE, HASH_START_DATA,
};

/// The logs, or the finding that they cannot be had.
pub(super) fn sound<'a, 'b>(
    c: &'b Context<'a>,
    check: CheckId,
    out: &mut Judgement,
) -> Option<&'b Logs<'a>> {
    let logs = c.sound_logs();
    if logs.is_none() {
        let outcome = if c.is_without_log() {
            Outcome::NotApplicable
        } else {
            Outcome::Unknown
        };
        out.set(check, outcome, format_args!("{}", c.log_reason()));
    }
    logs
}

/// TPM-06.
pub(super) fn structure(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm06;
    match &c.log {
        LogState::Missing(_) | LogState::None(_) => {
            if let Some(error) = wrong_pointer(c) {
                return out.set(check, Outcome::Fail, format_args!("{error}"));
            }
        }
        LogState::Broken(error) => {
            return out.set(check, Outcome::Fail, format_args!("{error}"));
        }
        LogState::Sound(_) => {}
    }
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let (mut count, mut banks, mut size) = (0usize, 0usize, 0usize);
    for (log, _) in logs.iter() {
        match events_in_place(&log, out) {
            Some(events) => count = count.saturating_add(events),
            None => return,
        }
        banks = banks.saturating_add(log.banks().len());
        size = size.saturating_add(log.as_bytes().len());
    }
    let word = logs.format().map_or("no", LogFormat::word);
    out.set(
        check,
        Outcome::Pass,
        format_args!("{count} events in {banks} banks, {size} bytes, format {word}"),
    );
}

/// The number of events of `log` when each is in its place; else records what is not.
#[inline(never)]
fn events_in_place(log: &Log<'_>, out: &mut Judgement) -> Option<usize> {
    let check = CheckId::Tpm06;
    let field = match log.format() {
        LogFormat::Tcg => wrong_header_field(log),
        LogFormat::Legacy { .. } => wrong_descriptor_field(log),
        LogFormat::Tpm12Container => None,
    };
    if let Some(field) = field {
        out.set(
            check,
            Outcome::Fail,
            format_args!("the header's {field} is not that of a DRTM log"),
        );
        return None;
    }
    let mut count = 0usize;
    for event in log.events().filter_map(Result::ok) {
        count = count.saturating_add(1);
        let at = event.offset;
        if !is_in_place(&event) {
            out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "foreign event at {at}: {} in PCR {}, a DRTM log holds 17 to 22",
                    event.kind, event.pcr
                ),
            );
            return None;
        }
        if event.is_extended() && event.digests().next().is_none() {
            out.set(
                check,
                Outcome::Fail,
                format_args!("the {} at {at} has no digest at all", event.kind),
            );
            return None;
        }
    }
    Some(count)
}

/// The error of a pointer to the log that is there and contradicts itself: that was read, and is
/// wrong. An element that cannot be decoded is HEAP-04's.
fn wrong_pointer(c: &Context<'_>) -> Option<LogPointerError> {
    event_log_pointer(&c.os_sinit_data()?)
        .err()
        .filter(|error| {
            !matches!(
                error,
                LogPointerError::Missing | LogPointerError::Element(_)
            )
        })
}

/// The field of the header record that no log has so: they are all covered by no digest.
fn wrong_header_field(log: &Log<'_>) -> Option<&'static str> {
    let header = Bytes::new(log.as_bytes());
    let zero = |offset, len| {
        header
            .get(offset, len)
            .is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
    };
    if !zero(0, 4) {
        return Some("PCR index");
    }
    if !zero(8, 20) {
        return Some("digest");
    }
    // Client or server; 32 or 64 bits (TCG PFP, TCG_EfiSpecIDEvent).
    if !matches!(header.u32(48), Some(0 | 1)) {
        return Some("platform class");
    }
    if header.u8(52) != Some(0) {
        return Some("minor version");
    }
    if !matches!(header.u8(55), Some(1 | 2)) {
        return Some("size of UINTN");
    }
    None
}

/// The same of the descriptor that a legacy log opens with, where it has one.
fn wrong_descriptor_field(log: &Log<'_>) -> Option<&'static str> {
    let bytes = Bytes::new(log.header());
    if bytes.is_empty() {
        return None;
    }
    let zero = |offset, len| {
        bytes
            .get(offset, len)
            .is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
    };
    if !zero(0, 4) {
        return Some("PCR index");
    }
    (!zero(8, 20)).then_some("digest")
}

/// Whether the event names a PCR that one of its type can have.
fn is_in_place(event: &Event<'_>) -> bool {
    match event.kind {
        EventType::PcrMapping => event.pcr == NO_PCR,
        EventType::NoAction | EventType::SlaunchStart | EventType::SlaunchEnd => {
            event.pcr == 0 || event.pcr == NO_PCR || slot(event.pcr).is_some()
        }
        _ => slot(event.pcr).is_some(),
    }
}

/// What TPM-07 has compared.
#[derive(Clone, Copy, Default)]
struct Compared {
    /// Digests that are those of their data.
    digests: usize,
    /// Events whose data is not what was measured.
    without: usize,
}

/// TPM-07.
pub(super) fn data(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm07;
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let mut compared = Compared::default();
    for (log, _) in logs.iter() {
        if differs_from_data(c, &log, &mut compared, out) || differs_from_heap(c, &log, out) {
            return;
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "{} digests are those of their data; {} events have none",
            compared.digests, compared.without
        ),
    );
}

/// Whether an event of `log` has another digest than its data; records it.
#[inline(never)]
fn differs_from_data(
    c: &Context<'_>,
    log: &Log<'_>,
    compared: &mut Compared,
    out: &mut Judgement,
) -> bool {
    for event in log.events().filter_map(Result::ok) {
        if !data_is_measured(&event) {
            compared.without = compared.without.saturating_add(1);
            continue;
        }
        for alg in HashAlg::ALL {
            match agrees(&event, alg, c) {
                None => {}
                Some(true) => compared.digests = compared.digests.saturating_add(1),
                Some(false) => {
                    out.set(
                        CheckId::Tpm07,
                        Outcome::Fail,
                        format_args!(
                            "the {} bytes of {} at {} do not have its {alg} digest",
                            event.data.len(),
                            event.kind,
                            event.offset
                        ),
                    );
                    return true;
                }
            }
        }
    }
    false
}

/// Whether an event of a TPM 1.2 launch says another thing than SinitMleData, which SINIT wrote
/// beside the log; records it.
#[inline(never)]
fn differs_from_heap(c: &Context<'_>, log: &Log<'_>, out: &mut Judgement) -> bool {
    if log.format() != LogFormat::Tpm12Container {
        return false;
    }
    let Some(table) = c.sinit_mle_data().filter(|table| table.version <= 8) else {
        return false;
    };
    for event in log.events().filter_map(Result::ok) {
        let logged = event.digest(HashAlg::Sha1);
        let (field, agrees) = match event.kind {
            // Earlier versions hold SINIT's own hash there.
            EventType::HashStart if table.version >= 7 => {
                let resulting = hash_start(&event, HashAlg::Sha1, c.hasher);
                let field = Digest::new(HashAlg::Sha1, &table.sinit_hash);
                (
                    "SinitHash",
                    resulting != HashStart::Resulting || logged == field,
                )
            }
            EventType::MleHash => {
                let field = Digest::new(HashAlg::Sha1, &table.mle_hash);
                ("MleHash", logged == field)
            }
            EventType::CombinedHash if !event.data.is_empty() => {
                let mut parts = [0; COMBINED_SIZE];
                let capabilities = c.os_sinit_data().map_or(0, |table| table.capabilities);
                let size = combined_parts(&table, capabilities, &mut parts);
                ("the combined fields", parts.get(..size) == Some(event.data))
            }
            _ => continue,
        };
        if !agrees {
            out.set(
                CheckId::Tpm07,
                Outcome::Fail,
                format_args!(
                    "the {} at {} is not that of SinitMleData ({field})",
                    event.kind, event.offset
                ),
            );
            return true;
        }
    }
    false
}

/// Whether the event's data is what its digest measures (SDG tables E-5 and E-6, and what real
/// logs do).
fn data_is_measured(event: &Event<'_>) -> bool {
    match event.kind {
        EventType::HashStart => event.data.len() == HASH_START_DATA,
        // Real logs have one byte 0 whether there is an STM or not.
        EventType::StmHash => !matches!(event.data, [] | [0]),
        // A TPM 1.2 is extended with the 20 bytes themselves.
        EventType::BiosAcRegData => event.format.is_tpm2() && !event.data.is_empty(),
        EventType::CombinedHash | EventType::ElementsHash | EventType::LcpHash => {
            !event.format.is_tpm2() && !event.data.is_empty()
        }
        EventType::CpuScrtmStat
        | EventType::LcpControlHash
        | EventType::OsSinitDataCapHash
        | EventType::LcpDetailsHash
        | EventType::LcpAuthoritiesHash
        | EventType::NvInfoHash
        | EventType::MleHash
        | EventType::SinitPubKeyHash => !event.data.is_empty(),
        _ => false,
    }
}

/// Whether the event's digest in the bank of `alg` is that of its data; `None` where there is
/// nothing to compare.
#[inline(never)]
fn agrees(event: &Event<'_>, alg: HashAlg, c: &Context<'_>) -> Option<bool> {
    let logged = event.digest(alg)?;
    if event.kind == EventType::HashStart {
        return match hash_start(event, alg, c.hasher) {
            HashStart::Unknown => None,
            HashStart::Wrong => Some(false),
            HashStart::Extended | HashStart::Resulting => Some(true),
        };
    }
    Some(c.hasher.digest(alg, &[event.data])? == logged)
}

/// TPM-09.
pub(super) fn capped(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm09;
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let cap = logs
        .events()
        .find(|event| matches!(event.kind, EventType::CapValue | EventType::RandomValue));
    if let Some(event) = cap {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("{} at {} caps PCR {}", event.kind, event.offset, event.pcr),
        );
    }
    let Some(tpm) = c.tpm() else {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.tpm_reason()));
    };
    let missing = HashAlg::ALL
        .into_iter()
        .find(|alg| tpm.is_allocated(*alg) && logs.of(*alg).is_none());
    match missing {
        Some(alg) => out.set(
            check,
            Outcome::Fail,
            format_args!("the TPM has bank {alg}, the log has no digests of it"),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!("no cap event; every bank of the TPM is in the log"),
        ),
    }
}
