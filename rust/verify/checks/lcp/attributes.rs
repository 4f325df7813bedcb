// SPDX-License-Identifier: GPL-2.0

//! LCP-01: the indices are defined so that nobody but their holder can change them (SDG table J-2).

use super::{index, is_12};
use crate::decode::digest::HashAlg;
use crate::decode::lcp::Role;
use crate::decode::nv::{Attributes, NvError, NvPublic, NvPublic12};
use crate::verify::catalogue::CheckId;
use crate::verify::checks::context::Context;
use crate::verify::judgement::{Judgement, Outcome};

/// AUX: written under its policy only, deleted under it only, made by the platform.
const AUX: u32 = Attributes::PLATFORMCREATE.0
    | Attributes::NO_DA.0
    | Attributes::AUTHREAD.0
    | Attributes::WRITE_STCLEAR.0
    | Attributes::POLICY_DELETE.0
    | Attributes::POLICYWRITE.0;
/// What PS must have.
const PS: Attributes = Attributes(
    Attributes::PLATFORMCREATE.0
        | Attributes::NO_DA.0
        | Attributes::AUTHREAD.0
        | Attributes::POLICY_DELETE.0,
);
/// A write lock that lasts for ever, and is set.
const LOCKED: Attributes = Attributes(Attributes::WRITEDEFINE.0 | Attributes::WRITELOCKED.0);

/// The policy of AUX in SHA-1: PolicyOR of PolicyLocality(3, 4), under which SINIT and the BIOS ACM
/// write it, and of the same with PolicyCommandCode(TPM2_NV_UndefineSpaceSpecial), under which it is
/// deleted. The digests follow from TPM 2.0, part 3; logs of real machines have that of SHA-256.
const AUX_POLICY_SHA1: [u8; 20] = [
    0xdd, 0x28, 0xee, 0xaa, 0x86, 0x54, 0xb1, 0x56, 0xca, 0x11, 0x95, 0xa9, 0x48, 0x22, 0x1f, 0x93,
    0xe7, 0x37, 0xf7, 0x6f,
];
/// The same in SHA-256.
const AUX_POLICY_SHA256: [u8; 32] = [
    0xef, 0x9a, 0x26, 0xfc, 0x22, 0xd1, 0xae, 0x8c, 0xec, 0xff, 0x59, 0xe9, 0x48, 0x1a, 0xc1, 0xec,
    0x53, 0x3d, 0xbe, 0x22, 0x8b, 0xec, 0x6d, 0x17, 0x93, 0x0f, 0x4c, 0xb2, 0xcc, 0x5b, 0x97, 0x24,
];
/// The same in SHA-384.
const AUX_POLICY_SHA384: [u8; 48] = [
    0xc6, 0x31, 0xe9, 0x59, 0x98, 0x79, 0x5d, 0x9a, 0xef, 0x1e, 0xee, 0x1a, 0xe4, 0x58, 0xeb, 0xa4,
    0xad, 0x45, 0x83, 0xe1, 0xb7, 0x21, 0x22, 0x79, 0x6e, 0xa3, 0xe1, 0xfe, 0x6c, 0x4f, 0xf6, 0x6c,
    0x00, 0xee, 0x3d, 0x51, 0xab, 0xef, 0xb4, 0x9a, 0xc5, 0x16, 0x67, 0xfb, 0x7a, 0x49, 0x7c, 0x20,
];
/// The same in SHA-512.
const AUX_POLICY_SHA512: [u8; 64] = [
    0x0d, 0x1c, 0x53, 0x86, 0x86, 0xd3, 0x18, 0x76, 0xd7, 0xf8, 0x0d, 0x19, 0x51, 0x77, 0x22, 0xd8,
    0xba, 0xfb, 0x89, 0xeb, 0x7b, 0x53, 0x28, 0x3f, 0xb7, 0x7c, 0x15, 0xa3, 0x34, 0xaa, 0x2f, 0xd1,
    0x20, 0x62, 0x2e, 0x4b, 0x8a, 0x9a, 0xc3, 0xa3, 0x8b, 0xb5, 0xa1, 0xce, 0xa3, 0x10, 0x95, 0x16,
    0xf9, 0xf9, 0x9d, 0x7a, 0x38, 0x92, 0x7d, 0x87, 0x83, 0x06, 0xdd, 0x07, 0xdd, 0x85, 0x87, 0xdc,
];

