// SPDX-License-Identifier: GPL-2.0

//! ACM-08: SINIT is not older than the policies ask for, nor one that is known to be broken.

use crate::decode::acm::Acm;
use crate::decode::heap::OsMleData;
use crate::decode::lcp::{aux_minimum, ElementBody, Policy, PolicyData, Role};
use crate::verify::catalogue::CheckId;
use crate::verify::checks::context::Context;
use crate::verify::checks::lcp::{contents, Contents};
use crate::verify::checks::references::mle_digest;
use crate::verify::facts::TpmFamily;
use crate::verify::judgement::{Judgement, Outcome};

/// Modules that are known to be broken, although no policy may say so.
struct Broken {
    /// Built before this day, in BCD as in the module's header.
    before: u32,
    /// Why.
    why: &'static str,
}

/// One line for each advisory that a module's date is enough to tell.
const BROKEN: [Broken; 1] = [
    // INTEL-SA-00030 of 5 December 2011: SINIT hands over control through memory that an attacker can
    // write (Wojtczuk, Rutkowska: Exploring new lands on Intel CPUs). Repaired modules came in that year.
    Broken {
        before: 0x2011_0101,
        why: "INTEL-SA-00030 came later",
    },
];

/// The least version that something asks for, and what that is.
type Minimum = Option<(u8, &'static str)>;

fn higher(first: Minimum, second: Minimum) -> Minimum {
    match (first, second) {
        (Some(one), Some(other)) if other.0 > one.0 => Some(other),
        (None, other) => other,
        (one, _) => one,
    }
}

/// ACM-08.
pub(super) fn minimum(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm08;
    let Some(acm) = super::decoded(c, check, out) else {
        return;
    };
    let built = acm.header.date().map(|_| acm.header.date_bcd);
    let older = |entry: &&Broken| built.is_some_and(|built| built < entry.before);
    if let Some(broken) = BROKEN.iter().find(older) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SINIT of {:08x}: {}", acm.header.date_bcd, broken.why),
        );
    }
    let mut least: Minimum = None;
    let mut open: Option<&'static str> = match built {
        Some(_) => None,
        None => Some("the module's date is no date: it does not tell whether Intel warns of it"),
    };
    for (role, name) in [(Role::Ps, "PS"), (Role::Po, "PO")] {
        match contents(c, role) {
            Contents::Read(bytes) => match Policy::decode(bytes) {
                Ok(policy) => least = higher(least, Some((policy.sinit_min_version, name))),
                // What stands there is no policy: LCP-02's failure.
                Err(_) => open = Some("a policy could not be decoded (LCP-02)"),
            },
            Contents::Undefined => {}
            Contents::Open(reason) => open = Some(reason),
        }
    }
    least = higher(least, element_minimum(c));
    compare(c, &acm, least, open, out);
}

#[inline(never)]
fn compare(
    c: &Context<'_>,
    acm: &Acm,
    least: Minimum,
    open: Option<&'static str>,
    out: &mut Judgement,
) {
    let check = CheckId::Acm08;
    let (Some(version), Some((minimum, source))) = (acm.info.acm_version, least.or(Some((0, "-"))))
    else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("the information table has no AcmVersion"),
        );
    };
    let tpm2 = c.tpm().is_none_or(|tpm| tpm.family == TpmFamily::Tpm20);
    let (svn, open) = match contents(c, Role::Aux) {
        Contents::Read(bytes) => match aux_minimum(bytes, tpm2) {
            Some(svn) => (Some(u16::from(svn)), open),
            None => (None, Some("AUX is too short to hold the SVN it asks for")),
        },
        Contents::Undefined => (None, open),
        Contents::Open(reason) => (None, open.or(Some(reason))),
    };
    if version < minimum {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("AcmVersion {version} is less than the {minimum} that {source} asks for"),
        );
    }
    if let Some(svn) = svn.filter(|svn| *svn > acm.header.txt_svn) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "TXT SVN {} is less than the {svn} that AUX asks for",
                acm.header.txt_svn
            ),
        );
    }
    if let Some(reason) = open {
        return out.set(check, Outcome::Unknown, format_args!("{reason}"));
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "AcmVersion {version}, at least {minimum} ({source}); TXT SVN {}, at least {}; date {:08x}",
            acm.header.txt_svn,
            svn.unwrap_or(0),
            acm.header.date_bcd
        ),
    );
}

/// What the MLE element that matched asks for: an element of tboot's copy of the policy data file
/// that holds the hash of event MLE_HASH.
#[inline(never)]
fn element_minimum(c: &Context<'_>) -> Minimum {
    let table = OsMleData::decode(c.chain()?.os_mle_data.bytes).ok()?;
    let data = PolicyData::decode(table.policy_data()?).ok()?;
    let mut least: Minimum = None;
    for list in data.lists().filter_map(Result::ok) {
        for element in list.elements().filter_map(Result::ok) {
            let Ok(ElementBody::Mle {
                sinit_min_version,
                hashes,
            }) = element.body()
            else {
                continue;
            };
            let matches =
                mle_digest(c, hashes.alg).is_some_and(|digest| hashes.contains(digest.as_bytes()));
            if matches {
                least = higher(least, Some((sinit_min_version, "the MLE element")));
            }
        }
    }
    least
}
