// SPDX-License-Identifier: GPL-2.0

//! What is well-formed and still surprises.

use launchguard_pure::verify::catalogue::Severity;
use launchguard_pure::verify::policy::{
    Arrivals, Exception, Launch, OnFailure, Policy, References,
};

/// A warning, and the line that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Line, from 1.
    pub line: u32,
    /// What surprises, in words.
    pub what: String,
}

fn warning(line: u32, what: impl Into<String>) -> Warning {
    Warning {
        line,
        what: what.into(),
    }
}

/// Statements that are planned and have no effect in this version.
const LATER: [&str; 6] = [
    "arrivals",
    "unbound",
    "allow",
    "fault-budget",
    "region",
    "compartment",
];

/// Warnings about a policy, by line.
pub fn of_policy(policy: &Policy<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    for (place, (check, _)) in policy.places("waive").zip(policy.waivers()) {
        if check.severity() == Severity::Critical {
            let what = format!("{check} is critical: with this waiver nothing is ever verified");
            found.push(warning(place.line, what));
        }
    }
    for (place, check) in policy.places("require").zip(policy.requires_in_order()) {
        if check.entry().title == "-" {
            let what =
                format!("{check} is not judged by this version: to require it changes nothing");
            found.push(warning(place.line, what));
        }
    }
    for place in policy.places("on-failure") {
        match policy.on_failure() {
            OnFailure::Log => {}
            OnFailure::Quarantine => found.push(warning(
                place.line,
                "this version blocks no device: the verdict is written to the kernel's log only",
            )),
            OnFailure::Panic => found.push(warning(
                place.line,
                "a machine that is not launched as expected will not stay up; keep another way to \
                 boot it, and enroll before every update",
            )),
        }
    }
    for allow in policy.allows() {
        let ids = matches!(allow.exception, Exception::Ids(..));
        if ids && policy.arrivals() == Arrivals::Quarantine {
            found.push(warning(
                allow.place.line,
                "whoever brings a device chooses its ids: this counts only for what is there at \
                 boot; name what may arrive by its path",
            ));
        }
    }
    for compartment in policy.compartments() {
        if compartment.windows().next().is_none() {
            found.push(warning(
                compartment.place.line,
                "no window: the devices of this compartment reach nothing",
            ));
        }
    }
    for place in policy.places("extend-pcr") {
        if let Some(user) = policy.extend_pcr().and_then(user_of) {
            let what = format!("{user} extends this PCR too: a verifier needs both logs");
            found.push(warning(place.line, what));
        }
    }
    for place in policy.places("seal") {
        found.push(warning(
            place.line,
            "references cannot be changed until reboot either: put them in force before, or name \
             their file when the module is loaded",
        ));
    }
    let later = LATER.iter().flat_map(|word| policy.places(word));
    if let Some(line) = later.map(|place| place.line).min() {
        found.push(warning(
            line,
            "statements about devices are checked, and have no effect in this version",
        ));
    }
    found.sort_by_key(|warning| warning.line);
    found
}

/// Who else is known to extend a PCR.
const fn user_of(pcr: u32) -> Option<&'static str> {
    match pcr {
        8 | 9 => Some("GRUB"),
        10 => Some("IMA"),
        11 | 12 | 13 | 15 => Some("systemd"),
        14 => Some("shim"),
        _ => None,
    }
}

/// Warnings about references, by line.
pub fn of_references(references: &References<'_>, text: &[u8]) -> Vec<Warning> {
    let text = String::from_utf8_lossy(text);
    let mut found = Vec::new();
    for launch in references.launches() {
        let line = line_of(&text, launch.name);
        let strong = |pcr: u32| {
            launch
                .pins()
                .filter(move |pin| pin.pcr == pcr && pin.digest.alg().is_strong())
                .map(|pin| pin.digest.alg())
        };
        if !strong(17).any(|alg| strong(18).any(|other| other == alg)) {
            found.push(warning(line, no_pair(&launch)));
        }
        if launch.pins().any(|pin| !pin.digest.alg().is_strong()) {
            found.push(warning(
                line,
                "a pin in a bank of less than 256 bits proves nothing: collisions are known",
            ));
        }
    }
    found
}

fn no_pair(launch: &Launch<'_>) -> String {
    let name = launch.name;
    format!("\"{name}\" has no bank of at least 256 bits with both PCR 17 and 18: never verified")
}

/// The line on which the launch `name` begins.
fn line_of(text: &str, name: &str) -> u32 {
    let quoted = format!("\"{name}\"");
    let found = text.lines().position(|line| {
        line.trim_start()
            .strip_prefix("launch")
            .is_some_and(|rest| rest.trim_start().starts_with(&quoted))
    });
    found.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(1)
}
