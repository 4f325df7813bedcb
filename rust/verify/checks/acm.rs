// SPDX-License-Identifier: GPL-2.0

//! ACM-01 to ACM-10: the authenticated code modules.

mod startup;
mod version;

use super::context::Context;
use super::cpu::{self, incomplete};
use super::hex::Hex;
use super::txt::unread;
use super::Check;
use crate::decode::acm::{Acm, AcmError, AcmKind, Header, Lists, MODULE_TYPE, VENDOR_INTEL};
use crate::decode::msr::Msr;
use crate::decode::registers::{DidVid, Reg};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Cpu, Evidence};
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 10] = [
    startup::acm,
    startup::bios,
    startup::error,
    startup::scrtm,
    module,
    production,
    platform,
    version::minimum,
    golden,
    revocation,
];

/// The bytes of the SINIT region and its size, or the finding that they cannot be had.
fn region<'a>(c: &Context<'a>, check: CheckId, out: &mut Judgement) -> Option<(&'a [u8], u64)> {
    let Some(size) = c.reg(Reg::SinitSize) else {
        unread(out, check, Reg::SinitSize);
        return None;
    };
    match c.facts.sinit {
        Evidence::Read(bytes) => Some((bytes, size)),
        Evidence::Unreadable(reason) | Evidence::Absent(reason) => {
            out.set(check, Outcome::Unknown, format_args!("{reason}"));
            None
        }
    }
}

/// Records a module that cannot be decoded. One that reaches beyond what was copied says nothing
/// about the module.
fn undecodable(out: &mut Judgement, check: CheckId, error: &AcmError, copied: u64, size: u64) {
    let outcome = match error {
        AcmError::Short { .. } if copied < size => Outcome::Unknown,
        _ => Outcome::Fail,
    };
    out.set(check, outcome, format_args!("{error}"));
}

/// ACM-05.
fn module(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm05;
    let Some((bytes, size)) = region(c, check, out) else {
        return;
    };
    let copied = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let acm = match Acm::decode(bytes, size) {
        Ok(acm) => acm,
        Err(error) => return undecodable(out, check, &error, copied, size),
    };
    let header = &acm.header;
    let good = header.module_type == MODULE_TYPE
        && header.subtype == 0
        && header.vendor == VENDOR_INTEL
        && acm.info.kind == AcmKind::Sinit;
    out.set(
        check,
        if good { Outcome::Pass } else { Outcome::Fail },
        format_args!(
            "{}: type {}, subtype {}, vendor {:#06x}, {:#x} bytes in a region of {size:#x}, date {:08x}",
            acm.info.kind,
            header.module_type,
            header.subtype,
            header.vendor,
            header.size,
            header.date_bcd
        ),
    );
}

/// ACM-06.
fn production(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm06;
    let Some((bytes, size)) = region(c, check, out) else {
        return;
    };
    let header = match Header::decode(bytes, size) {
        Ok(header) => header,
        // Without a header there are no flags; that it is none is ACM-05's failure.
        Err(error) => return out.set(check, Outcome::Unknown, format_args!("{error}")),
    };
    let words = match (header.is_pre_production(), header.is_debug_signed()) {
        (false, false) => "production",
        (true, false) => "pre-production",
        (false, true) => "debug-signed",
        (true, true) => "pre-production, debug-signed",
    };
    out.set(
        check,
        if words == "production" {
            Outcome::Pass
        } else {
            Outcome::Fail
        },
        format_args!("module flags {:#06x}: {words}", header.flags),
    );
}

/// The module with what it is made for, or the finding that it cannot be had: that it is broken is
/// ACM-05's failure.
#[inline(never)]
fn decoded(c: &Context<'_>, check: CheckId, out: &mut Judgement) -> Option<Acm> {
    let (bytes, size) = region(c, check, out)?;
    match Acm::decode(bytes, size) {
        Ok(acm) => Some(acm),
        Err(error) => {
            out.set(check, Outcome::Unknown, format_args!("{error}"));
            None
        }
    }
}

