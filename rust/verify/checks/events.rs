// SPDX-License-Identifier: GPL-2.0

//! TPM-08: the events of a launch are all there, and no others.

use super::context::Context;
use super::log::sound;
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::{Event, EventType, Log, LogFormat};
use crate::decode::msr::Msr;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::DRTM_PCRS;
use crate::verify::judgement::{Judgement, Launcher, Outcome};
use crate::verify::logs::Mapping;
use crate::verify::replay::slot;
use core::fmt;

/// A type, and how often it stands in PCR 17 and in PCR 18.
type Expected = (EventType, usize, usize);

/// A TPM 2.0 launch (SDG table E-6).
const TPM2: [Expected; 10] = [
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

/// A TPM 1.2 launch with the legacy mapping (SDG table E-5).
const LEGACY: [Expected; 3] = [
    (EventType::HashStart, 1, 0),
    (EventType::CombinedHash, 1, 0),
    (EventType::MleHash, 0, 1),
];

/// A TPM 1.2 launch with details and authorities (SDG table E-5); STM_HASH apart.
const DETAILS: [Expected; 9] = [
    (EventType::HashStart, 1, 0),
    (EventType::BiosAcRegData, 1, 0),
    (EventType::ElementsHash, 1, 0),
    (EventType::MleHash, 1, 0),
    (EventType::SinitPubKeyHash, 0, 1),
    (EventType::LcpHash, 0, 1),
    (EventType::CpuScrtmStat, 1, 1),
    (EventType::LcpControlHash, 1, 1),
    (EventType::OsSinitDataCapHash, 1, 1),
];

const fn expected(mapping: Mapping) -> &'static [Expected] {
    match mapping {
        Mapping::Tpm2 => &TPM2,
        Mapping::Legacy => &LEGACY,
        Mapping::Details => &DETAILS,
    }
}

/// The types whose number is looked at: the commonest first.
const COUNTED: [EventType; 15] = [
    EventType::TbootMeasurement,
    EventType::HashStart,
    EventType::BiosAcRegData,
    EventType::CpuScrtmStat,
    EventType::LcpControlHash,
    EventType::LcpDetailsHash,
    EventType::StmHash,
    EventType::OsSinitDataCapHash,
    EventType::MleHash,
    EventType::NvInfoHash,
    EventType::SinitPubKeyHash,
    EventType::LcpAuthoritiesHash,
    EventType::CombinedHash,
    EventType::ElementsHash,
    EventType::LcpHash,
];

/// How often each of them stands in PCR 17 to 22.
struct Counts([[u32; DRTM_PCRS]; COUNTED.len()]);

impl Counts {
    #[inline(never)]
    fn of(log: &Log<'_>) -> Self {
        let mut counts = Self([[0; DRTM_PCRS]; COUNTED.len()]);
        for event in log.events().filter_map(Result::ok) {
            let Some((index, slot)) = Self::place(event.kind, event.pcr) else {
                continue;
            };
            let count = counts.0.get_mut(index).and_then(|row| row.get_mut(slot));
            if let Some(count) = count {
                *count = count.saturating_add(1);
            }
        }
        counts
    }

    fn place(kind: EventType, pcr: u32) -> Option<(usize, usize)> {
        let index = COUNTED.iter().position(|counted| *counted == kind)?;
        Some((index, slot(pcr)?))
    }

    fn get(&self, kind: EventType, pcr: u32) -> usize {
        Self::place(kind, pcr)
            .and_then(|(index, slot)| self.0.get(index)?.get(slot))
            .and_then(|count| usize::try_from(*count).ok())
            .unwrap_or(0)
    }
}

/// One log of the launch, with what is to be said of it.
struct Launch<'a, 'b> {
    log: &'b Log<'a>,
    counts: Counts,
    mapping: Mapping,
    place: Place,
}

/// Which log an offset belongs to, where there are several.
#[derive(Clone, Copy)]
struct Place(Option<HashAlg>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(alg) => write!(f, " of the {alg} log"),
            None => Ok(()),
        }
    }
}

impl Launch<'_, '_> {
    /// How many events of `kind`, one of [`COUNTED`], name `pcr`, one of 17 to 22.
    fn count(&self, kind: EventType, pcr: u32) -> usize {
        self.counts.get(kind, pcr)
    }
}

