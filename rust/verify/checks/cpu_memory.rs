// SPDX-License-Identifier: GPL-2.0

//! CPU-09 and CPU-12: SMM's range and memory types.

use super::context::Context;
use super::cpu::{not_equal, over_all, processors, Told};
use super::platform::Bridge;
use super::Check;
use crate::decode::heap::OsMleData;
use crate::decode::msr::Msr;
use crate::decode::mtrr::SavedMtrrs;
use crate::decode::registers::PRIVATE_BASE;
use crate::decode::slrt::{Body, Slrt};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Cpu, CpuFacts, MTRR_RANGES};
use crate::verify::judgement::{Judgement, Launcher, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 2] = [smm_range, memory_types];

/// Bit 11 of a mask register: the range is valid.
const VALID: u64 = 1 << 11;
/// Bits of base and mask that hold an address, the width of addresses not being looked at.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// CPU-09.
fn smm_range(c: &Context<'_>, out: &mut Judgement) {
    const SMRR: u64 = 1 << 11;
    let check = CheckId::Cpu09;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let judge = |cpu: &Cpu| {
        let Some(cap) = cpu.msr(Msr::MtrrCap) else {
            return Told::Unread(Msr::MtrrCap);
        };
        if cap & SMRR == 0 {
            return Told::Bad("there is no SMRR: IA32_MTRRCAP", cap);
        }
        match (cpu.msr(Msr::SmrrPhysBase), cpu.msr(Msr::SmrrPhysMask)) {
            (None, _) => Told::Unread(Msr::SmrrPhysBase),
            (_, None) => Told::Unread(Msr::SmrrPhysMask),
            (_, Some(mask)) if mask & VALID == 0 => Told::Bad("SMRR is off: its mask", mask),
            _ => Told::Good,
        }
    };
    let all_good = facts
        .cpus
        .iter()
        .all(|cpu| matches!(judge(cpu), Told::Good));
    if !all_good {
        return over_all(&facts, out, check, judge, format_args!("-"));
    }
    if not_equal(&facts, out, check, Msr::SmrrPhysBase)
        || not_equal(&facts, out, check, Msr::SmrrPhysMask)
    {
        return;
    }
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    let Some((start, size)) = facts.cpus.first().and_then(smrr) else {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SMRR describes no range"),
        );
    };
    let end = start.saturating_add(size);
    let (tseg, bgsm) = (bridge.registers.tsegmb(), bridge.registers.bgsm());
    if (start, end) != (tseg, bgsm) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SMRR {start:#x}-{end:#x}, but TSEG is {tseg:#x}-{bgsm:#x}"),
        );
    }
    over_all(
        &facts,
        out,
        check,
        |_| Told::Good,
        format_args!("SMRR {start:#x}-{end:#x} is TSEG on every processor"),
    );
}

/// Start and size of the range that SMRR protects; its registers have 32 bits.
fn smrr(cpu: &Cpu) -> Option<(u64, u64)> {
    const BITS: u64 = 0xffff_f000;
    let base = cpu.msr(Msr::SmrrPhysBase)? & BITS;
    let mask = cpu.msr(Msr::SmrrPhysMask)? & BITS;
    let size = 1u64.checked_shl(mask.trailing_zeros())?;
    // A mask with a hole describes no single range.
    (mask | size.checked_sub(1)? == 0xffff_ffff && base & size.checked_sub(1)? == 0)
        .then_some((base, size))
}

/// Memory types (SDM volume 3, memory types that can be encoded in MTRRs).
const UNCACHED: u64 = 0;
const WRITE_THROUGH: u64 = 4;
const WRITE_BACK: u64 = 6;

/// CPU-12.
fn memory_types(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Cpu12;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    if not_equal(&facts, out, check, Msr::MtrrDefType)
        || not_equal(&facts, out, check, Msr::MiscEnable)
        || ranges_differ(&facts, out, check)
    {
        return;
    }
    let saved = saved(c);
    let first = facts.cpus.first();
    let changed = match (&saved, first) {
        (Some(saved), Some(cpu)) => changed(saved, cpu),
        _ => None,
    };
    if let Some((what, value)) = changed {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("{what} is not what the launcher saved ({value:#x})"),
        );
    }
    over_all(
        &facts,
        out,
        check,
        types_of,
        format_args!(
            "MTRRs and IA32_MISC_ENABLE are equal; TXT and TPM are uncached; {}",
            if saved.is_some() {
                "the MTRRs are those that the launcher saved"
            } else {
                "no launcher left saved MTRRs to compare"
            }
        ),
    );
}

/// The MTRRs that the launcher saved, in OsMleData or, newer, in the Secure Launch resource table; `None`
/// where neither holds them.
#[inline(never)]
fn saved<'a>(c: &Context<'a>) -> Option<SavedMtrrs<'a>> {
    if !matches!(c.launcher, Launcher::Tboot | Launcher::SecureLaunch) {
        return None;
    }
    let table = OsMleData::decode(c.chain()?.os_mle_data.bytes).ok()?;
    let saved = match table.saved() {
        Some(state) => state.mtrrs,
        None => saved_beside(c)?,
    };
    // Zeros: nothing was saved, as MTRRs that are off would fail the launch.
    let is_empty = saved.def_type == 0 && saved.ranges().next().is_none();
    (!is_empty).then_some(saved)
}

/// Those of the resource table.
#[inline(never)]
fn saved_beside<'a>(c: &Context<'a>) -> Option<SavedMtrrs<'a>> {
    let table = Slrt::decode(c.facts.slrt.read()?).ok()?;
    table.entries().find_map(|entry| match entry.ok()?.body() {
        Ok(Body::IntelInfo(info)) => Some(info.mtrrs),
        _ => None,
    })
}

