// SPDX-License-Identifier: GPL-2.0

//! LCP-01 to LCP-04: the launch control policy.

mod attributes;

use super::context::Context;
use super::Check;
use crate::decode::acm::{Acm, Lists};
use crate::decode::eventlog::{Event, EventType};
use crate::decode::lcp::{IndexSet, Policy, PolicyKind, Role, INDICES_12, INDICES_20};
use crate::decode::nv::{NvInfo, NvPublic};
use crate::decode::registers::Reg;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Evidence, NvIndex, TpmFamily};
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 4] = [attributes::check, policies, control, publics];

/// What an index holds.
#[derive(Clone, Copy)]
pub(super) enum Contents<'a> {
    /// Its contents.
    Read(&'a [u8]),
    /// It is not defined.
    Undefined,
    /// It could not be read.
    Open(&'static str),
}

/// Whether the TPM is a 1.2.
fn is_12(c: &Context<'_>) -> bool {
    c.tpm().is_some_and(|tpm| tpm.family == TpmFamily::Tpm12)
}

/// Which set of a TPM 2.0's indices SINIT uses: by its information table, else the only one of which
/// an index is defined.
#[inline(never)]
fn used_set(c: &Context<'_>, indices: &[NvIndex<'_>]) -> Result<IndexSet, &'static str> {
    let new = || {
        let bytes = c.facts.sinit.read()?;
        let acm = Acm::decode(bytes, c.reg(Reg::SinitSize)?).ok()?;
        let lists = Lists::decode(bytes, &acm.header, &acm.info).ok()?;
        Some(lists.tpm?.new_indices())
    };
    match new() {
        Some(true) => return Ok(IndexSet::New),
        Some(false) => return Ok(IndexSet::Old),
        None => {}
    }
    let may_be_defined = |set| {
        let known = INDICES_20
            .iter()
            .filter(|known| known.set == set && known.role != Role::Sgx);
        known
            .filter_map(|known| indices.iter().find(|index| index.index == known.index))
            .any(|index| !matches!(index.public, Evidence::Absent(_)))
    };
    match (may_be_defined(IndexSet::Old), may_be_defined(IndexSet::New)) {
        (true, true) => Err("SINIT does not say which of two sets of policy indices it uses"),
        (false, true) => Ok(IndexSet::New),
        (_, false) => Ok(IndexSet::Old),
    }
}

/// The index of `role` that SINIT uses, as it was read.
fn index<'a>(c: &Context<'a>, role: Role) -> Result<Option<&'a NvIndex<'a>>, &'static str> {
    let indices = match c.facts.nv {
        Evidence::Read(indices) => indices,
        Evidence::Unreadable(reason) => return Err(reason),
        Evidence::Absent(_) => return Ok(None),
    };
    let is_12 = is_12(c);
    let set = if is_12 {
        IndexSet::Old
    } else {
        used_set(c, indices)?
    };
    let mut known = INDICES_20
        .iter()
        .filter(|known| !is_12 && known.set == set)
        .chain(INDICES_12.iter().filter(|_| is_12))
        .filter(|known| known.role == role);
    let mut open = None;
    let defined = known.find_map(|known| {
        let index = indices.iter().find(|index| index.index == known.index)?;
        match index.public {
            Evidence::Read(_) => Some(index),
            Evidence::Absent(_) => None,
            Evidence::Unreadable(reason) => {
                open = Some(reason);
                None
            }
        }
    });
    match (defined, open) {
        (None, Some(reason)) => Err(reason),
        (defined, _) => Ok(defined),
    }
}

/// The contents of the index of `role` that SINIT uses.
pub(super) fn contents<'a>(c: &Context<'a>, role: Role) -> Contents<'a> {
    match index(c, role) {
        Err(reason) => Contents::Open(reason),
        Ok(None) => Contents::Undefined,
        Ok(Some(index)) => match index.data {
            Evidence::Read(bytes) => Contents::Read(bytes),
            Evidence::Unreadable(reason) | Evidence::Absent(reason) => Contents::Open(reason),
        },
    }
}

