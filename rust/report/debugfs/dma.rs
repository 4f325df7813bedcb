// SPDX-License-Identifier: GPL-2.0

//! DMA remapping: the units, and what each IOMMU group reaches.

use crate::decode::dmar::{Dmar, Structure};
use crate::decode::vtd::UnitRegisters;
use crate::engine::Snapshot;
use crate::guard::View;
use crate::verify::facts::{Ats, Evidence, PciFunction, Translation, Unit};
use core::fmt::{self, Formatter};

/// The table `dmar`: the firmware's table, and the registers of its units in words.
#[inline(never)]
pub(super) fn write_dmar(snapshot: &Snapshot, f: &mut Formatter<'_>) -> fmt::Result {
    let facts = snapshot.examined.collected.facts();
    match facts.tables.dmar {
        Evidence::Read(bytes) => match Dmar::decode(bytes) {
            Ok(table) => write_table(&table, f)?,
            Err(error) => writeln!(f, "{error}")?,
        },
        Evidence::Unreadable(why) => writeln!(f, "unknown: {why}")?,
        Evidence::Absent(why) => writeln!(f, "none: {why}")?,
    }
    let word = |value: Option<bool>| match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    writeln!(
        f,
        "\ndriver runs: {}, devices let through by default: {}",
        word(facts.dma.driver_enabled),
        word(facts.dma.passthrough)
    )?;
    match facts.dma.units {
        Evidence::Read(units) => units.iter().try_for_each(|unit| write_unit(unit, f)),
        Evidence::Unreadable(why) => writeln!(f, "units unknown: {why}"),
        Evidence::Absent(why) => writeln!(f, "no units: {why}"),
    }
}

fn write_table(table: &Dmar<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "{} bytes, {} address bits, flags {:#x}",
        table.bytes.len(),
        table.width,
        table.flags.0
    )?;
    for structure in table.structures() {
        let structure = match structure {
            Ok(structure) => structure,
            Err(error) => return writeln!(f, "{error}"),
        };
        write!(f, "{} ", structure.name())?;
        match &structure {
            Structure::Drhd(one) => writeln!(
                f,
                "segment {}, registers {:#x}, {} pages{}",
                one.segment,
                one.base,
                one.pages,
                if one.include_all { ", all devices" } else { "" }
            )?,
            Structure::Rmrr(one) => writeln!(
                f,
                "segment {}, {:#x}-{:#x}",
                one.segment, one.base, one.limit
            )?,
            Structure::Atsr(one) => writeln!(
                f,
                "segment {}{}",
                one.segment,
                if one.all_ports { ", all ports" } else { "" }
            )?,
            Structure::Rhsa(one) => writeln!(
                f,
                "registers {:#x}, domain {}",
                one.base, one.proximity_domain
            )?,
            Structure::Andd(one) => writeln!(f, "device {}", one.number)?,
            Structure::Satc(one) => writeln!(
                f,
                "segment {}{}",
                one.segment,
                if one.atc_required { ", required" } else { "" }
            )?,
            Structure::Sidp(one) => writeln!(f, "segment {}", one.segment)?,
            Structure::Other { kind, length } => writeln!(f, "type {kind}, {length} bytes")?,
        }
        for scope in structure.scopes() {
            match scope {
                Ok(scope) => writeln!(f, "  {scope}")?,
                Err(error) => writeln!(f, "  {error}")?,
            }
        }
    }
    Ok(())
}

