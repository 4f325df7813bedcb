// SPDX-License-Identifier: GPL-2.0

//! MAP-01 and MAP-02: the DMA protected range.

use super::context::Context;
use super::txt::unread;
use super::Check;
use crate::decode::registers::{Dpr, Reg};
use crate::verify::catalogue::CheckId;
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 2] = [dpr_locked, dpr_covers];

/// Least size of the DMA protected range in MiB (SDG 1.11.1).
const DPR_MIN_MIB: u64 = 3;

/// MAP-01.
fn dpr_locked(c: &Context<'_>, out: &mut Judgement) {
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
fn dpr_covers(c: &Context<'_>, out: &mut Judgement) {
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