/// A policy, or none; records what cannot be read or decoded.
fn policy(
    c: &Context<'_>,
    check: CheckId,
    role: Role,
    out: &mut Judgement,
) -> Option<Option<Policy>> {
    match contents(c, role) {
        Contents::Undefined => Some(None),
        Contents::Open(reason) => {
            out.set(check, Outcome::Unknown, format_args!("{role}: {reason}"));
            None
        }
        Contents::Read(bytes) => match Policy::decode(bytes) {
            Ok(policy) => Some(Some(policy)),
            Err(error) => {
                let outcome = if check == CheckId::Lcp02 {
                    Outcome::Fail
                } else {
                    Outcome::Unknown
                };
                out.set(check, outcome, format_args!("{role}: {error}"));
                None
            }
        },
    }
}

/// What is wrong with a policy, if anything is.
fn weakness(policy: &Policy, is_12: bool) -> Option<&'static str> {
    if (policy.major() == 2) != is_12 {
        Some("its version is that of the other TPM family")
    } else if policy.control.allows_non_production() {
        Some("it lets modules run that are not for production (NPW_OK)")
    } else if policy.control.allows_aux_deletion() {
        Some("it lets AUX be deleted")
    } else if policy.sinit_min_version == u8::MAX {
        Some("no SINIT can have the version that it asks for")
    } else {
        None
    }
}

/// LCP-02.
#[inline(never)]
fn policies(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Lcp02;
    let Some(ps) = policy(c, check, Role::Ps, out) else {
        return;
    };
    let Some(po) = policy(c, check, Role::Po, out) else {
        return;
    };
    // The owner's policy, where there is one, takes the place of the supplier's.
    let Some(kind) = po.or(ps).map(|policy| policy.kind) else {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("there is no policy: PS and PO are not defined"),
        );
    };
    for (role, policy) in [(Role::Ps, &ps), (Role::Po, &po)] {
        let weakness = policy
            .as_ref()
            .and_then(|policy| weakness(policy, is_12(c)));
        if let Some(words) = weakness {
            return out.set(check, Outcome::Fail, format_args!("{role}: {words}"));
        }
    }
    let role = if po.is_some() { Role::Po } else { Role::Ps };
    let (outcome, words) = match kind {
        PolicyKind::List => (Outcome::Pass, "decides by its lists"),
        PolicyKind::Any => (Outcome::Fail, "lets anything be launched"),
    };
    out.set(
        check,
        outcome,
        format_args!("{role} is of type {kind}: {words}"),
    );
}

/// The records of a kind, with data.
fn with_data<'a>(c: &Context<'a>, kind: EventType) -> Result<Option<Event<'a>>, &'static str> {
    let log = c.first_log().ok_or(c.log_reason())?;
    let mut events = log.events().filter_map(Result::ok);
    Ok(events.find(|event| event.kind == kind && !event.data.is_empty()))
}

/// The record of a kind with data, or the finding that there is none.
fn event<'a>(
    c: &Context<'a>,
    check: CheckId,
    kind: EventType,
    out: &mut Judgement,
) -> Option<Event<'a>> {
    match with_data(c, kind) {
        Ok(Some(event)) => return Some(event),
        Ok(None) => out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no event {kind} with data"),
        ),
        Err(reason) => out.set(check, Outcome::Unknown, format_args!("{reason}")),
    }
    None
}

