// SPDX-License-Identifier: GPL-2.0

//! DMA-03, DMA-06, DMA-07, DMA-11 and DMA-15: the units that remap, and the memory that firmware wants
//! devices to reach.

use super::super::context::{Context, State};
use super::{launch, Table};
use crate::decode::dmar::Rmrr;
use crate::decode::heap::OsSinitData;
use crate::decode::registers::{Dpr, Reg};
use crate::decode::vtd::UnitRegisters;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Evidence, MemoryRange, Unit};
use crate::verify::judgement::{Judgement, Outcome};

/// Bytes of a page: root tables and tboot's shared page take one.
pub(super) const PAGE: u64 = 4096;
/// Type of reserved memory in a memory map.
const RESERVED: u32 = 2;

/// The units; records why there are none, with `absent` where the machine has none.
pub(super) fn units<'a>(
    c: &Context<'a>,
    check: CheckId,
    absent: Outcome,
    out: &mut Judgement,
) -> Option<&'a [Unit]> {
    let why = match c.facts.dma.units {
        Evidence::Read(units) if !units.is_empty() => return Some(units),
        Evidence::Read(_) => "the DMAR table names no unit",
        Evidence::Unreadable(why) => {
            out.set(check, Outcome::Unknown, format_args!("{why}"));
            return None;
        }
        Evidence::Absent(why) => why,
    };
    out.set(check, absent, format_args!("no unit remaps DMA: {why}"));
    None
}

/// Judges every unit by `wrong`, which says what is wrong with one.
pub(super) fn each_unit(
    check: CheckId,
    units: &[Unit],
    good: &str,
    out: &mut Judgement,
    wrong: impl Fn(&Unit, &UnitRegisters) -> Option<&'static str>,
) {
    let mut first = None;
    let mut bad = 0u32;
    let mut unread = None;
    for unit in units {
        let Some(registers) = &unit.registers else {
            unread = unread.or(Some(unit.base));
            continue;
        };
        if let Some(words) = wrong(unit, registers) {
            bad = bad.saturating_add(1);
            first = first.or(Some((unit, registers, words)));
        }
    }
    if let Some((unit, registers, words)) = first {
        out.set(
            check,
            Outcome::Fail,
            format_args!(
                "unit {:#x}: {words} (GSTS {:#x}, FSTS {:#x}); {bad} of {} units",
                unit.base,
                registers.gsts,
                registers.fsts,
                units.len()
            ),
        );
    } else if let Some(base) = unread {
        out.set(
            check,
            Outcome::Unknown,
            format_args!("the registers of unit {base:#x} could not be read"),
        );
    } else {
        let gsts = units.first().and_then(|unit| unit.registers);
        out.set(
            check,
            Outcome::Pass,
            format_args!(
                "{} units: {good} (GSTS {:#x})",
                units.len(),
                gsts.map_or(0, |registers| registers.gsts)
            ),
        );
    }
}

/// DMA-03.
pub(super) fn protected(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma03;
    let Some(units) = units(c, check, Outcome::NotApplicable, out) else {
        return;
    };
    each_unit(
        check,
        units,
        "translation or PMRs are on",
        out,
        |_, unit| {
            let naked = !unit.gsts().translation() && !unit.pmr_active();
            naked.then_some("neither translation nor PMRs are on")
        },
    );
}

/// DMA-06.
pub(super) fn translation(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma06;
    let Some(units) = units(c, check, Outcome::Fail, out) else {
        return;
    };
    each_unit(check, units, "DMA is translated", out, |_, unit| {
        if !unit.gsts().translation() {
            Some("translation is off (TES)")
        } else if !unit.gsts().root_set() {
            Some("no root table was taken over (RTPS)")
        } else {
            None
        }
    });
}

/// DMA-07.
pub(super) fn interrupts(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma07;
    let Some(units) = units(c, check, Outcome::NotApplicable, out) else {
        return;
    };
    each_unit(check, units, "interrupts are remapped", out, |_, unit| {
        let gsts = unit.gsts();
        if !unit.ecap().interrupt_remapping() {
            Some("it cannot remap interrupts (ECAP.IR)")
        } else if !gsts.interrupt_remapping() {
            Some("interrupts are not remapped (IRES)")
        } else if !gsts.interrupt_table_set() {
            Some("no interrupt table was taken over (IRTPS)")
        } else if gsts.compatibility_interrupts() {
            Some("interrupts in compatibility format pass by (CFIS)")
        } else {
            None
        }
    });
}

