// SPDX-License-Identifier: GPL-2.0

//! MAP-03 to MAP-05, MAP-07 and MAP-08: the chipset's memory map and its locks.

use super::context::{Context, State};
use super::cpu::{is_untrusted, over_all, processors, Told};
use super::platform::Bridge;
use super::txt::unread;
use super::Check;
use crate::decode::msr::Msr;
use crate::decode::platform::{Lock, LOCKS};
use crate::decode::registers::{Dpr, Reg};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Cpu;
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 5] = [dpr_view, dpr_meets_tseg, locks, order, smm_locks];

/// TXT.DPR; says of `check` what there is to say where it describes no range.
fn dpr(c: &Context<'_>, out: &mut Judgement, check: CheckId) -> Option<Dpr> {
    let Some(value) = c.reg(Reg::Dpr) else {
        unread(out, check, Reg::Dpr);
        return None;
    };
    let dpr = Dpr(value);
    // Without a launch nothing needs the range; within one MAP-01 says that there is none.
    if value == u64::MAX || (c.state != State::Launched && dpr.size_mib() == 0) {
        out.set(
            check,
            Outcome::NotApplicable,
            format_args!("TXT.DPR {value:#x} describes no range"),
        );
        return None;
    }
    Some(dpr)
}

/// MAP-03.
fn dpr_view(c: &Context<'_>, out: &mut Judgement) {
    const TOP_SIZE_LOCK: u64 = 0xfff0_0ff1;
    const PRS: u32 = 1 << 1;
    const EPM: u32 = 1 << 2;
    let check = CheckId::Map03;
    let Some(dpr) = dpr(c, out, check) else {
        return;
    };
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let config = bridge.registers.dpr();
    let differs = (dpr.0 ^ u64::from(config)) & TOP_SIZE_LOCK != 0;
    let what = if differs {
        "differ"
    } else if !bridge.platform.dpr_enable {
        "agree"
    } else if config & EPM == 0 {
        "agree, but protection is off (EPM)"
    } else if config & PRS == 0 {
        "agree, but protection is not active (PRS)"
    } else {
        "agree, and protection is active"
    };
    let active = !bridge.platform.dpr_enable || config & (EPM | PRS) == EPM | PRS;
    let outcome = if !differs && active {
        Outcome::Pass
    } else {
        Outcome::Fail
    };
    out.set(
        check,
        outcome,
        format_args!(
            "TXT.DPR {:#x} and DPR {config:#x} of the host bridge {what}",
            dpr.0
        ),
    );
}

/// MAP-04.
fn dpr_meets_tseg(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map04;
    let Some(dpr) = dpr(c, out, check) else {
        return;
    };
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let (end, tseg) = (dpr.limit(), bridge.registers.tsegmb());
    out.set(
        check,
        if end == tseg {
            Outcome::Pass
        } else {
            Outcome::Fail
        },
        format_args!("DPR ends at {end:#x}, TSEG starts at {tseg:#x}"),
    );
}

/// MAP-05.
fn locks(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map05;
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let platform = bridge.platform;
    let defined = |lock: &&Lock| platform.legacy_locks || !lock.legacy;
    let open = LOCKS
        .iter()
        .filter(defined)
        .find(|lock| !bridge.registers.is_locked(lock));
    let Some(open) = open else {
        return out.set(
            check,
            Outcome::Pass,
            format_args!(
                "every register of the memory map is locked ({})",
                platform.name
            ),
        );
    };
    let (outcome, why) = match platform.ia_untrusted.then(|| is_untrusted(c)) {
        None => (Outcome::Fail, "is not locked"),
        Some(Some(true)) => (Outcome::Pass, "has no lock set, but IA_UNTRUSTED locks all"),
        Some(Some(false)) => (Outcome::Fail, "is not locked, nor is IA_UNTRUSTED set"),
        Some(None) => (
            Outcome::Unknown,
            "is not locked, and IA_UNTRUSTED could not be read everywhere",
        ),
    };
    out.set(
        check,
        outcome,
        format_args!("{} {why} ({})", open.register, platform.name),
    );
}

/// MAP-07.
fn order(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map07;
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let registers = &bridge.registers;
    let (tseg, bgsm) = (registers.tsegmb(), registers.bgsm());
    let (bdsm, tolud) = (registers.bdsm(), registers.tolud());
    // TOLUD has 32 bits: it cannot lie beyond 4 GiB, but it can be unset.
    if !(tseg != 0 && tseg < bgsm && bgsm <= bdsm && bdsm <= tolud) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "not in order: TSEGMB {tseg:#x}, BGSM {bgsm:#x}, BDSM {bdsm:#x}, TOLUD {tolud:#x}"
            ),
        );
    }
    for (name, base, size) in [
        ("heap", Reg::HeapBase, Reg::HeapSize),
        ("SINIT region", Reg::SinitBase, Reg::SinitSize),
    ] {
        let (Some(from), Some(bytes)) = (c.reg(base), c.reg(size)) else {
            return unread(out, check, base);
        };
        let none = bytes == 0 || bytes == u64::MAX;
        if none && c.state != State::Launched {
            continue;
        }
        if from.checked_add(bytes).is_none_or(|end| end > tseg) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "the {name} ({bytes:#x} bytes at {from:#x}) reaches TSEG at {tseg:#x}"
                ),
            );
        }
    }
    match c.reg(Reg::Dpr).map(Dpr) {
        None => unread(out, check, Reg::Dpr),
        Some(dpr) if dpr.0 != u64::MAX && dpr.limit() > tseg => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "DPR ends at {:#x}, behind TSEG's start {tseg:#x}",
                dpr.limit()
            ),
        ),
        Some(_) => out.set(
            check,
            Outcome::Pass,
            format_args!(
                "TSEGMB {tseg:#x}, BGSM {bgsm:#x}, BDSM {bdsm:#x}, TOLUD {tolud:#x}; TXT's below"
            ),
        ),
    }
}

/// MAP-08.
fn smm_locks(c: &Context<'_>, out: &mut Judgement) {
    const D_LCK: u8 = 1 << 4;
    let check = CheckId::Map08;
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let smramc = bridge.registers.smramc();
    if bridge.platform.legacy_locks && smramc & D_LCK == 0 {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SMRAMC {smramc:#x}: D_LCK is clear"),
        );
    }
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let judge = |cpu: &Cpu| match cpu.msr(Msr::SmmFeatureControl) {
        None => Told::Unread(Msr::SmmFeatureControl),
        Some(value) if value & 1 == 0 => Told::Bad("MSR_SMM_FEATURE_CONTROL is not locked", value),
        Some(_) => Told::Good,
    };
    let smram = if bridge.platform.legacy_locks {
        "SMRAMC and "
    } else {
        ""
    };
    over_all(
        &facts,
        out,
        check,
        judge,
        format_args!(
            "{smram}MSR_SMM_FEATURE_CONTROL locked ({})",
            bridge.platform.name
        ),
    );
}
