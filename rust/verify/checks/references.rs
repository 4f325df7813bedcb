// SPDX-License-Identifier: GPL-2.0

//! TPM-10: whether the launch is one that the owner expects.

use super::context::Context;
use super::hex::Hex;
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::eventlog::EventType;
use crate::decode::text::Text;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{TpmFacts, TpmFamily};
use crate::verify::judgement::{Judgement, Outcome};
use crate::verify::logs::Mapping;
use crate::verify::policy::{Launch, Pin, References};

/// How a launch entry compares with the TPM.
enum Match {
    /// Every pin equals its PCR, 17 and 18 among them in the bank named.
    Whole(HashAlg),
    /// The same on a TPM 1.2, whose one bank is SHA-1's.
    Sha1,
    /// Every pin equals its PCR, but 17 and 18 are not both pinned in one strong covered bank.
    Weak,
    /// A PCR differs.
    Differs(Pin),
    /// A PCR could not be read.
    Unread(Pin),
}

/// TPM-10.
pub(super) fn expected(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Tpm10;
    let Some(references) = c.references else {
        return out.set(check, Outcome::NotApplicable, format_args!("no references"));
    };
    if !identity_matches(c, references, false, out) || !identity_matches(c, references, true, out) {
        return;
    }
    if references.launches().next().is_none() {
        return out.set(
            check,
            Outcome::Pass,
            format_args!("SINIT and MLE as expected; the references hold no launch"),
        );
    }
    match c.tpm() {
        Some(tpm) => match_launches(references, tpm, out),
        None => out.set(check, Outcome::Unknown, format_args!("{}", c.tpm_reason())),
    }
}

#[inline(never)]
fn match_launches(references: &References<'_>, tpm: &TpmFacts, out: &mut Judgement) {
    let check = CheckId::Tpm10;
    let mut count = 0usize;
    let mut detail: Option<Text<120>> = None;
    let mut unread = false;
    for launch in references.launches() {
        count = count.saturating_add(1);
        match compare(&launch, tpm, out) {
            Match::Sha1 => {
                out.launch = Some(Text::format(format_args!("{}", launch.name)));
                return out.set(
                    check,
                    Outcome::Pass,
                    format_args!(
                        "PCR 17 and 18 sha1 are those of \"{:.64}\"; a TPM 1.2 launch stays unpinned",
                        launch.name
                    ),
                );
            }
            Match::Whole(alg) => {
                out.launch = Some(Text::format(format_args!("{}", launch.name)));
                return out.set(
                    check,
                    Outcome::Pass,
                    format_args!("PCR 17 and 18 {alg} are those of \"{}\"", launch.name),
                );
            }
            other => {
                unread |= matches!(other, Match::Unread(_));
                detail.get_or_insert_with(|| describe(&launch, &other, tpm));
            }
        }
    }
    let detail = detail.unwrap_or(Text::EMPTY);
    let outcome = if unread {
        Outcome::Unknown
    } else {
        Outcome::Fail
    };
    match count {
        1 => out.set(check, outcome, format_args!("{detail}")),
        _ => out.set(
            check,
            outcome,
            format_args!("none of {count} launches; {detail}"),
        ),
    }
}

#[inline(never)]
fn compare(launch: &Launch<'_>, tpm: &TpmFacts, out: &Judgement) -> Match {
    let mut unread = None;
    for pin in launch.pins() {
        match tpm.pcr(pin.digest.alg(), pin.pcr) {
            None => unread = Some(pin),
            Some(value) if *value != pin.digest => return Match::Differs(pin),
            Some(_) => {}
        }
    }
    if let Some(pin) = unread {
        return Match::Unread(pin);
    }
    // What a pin says counts only in a bank that sees the whole launch.
    let pins_both = |alg: HashAlg| {
        [17, 18].into_iter().all(|pcr| {
            launch
                .pins()
                .any(|pin| pin.pcr == pcr && pin.digest.alg() == alg)
        })
    };
    if tpm.family == TpmFamily::Tpm12 {
        return if pins_both(HashAlg::Sha1) {
            Match::Sha1
        } else {
            Match::Weak
        };
    }
    HashAlg::ALL
        .into_iter()
        .find(|alg| alg.is_strong() && out.covers(*alg) && pins_both(*alg))
        .map_or(Match::Weak, Match::Whole)
}

#[inline(never)]
fn describe(launch: &Launch<'_>, found: &Match, tpm: &TpmFacts) -> Text<120> {
    let name = launch.name;
    match found {
        Match::Differs(Pin { pcr, digest }) => {
            let alg = digest.alg();
            let zero = Digest::zero(alg);
            let actual = tpm.pcr(alg, *pcr).unwrap_or(&zero);
            Text::format(format_args!(
                "\"{name:.32}\" expects PCR {pcr} {alg} {:.16}.., it is {:.16}..",
                Hex(digest),
                Hex(actual)
            ))
        }
        Match::Unread(Pin { pcr, digest }) => Text::format(format_args!(
            "\"{name:.32}\" pins PCR {pcr} {}, which could not be read",
            digest.alg()
        )),
        Match::Weak | Match::Sha1 | Match::Whole(_) if tpm.family == TpmFamily::Tpm12 => {
            Text::format(format_args!(
                "\"{name:.32}\" does not pin both PCR 17 and 18 sha1"
            ))
        }
        Match::Weak | Match::Sha1 | Match::Whole(_) => Text::format(format_args!(
            "\"{name:.32}\" pins PCR 17 and 18 in no bank of 256 bits that covers the launch"
        )),
    }
}

/// Whether SINIT (or the MLE) is one of those that the references name; records it when not.
#[inline(never)]
fn identity_matches(
    c: &Context<'_>,
    references: &References<'_>,
    mle: bool,
    out: &mut Judgement,
) -> bool {
    let check = CheckId::Tpm10;
    let named = || {
        if mle {
            references.mles()
        } else {
            references.sinits()
        }
    };
    if named().next().is_none() {
        return true;
    }
    let name = if mle { "MLE" } else { "SINIT" };
    let mut compared = false;
    for reference in named() {
        let found = if mle {
            mle_digest(c, reference.alg())
        } else {
            out.sinit.filter(|sinit| sinit.alg() == reference.alg())
        };
        match found {
            Some(found) if found == reference => return true,
            Some(_) => compared = true,
            None => {}
        }
    }
    if compared {
        out.set(
            check,
            Outcome::Fail,
            format_args!("the {name} measurement is none of those expected"),
        );
    } else {
        out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no {name} measurement in a bank of the references"),
        );
    }
    false
}

/// The digest of event MLE_HASH in the bank of `alg`.
pub(super) fn mle_digest(c: &Context<'_>, alg: HashAlg) -> Option<Digest> {
    let (log, _) = c.sound_logs()?.of(alg)?;
    let pcr = Mapping::of(&log).mle_pcr();
    log.events()
        .filter_map(Result::ok)
        .find(|event| event.kind == EventType::MleHash && event.pcr == pcr)?
        .digest(alg)
}
