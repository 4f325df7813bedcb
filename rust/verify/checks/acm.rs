// SPDX-License-Identifier: GPL-2.0

//! ACM-01 to ACM-10: the authenticated code modules.

use super::context::Context;
use super::txt::unread;
use super::Check;
use crate::decode::acm::{Acm, AcmError, AcmKind, Header, MODULE_TYPE, VENDOR_INTEL};
use crate::decode::registers::Reg;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 2] = [module, production];

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
