// SPDX-License-Identifier: GPL-2.0

//! DMA remapping.

use super::{guard, map, NOT_YET};
use crate::decode::bytes::Bytes;
use crate::decode::dmar::{Dmar, Drhd};
use crate::decode::heap::Dtpr;
use crate::decode::tpr::TprRegisters;
use crate::decode::vtd::{UnitRegisters, PAGE};
use crate::guard::Guard;
use crate::plan::{renew, sink};
use crate::sys::acpi;
use crate::sys::dma;
use crate::sys::iommu::{Group, Place};
use crate::sys::memory::Range;
use crate::sys::mmio::Window;
use crate::verify::facts::{
    Ats, Direct, DmaFacts, Evidence, PciFunction, Tpr, Translation, Unit,
};
use kernel::prelude::*;

/// Most units that are looked at. Servers have a dozen for each socket.
const MAX_UNITS: usize = 1024;
/// Most TXT protected regions that are looked at.
const MAX_TPRS: usize = 1024;
/// Most functions that are looked at: those of one whole segment.
const MAX_FUNCTIONS: usize = 1 << 16;
/// Bytes of a page, in which root and interrupt tables start.
const PAGE_SIZE: u64 = 4096;

/// What was read.
pub(super) struct Collected {
    units: Evidence<KVVec<Unit>>,
    functions: Evidence<KVVec<PciFunction>>,
    command_line: Evidence<KVVec<u8>>,
    passthrough: Option<bool>,
    driver_enabled: Option<bool>,
    tprs: Evidence<KVVec<Tpr>>,
    direct: Evidence<KVVec<Direct>>,
    guard: guard::Collected,
}

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self {
        units: Evidence::Unreadable(NOT_YET),
        functions: Evidence::Unreadable(NOT_YET),
        command_line: Evidence::Unreadable(NOT_YET),
        passthrough: None,
        driver_enabled: None,
        tprs: Evidence::Unreadable(NOT_YET),
        direct: Evidence::Unreadable(NOT_YET),
        guard: guard::Collected::NOTHING,
    };

    /// Reads it; `dmar` is the firmware's table that names the units, `dtpr` the one that names TXT
    /// protected regions, `guard` what knows of windows and faults.
    pub(super) fn read(
        dmar: &Evidence<&[u8]>,
        dtpr: &Evidence<&[u8]>,
        guard: &Guard,
    ) -> Self {
        let functions = functions().map_or(
            Evidence::Unreadable("there was no memory for the list of PCI functions"),
            Evidence::Read,
        );
        Self {
            units: units(dmar),
            direct: direct(&functions),
            functions,
            command_line: match dma::command_line() {
                Ok(mut line) => {
                    while line.last().is_some_and(|byte| matches!(byte, b'\n' | 0)) {
                        line.truncate(line.len().saturating_sub(1));
                    }
                    Evidence::Read(line)
                }
                Err(_) => Evidence::Unreadable("the kernel did not show it"),
            },
            passthrough: Some(dma::passthrough()),
            driver_enabled: Some(dma::driver_enabled()),
            tprs: tprs(dtpr),
            guard: guard::Collected::read(guard),
        }
    }

    /// As facts.
    pub(super) fn facts(&self) -> DmaFacts<'_> {
        DmaFacts {
            units: map(&self.units, |units| units.as_slice()),
            functions: map(&self.functions, |functions| functions.as_slice()),
            command_line: map(&self.command_line, |line| line.as_slice()),
            passthrough: self.passthrough,
            driver_enabled: self.driver_enabled,
            tprs: map(&self.tprs, |tprs| tprs.as_slice()),
            windows: self.guard.windows(),
            faults: self.guard.faults(),
            direct: map(&self.direct, |regions| regions.as_slice()),
        }
    }
}

