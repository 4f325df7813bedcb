// SPDX-License-Identifier: GPL-2.0

//! What a plan has to know of the machine.

use crate::decode::range::overlap;
use crate::decode::registers::{
    Dpr, Reg, PRIVATE_BASE, PUBLIC_BASE, TPM_BASE, TPM_SIZE, WINDOW_SIZE,
};
use crate::decode::tboot::SharedPage;
use crate::decode::vtd::UnitRegisters;
use crate::verify::facts::{Evidence, Facts, PciFunction};
use crate::verify::policy::{Address, DevicePath, MAX_STEPS};

/// What a physical range holds, by the kernel's resource map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Reserved memory, all of it.
    Reserved,
    /// Reserved memory with an ACPI table in it.
    Acpi,
    /// Reserved memory that EFI's runtime services use.
    Efi,
    /// System RAM, at least in part.
    Ram,
    /// Nothing that the map knows.
    Nothing,
    /// Something else: a device's registers, ACPI tables.
    Other,
}

/// Where tboot lies, which stays in memory beside the kernel that it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tboot {
    /// Nowhere: it did not start this kernel. Or who asks leaves the question to the module.
    Nowhere,
    /// Whether it started this kernel could not be read.
    Unknown,
    /// Around the page that it shares with the kernel.
    At {
        /// Physical address of the page.
        page: u64,
        /// What the page says; `None` where it could not be read or is not tboot's.
        shared: Option<SharedPage>,
    },
}

/// The machine, as far as a plan looks at it.
pub trait Surroundings {
    /// The facts.
    fn facts(&self) -> Facts<'_>;
    /// Where tboot lies.
    fn tboot(&self) -> Tboot;
    /// What `size` bytes at `base` hold; the range is not empty and does not wrap. `None`: it cannot
    /// be told.
    fn holds(&self, base: u64, size: u64) -> Option<Holds>;
}

/// Why there is nothing to look at.
pub type Nothing = &'static str;

/// The address of a function.
pub(super) const fn address(function: &PciFunction) -> Address {
    Address {
        segment: function.segment,
        bus: function.bus,
        devfn: function.devfn,
    }
}

/// The functions that were seen, or why there are none.
pub(super) fn functions<'a>(facts: &Facts<'a>) -> Result<&'a [PciFunction], Nothing> {
    match facts.dma.functions {
        Evidence::Read(functions) => Ok(functions),
        Evidence::Unreadable(why) | Evidence::Absent(why) => Err(why),
    }
}

/// The bridge that a function is behind: of those whose buses hold its own, the nearest.
fn parent<'a>(all: &'a [PciFunction], function: &PciFunction) -> Option<&'a PciFunction> {
    let behind = |bridge: &&PciFunction| {
        bridge.segment == function.segment
            && bridge
                .buses
                .is_some_and(|(first, last)| (first..=last).contains(&function.bus))
    };
    all.iter()
        .filter(behind)
        .max_by_key(|bridge| bridge.buses.map(|(first, _)| first))
}

/// The path of `function`, which is one of `all`, from the root bus; `None` when it is longer than a
/// policy can say.
pub fn path(all: &[PciFunction], function: &PciFunction) -> Option<DevicePath> {
    let mut steps = [0; MAX_STEPS];
    let mut len = 0usize;
    let mut at = function;
    while let Some(bridge) = parent(all, at) {
        *steps.get_mut(len)? = at.devfn;
        len = len.saturating_add(1);
        at = bridge;
    }
    let mut path = DevicePath::new(address(at));
    for step in steps.get(..len)?.iter().rev() {
        path = path.below(*step)?;
    }
    Some(path)
}

/// A range that no device may reach, and what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) base: u64,
    pub(super) size: u64,
    pub(super) what: &'static str,
}

impl Taken {
    const fn new(base: u64, size: u64, what: &'static str) -> Self {
        Self { base, size, what }
    }

    /// Whether it shares a byte with `size` bytes at `base`.
    pub(super) fn overlaps(&self, base: u64, size: u64) -> bool {
        overlap((self.base, self.size), (base, size))
    }
}

/// tboot begins here in every build of it, with the page tables of its measurement (tboot,
/// include/config.h, TBOOT_BASE_ADDR).
const TBOOT_BASE: u64 = 0x80_0000;
/// tboot's log lies here where its page names no other place (tboot, include/config.h,
/// TBOOT_SERIAL_LOG_ADDR).
const TBOOT_LOG: u64 = 0x6_0000;
/// Bytes of that log (TBOOT_SERIAL_LOG_SIZE).
const TBOOT_LOG_SIZE: u64 = 0x8000;
/// Type of reserved memory in the firmware's map.
const RESERVED: u32 = 2;
/// From here to 4 GiB: I/O APICs, other registers of the chipset, interrupts, flash. The resource map calls
/// parts of it reserved, as it calls memory (Intel, chipset datasheets, system address map).
const CHIPSET_BASE: u64 = 0xfec0_0000;
/// Bytes until 4 GiB.
const CHIPSET_SIZE: u64 = 0x140_0000;
/// Bytes of a remapping unit's registers that are never anything else (VT-d specification, 8.3).
const UNIT_SIZE: u64 = 4096;

