// SPDX-License-Identifier: GPL-2.0

//! ACM-05, ACM-06, MAP-01 and MAP-02: the SINIT module and the DMA protected range.

use super::context::Context;
use super::txt::unread;
use crate::decode::acm::{Acm, AcmError, AcmKind, Header, MODULE_TYPE, VENDOR_INTEL};
use crate::decode::registers::{Dpr, Reg};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// Least size of the DMA protected range in MiB (SDG 1.11.1).
const DPR_MIN_MIB: u64 = 3;

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
pub(super) fn module(c: &Context<'_>, out: &mut Judgement) {
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
pub(super) fn production(c: &Context<'_>, out: &mut Judgement) {
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

/// MAP-01.
pub(super) fn dpr_locked(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map01;
    let Some(value) = c.reg(Reg::Dpr) else {
        return unread(out, check, Reg::Dpr);
    };
    let dpr = Dpr(value);
    let good = dpr.lock() && dpr.size_mib() >= DPR_MIN_MIB;
    out.set(
        check,
        if good { Outcome::Pass } else { Outcome::Fail },
        format_args!(
            "TXT.DPR {value:#x}: {}, {} MiB",
            if dpr.lock() { "locked" } else { "not locked" },
            dpr.size_mib()
        ),
    );
}

/// MAP-02.
pub(super) fn dpr_covers(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map02;
    let Some(value) = c.reg(Reg::Dpr) else {
        return unread(out, check, Reg::Dpr);
    };
    let dpr = Dpr(value);
    let Some(start) = dpr.base() else {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "TXT.DPR {value:#x}: {} MiB do not fit below {:#x}",
                dpr.size_mib(),
                dpr.limit()
            ),
        );
    };
    for (name, base, size) in [
        ("heap", Reg::HeapBase, Reg::HeapSize),
        ("SINIT region", Reg::SinitBase, Reg::SinitSize),
    ] {
        let Some(from) = c.reg(base) else {
            return unread(out, check, base);
        };
        let Some(bytes) = c.reg(size) else {
            return unread(out, check, size);
        };
        let inside = from
            .checked_add(bytes)
            .is_some_and(|end| from >= start && end <= dpr.limit());
        if bytes == 0 || !inside {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "DPR {start:#x}-{:#x} does not contain the {name}: {bytes:#x} bytes at {from:#x}",
                    dpr.limit()
                ),
            );
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "DPR {start:#x}-{:#x} contains heap and SINIT region",
            dpr.limit()
        ),
    );
}
