// SPDX-License-Identifier: GPL-2.0

//! DMA-08 and DMA-16: the units' tables and faults, with what the guard knows of windows and of accesses
//! that were refused.

use super::super::context::Context;
use super::units::{each_unit, overlaps, units, PAGE};
use super::Table;
use crate::decode::dmar::Dmar;
use crate::decode::range::overlap;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Evidence, FaultFacts, Reach, Refused};
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt;

/// DMA-08. That they are those of the driver cannot be told: it shows them to nobody.
pub(super) fn tables(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma08;
    let Some(units) = units(c, check, Outcome::NotApplicable, out) else {
        return;
    };
    let untold = units.iter().find(|unit| {
        unit.registers.is_some_and(|registers| {
            let gsts = registers.gsts();
            (gsts.translation() && unit.root_in_ram.is_none())
                || (gsts.interrupt_remapping() && unit.irt_in_ram.is_none())
        })
    });
    if let Some(unit) = untold {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "unit {:#x}: what its tables lie in could not be told",
                unit.base
            ),
        );
    }
    let described = Table::described(c);
    let table = match described {
        Table::Sound(table) => Some(table),
        _ => None,
    };
    let windows = match c.facts.dma.windows {
        Evidence::Read(windows) => windows,
        Evidence::Unreadable(_) | Evidence::Absent(_) => &[],
    };
    let good = "root and interrupt tables lie in System RAM, in no RMRR and no window";
    each_unit(check, units, good, out, |unit, registers| {
        let gsts = registers.gsts();
        let reserved =
            |base, size| table.is_some_and(|table| is_reserved_for_devices(&table, base, size));
        let opened = |base, size| windows.iter().any(|window| reaches(window, base, size));
        if gsts.translation() {
            let root = registers.root();
            if unit.root_in_ram == Some(false) {
                return Some("its root table does not lie in System RAM");
            }
            if reserved(root, PAGE) {
                return Some("its root table lies in an RMRR");
            }
            if opened(root, PAGE) {
                return Some("a window of the policy's reaches its root table");
            }
        }
        if gsts.interrupt_remapping() {
            let (base, size) = (
                registers.interrupt_table(),
                registers.interrupt_table_size(),
            );
            if unit.irt_in_ram == Some(false) {
                return Some("its interrupt table does not lie in System RAM");
            }
            if reserved(base, size) {
                return Some("its interrupt table lies in an RMRR");
            }
            if opened(base, size) {
                return Some("a window of the policy's reaches its interrupt table");
            }
        }
        None
    });
    // What lies in System RAM can be opened by either, too: without both only a failure stands.
    if out.outcome(check) != Outcome::Pass {
        return;
    }
    if table.is_none() {
        out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "root and interrupt tables lie in System RAM; in an RMRR or not: {}",
                described.reason()
            ),
        );
    } else if let Evidence::Unreadable(why) | Evidence::Absent(why) = c.facts.dma.windows {
        out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "root and interrupt tables lie in System RAM and in no RMRR; in a window or not: {why}"
            ),
        );
    }
}

fn is_reserved_for_devices(table: &Dmar<'_>, base: u64, size: u64) -> bool {
    table.reserved().any(|region| overlaps(&region, base, size))
}

/// Whether a window, for reading or writing, has a byte of `size` at `base`.
fn reaches(window: &Reach, base: u64, size: u64) -> bool {
    overlap((window.base, window.size), (base, size))
}

/// A requester as the address of a function.
struct Requester<'a>(&'a Refused);

impl fmt::Display for Requester<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [devfn, bus] = self.0.requester.to_le_bytes();
        write!(
            f,
            "{:04x}:{bus:02x}:{:02x}.{:x}",
            self.0.segment,
            devfn >> 3,
            devfn & 7
        )
    }
}

/// DMA-16. What a unit shows is what the driver has not taken yet; before that the guard has looked.
pub(super) fn faults(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma16;
    let Some(units) = units(c, check, Outcome::NotApplicable, out) else {
        return;
    };
    let good = "no fault is pending, and none was recorded or lost since load";
    each_unit(check, units, good, out, |_, unit| {
        let fsts = unit.fsts();
        if fsts.overflow() {
            Some("faults were lost (PFO)")
        } else if fsts.pending() {
            Some("a device was refused and nobody has taken the record (PPF)")
        } else if fsts.invalidation_error() {
            Some("an invalidation failed")
        } else {
            None
        }
    });
    if out.outcome(check) == Outcome::Fail {
        return;
    }
    let faults = match c.facts.dma.faults {
        Evidence::Read(faults) => faults,
        // What has passed cannot be told, whatever the units show now.
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            if out.outcome(check) == Outcome::Pass {
                out.set(
                    check,
                    Outcome::Unknown,
                    format_args!("no fault is pending now; those that were recorded before: {why}"),
                );
            }
            return;
        }
    };
    if recorded(check, &faults, out) || out.outcome(check) != Outcome::Pass {
        return;
    }
    let counts = faults.counts;
    let watched = usize::try_from(counts.watched).unwrap_or(usize::MAX);
    if watched < units.len() {
        out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "no fault is pending; {watched} of {} units are watched",
                units.len()
            ),
        );
    } else if counts.unseen != 0 {
        out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "no fault is pending; the driver took records {} times that nobody looked at",
                counts.unseen
            ),
        );
    }
}

/// Says what was refused since load; whether something was. A requester that the guard does not hold comes
/// first: what is blocked or confined can try, and no more.
#[inline(never)]
fn recorded(check: CheckId, faults: &FaultFacts<'_>, out: &mut Judgement) -> bool {
    let counts = faults.counts;
    let sum = |owned: bool| {
        let those = faults.refused.iter().filter(|one| one.owned == owned);
        those.fold(0u64, |sum, one| sum.saturating_add(one.faults))
    };
    let (held, free) = (sum(true), sum(false).saturating_add(counts.others));
    let first = |owned: bool| faults.refused.iter().find(|one| one.owned == owned);
    match (first(false), first(true)) {
        (Some(first), _) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{} was refused {} times and is not owned by launchguard; since load, at least: {free} such, {held} of owned ones, {} lost",
                Requester(first),
                first.faults,
                counts.lost
            ),
        ),
        (None, Some(first)) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{} was refused {} times and is owned by launchguard; since load, at least: {held} such, {free} of others, {} lost",
                Requester(first),
                first.faults,
                counts.lost
            ),
        ),
        (None, None) if free != 0 || counts.lost != 0 => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "since load, at least: {free} accesses were refused, {} records were lost",
                counts.lost
            ),
        ),
        (None, None) => return false,
    }
    true
}