/// The range of two registers, if both can be read.
fn described(facts: &Facts<'_>, base: Reg, size: Reg, what: &'static str) -> Option<Taken> {
    let registers = facts.registers;
    Some(Taken::new(registers.get(base)?, registers.get(size)?, what))
}

fn dpr(facts: &Facts<'_>) -> Option<Taken> {
    let dpr = Dpr(facts
        .registers
        .get(Reg::Dpr)
        .filter(|dpr| *dpr != u64::MAX)?);
    let base = dpr.limit().checked_sub(dpr.size())?;
    Some(Taken::new(base, dpr.size(), "the DMA protected range"))
}

/// tboot and its log, or why it cannot be told where they are. Stacks and variables lie behind the shared
/// page; the memory map calls all of it reserved, as it calls memory that a region may have.
pub(super) fn tboot(surroundings: &dyn Surroundings) -> Result<[Option<Taken>; 2], Nothing> {
    let (page, shared) = match surroundings.tboot() {
        Tboot::Nowhere => return Ok([None, None]),
        Tboot::Unknown => return Err("the boot parameters could not be read"),
        Tboot::At { page, shared } => (page, shared),
    };
    let (base, end) = shared
        .and_then(|shared| extent(&shared, page))
        .or_else(|| reserved_around(&surroundings.facts(), page))
        .ok_or("nothing tells where it ends")?;
    let base = base.min(TBOOT_BASE);
    let log = shared.map_or(0, |shared| u64::from(shared.log));
    let log = if log == 0 { TBOOT_LOG } else { log };
    Ok([
        Some(Taken::new(base, end.saturating_sub(base), "tboot")),
        Some(Taken::new(log, TBOOT_LOG_SIZE, "tboot's log")),
    ])
}

/// First byte of tboot and the one behind its last page, by what its shared page says; `None` when it does
/// not say that of memory with that page in it.
fn extent(shared: &SharedPage, page: u64) -> Option<(u64, u64)> {
    let base = u64::from(shared.base);
    let end = base.checked_add(u64::from(shared.size))?;
    let end = end.checked_next_multiple_of(super::PAGE)?;
    (base <= page && page.checked_add(super::PAGE)? <= end).then_some((base, end))
}

/// The same by the firmware's memory map, in which tboot has reserved itself: the range with its page.
fn reserved_around(facts: &Facts<'_>, page: u64) -> Option<(u64, u64)> {
    let ranges = facts.chipset.memory_map.read()?.iter();
    ranges
        .filter(|range| range.kind == RESERVED)
        .filter_map(|range| Some((range.base, range.base.checked_add(range.size)?)))
        .find(|(base, end)| {
            let behind = page.checked_add(super::PAGE);
            *base <= page && behind.is_some_and(|behind| behind <= *end)
        })
}

/// What a range of the firmware's memory map is called where no device may reach it.
const fn firmware(kind: u32) -> Option<&'static str> {
    match kind {
        1 | RESERVED => None,
        3 => Some("ACPI tables"),
        4 => Some("ACPI's non-volatile storage"),
        5 => Some("memory that is not usable"),
        7 => Some("persistent memory"),
        _ => Some("firmware memory of an unknown type"),
    }
}

/// All ranges that no device may reach, as far as they can be told.
pub(super) fn taken<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Taken> + 'a {
    let ecam = facts.chipset.ecam.read();
    let fixed = [
        Some(Taken::new(
            PRIVATE_BASE,
            WINDOW_SIZE,
            "TXT's private registers",
        )),
        Some(Taken::new(
            PUBLIC_BASE,
            WINDOW_SIZE,
            "TXT's public registers",
        )),
        Some(Taken::new(TPM_BASE, TPM_SIZE, "the TPM's localities")),
        described(facts, Reg::HeapBase, Reg::HeapSize, "the TXT heap"),
        described(facts, Reg::SinitBase, Reg::SinitSize, "the SINIT region"),
        dpr(facts),
        ecam.map(|(base, size)| Taken::new(base, size, "PCI configuration space")),
    ];
    let units = facts.dma.units.read().unwrap_or(&[]).iter();
    let units = units.map(|unit| Taken::new(unit.base, UNIT_SIZE, "the registers of an IOMMU"));
    let map = facts.chipset.memory_map.read().unwrap_or(&[]).iter();
    let map = map.filter_map(|range| {
        firmware(range.kind).map(|what| Taken::new(range.base, range.size, what))
    });
    let chipset = Taken::new(CHIPSET_BASE, CHIPSET_SIZE, "registers of the chipset");
    fixed
        .into_iter()
        .flatten()
        .chain(units)
        .chain(map)
        .chain([chipset])
}

/// Bits of the addresses that every unit translates. Domains know theirs, but to make one for a device that
/// nobody owns is a race with its removal.
pub(super) fn aperture_bits(facts: &Facts<'_>) -> Option<u32> {
    let units = facts.dma.units.read()?.iter();
    let registers = units.filter_map(|unit| unit.registers.as_ref());
    // A unit without tables translates nothing: that its devices are in no group is said of each.
    registers
        .map(UnitRegisters::address_bits)
        .filter(|bits| *bits != 0)
        .min()
}
