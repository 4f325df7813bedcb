// SPDX-License-Identifier: GPL-2.0

//! What is well-formed and still surprises.

use super::coverage::Coverage;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::{CheckId, Severity};
use launchguard_pure::verify::policy::{
    Arrivals, Exception, Launch, OnFailure, Policy, References, Unbound,
};

/// Checks of which `require` does not make what it says, and why.
const NOT_TO_REQUIRE: [(CheckId, &str); 3] = [
    (
        CheckId::Acm09,
        "is n/a without a sinit entry in the references, and with one TPM-10 decides by it anyway: to \
         require it changes nothing",
    ),
    (
        CheckId::Cpu10,
        "judges nothing, it is n/a wherever the processors could be asked: to require it changes \
         nothing there",
    ),
    (
        CheckId::Tpm14,
        "fails with every TPM 2.0, for no kernel up to 7.3 reads PCRs with an HMAC: to require it \
         means that no launch there is ever good; have a quote checked on another machine",
    ),
];

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

/// Warnings about a policy, by line.
pub fn of_policy(policy: &Policy<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    for (place, (check, _)) in policy.places("waive").zip(policy.waivers()) {
        if check.severity() == Severity::Critical {
            let what = format!("{check} is critical: with this waiver nothing is ever verified");
            found.push(warning(place.line, what));
        } else if check == CheckId::Tpm09 {
            let what = format!(
                "while {check} does not pass, nothing is verified with this waiver: the log could \
                 hide the events that only a missing bank has"
            );
            found.push(warning(place.line, what));
        }
    }
    for (place, check) in policy.places("require").zip(policy.requires_in_order()) {
        if let Some((_, why)) = NOT_TO_REQUIRE.iter().find(|(id, _)| *id == check) {
            found.push(warning(place.line, format!("{check} {why}")));
        }
    }
    for place in policy.places("on-failure") {
        match policy.on_failure() {
            OnFailure::Log => {}
            OnFailure::Quarantine => found.push(warning(
                place.line,
                "what a driver has is not blocked, whatever the verdict: dma/exposed_devices lists \
                 what could still reach memory",
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
        found.extend(exception(policy, ids).map(|what| warning(allow.place.line, what)));
    }
    for region in policy.regions() {
        let holds = |base: u64| {
            base.checked_sub(region.base)
                .is_some_and(|at| at < region.size)
        };
        let mut windows = policy.compartments().flat_map(|one| one.windows());
        if !windows.any(|window| holds(window.base)) {
            found.push(warning(
                region.place.line,
                "no window lies in this region: it changes nothing",
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
    if policy.compartments().next().is_none() {
        for place in policy.places("fault-budget") {
            found.push(warning(
                place.line,
                "no compartment: the faults of other devices are counted, and cost them nothing",
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
    found.sort_by_key(|warning| warning.line);
    found
}

/// What surprises about an exception, for vendor and device `ids` or for a path.
fn exception(policy: &Policy<'_>, ids: bool) -> Option<&'static str> {
    let arrivals = policy.arrivals() == Arrivals::Quarantine;
    let unbound = policy.unbound() == Unbound::Quarantine;
    match (arrivals, unbound) {
        // `on-failure quarantine` makes no exceptions.
        (false, false) => Some(
            "neither arrivals nor unbound devices are quarantined: this exception is for nothing",
        ),
        (_, true) if ids => Some(
            "whoever brings a device chooses its ids: one that claims these when the machine boots \
             is not blocked, and none that arrives later is excepted; name a place by its path",
        ),
        (true, false) if ids => Some(
            "whoever brings a device chooses its ids: this counts only for what is there at boot; \
             name what may arrive by its path",
        ),
        _ => None,
    }
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

/// Warnings about references, by line. `coverage` is that of a launch that they are for, if there is one
/// to compare with.
pub fn of_references(
    references: &References<'_>,
    text: &[u8],
    coverage: Option<&Coverage>,
) -> Vec<Warning> {
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
        for alg in HashAlg::ALL {
            if launch.pins().any(|pin| pin.digest.alg() == alg) {
                found.extend(uncovered(&launch, alg, coverage).map(|what| warning(line, what)));
            }
        }
    }
    found
}

/// What surprises about pins in the bank of `alg`: that the launch is not seen there as a whole.
fn uncovered(launch: &Launch<'_>, alg: HashAlg, coverage: Option<&Coverage>) -> Option<String> {
    let name = launch.name;
    if let Some(coverage) = coverage {
        let (source, banks) = (&coverage.source, coverage.words());
        return (!coverage.covers(alg)).then(|| {
            format!(
                "\"{name}\" pins {alg}, which does not cover the launch of {source} (what does: \
                 {banks}): such a launch fails TPM-02"
            )
        });
    }
    // With a TPM 1.2 there is no other bank than that of SHA-1.
    let is_tpm12 = !launch.pins().any(|pin| pin.digest.alg().is_strong());
    (alg != HashAlg::Sha256 && !is_tpm12).then(|| {
        format!(
            "\"{name}\" pins {alg}: tboot's default extends its policy, kernel and command line into \
             sha256 only, and a bank that does not see them fails TPM-02; extpol=embedded covers all \
             banks (--evidence compares with a launch)"
        )
    })
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
