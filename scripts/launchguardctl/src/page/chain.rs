// SPDX-License-Identifier: GPL-2.0

//! The chain of a launch: who measured whom, where the measurement went, and what vouches for it.

use super::{measured, pcrs, Input, State};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::EventType;
use launchguard_pure::verify::catalogue::{CheckId, Weight};
use launchguard_pure::verify::judgement::{Launcher, Outcome, Verdict};
use serde::Serialize;

/// The chain.
#[derive(Clone, Debug, Serialize)]
pub struct Chain {
    /// Whether registers or TPM speak of a launch at all.
    pub launched: bool,
    /// The bank whose digests are shown.
    pub bank: Option<&'static str>,
    /// Processor, SINIT, launcher, kernel, references: in this order.
    pub links: Vec<Link>,
    /// The PCRs in which the measurements end.
    pub lanes: Vec<Lane>,
}

/// A link.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// What it is.
    pub name: String,
    /// More of it, in a few words.
    pub what: String,
    /// How it stands: by the checks that vouch for it and can decide.
    pub state: State,
    /// Its measurements.
    pub measured: Vec<Measured>,
    /// The checks that vouch for it, with their outcomes.
    pub checks: Vec<(&'static str, State)>,
}

/// A measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// What was measured.
    pub what: String,
    /// The PCR that it went into.
    pub pcr: u32,
    /// Number of its event in the log.
    pub event: usize,
    /// Its digest, in hex.
    pub digest: Option<String>,
}

/// A PCR under the chain.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// 17 to 22.
    pub pcr: u32,
    /// What the TPM holds, in hex.
    pub value: Option<String>,
    /// Whether the log explains it.
    pub explained: State,
    /// Whether it is what the owner expects.
    pub expected: State,
}

/// Checks that vouch for the processor's part.
const PROCESSOR: [CheckId; 10] = [
    CheckId::Txt01,
    CheckId::Txt02,
    CheckId::Txt06,
    CheckId::Txt08,
    CheckId::Txt09,
    CheckId::Txt10,
    CheckId::Txt13,
    CheckId::Cpu01,
    CheckId::Cpu02,
    CheckId::Cpu03,
];
/// For SINIT. Its measurement, like those of the links behind it, is only as good as the PCR that it
/// went into.
const SINIT: [CheckId; 11] = [
    CheckId::Tpm03,
    CheckId::Tpm04,
    CheckId::Tpm05,
    CheckId::Txt11,
    CheckId::Acm05,
    CheckId::Acm06,
    CheckId::Acm07,
    CheckId::Acm08,
    CheckId::Acm09,
    CheckId::Map01,
    CheckId::Map02,
];
/// For the launcher.
const LAUNCHER: [CheckId; 6] = [
    CheckId::Tpm04,
    CheckId::Tpm05,
    CheckId::Tpm06,
    CheckId::Tpm07,
    CheckId::Tpm08,
    CheckId::Lcp01,
];
/// For the kernel.
const KERNEL: [CheckId; 6] = [
    CheckId::Tpm02,
    CheckId::Tpm04,
    CheckId::Tpm05,
    CheckId::Tpm09,
    CheckId::Krn01,
    CheckId::Krn02,
];
/// For the references.
const OWNER: [CheckId; 1] = [CheckId::Tpm10];

pub(super) fn chain(input: &Input<'_>) -> Chain {
    let judged = input.judgement;
    let launched = judged.launcher != Launcher::None && input.verdict != Verdict::Absent;
    let bank = input.bank();
    let mut links = vec![
        link(input, "Processor", "runs GETSEC[SENTER]", &PROCESSOR),
        link(input, "SINIT", "Intel's signed module", &SINIT),
        link(input, launcher(judged.launcher), "the launcher", &LAUNCHER),
        link(input, "Kernel", "command line, initrd", &KERNEL),
        link(input, "Owner", "reference values", &OWNER),
    ];
    if let Some(name) = judged.launch {
        if let Some(owner) = links.last_mut() {
            owner.what = format!("launch “{name}”");
        }
    }
    place(input, bank, &mut links);
    Chain {
        launched,
        bank: bank.map(HashAlg::name),
        lanes: lanes(input, bank, &links),
        links,
    }
}