pub(super) fn overlaps(region: &Rmrr<'_>, base: u64, size: u64) -> bool {
    size != 0 && region.base < base.saturating_add(size) && base <= region.limit
}

/// What the launch put where: ranges that no device may reach, by name, with base and size. `None`
/// is what could not be read; a size of 0 is what is not there.
fn launch_ranges(c: &Context<'_>) -> [(&'static str, Option<(u64, u64)>); 5] {
    let pair = |base, size| Some((c.reg(base)?, c.reg(size)?));
    let dpr = c.reg(Reg::Dpr).map(Dpr);
    let data = c
        .chain()
        .and_then(|chain| OsSinitData::decode(chain.os_sinit_data.bytes).ok());
    let mle = data.and_then(|data| launch::mle(&data));
    let tboot = c.facts.kernel.tboot_addr;
    [
        ("the TXT heap", pair(Reg::HeapBase, Reg::HeapSize)),
        ("the SINIT region", pair(Reg::SinitBase, Reg::SinitSize)),
        (
            "the DPR",
            dpr.and_then(|dpr| Some((dpr.base()?, dpr.size()))),
        ),
        (
            "the MLE",
            mle.map(|(from, to)| (from, to.saturating_sub(from))),
        ),
        (
            "tboot",
            tboot.map(|page| (page, if page == 0 { 0 } else { PAGE })),
        ),
    ]
}

/// DMA-11. System RAM holds the kernel: a region outside of it does not overlap the kernel either.
pub(super) fn reserved_memory(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma11;
    let Some(table) = Table::described(c).or_say(check, out) else {
        return;
    };
    let mut count = 0u32;
    let ranges = launch_ranges(c);
    for region in table.reserved() {
        count = count.saturating_add(1);
        let hit = ranges
            .iter()
            .filter(|_| c.state == State::Launched)
            .find(|(_, range)| range.is_some_and(|(base, size)| overlaps(&region, base, size)));
        let words = if region.limit < region.base {
            Some("ends before it starts")
        } else {
            hit.map(|(name, ..)| *name)
        };
        if let Some(words) = words {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("RMRR {:#x}-{:#x}: {words}", region.base, region.limit),
            );
        }
    }
    if count == 0 {
        return out.set(
            check,
            Outcome::Pass,
            format_args!("firmware reserves no memory for devices"),
        );
    }
    let map = match c.facts.chipset.memory_map {
        Evidence::Read(map) => map,
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!("{count} RMRRs; the memory map: {why}"),
            )
        }
    };
    let stray = table
        .reserved()
        .find(|region| !is_reserved(map, region.base, region.limit));
    let unread = ranges
        .iter()
        .find(|(_, range)| c.state == State::Launched && range.is_none());
    match (stray, unread) {
        (Some(region), _) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "RMRR {:#x}-{:#x} is not reserved by the memory map; {count} RMRRs",
                region.base, region.limit
            ),
        ),
        (None, Some((name, _))) => out.set(
            check,
            Outcome::Unknown,
            format_args!("{count} RMRRs; where {name} lies could not be read"),
        ),
        (None, None) => out.set(
            check,
            Outcome::Pass,
            format_args!("{count} RMRRs, all in memory that the memory map reserves"),
        ),
    }
}

/// Whether every byte from `base` to `limit` lies in a reserved range of `map`.
fn is_reserved(map: &[MemoryRange], base: u64, limit: u64) -> bool {
    let mut next = base;
    // Each round ends one range further: there are no more rounds than ranges.
    for _ in map {
        let range = map.iter().find(|range| {
            let end = range.base.saturating_add(range.size);
            range.kind == RESERVED && range.base <= next && next < end
        });
        let Some(range) = range else {
            return false;
        };
        let end = range.base.saturating_add(range.size);
        if end > limit {
            return true;
        }
        next = end;
    }
    false
}

/// DMA-15.
pub(super) fn flags(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma15;
    let Some(table) = Table::described(c).or_say(check, out) else {
        return;
    };
    let flags = table.flags;
    let (outcome, words) = if flags.remapping_opt_out() {
        (
            Outcome::Fail,
            "firmware tells the kernel to leave DMA remapping off",
        )
    } else if flags.platform_opt_in() {
        (
            Outcome::Pass,
            "firmware says that it kept devices from DMA; nothing proves it",
        )
    } else {
        (Outcome::Pass, "no opt-out")
    };
    out.set(
        check,
        outcome,
        format_args!("DMAR flags {:#x}: {words}", flags.0),
    );
}