fn units(dmar: &Evidence<&[u8]>) -> Evidence<KVVec<Unit>> {
    let bytes = match *dmar {
        Evidence::Read(bytes) => bytes,
        Evidence::Unreadable(why) => return Evidence::Unreadable(why),
        Evidence::Absent(_) => return Evidence::Absent("the firmware has no DMAR table"),
    };
    let table = match Dmar::decode(bytes) {
        Ok(table) if table.check().is_ok() => table,
        _ => return Evidence::Unreadable("the firmware's DMAR table is malformed"),
    };
    if table.units().count() > MAX_UNITS {
        return Evidence::Unreadable("the DMAR table names more than 1024 units");
    }
    let mut units = KVVec::new();
    for unit in table.units() {
        if units.push(read_unit(&unit), GFP_KERNEL).is_err() {
            return Evidence::Unreadable("there was no memory for the list of units");
        }
    }
    Evidence::Read(units)
}

fn tprs(dtpr: &Evidence<&[u8]>) -> Evidence<KVVec<Tpr>> {
    let bytes = match *dtpr {
        Evidence::Read(bytes) => bytes,
        Evidence::Unreadable(why) => return Evidence::Unreadable(why),
        Evidence::Absent(_) => return Evidence::Absent("the firmware has no DTPR table"),
    };
    let Ok(table) = Dtpr::decode(Bytes::new(bytes)) else {
        return Evidence::Unreadable("the firmware's DTPR table is malformed");
    };
    if table.registers().count() > MAX_TPRS {
        return Evidence::Unreadable("the DTPR table names more than 1024 regions");
    }
    let mut tprs = KVVec::new();
    for address in table.registers() {
        let registers = read_tpr(address);
        if tprs.push(Tpr { address, registers }, GFP_KERNEL).is_err() {
            return Evidence::Unreadable("there was no memory for the list of TPRs");
        }
    }
    Evidence::Read(tprs)
}

fn read_tpr(address: u64) -> Option<TprRegisters> {
    let (page, offset) = (address & !(PAGE_SIZE - 1), address & (PAGE_SIZE - 1));
    TprRegisters::read(&map_unit(page, PAGE)?, u16::try_from(offset).ok()?)
}

fn read_unit(unit: &Drhd<'_>) -> Unit {
    let registers = read_registers(unit.base);
    let in_ram = |address: u64, size: u64| {
        // Address 0 is what the register reads before anything was written to it.
        Range::new(address, size)
            .filter(|_| address != 0)
            .map(|range| range.kind() == crate::sys::memory::Kind::Ram)
    };
    Unit {
        segment: unit.segment,
        base: unit.base,
        registers,
        root_in_ram: registers.and_then(|registers| in_ram(registers.root(), PAGE_SIZE)),
        irt_in_ram: registers.and_then(|registers| {
            in_ram(registers.interrupt_table(), registers.interrupt_table_size())
        }),
    }
}

fn read_registers(base: u64) -> Option<UnitRegisters> {
    UnitRegisters::read(&map_unit(base, PAGE)?)
}

/// Maps `bytes` of the registers at `base`, perhaps next to the driver's own mapping of them. The address is
/// the firmware's word: RAM and what is no page are not mapped.
pub(crate) fn map_unit(base: u64, bytes: usize) -> Option<Window> {
    let range = Range::new(base, u64::try_from(bytes).ok()?)?;
    if base == 0 || base % PAGE_SIZE != 0 || range.touches_ram() {
        return None;
    }
    Window::map(base, bytes)
}

/// The units that the firmware names: segment, and physical address of the registers. None without a
/// well-formed table.
///
/// # Errors
///
/// ENOMEM.
pub(crate) fn remapping_units() -> Result<KVVec<(u32, u64)>> {
    let mut units = KVVec::new();
    let Ok(bytes) = acpi::table(c"DMAR") else {
        return Ok(units);
    };
    let table = Dmar::decode(&bytes).ok().filter(|table| table.check().is_ok());
    let Some(table) = table else {
        return Ok(units);
    };
    for unit in table.units().take(MAX_UNITS) {
        units.push((u32::from(unit.segment), unit.base), GFP_KERNEL)?;
    }
    Ok(units)
}