/// The public areas of AUX, PS and PO: `None` where one is not defined, an error with the reason where
/// that cannot be told.
type Areas<P> = [(Role, Result<Option<P>, &'static str>); 3];

/// Reads the public areas.
fn areas<'a, P>(
    c: &Context<'a>,
    decode: impl Fn(&'a [u8]) -> Result<P, NvError> + Copy,
) -> Areas<P> {
    let area = |role| {
        let Some(bytes) = index(c, role)?.and_then(|index| index.public.read()) else {
            return Ok(None);
        };
        let area = decode(bytes).map_err(|_| "a public area is malformed")?;
        Ok(Some(area))
    };
    [Role::Aux, Role::Ps, Role::Po].map(|role| (role, area(role)))
}

/// Those that are defined.
fn defined<P>(areas: &Areas<P>) -> impl Iterator<Item = (Role, &P)> {
    areas
        .iter()
        .filter_map(|(role, area)| Some((*role, area.as_ref().ok()?.as_ref()?)))
}

/// Why one of them cannot be told.
fn open<P>(areas: &Areas<P>) -> Option<&'static str> {
    areas
        .iter()
        .find_map(|(_, area)| area.as_ref().err().copied())
}

/// LCP-01.
#[inline(never)]
pub(super) fn check(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Lcp01;
    if is_12(c) {
        return of_tpm12(c, out);
    }
    let areas = areas(c, NvPublic::decode);
    for (role, public) in defined(&areas) {
        if let Some(words) = wrong(role, public) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "{role} at {:#010x}, attributes {:#010x}: {words}",
                    public.index, public.attributes.0
                ),
            );
        }
    }
    if let Some(reason) = open(&areas) {
        return out.set(check, Outcome::Unknown, format_args!("{reason}"));
    }
    for (role, public) in defined(&areas) {
        if role == Role::Aux && aux_policy(public).is_none() {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!(
                    "{role} at {:#010x}: what its policy must be in algorithm {:#06x} is not known here",
                    public.index, public.name_alg
                ),
            );
        }
    }
    match defined(&areas).count() {
        0 => out.set(
            check,
            Outcome::NotApplicable,
            format_args!("none of AUX, PS and PO is defined"),
        ),
        defined => out.set(
            check,
            Outcome::Pass,
            format_args!("{defined} of AUX, PS and PO are defined, and as they should be"),
        ),
    }
}

/// LCP-01 with a TPM 1.2: sizes, and where AUX can be written (SDG tables J-1 and J-3). Whose
/// authorisation writes PS and PO their permissions say, which platforms give in ways that are not
/// known here: with one of them defined nothing passes.
#[inline(never)]
fn of_tpm12(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Lcp01;
    let areas = areas(c, NvPublic12::decode);
    for (role, public) in defined(&areas) {
        if let Some(words) = wrong_12(role, public) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "{role} at {:#010x}, {} bytes, written in localities {:#x}: {words}",
                    public.index, public.data_size, public.write_localities
                ),
            );
        }
    }
    let has_policies = defined(&areas).any(|(role, _)| role != Role::Aux);
    let has_aux = defined(&areas).next().is_some();
    let (outcome, words) = match (open(&areas), has_policies, has_aux) {
        (Some(reason), ..) => (Outcome::Unknown, reason),
        (None, true, _) => (
            Outcome::Unknown,
            "sizes are right; whose authorisation writes PS and PO is not judged",
        ),
        (None, false, true) => (
            Outcome::Pass,
            "AUX is written in localities 3 and 4; PS and PO are not defined",
        ),
        (None, false, false) => (Outcome::NotApplicable, "none of AUX, PS and PO is defined"),
    };
    out.set(check, outcome, format_args!("{words}"));
}

/// What is wrong with the definition of a TPM 1.2's index, if anything is.
fn wrong_12(role: Role, public: &NvPublic12) -> Option<&'static str> {
    const LOCALITIES_3_AND_4: u8 = 0x18;
    let size = match public.index {
        0x5000_0003 => 96,
        0x5000_0002 => 64,
        _ => 54,
    };
    if public.data_size != size {
        return Some("not the size of its table");
    }
    let localities = public.write_localities;
    let is_bound = localities != 0 && localities & !LOCALITIES_3_AND_4 == 0;
    (role == Role::Aux && !is_bound).then_some("not only SINIT and the BIOS ACM write it")
}

/// What is wrong with the definition of an index, if anything is.
fn wrong(role: Role, public: &NvPublic<'_>) -> Option<&'static str> {
    let attributes = public.attributes;
    match role {
        Role::Aux if attributes.without_state().0 != AUX => {
            Some("not those of an index that only SINIT and the BIOS ACM write")
        }
        Role::Aux if public.policy.is_empty() => Some("it has no policy"),
        Role::Aux if aux_policy(public).is_some_and(|policy| public.policy != policy) => {
            Some("its policy is not that of localities 3 and 4")
        }
        Role::Ps if !attributes.has(PS) => Some("not those of an index that the platform made"),
        Role::Ps | Role::Po => writable(role, public),
        Role::Aux | Role::Sgx => None,
    }
}

/// What the policy of AUX must be in the algorithm of `public`, where that is known.
fn aux_policy(public: &NvPublic<'_>) -> Option<&'static [u8]> {
    match HashAlg::from_tpm_id(public.name_alg)? {
        HashAlg::Sha1 => Some(&AUX_POLICY_SHA1),
        HashAlg::Sha256 => Some(&AUX_POLICY_SHA256),
        HashAlg::Sha384 => Some(&AUX_POLICY_SHA384),
        HashAlg::Sha512 => Some(&AUX_POLICY_SHA512),
        HashAlg::Sm3 => None,
    }
}

/// Who can write a policy that should not.
fn writable(role: Role, public: &NvPublic<'_>) -> Option<&'static str> {
    let attributes = public.attributes;
    let has = |bit| attributes.has(bit);
    // Real platforms lock PS for ever and leave AUTHWRITE set.
    if has(LOCKED) {
        return None;
    }
    if has(Attributes::AUTHWRITE) {
        return Some("whoever knows its authorisation value, often empty, can write it");
    }
    if has(Attributes::POLICYWRITE) && public.policy.is_empty() {
        return Some("it is written under a policy that it does not have");
    }
    match role {
        Role::Ps if has(Attributes::OWNERWRITE) => Some("the owner can write it"),
        Role::Po if !has(Attributes::AUTHREAD) => Some("SINIT cannot read it"),
        Role::Po if has(Attributes::CLEAR_STCLEAR) || has(Attributes::ORDERLY) => {
            Some("its contents do not outlast a restart")
        }
        _ => None,
    }
}