const fn launcher(launcher: Launcher) -> &'static str {
    match launcher {
        Launcher::Tboot => "tboot",
        Launcher::SecureLaunch => "Secure Launch",
        Launcher::Unknown => "Launcher",
        Launcher::None => "No launcher",
    }
}

fn link(input: &Input<'_>, name: &str, what: &str, checks: &[CheckId]) -> Link {
    Link {
        name: name.to_owned(),
        what: what.to_owned(),
        state: state(input, checks),
        measured: Vec::new(),
        checks: checks
            .iter()
            .map(|check| (check.name(), input.judgement.outcome(*check).into()))
            .collect(),
    }
}

/// The worst of what the checks found, as far as it counts: nothing advisory does, and of an alarm
/// only the failure does.
fn state(input: &Input<'_>, checks: &[CheckId]) -> State {
    let mut state = State::None;
    for check in checks {
        let required = check.weight() == Weight::Required || input.policy.requires(*check);
        match input.judgement.outcome(*check) {
            Outcome::Fail if required || check.weight() == Weight::Alarm => return State::Fail,
            Outcome::Unknown if required => state = State::Unknown,
            Outcome::Pass if state == State::None => state = State::Pass,
            _ => {}
        }
    }
    state
}

/// Puts the log's measurements to the links that they are of.
fn place(input: &Input<'_>, bank: Option<HashAlg>, links: &mut [Link]) {
    let [_, sinit, launcher, kernel, _] = links else {
        return;
    };
    let events = measured::events(input);
    let parts = measured::tboot_parts(&events);
    for entry in &events.entries {
        let (number, event) = (entry.number, &entry.event);
        let digest = bank.and_then(|bank| entry.digest(bank));
        let add = |link: &mut Link, what: &str| {
            link.measured.push(Measured {
                what: what.to_owned(),
                pcr: event.pcr,
                event: number,
                digest: digest.as_ref().map(Digest::to_string),
            });
        };
        match event.kind {
            EventType::HashStart => add(sinit, "SINIT"),
            EventType::SinitPubKeyHash => add(sinit, "signing key"),
            EventType::CombinedHash => add(sinit, "platform, policy"),
            EventType::MleHash => add(launcher, "launcher (MLE)"),
            EventType::SlaunchEvent => add(kernel, "Secure Launch"),
            EventType::TbootMeasurement => {
                if let Some(part) = parts.iter().find(|part| part.number == number) {
                    let link = if part.own {
                        &mut *launcher
                    } else {
                        &mut *kernel
                    };
                    add(link, &part.short);
                }
            }
            _ => {}
        }
    }
}

/// PCR 17 and 18, and those behind them that something in the picture went into.
fn lanes(input: &Input<'_>, bank: Option<HashAlg>, links: &[Link]) -> Vec<Lane> {
    let measured = |pcr: u32| {
        let mut all = links.iter().flat_map(|link| &link.measured);
        all.any(|measured| measured.pcr == pcr)
    };
    (17..=22)
        .filter(|pcr| matches!(pcr, 17 | 18) || measured(*pcr))
        .map(|pcr| lane(input, bank, pcr))
        .collect()
}

fn lane(input: &Input<'_>, bank: Option<HashAlg>, pcr: u32) -> Lane {
    let tpm = input.tpm();
    let value = bank.and_then(|bank| tpm?.pcr(bank, pcr));
    let replay = bank.and_then(|bank| input.judgement.replayed(bank, pcr));
    let pins = bank.map_or_else(Vec::new, |bank| pcrs::pins(input, bank, pcr));
    Lane {
        pcr,
        value: value.map(Digest::to_string),
        // The checks look at every bank, the picture shows one.
        explained: match pcr {
            17 => input.judgement.outcome(CheckId::Tpm04).into(),
            18 => input.judgement.outcome(CheckId::Tpm05).into(),
            _ => pcrs::compared(value, replay),
        },
        expected: match value {
            _ if pins.is_empty() => State::None,
            None => State::Unknown,
            Some(value) if pins.iter().any(|(_, pin)| pin == value) => State::Pass,
            Some(_) => State::Fail,
        },
    }
}