fn write_unit(unit: &Unit, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nunit {:#x}, segment {}", unit.base, unit.segment)?;
    match &unit.registers {
        Some(registers) => write_registers(unit, registers, f),
        None => writeln!(f, "  its registers could not be read"),
    }
}

fn write_registers(unit: &Unit, one: &UnitRegisters, f: &mut Formatter<'_>) -> fmt::Result {
    let on = |on| if on { "on" } else { "off" };
    let place = |ram| match ram {
        Some(true) => "in System RAM",
        Some(false) => "not in System RAM",
        None => "place unknown",
    };
    let gsts = one.gsts();
    writeln!(
        f,
        "  VER {:#x}  CAP {:#x}  ECAP {:#x}",
        one.version, one.cap, one.ecap
    )?;
    writeln!(
        f,
        "  GSTS {:#x}: translation {}, interrupt remapping {}, compatibility interrupts {}",
        one.gsts,
        on(gsts.translation()),
        on(gsts.interrupt_remapping()),
        on(gsts.compatibility_interrupts())
    )?;
    writeln!(
        f,
        "  RTADDR {:#x}: {}, {}",
        one.rtaddr,
        if one.scalable() {
            "scalable mode"
        } else {
            "legacy mode"
        },
        place(unit.root_in_ram)
    )?;
    if one.ecap().interrupt_remapping() {
        writeln!(f, "  IRTA {:#x}: {}", one.irta, place(unit.irt_in_ram))?;
    }
    let fsts = one.fsts();
    let faults = if fsts.overflow() {
        "lost"
    } else if fsts.pending() {
        "pending"
    } else {
        "none"
    };
    writeln!(f, "  FSTS {:#x}: faults {faults}", one.fsts)?;
    if one.cap().pmr_low() || one.cap().pmr_high() {
        writeln!(
            f,
            "  PMEN {:#x}: {}, {:#x}-{:#x}, {:#x}-{:#x}",
            one.pmen,
            on(one.pmr_active()),
            one.pmr_low.0,
            one.pmr_low.1,
            one.pmr_high.0,
            one.pmr_high.1
        )?;
    }
    Ok(())
}

/// The table `groups`: each IOMMU group with its functions, and those without one at the end.
#[inline(never)]
pub(super) fn write_groups(
    snapshot: &Snapshot,
    view: &View,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let functions = match snapshot.examined.collected.facts().dma.functions {
        Evidence::Read(functions) => functions,
        Evidence::Unreadable(why) => return writeln!(f, "unknown: {why}"),
        Evidence::Absent(why) => return writeln!(f, "none: {why}"),
    };
    let mut last = None;
    while let Some(group) = next_group(functions, last) {
        let members = || functions.iter().filter(|one| one.group == Some(group));
        let owner = owner(view, group, members().any(|one| one.driver));
        for (position, one) in members().enumerate() {
            if position == 0 {
                writeln!(
                    f,
                    "group {group} {}, owner {owner}, interrupts {}",
                    translation(one.translation),
                    match one.isolated_msi {
                        Some(true) => "isolated",
                        Some(false) => "not isolated",
                        None => "unknown",
                    }
                )?;
            }
            write_function(one, f)?;
        }
        last = Some(group);
    }
    if functions.iter().any(|one| one.group.is_none()) {
        writeln!(f, "no group, {}", translation(Translation::None))?;
    }
    functions
        .iter()
        .filter(|one| one.group.is_none())
        .try_for_each(|one| write_function(one, f))
}

/// Who owns a group. The kernel shows it to nobody; what is not launchguard's is a driver's, or was
/// found in other hands when it was to be taken.
fn owner(view: &View, group: u32, driver: bool) -> &'static str {
    if view.owns(group) {
        "launchguard"
    } else if driver {
        "driver"
    } else if view.is_taken(group) {
        "other"
    } else {
        "none"
    }
}

/// The group with the smallest number above `last`.
fn next_group(functions: &[PciFunction], last: Option<u32>) -> Option<u32> {
    let groups = functions.iter().filter_map(|one| one.group);
    groups
        .filter(|group| last.is_none_or(|last| *group > last))
        .min()
}

fn write_function(one: &PciFunction, f: &mut Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "  {:04x}:{:02x}:{:02x}.{:x} {:04x}:{:04x} class {:06x}",
        one.segment,
        one.bus,
        one.devfn >> 3,
        one.devfn & 7,
        one.vendor,
        one.device,
        one.class
    )?;
    f.write_str(match one.bus_master {
        Some(true) => " master",
        Some(false) => " no-master",
        None => " master-unknown",
    })?;
    f.write_str(if one.driver { " driver" } else { " no-driver" })?;
    f.write_str(match one.ats {
        Ats::None => "",
        Ats::Off => " ats-off",
        Ats::On => " ats-on",
    })?;
    if let Some(acs) = one.acs {
        write!(f, " acs {acs:#x}")?;
    }
    for (word, set) in [
        (" bridge", one.bridge),
        (" untrusted", one.untrusted),
        (" external-facing", one.external_facing),
        (" virtual", one.virtual_function),
    ] {
        if set {
            f.write_str(word)?;
        }
    }
    writeln!(f)
}

const fn translation(translation: Translation) -> &'static str {
    match translation {
        Translation::None => "not translated",
        Translation::Blocked => "blocked",
        Translation::Identity => "identity",
        Translation::Dma => "dma",
        Translation::Managed => "managed",
        Translation::Unknown => "unknown",
    }
}
