// SPDX-License-Identifier: GPL-2.0

//! TPM-06 to TPM-09: what the event log itself must be like.

use super::context::{Context, LogState};
use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::{Event, EventType, Log, NO_PCR};
use crate::decode::heap::{event_log_pointer, LogPointerError, OsSinitData};
use crate::verify::catalogue::CheckId;
use crate::verify::judgement::{Judgement, Launcher, Outcome};
use crate::verify::replay::{hash_start, slot, HashStart, HASH_START_DATA};

/// The log, or the finding that it cannot be had.
fn sound<'a, 'b>(c: &'b Context<'a>, check: CheckId, out: &mut Judgement) -> Option<&'b Log<'a>> {
    let log = c.sound_log();
    if log.is_none() {
        out.set(check, Outcome::Unknown, format_args!("{}", c.log_reason()));
    }
    log
}

/// TPM-06.
pub(super) fn structure(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm06;
    let log = match &c.log {
        LogState::Missing(reason) => {
            return match wrong_pointer(c) {
                Some(error) => out.set(check, Outcome::Fail, format_args!("{error}")),
                None => out.set(check, Outcome::Unknown, format_args!("{reason}")),
            };
        }
        LogState::Broken(error) => {
            return out.set(check, Outcome::Fail, format_args!("{error}"));
        }
        LogState::Sound(log, _) => log,
    };
    if let Some(field) = wrong_header_field(log) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("the header's {field} is not that of a DRTM log"),
        );
    }
    let mut count = 0usize;
    for event in log.events().filter_map(Result::ok) {
        count = count.saturating_add(1);
        let at = event.offset;
        if !is_in_place(&event) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "foreign event at {at}: {} in PCR {}, a DRTM log holds 17 to 22",
                    event.kind, event.pcr
                ),
            );
        }
        if event.is_extended() && event.digests().next().is_none() {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("the {} at {at} has no digest at all", event.kind),
            );
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "{count} events in {} banks, {} bytes",
            log.banks().len(),
            log.as_bytes().len()
        ),
    );
}