/// LCP-03: PolicyControl as it was measured is that of the policies in force.
#[inline(never)]
fn control(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Lcp03;
    let Some(event) = event(c, check, EventType::LcpControlHash, out) else {
        return;
    };
    let Some(measured) = event.data.try_into().ok().map(u32::from_le_bytes) else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "event {} has {} bytes of data",
                event.kind,
                event.data.len()
            ),
        );
    };
    let Some(ps) = policy(c, check, Role::Ps, out) else {
        return;
    };
    let Some(po) = policy(c, check, Role::Po, out) else {
        return;
    };
    let (ps, po) = (
        ps.map(|policy| policy.control.0),
        po.map(|policy| policy.control.0),
    );
    // How SINIT joins the two is not documented: each of them alone and both together are taken.
    let (outcome, words) = match (ps, po) {
        (None, None) if measured == 0 => (Outcome::NotApplicable, "there is no policy"),
        (None, None) => (Outcome::Fail, "there is no policy now"),
        _ if ps == Some(measured) || po == Some(measured) => (Outcome::Pass, "that of a policy"),
        (Some(ps), Some(po)) if ps | po == measured => (Outcome::Pass, "that of both policies"),
        _ => (Outcome::Fail, "the policies say otherwise"),
    };
    out.set(
        check,
        outcome,
        format_args!(
            "PolicyControl {measured:#x} was measured, PS {:#x}, PO {:#x}: {words}",
            ps.unwrap_or(0),
            po.unwrap_or(0)
        ),
    );
}

/// LCP-04: the public areas that were measured are those that the TPM has now.
#[inline(never)]
fn publics(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Lcp04;
    if is_12(c) {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("a launch with a TPM 1.2 does not measure public areas"),
        );
    }
    let Some(event) = event(c, check, EventType::NvInfoHash, out) else {
        return;
    };
    let info = match NvInfo::decode(event.data) {
        Ok(info) => info,
        Err(error) => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!("event {}: {error}", event.kind),
            )
        }
    };
    let mut defined = 0u8;
    for (role, measured) in [
        (Role::Aux, info.aux),
        (Role::Ps, info.ps),
        (Role::Po, info.po),
    ] {
        match (measured, now(c, role, measured)) {
            (_, Err(reason)) => {
                return out.set(check, Outcome::Unknown, format_args!("{role}: {reason}"));
            }
            (None, Ok(None)) => {}
            (Some(then), Ok(Some(now))) if then.is_defined_as(&now) => {
                defined = defined.saturating_add(1);
            }
            (then, Ok(now)) => return differs(role, then, now, out),
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("{defined} of AUX, PS and PO are defined, as when they were measured"),
    );
}

/// The public area of `role` as it is now: of the index that was measured, else of the set in use.
fn now<'a>(
    c: &Context<'a>,
    role: Role,
    measured: Option<NvPublic<'_>>,
) -> Result<Option<NvPublic<'a>>, &'static str> {
    let found = match (c.facts.nv, measured) {
        (Evidence::Read(indices), Some(measured)) => {
            indices.iter().find(|index| index.index == measured.index)
        }
        _ => index(c, role)?,
    };
    match found.map(|index| index.public) {
        None | Some(Evidence::Absent(_)) => Ok(None),
        Some(Evidence::Unreadable(reason)) => Err(reason),
        Some(Evidence::Read(bytes)) => NvPublic::decode(bytes)
            .map(Some)
            .map_err(|_| "its public area is malformed"),
    }
}

#[inline(never)]
fn differs(role: Role, then: Option<NvPublic<'_>>, now: Option<NvPublic<'_>>, out: &mut Judgement) {
    let check = CheckId::Lcp04;
    match (then, now) {
        (Some(then), Some(now)) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{role} was measured with attributes {:#x} and {} bytes, now {:#x} and {} bytes, or another policy",
                then.attributes.without_state().0,
                then.data_size,
                now.attributes.without_state().0,
                now.data_size
            ),
        ),
        (Some(then), None) => out.set(
            check,
            Outcome::Fail,
            format_args!("{role} was measured at {:#010x} and is not defined now", then.index),
        ),
        (None, now) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{role} was not defined when it was measured, now it is, at {:#010x}",
                now.map_or(0, |now| now.index)
            ),
        ),
    }
}
