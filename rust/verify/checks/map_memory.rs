// SPDX-License-Identifier: GPL-2.0

//! MAP-09 and MAP-10: memory and configuration space as SINIT, firmware and the kernel see them.

use super::context::Context;
use super::tables::{self, Copy};
use super::Check;
use crate::decode::heap::{ElementType, Mdr, Mdrs, MemoryKind, SinitMleData};
use crate::decode::mcfg::{self, ConfigRange};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Evidence, MemoryRange};
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 2] = [memory, configuration];

/// Type of a range that is RAM.
const RAM: u32 = 1;
/// Most descriptors that are compared: machines have some twenty, and who wrote the heap must not
/// decide how long that takes.
const MAX_MDRS: usize = 256;

/// MAP-09.
fn memory(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map09;
    let Some(chain) = tables::heap(c, out, check) else {
        return;
    };
    let Ok(data) = SinitMleData::decode(chain.sinit_mle_data.bytes) else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("SinitMleData cannot be decoded (HEAP-03)"),
        );
    };
    let Ok(mdrs) = data.mdrs() else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("the memory descriptors are malformed (HEAP-06)"),
        );
    };
    if mdrs.len() > MAX_MDRS {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("{} memory descriptors are not compared", mdrs.len()),
        );
    }
    let map = match c.facts.chipset.memory_map {
        Evidence::Read(map) => map,
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            return out.set(check, Outcome::Unknown, format_args!("memory map: {why}"));
        }
    };
    for ram in map.iter().filter(|range| range.kind == RAM) {
        let Some(end) = ram.base.checked_add(ram.size) else {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("RAM at {:#x} wraps: {:#x} bytes", ram.base, ram.size),
            );
        };
        if let Some(mdr) = overlapping(&mdrs, ram, end) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "RAM {:#x}-{end:#x} lies in {:#x} bytes at {:#x} that are {} to SINIT",
                    ram.base, mdr.length, mdr.base, mdr.kind
                ),
            );
        }
        if let Some(gap) = not_good(&mdrs, ram.base, end) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!(
                    "RAM {:#x}-{end:#x}: SINIT does not know {gap:#x} as good memory",
                    ram.base
                ),
            );
        }
    }
    config_space(c, out, &mdrs);
}

/// A descriptor of configuration space or persistent memory that `ram`, which ends at `end`,
/// overlaps.
fn overlapping(mdrs: &Mdrs<'_>, ram: &MemoryRange, end: u64) -> Option<Mdr> {
    mdrs.iter()
        .filter(|mdr| matches!(mdr.kind, MemoryKind::PcieConfig | MemoryKind::Persistent))
        .find(|mdr| {
            mdr.length != 0 && mdr.base < end && mdr.base.saturating_add(mdr.length) > ram.base
        })
}

/// The first address from `start` up to `end` that no descriptor of good memory holds. Descriptors
/// are not sorted; each step goes behind one of them, so there are no more steps than descriptors.
fn not_good(mdrs: &Mdrs<'_>, start: u64, end: u64) -> Option<u64> {
    let mut at = start;
    while at < end {
        let holding = mdrs
            .iter()
            .filter(|mdr| mdr.kind == MemoryKind::Good && mdr.base <= at)
            .filter_map(|mdr| mdr.end())
            .max()
            .filter(|behind| *behind > at);
        match holding {
            Some(behind) => at = behind,
            None => return Some(at),
        }
    }
    None
}

/// The rest of MAP-09: configuration space is the same to SINIT, to the firmware and to the kernel.
fn config_space(c: &Context<'_>, out: &mut Judgement, mdrs: &Mdrs<'_>) {
    let check = CheckId::Map09;
    let mcfg = match c.facts.tables.mcfg {
        Evidence::Read(mcfg) => mcfg,
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            return out.set(check, Outcome::Unknown, format_args!("MCFG: {why}"));
        }
    };
    let mut told = mdrs
        .iter()
        .filter(|mdr| mdr.kind == MemoryKind::PcieConfig && mdr.length != 0)
        .peekable();
    if told.peek().is_none() {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("SINIT describes no configuration space"),
        );
    }
    let same =
        |mdr: &Mdr, range: &ConfigRange| range.start() == mdr.base && range.size() == mdr.length;
    if let Some(mdr) = told.find(|mdr| !mcfg::ranges(mcfg).any(|range| same(mdr, &range))) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "configuration space to SINIT is {:#x} bytes at {:#x}, MCFG has no such range",
                mdr.length, mdr.base
            ),
        );
    }
    let Some(range) = mcfg::ranges(mcfg).find(|range| range.segment == 0) else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("MCFG does not describe segment 0"),
        );
    };
    let (start, size) = match c.facts.chipset.ecam {
        Evidence::Read(place) => place,
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!("the kernel's configuration space: {why}"),
            );
        }
    };
    if (start, size) != (range.start(), range.size()) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "the kernel has {size:#x} bytes of configuration space at {start:#x}, unlike MCFG"
            ),
        );
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("all RAM is good memory to SINIT; configuration space at {start:#x}"),
    );
}

/// MAP-10.
fn configuration(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Map10;
    if tables::heap(c, out, check).is_none() {
        return;
    }
    match tables::compare(c, ElementType::Mcfg, c.facts.tables.mcfg) {
        Copy::Equal => out.set(
            check,
            Outcome::Pass,
            format_args!("the heap's copy of the MCFG is the ACPI MCFG"),
        ),
        Copy::Differs(at) => out.set(
            check,
            Outcome::Fail,
            format_args!("the heap's copy of the MCFG is not the ACPI MCFG from byte {at:#x} on"),
        ),
        Copy::Missing => out.set(
            check,
            Outcome::NotApplicable,
            format_args!("the heap has no copy of the MCFG"),
        ),
        Copy::Unknown(why) => out.set(check, Outcome::Unknown, format_args!("MCFG: {why}")),
    }
}