/// All functions by segment, bus and devfn, each one once; `None` without memory for them.
pub(crate) fn functions() -> Option<KVVec<PciFunction>> {
    let mut list = KVVec::new();
    for function in dma::Functions::new().take(MAX_FUNCTIONS) {
        if let Some(new) = renew(&mut list, fact(&function)) {
            list.push(new, GFP_KERNEL).ok()?;
            sink(&mut list);
        }
    }
    Some(list)
}

/// What is mapped one to one, looked for once a group.
fn direct(functions: &Evidence<KVVec<PciFunction>>) -> Evidence<KVVec<Direct>> {
    let functions = match functions {
        Evidence::Read(functions) => functions,
        Evidence::Unreadable(why) => return Evidence::Unreadable(why),
        Evidence::Absent(why) => return Evidence::Absent(why),
    };
    let read = || -> Result<KVVec<Direct>> {
        let (mut seen, mut all) = (KVVec::new(), KVVec::new());
        for function in functions {
            let Some(id) = function.group else { continue };
            if !note_group(&mut seen, id)? {
                continue;
            }
            let place = Place {
                segment: function.segment,
                bus: function.bus,
                devfn: function.devfn,
            };
            // It may have gone meanwhile, and with it what it reached.
            let Some(group) = Group::of(place).filter(|group| group.id() == Some(id)) else {
                continue;
            };
            group.direct(|region| {
                let region = Direct {
                    group: id,
                    base: region.base,
                    size: region.size,
                    relaxable: region.relaxable,
                };
                Ok(all.push(region, GFP_KERNEL)?)
            })?;
        }
        Ok(all)
    };
    read().map_or(
        Evidence::Unreadable("the kernel did not say what it maps one to one"),
        Evidence::Read,
    )
}

/// Notes a group in a list that is in order; whether it is new there. Groups are numbered nearly in the order
/// of their functions, so it hardly ever moves far.
///
/// # Errors
///
/// ENOMEM.
pub(crate) fn note_group(groups: &mut KVVec<u32>, group: u32) -> Result<bool> {
    if groups.binary_search(&group).is_ok() {
        return Ok(false);
    }
    groups.push(group, GFP_KERNEL)?;
    let mut rest = groups.as_mut_slice();
    while let [.., before, last] = rest {
        if before < last {
            break;
        }
        core::mem::swap(before, last);
        let Some((_, shorter)) = rest.split_last_mut() else {
            break;
        };
        rest = shorter;
    }
    Ok(true)
}

fn fact(function: &dma::Function) -> PciFunction {
    let byte = |value: i32| u8::try_from(value).ok();
    PciFunction {
        segment: function.segment,
        bus: function.bus,
        devfn: function.devfn,
        vendor: function.vendor,
        device: function.device,
        class: function.class_code,
        port_type: byte(function.port_type),
        bridge: function.bridge,
        buses: byte(function.secondary).zip(byte(function.subordinate)),
        group: u32::try_from(function.group).ok(),
        group_size: function.group_size,
        translation: match dma::domain(function) {
            dma::Domain::None => Translation::None,
            dma::Domain::Blocked => Translation::Blocked,
            dma::Domain::Identity => Translation::Identity,
            dma::Domain::Dma => Translation::Dma,
            dma::Domain::Managed => Translation::Managed,
            dma::Domain::Unknown => Translation::Unknown,
        },
        bus_master: (function.bus_master >= 0).then_some(function.bus_master != 0),
        driver: function.driver,
        untrusted: function.untrusted,
        external_facing: function.external_facing,
        virtual_function: function.virtual_function,
        ats: match dma::ats(function) {
            None => Ats::None,
            Some(false) => Ats::Off,
            Some(true) => Ats::On,
        },
        acs: u16::try_from(function.acs).ok(),
        isolated_msi: (function.isolated_msi >= 0).then_some(function.isolated_msi != 0),
    }
}
