// SPDX-License-Identifier: GPL-2.0

//! MAP-06: the window through which memory hidden below 4 GiB is reached above it.

use super::context::Context;
use super::cpu::is_untrusted;
use super::platform::Bridge;
use super::Check;
use crate::decode::platform::{address, HostBridge, RemapPlace};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 1] = [remap];

const FOUR_GIB: u64 = 1 << 32;
/// The limit names the last MiB of the window.
const MIB: u64 = 1 << 20;

/// What the window's registers say, before anybody asks whether they are locked.
#[derive(Clone, Copy)]
struct Shape {
    outcome: Outcome,
    what: &'static str,
}

impl Shape {
    const fn good(what: &'static str) -> Self {
        Self {
            outcome: Outcome::Pass,
            what,
        }
    }

    const fn bad(what: &'static str) -> Self {
        Self {
            outcome: Outcome::Fail,
            what,
        }
    }

    const fn unclear(what: &'static str) -> Self {
        Self {
            outcome: Outcome::Unknown,
            what,
        }
    }
}

/// MAP-06.
fn remap(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map06;
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let platform = bridge.platform;
    let own_lock = platform.remap == RemapPlace::Config;
    let (base, limit) = match platform.remap {
        RemapPlace::Config => bridge.registers.remap(),
        RemapPlace::Mchbar(_) => match c.facts.chipset.remap {
            Evidence::Read(remap) => (remap.base, remap.limit),
            Evidence::Unreadable(why) | Evidence::Absent(why) => {
                return out.set(check, Outcome::Unknown, format_args!("remap window: {why}"));
            }
        },
        RemapPlace::Unclear => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!(
                    "where {} keeps its remap window is not known",
                    platform.name
                ),
            );
        }
    };
    let shape = judge(
        &bridge.registers,
        address(base),
        address(limit),
        platform.in_band_ecc,
    );
    let locked = if own_lock {
        Some(base & limit & 1 != 0)
    } else {
        is_untrusted(c)
    };
    let (outcome, lock) = match (shape.outcome, locked) {
        (Outcome::Fail, _) => (Outcome::Fail, ""),
        (_, Some(false)) => (Outcome::Fail, ", and it is not locked"),
        (Outcome::Unknown, _) => (Outcome::Unknown, ""),
        (_, None) => (Outcome::Unknown, "; whether it is locked could not be read"),
        (outcome, Some(true)) => (outcome, ", locked"),
    };
    out.set(
        check,
        outcome,
        format_args!(
            "REMAPBASE {base:#x}, REMAPLIMIT {limit:#x}, TOUUD {:#x}: {}{lock}",
            bridge.registers.touud(),
            shape.what
        ),
    );
}

/// Judges the window by its first and its last MiB (chipsec, remap.py; start and size follow from
/// what the window is for: memory between TOLUD and 4 GiB).
fn judge(bridge: &HostBridge<'_>, base: u64, limit: u64, in_band_ecc: bool) -> Shape {
    if base == limit {
        return Shape::unclear("one MiB or none, the definitions do not say");
    }
    if base > limit {
        return Shape::good("the window is off");
    }
    let (touud, end) = (bridge.touud(), limit.saturating_add(MIB));
    if end != touud {
        // With in-band ECC a part of the window lies beyond TOUUD. Whether it is on is not read.
        return if in_band_ecc && end > touud && base < touud {
            Shape::unclear("right only if in-band ECC is on")
        } else {
            Shape::bad("the window does not end at TOUUD")
        };
    }
    if base < FOUR_GIB {
        return Shape::bad("the window starts below 4 GiB");
    }
    let hidden = bridge.tom().saturating_sub(bridge.tolud());
    if end.saturating_sub(base) > hidden {
        return Shape::bad("the window is larger than the memory above TOLUD");
    }
    Shape::good("the window is right")
}
