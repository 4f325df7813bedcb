// SPDX-License-Identifier: GPL-2.0

//! DMA-10, DMA-12 to DMA-14 and DMA-17: what each PCI function can reach. The first offender is named;
//! the table `groups` in debugfs has them all.

use super::super::context::Context;
use super::scopes::{is_behind, is_covered};
use super::words;
use super::Table;
use crate::decode::dmar::Structure;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Ats, Direct, Evidence, PciFunction, Translation};
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt;

/// A function as lspci writes it: address and ids.
struct Named<'a>(&'a PciFunction);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = self.0;
        write!(
            f,
            "{:04x}:{:02x}:{:02x}.{:x} [{:04x}:{:04x}]",
            one.segment,
            one.bus,
            one.devfn >> 3,
            one.devfn & 7,
            one.vendor,
            one.device
        )
    }
}

/// The functions; records why there are none.
fn functions<'a>(
    c: &Context<'a>,
    check: CheckId,
    out: &mut Judgement,
) -> Option<&'a [PciFunction]> {
    match c.facts.dma.functions {
        Evidence::Read(functions) => return Some(functions),
        Evidence::Unreadable(why) => out.set(check, Outcome::Unknown, format_args!("{why}")),
        Evidence::Absent(why) => out.set(check, Outcome::NotApplicable, format_args!("{why}")),
    }
    None
}

/// The first of those that `is` holds of, and how many there are.
fn those(
    functions: &[PciFunction],
    is: impl Fn(&PciFunction) -> bool,
) -> Option<(&PciFunction, usize)> {
    let first = functions.iter().find(|one| is(one))?;
    Some((first, functions.iter().filter(|one| is(one)).count()))
}

/// DMA-10.
pub(super) fn translated(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma10;
    let Some(all) = functions(c, check, out) else {
        return;
    };
    let exposed = those(all, |one| {
        matches!(one.translation, Translation::Identity | Translation::None)
    });
    if let Some((first, count)) = exposed {
        let how = match first.translation {
            Translation::Identity => "reaches all memory (identity)",
            _ => "is in no group: nothing translates",
        };
        return out.set(
            check,
            Outcome::Fail,
            format_args!("{} {how}; {count} of {} functions", Named(first), all.len()),
        );
    }
    match those(all, |one| one.translation == Translation::Unknown) {
        Some((first, count)) => out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "the domain of {} could not be told; {count} of {} functions",
                Named(first),
                all.len()
            ),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!(
                "{} functions, each translated or blocked{}",
                all.len(),
                Beside(all, c.facts.dma.direct)
            ),
        ),
    }
}

/// What functions reach beside what their drivers map.
struct Beside<'a>(&'a [PciFunction], Evidence<&'a [Direct]>);

impl fmt::Display for Beside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(all, direct) = *self;
        let regions = match direct {
            Evidence::Read(regions) => regions,
            Evidence::Unreadable(_) | Evidence::Absent(_) => {
                return f.write_str("; what is mapped one to one for them is not known")
            }
        };
        // Who is blocked reaches nothing, and who was confined only what it was given.
        let of = |one: &PciFunction| {
            let mut regions = regions.iter();
            regions.find(|region| {
                one.translation == Translation::Dma && one.group == Some(region.group)
            })
        };
        let Some((first, count)) = those(all, |one| of(one).is_some()) else {
            return Ok(());
        };
        let (base, size) = of(first).map_or((0, 0), |region| (region.base, region.size));
        write!(
            f,
            "; {count} reach memory that is mapped one to one for them, as {} does {base:#x} + {size:#x}",
            Named(first)
        )
    }
}

/// DMA-12. What the IOMMU driver has put into a group has a unit, whatever the table says of it:
/// devices behind a VMD are in a segment that no table knows.
pub(super) fn covered(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma12;
    let Some(table) = Table::described(c).or_say(check, out) else {
        return;
    };
    let Some(all) = functions(c, check, out) else {
        return;
    };
    let outside = those(all, |one| {
        one.group.is_none() && !is_covered(&table, all, one)
    });
    match outside {
        Some((first, count)) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{} is in the scope of no unit; {count} of {} functions",
                Named(first),
                all.len()
            ),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!("{} functions, each in the scope of a unit", all.len()),
        ),
    }
}

/// DMA-13.
pub(super) fn translation_services(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma13;
    let Some(all) = functions(c, check, out) else {
        return;
    };
    let outside = |one: &PciFunction| {
        one.untrusted
            || all
                .iter()
                .any(|port| port.external_facing && is_behind(port, one))
    };
    if let Some((first, count)) = those(all, |one| one.ats == Ats::On && outside(one)) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{} is outside and has ATS on: its requests pass unchecked; {count} of them",
                Named(first)
            ),
        );
    }
    let (ports, caches) = match Table::described(c) {
        Table::Sound(table) => table.structures().filter_map(Result::ok).fold(
            (0u32, 0u32),
            |(ports, caches), structure| match structure {
                Structure::Atsr(_) => (ports.saturating_add(1), caches),
                Structure::Satc(_) => (ports, caches.saturating_add(1)),
                _ => (ports, caches),
            },
        ),
        _ => (0, 0),
    };
    let on = all.iter().filter(|one| one.ats == Ats::On).count();
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "{on} functions have ATS on, none of them outside; {ports} ATSR, {caches} SATC structures"
        ),
    );
}

/// DMA-14. The functions of one slot are one device: they share a group by right.
pub(super) fn groups(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma14;
    let Some(all) = functions(c, check, out) else {
        return;
    };
    if let Evidence::Read(line) = c.facts.dma.command_line {
        if let Some(word) = words::acs_override(line) {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("{word} on the command line: groups say what somebody wanted"),
            );
        }
    }
    if all.iter().all(|one| one.group.is_none()) {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("no function is in a group: nothing isolates devices (DMA-06)"),
        );
    }
    let slot = |one: &PciFunction| (one.segment, one.bus, one.devfn >> 3);
    let partner = |one: &PciFunction| {
        all.iter()
            .find(|other| {
                one.group.is_some() && other.group == one.group && slot(other) != slot(one)
            })
            .copied()
    };
    let shared = those(all, |one| one.group_size > 1 && partner(one).is_some());
    match shared {
        Some((first, count)) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{} is in group {} with {}: they can reach each other; {count} functions",
                Named(first),
                first.group.unwrap_or(0),
                Named(&partner(first).unwrap_or(*first))
            ),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!("no two devices share a group, {} functions", all.len()),
        ),
    }
}

/// DMA-17. A bridge masters the bus for what is behind it, and needs no driver for that. A device that a
/// compartment or another owner of its group has confined is one at work.
pub(super) fn leftovers(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma17;
    let Some(all) = functions(c, check, out) else {
        return;
    };
    let owned =
        |one: &PciFunction| matches!(one.translation, Translation::Blocked | Translation::Managed);
    let idle = |one: &PciFunction| !one.bridge && !one.driver && !owned(one);
    if let Some((first, count)) = those(all, |one| idle(one) && one.bus_master == Some(true)) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "{} may start transfers and has no driver; {count} of {} functions",
                Named(first),
                all.len()
            ),
        );
    }
    match those(all, |one| idle(one) && one.bus_master.is_none()) {
        Some((first, count)) => out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "{}: its command register could not be read; {count} functions",
                Named(first)
            ),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!("no function without a driver or an owner may start transfers"),
        ),
    }
}