/// What of the MTRRs of `cpu` is not as it was saved, and the value that shows it. Ranges that are on
/// count, in whatever order.
#[inline(never)]
fn changed(saved: &SavedMtrrs<'_>, cpu: &Cpu) -> Option<(&'static str, u64)> {
    // Type, fixed ranges on, all on.
    const DEFINED: u64 = 0xcff;
    // What could not be read is said with the types.
    let default = cpu.msr(Msr::MtrrDefType)?;
    if (default ^ saved.def_type) & DEFINED != 0 {
        return Some(("IA32_MTRR_DEF_TYPE", saved.def_type));
    }
    let is_on = |(_, mask): &(u64, u64)| mask & VALID != 0;
    for range in saved.ranges().filter(is_on) {
        if !cpu.mtrrs.contains(&Some(range)) {
            return Some(("a variable MTRR, one of them gone,", range.0));
        }
    }
    for range in cpu.mtrrs.iter().flatten().filter(|range| is_on(range)) {
        if !saved.ranges().any(|other| other == *range) {
            return Some(("a variable MTRR, one of them new,", range.0));
        }
    }
    None
}

fn ranges_differ(facts: &CpuFacts<'_>, out: &mut Judgement, check: CheckId) -> bool {
    let Some(first) = facts.cpus.first() else {
        return false;
    };
    for cpu in facts.cpus {
        let pairs = cpu.mtrrs.iter().zip(&first.mtrrs).enumerate();
        for (index, (range, expected)) in pairs {
            if range == expected {
                continue;
            }
            out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "CPU {}: variable MTRR {index} is not that of the first",
                    cpu.number
                ),
            );
            return true;
        }
    }
    false
}

/// Whether the memory types of one processor are sane.
fn types_of(cpu: &Cpu) -> Told {
    const ENABLED: u64 = 1 << 11;
    let (Some(cap), Some(default)) = (cpu.msr(Msr::MtrrCap), cpu.msr(Msr::MtrrDefType)) else {
        let cap = cpu.msr(Msr::MtrrCap);
        return Told::Unread(if cap.is_none() {
            Msr::MtrrCap
        } else {
            Msr::MtrrDefType
        });
    };
    if cpu.msr(Msr::MiscEnable).is_none() {
        return Told::Unread(Msr::MiscEnable);
    }
    if default & ENABLED == 0 {
        return Told::Bad("MTRRs are off: IA32_MTRR_DEF_TYPE", default);
    }
    if !is_type(default & 0xff) {
        return Told::Bad("no memory type: IA32_MTRR_DEF_TYPE", default);
    }
    let count = usize::try_from(cap & 0xff).unwrap_or(usize::MAX);
    let ranges = cpu.mtrrs.get(..count);
    let Some(ranges) = ranges.filter(|ranges| ranges.iter().all(Option::is_some)) else {
        // More than are read, or one that raised a fault.
        return Told::Unread(Msr::MtrrCap);
    };
    let bad = ranges
        .iter()
        .flatten()
        .find(|(base, mask)| mask & VALID != 0 && !is_type(base & 0xff));
    if let Some((base, _)) = bad {
        return Told::Bad("no memory type: IA32_MTRR_PHYSBASE", *base);
    }
    match first_cached(&cpu.mtrrs, default & 0xff) {
        Some(page) => Told::Bad("TXT or TPM registers are cached at", page),
        None => Told::Good,
    }
}

const fn is_type(value: u64) -> bool {
    matches!(value, 0 | 1 | 4..=6)
}

/// The first page of TXT's windows and the TPM's that is not uncached: from 0xfed20000 up to
/// 0xfed50000 (SDG 2.3, what the launcher must map uncached).
fn first_cached(mtrrs: &[Option<(u64, u64)>; MTRR_RANGES], default: u64) -> Option<u64> {
    const PAGES: u64 = 0x30;
    const PAGE: u64 = 0x1000;
    (0..PAGES)
        .map(|page| PRIVATE_BASE.saturating_add(page.saturating_mul(PAGE)))
        .find(|page| type_at(mtrrs, default, *page) != Some(UNCACHED))
}

/// The memory type of a page (SDM volume 3, MTRR precedences); `None` where overlapping ranges leave
/// it undefined.
fn type_at(mtrrs: &[Option<(u64, u64)>; MTRR_RANGES], default: u64, page: u64) -> Option<u64> {
    let mut found: Option<u64> = None;
    for (base, mask) in mtrrs.iter().flatten() {
        let mask_bits = mask & ADDRESS;
        if mask & VALID == 0 || page & mask_bits != base & mask_bits {
            continue;
        }
        let kind = base & 0xff;
        found = match (found, kind) {
            (_, UNCACHED) | (Some(UNCACHED), _) => return Some(UNCACHED),
            (None, kind) => Some(kind),
            (Some(before), kind) if before == kind => Some(kind),
            (Some(WRITE_BACK), WRITE_THROUGH) | (Some(WRITE_THROUGH), WRITE_BACK) => {
                Some(WRITE_THROUGH)
            }
            // An uncached range may still follow, and it decides.
            _ => Some(UNDEFINED),
        };
    }
    match found {
        Some(UNDEFINED) => None,
        Some(kind) => Some(kind),
        None => Some(default),
    }
}

/// Not a type of any MTRR: ranges overlap in a way that leaves the type undefined.
const UNDEFINED: u64 = u64::MAX;