/// TPM-08.
pub(super) fn events(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm08;
    let Some(logs) = sound(c, check, out) else {
        return;
    };
    let mut name = "";
    for (log, _) in logs.iter() {
        let mapping = Mapping::of(&log);
        name = mapping.name();
        let bank = log.banks().iter().next().and_then(|bank| bank.alg());
        let launch = Launch {
            log: &log,
            counts: Counts::of(&log),
            mapping,
            place: Place(bank.filter(|_| logs.are_several())),
        };
        // A SINIT that knows no log leaves the container to the launcher alone.
        let by_launcher =
            log.format() == LogFormat::Tpm12Container && c.start().after_sinit(17).is_some();
        if by_launcher {
            continue;
        }
        if foreign_event(c, &launch, out)
            || wrong_number(c, &launch, out)
            || late_start(&launch, out)
        {
            return;
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("every event of a launch ({name}), in its PCR"),
    );
}

fn late_start(launch: &Launch<'_, '_>, out: &mut Judgement) -> bool {
    let first = launch
        .log
        .events()
        .filter_map(Result::ok)
        .find(Event::is_extended)
        .map(|event| event.kind);
    if first == Some(EventType::HashStart) {
        return false;
    }
    out.set(
        CheckId::Tpm08,
        Outcome::Fail,
        format_args!("HASH_START is not the first event{}", launch.place),
    );
    true
}

/// Whether there is an event that no launch of this kind logs; records it.
#[inline(never)]
fn foreign_event(c: &Context<'_>, launch: &Launch<'_, '_>, out: &mut Judgement) -> bool {
    for event in launch.log.events().filter_map(Result::ok) {
        let Some(why) = foreign(c, launch.mapping, &event) else {
            continue;
        };
        out.set(
            CheckId::Tpm08,
            Outcome::Fail,
            format_args!(
                "foreign event at {}{}: {} in PCR {}: {why}",
                event.offset, launch.place, event.kind, event.pcr
            ),
        );
        return true;
    }
    false
}

fn foreign(c: &Context<'_>, mapping: Mapping, event: &Event<'_>) -> Option<&'static str> {
    let of_tpm12 = matches!(
        event.kind,
        EventType::CombinedHash | EventType::ElementsHash | EventType::LcpHash
    );
    match event.kind {
        EventType::Unknown(_) => Some("no launcher writes this type"),
        EventType::NoAction => Some("only the header has this type"),
        EventType::TbootMeasurement if c.launcher == Launcher::SecureLaunch => {
            Some("the launcher is Secure Launch")
        }
        EventType::SlaunchEvent | EventType::SlaunchStart | EventType::SlaunchEnd
            if c.launcher == Launcher::Tboot =>
        {
            Some("the launcher is tboot")
        }
        EventType::PcrMapping => match (mapping, event.data) {
            (Mapping::Tpm2, [1, 0, 0, 0]) => None,
            (Mapping::Tpm2, _) => Some("a TPM 2.0 launch maps to details and authorities: data 1"),
            (Mapping::Legacy | Mapping::Details, [_, _, _, _]) => None,
            _ => Some("its data is no number"),
        },
        kind if kind.is_from_launcher() => None,
        EventType::CapValue | EventType::RandomValue => None,
        kind => match mapping {
            Mapping::Tpm2 if of_tpm12 => Some("only a TPM 1.2 launch has this type"),
            Mapping::Tpm2 => None,
            Mapping::Details if kind == EventType::StmHash => None,
            Mapping::Legacy | Mapping::Details => {
                let known = expected(mapping).iter().any(|(other, ..)| *other == kind);
                (!known).then_some("no TPM 1.2 launch of this mapping has this type")
            }
        },
    }
}

/// Whether an event stands in the log too often, not often enough or in the wrong PCR; records it.
#[inline(never)]
fn wrong_number(c: &Context<'_>, launch: &Launch<'_, '_>, out: &mut Judgement) -> bool {
    let expected = expected(launch.mapping);
    let all_twice = expected.iter().all(|(kind, in_17, in_18)| {
        launch.count(*kind, 17) == in_17.saturating_mul(2)
            && launch.count(*kind, 18) == in_18.saturating_mul(2)
    });
    if all_twice {
        out.set(
            CheckId::Tpm08,
            Outcome::Fail,
            format_args!("every event is logged twice{}", launch.place),
        );
        return true;
    }
    for (kind, in_17, in_18) in expected {
        for (pcr, times) in (17u32..).zip([*in_17, *in_18, 0, 0, 0, 0]) {
            if wrong_count(launch, *kind, pcr, times, out) {
                return true;
            }
        }
    }
    let varying = match launch.mapping {
        Mapping::Tpm2 => wrong_nv_info(launch, out),
        Mapping::Details => wrong_stm(c, launch, out),
        Mapping::Legacy => false,
    };
    varying || (c.launcher == Launcher::Tboot && no_tboot_event(launch, out))
}

/// Older SINITs leave NV_INFO_HASH out; where it is, it is in both PCRs.
fn wrong_nv_info(launch: &Launch<'_, '_>, out: &mut Judgement) -> bool {
    let kind = EventType::NvInfoHash;
    let in_17 = launch.count(kind, 17);
    if in_17 > 1 {
        return wrong_count(launch, kind, 17, 1, out);
    }
    wrong_count(launch, kind, 18, in_17, out)
}

/// A TPM 1.2 launch logs STM_HASH only where an STM has been opted in to.
fn wrong_stm(c: &Context<'_>, launch: &Launch<'_, '_>, out: &mut Judgement) -> bool {
    let kind = EventType::StmHash;
    let opted_in = c.facts.cpus.read().and_then(|cpus| {
        let values = cpus.cpus.iter().map(|cpu| cpu.msr(Msr::SmmMonitorCtl));
        values.flatten().map(|value| value & 1 != 0).next()
    });
    match opted_in {
        Some(opted_in) => wrong_count(launch, kind, 17, usize::from(opted_in), out),
        None if launch.count(kind, 17) > 1 => wrong_count(launch, kind, 17, 1, out),
        None => wrong_count(launch, kind, 18, 0, out),
    }
}

fn wrong_count(
    launch: &Launch<'_, '_>,
    kind: EventType,
    pcr: u32,
    expected: usize,
    out: &mut Judgement,
) -> bool {
    let found = launch.count(kind, pcr);
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
        format_args!(
            "{kind} stands {found} times in PCR {pcr}{}, expected {expected}{why}",
            launch.place
        ),
    );
    true
}

/// tboot extends its PCRs with its policy whatever that says (policy.c, verify_g_policy). With the
/// legacy format it leaves out the banks that it does not extend.
fn no_tboot_event(launch: &Launch<'_, '_>, out: &mut Judgement) -> bool {
    if launch.place.0.is_some() {
        return false;
    }
    for pcr in launch.mapping.tboot_pcrs() {
        if launch.count(EventType::TbootMeasurement, *pcr) == 0 {
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