/// The error of a pointer to the log that is there and contradicts itself: that was read, and is
/// wrong. An element that cannot be decoded is HEAP-04's.
fn wrong_pointer(c: &Context<'_>) -> Option<LogPointerError> {
    let table = OsSinitData::decode(c.chain()?.os_sinit_data.bytes).ok()?;
    event_log_pointer(&table).err().filter(|error| {
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

/// TPM-07.
pub(super) fn data(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm07;
    let Some(log) = sound(c, check, out) else {
        return;
    };
    let (mut compared, mut without) = (0usize, 0usize);
    for event in log.events().filter_map(Result::ok) {
        if !data_is_measured(&event) {
            without = without.saturating_add(1);
            continue;
        }
        for alg in HashAlg::ALL {
            match agrees(&event, alg, c) {
                None => {}
                Some(true) => compared = compared.saturating_add(1),
                Some(false) => {
                    return out.set(
                        check,
                        Outcome::Fail,
                        format_args!(
                            "the {} bytes of {} at {} do not have its {alg} digest",
                            event.data.len(),
                            event.kind,
                            event.offset
                        ),
                    );
                }
            }
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("{compared} digests are those of their data; {without} events have none"),
    );
}

/// Whether the event's data is what its digest measures (SDG tables E-5 and E-6, and what real
/// logs do).
fn data_is_measured(event: &Event<'_>) -> bool {
    match event.kind {
        EventType::HashStart => event.data.len() == HASH_START_DATA,
        // Real logs have one byte 0 whether there is an STM or not.
        EventType::StmHash => !matches!(event.data, [] | [0]),
        EventType::BiosAcRegData
        | EventType::CpuScrtmStat
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

/// How often an event of a TPM 2.0 launch stands in PCR 17 and in PCR 18 (SDG table E-6).
const EXPECTED: [(EventType, usize, usize); 10] = [
    (EventType::HashStart, 1, 0),
    (EventType::BiosAcRegData, 1, 0),
    (EventType::LcpDetailsHash, 1, 0),
    (EventType::StmHash, 1, 0),
    (EventType::MleHash, 1, 0),
    (EventType::SinitPubKeyHash, 0, 1),
    (EventType::LcpAuthoritiesHash, 0, 1),
    (EventType::CpuScrtmStat, 1, 1),
    (EventType::LcpControlHash, 1, 1),
    (EventType::OsSinitDataCapHash, 1, 1),
];

/// TPM-08.
pub(super) fn events(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm08;
    let Some(log) = sound(c, check, out) else {
        return;
    };
    if foreign_event(c, log, out) || wrong_number(c, log, out) {
        return;
    }
    let first = log
        .events()
        .filter_map(Result::ok)
        .find(Event::is_extended)
        .map(|event| event.kind);
    if first != Some(EventType::HashStart) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("HASH_START is not the first event"),
        );
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("every event of a TPM 2.0 launch, in its PCR"),
    );
}

/// Whether there is an event that no launch of this kind logs; records it.
#[inline(never)]
fn foreign_event(c: &Context<'_>, log: &Log<'_>, out: &mut Judgement) -> bool {
    for event in log.events().filter_map(Result::ok) {
        let why = match event.kind {
            EventType::Unknown(_) => "no launcher writes this type",
            EventType::NoAction => "only the header has this type",
            EventType::CombinedHash | EventType::ElementsHash | EventType::LcpHash => {
                "only a TPM 1.2 launch has this type"
            }
            EventType::PcrMapping if event.data != [1, 0, 0, 0] => {
                "a TPM 2.0 launch maps to details and authorities: data 1"
            }
            EventType::TbootMeasurement if c.launcher == Launcher::SecureLaunch => {
                "the launcher is Secure Launch"
            }
            EventType::SlaunchEvent | EventType::SlaunchStart | EventType::SlaunchEnd
                if c.launcher == Launcher::Tboot =>
            {
                "the launcher is tboot"
            }
            _ => continue,
        };
        out.set(
            CheckId::Tpm08,
            Outcome::Fail,
            format_args!(
                "foreign event at {}: {} in PCR {}: {why}",
                event.offset, event.kind, event.pcr
            ),
        );
        return true;
    }
    false
}

fn count(log: &Log<'_>, kind: EventType, pcr: u32) -> usize {
    log.events()
        .filter_map(Result::ok)
        .filter(|event| event.kind == kind && event.pcr == pcr)
        .count()
}

/// Whether an event stands in the log too often, not often enough or in the wrong PCR; records it.
#[inline(never)]
fn wrong_number(c: &Context<'_>, log: &Log<'_>, out: &mut Judgement) -> bool {
    let all_twice = EXPECTED.iter().all(|(kind, in_17, in_18)| {
        count(log, *kind, 17) == in_17.saturating_mul(2)
            && count(log, *kind, 18) == in_18.saturating_mul(2)
    });
    if all_twice {
        out.set(
            CheckId::Tpm08,
            Outcome::Fail,
            format_args!("every event is logged twice"),
        );
        return true;
    }
    for (kind, in_17, in_18) in EXPECTED {
        for (pcr, expected) in (17u32..).zip([in_17, in_18, 0, 0, 0, 0]) {
            if wrong_count(kind, pcr, count(log, kind, pcr), expected, out) {
                return true;
            }
        }
    }
    // Older SINITs leave it out; where it is, it is in both.
    let in_17 = count(log, EventType::NvInfoHash, 17);
    if in_17 > 1 {
        return wrong_count(EventType::NvInfoHash, 17, in_17, 1, out);
    }
    let in_18 = count(log, EventType::NvInfoHash, 18);
    if wrong_count(EventType::NvInfoHash, 18, in_18, in_17, out) {
        return true;
    }
    c.launcher == Launcher::Tboot && no_tboot_event(log, out)
}

fn wrong_count(
    kind: EventType,
    pcr: u32,
    found: usize,
    expected: usize,
    out: &mut Judgement,
) -> bool {
    if found == expected {
        return false;
    }
    let why = match (found, expected) {
        (0, _) => ": missing, or the log was cut short",
        (_, 0) => ": wrong PCR or foreign",
        _ => ": logged more than once, or foreign",
    };
    out.set(
        CheckId::Tpm08,
        Outcome::Fail,
        format_args!("{kind} stands {found} times in PCR {pcr}, expected {expected}{why}"),
    );
    true
}

/// tboot extends PCR 17 and 18 with its policy whatever that says (policy.c, verify_g_policy).
fn no_tboot_event(log: &Log<'_>, out: &mut Judgement) -> bool {
    for pcr in [17, 18] {
        if count(log, EventType::TbootMeasurement, pcr) == 0 {
            out.set(
                CheckId::Tpm08,
                Outcome::Fail,
                format_args!("no event of tboot in PCR {pcr}: the log was cut short"),
            );
            return true;
        }
    }
    false
}

/// TPM-09.
pub(super) fn capped(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm09;
    let Some(log) = sound(c, check, out) else {
        return;
    };
    let cap = log
        .events()
        .filter_map(Result::ok)
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
        .find(|alg| tpm.is_allocated(*alg) && !log.banks().contains(*alg));
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