/// ACM-07: the module is made for this chipset and for every processor.
fn platform(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm07;
    let Some(acm) = decoded(c, check, out) else {
        return;
    };
    let Some(id) = c.reg(Reg::DidVid).map(DidVid) else {
        return unread(out, check, Reg::DidVid);
    };
    let Some((bytes, _)) = region(c, check, out) else {
        return;
    };
    let lists = match Lists::decode(bytes, &acm.header, &acm.info) {
        Ok(lists) => lists,
        Err(error) => {
            let copied = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            return undecodable(out, check, &error, copied, acm.header.size);
        }
    };
    match lists.match_chipset(id) {
        Some(true) => {}
        Some(false) => {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "the module is not made for chipset {:04x}:{:04x} revision {:#x}",
                    id.vendor(),
                    id.device(),
                    id.revision()
                ),
            )
        }
        None => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!("the module does not say which chipsets it is made for"),
            )
        }
    }
    processors(c, &lists, out);
}

/// The second half of ACM-07.
#[inline(never)]
fn processors(c: &Context<'_>, lists: &Lists<'_>, out: &mut Judgement) {
    let check = CheckId::Acm07;
    let any = |lists: &Lists<'_>| {
        let list = lists.processors?;
        Some(
            list.processors()
                .any(|entry| entry.signature_mask == 0 && entry.matches(0, None) == Some(true)),
        )
    };
    let words = match any(lists) {
        None => "the module names no processors",
        Some(true) => "made for any processor",
        Some(false) => {
            let Some(cpus) = cpu::processors(c, out, check) else {
                return;
            };
            let made_for =
                |cpu: &Cpu| lists.match_processor(cpu.signature, cpu.msr(Msr::PlatformId));
            let other = cpus.cpus.iter().find(|cpu| made_for(cpu) == Some(false));
            if let Some(cpu) = other {
                return out.set(
                    check,
                    Outcome::Fail,
                    format_args!(
                        "the module is not made for processor {} with signature {:#x}, IA32_PLATFORM_ID {:#x}",
                        cpu.number,
                        cpu.signature,
                        cpu.msr(Msr::PlatformId).unwrap_or(0)
                    ),
                );
            }
            if let Some(cpu) = cpus.cpus.iter().find(|cpu| made_for(cpu).is_none()) {
                return out.set(
                    check,
                    Outcome::Unknown,
                    format_args!(
                        "processor {}: the module asks for an IA32_PLATFORM_ID, which could not be read",
                        cpu.number
                    ),
                );
            }
            if incomplete(&cpus, out, check) {
                return;
            }
            "and for every processor"
        }
    };
    out.set(
        check,
        Outcome::Pass,
        format_args!("the module is made for this chipset; {words}"),
    );
}

/// ACM-09: whether SINIT is one of those that the references name. The hash is that of event
/// HASH_START, which PCR 17 vouches for; TPM-10 decides by it as well.
fn golden(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm09;
    let Some(references) = c
        .references
        .filter(|references| references.sinits().next().is_some())
    else {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("the references name no SINIT"),
        );
    };
    let Some(found) = out.sinit else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no hash of SINIT"),
        );
    };
    let mut named = references.sinits().filter(|name| name.alg() == found.alg());
    let (outcome, words) = if named.any(|name| name == found) {
        (Outcome::Pass, "named by the references")
    } else if references.sinits().any(|name| name.alg() == found.alg()) {
        (Outcome::Fail, "not named by the references")
    } else {
        (
            Outcome::Unknown,
            "in another algorithm than the references name",
        )
    };
    out.set(
        check,
        outcome,
        format_args!("SINIT {} {:.32}..: {words}", found.alg(), Hex(&found)),
    );
}

/// ACM-10.
fn revocation(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm10;
    let Some(acm) = decoded(c, check, out) else {
        return;
    };
    out.set(
        check,
        if acm.info.kind == AcmKind::Sinit {
            Outcome::Pass
        } else {
            Outcome::Fail
        },
        format_args!("the information table says {}", acm.info.kind),
    );
}
