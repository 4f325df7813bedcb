// SPDX-License-Identifier: GPL-2.0

//! Where things lie in memory, from the whole below 4 GiB down to the heap's tables.

use super::{chipset, hexadecimal, remarks, Input, State};
use launchguard_pure::decode::heap::{event_log_pointer, Chain, OsSinitData, TableId};
use launchguard_pure::decode::registers::{
    launch_claimed, Dpr, Reg, PRIVATE_BASE, PUBLIC_BASE, TPM_BASE, TPM_SIZE, WINDOW_SIZE,
};
use launchguard_pure::verify::facts::HeapCopy;
use serde::Serialize;

/// What a region is to the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Usable memory.
    Ram,
    /// Protected from devices.
    Protected,
    /// SINIT's region.
    Sinit,
    /// The heap or a table of it.
    Heap,
    /// The event log.
    Log,
    /// A page of the launcher.
    Launcher,
    /// Taken by SMM or graphics.
    Stolen,
    /// Registers of devices.
    Device,
}

/// Which part of the picture a region belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Memory below 4 GiB.
    Whole,
    /// In the DMA protected range.
    Dpr,
    /// In the heap.
    Heap,
}

/// A range of physical addresses.
#[derive(Clone, Debug, Serialize)]
pub struct Region {
    /// What it is.
    pub name: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// Address of its first byte.
    #[serde(serialize_with = "hexadecimal::number")]
    pub base: u64,
    /// Address behind its last byte.
    #[serde(serialize_with = "hexadecimal::number")]
    pub end: u64,
    /// What it is to the picture.
    pub role: Role,
    /// The part of the picture that shows it.
    pub level: Level,
    /// What is wrong with it, in a few words.
    pub wrong: Option<&'static str>,
}

/// The memory map.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Memory {
    /// The regions, by rising address, the larger before those inside.
    pub regions: Vec<Region>,
    /// What there is to say about their places.
    pub remarks: Vec<(State, String)>,
    /// Start and end of the heap as it was copied; for the picture only.
    #[serde(skip)]
    pub heap: Option<(u64, u64)>,
}

/// A size in words: the largest unit that divides it, or hex.
pub(super) fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift > 0 && bytes & ((1 << shift) - 1) == 0 {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes:#x} bytes")
}

pub(super) fn memory(input: &Input<'_>) -> Memory {
    let mut map = Map {
        memory: Memory::default(),
        dpr: dpr(input),
    };
    map.whole(input);
    map.region_of(
        input,
        Reg::SinitBase,
        Reg::SinitSize,
        "SINIT region",
        "holds Intel's module",
        Role::Sinit,
    );
    map.region_of(
        input,
        Reg::HeapBase,
        Reg::HeapSize,
        "TXT heap",
        "what firmware, launcher and SINIT tell each other",
        Role::Heap,
    );
    if let Some(copy) = input.facts.heap.read() {
        map.memory.heap = Some((copy.base, copy.base.saturating_add(copy.bytes.len() as u64)));
        map.tables(&copy);
        map.log(&copy);
    }
    remarks::remarks(&mut map.memory, input);
    let regions = &mut map.memory.regions;
    regions.sort_by_key(|region| (region.base, std::cmp::Reverse(region.end)));
    map.memory
}

fn dpr(input: &Input<'_>) -> Option<(u64, u64)> {
    let dpr = Dpr(input.facts.registers.get(Reg::Dpr)?);
    let base = dpr.base()?;
    (dpr.size() > 0).then_some((base, dpr.limit()))
}

/// Wrong with what must be protected.
pub(super) const OUTSIDE: &str = "outside the DPR";

struct Map {
    memory: Memory,
    dpr: Option<(u64, u64)>,
}

impl Map {
    fn add(
        &mut self,
        name: &'static str,
        what: &'static str,
        range: (u64, u64),
        role: Role,
        level: Level,
    ) {
        let (base, end) = range;
        if base < end {
            self.memory.regions.push(Region {
                name,
                what,
                base,
                end,
                role,
                level,
                wrong: None,
            });
        }
    }

    fn is_in_dpr(&self, range: (u64, u64)) -> bool {
        self.dpr
            .is_some_and(|(base, limit)| range.0 >= base && range.1 <= limit)
    }

    /// Something that must lie in the DMA protected range; drawn in red where it does not.
    fn protected(&mut self, name: &'static str, what: &'static str, range: (u64, u64), role: Role) {
        let inside = self.is_in_dpr(range);
        let level = if inside { Level::Dpr } else { Level::Whole };
        self.add(name, what, range, role, level);
        let last = self.memory.regions.last_mut();
        if let Some(region) = last.filter(|region| !inside && region.name == name) {
            region.wrong = Some(OUTSIDE);
        }
    }

    fn whole(&mut self, input: &Input<'_>) {
        if let Some(map) = input.facts.chipset.memory_map.read() {
            for range in map.iter().filter(|range| range.kind == 1) {
                let end = range.base.saturating_add(range.size).min(1 << 32);
                self.add(
                    "memory",
                    "usable by the kernel",
                    (range.base, end),
                    Role::Ram,
                    Level::Whole,
                );
            }
        }
        if let Some(range) = self.dpr {
            self.add(
                "DPR",
                "DMA protected range: no device reaches it",
                range,
                Role::Protected,
                Level::Whole,
            );
        }
        if let Some(limits) = chipset::limits(input) {
            self.add(
                "TSEG",
                "memory of system management mode",
                (limits.tseg, limits.bgsm),
                Role::Stolen,
                Level::Whole,
            );
            self.add(
                "graphics",
                "taken by the graphics device",
                (limits.bgsm, limits.tolud),
                Role::Stolen,
                Level::Whole,
            );
        }
        if let Some((base, size)) = input.facts.chipset.ecam.read() {
            self.add(
                "PCI configuration",
                "configuration space of PCI Express",
                (base, base.saturating_add(size)),
                Role::Device,
                Level::Whole,
            );
        }
        let window = |base: u64| (base, base + WINDOW_SIZE);
        self.add(
            "TXT private",
            "TXT registers while the private space is open",
            window(PRIVATE_BASE),
            Role::Device,
            Level::Whole,
        );
        self.add(
            "TXT public",
            "TXT registers for everybody",
            window(PUBLIC_BASE),
            Role::Device,
            Level::Whole,
        );
        self.add(
            "TPM",
            "the TPM's localities",
            (TPM_BASE, TPM_BASE + TPM_SIZE),
            Role::Device,
            Level::Whole,
        );
        match input.facts.kernel.tboot_addr {
            Some(page) if page != 0 => {
                self.add(
                    "tboot's page",
                    "shared by tboot and the kernel",
                    (page, page.saturating_add(4096)),
                    Role::Launcher,
                    Level::Whole,
                );
            }
            _ => {}
        }
    }

    fn region_of(
        &mut self,
        input: &Input<'_>,
        base: Reg,
        size: Reg,
        name: &'static str,
        what: &'static str,
        role: Role,
    ) {
        let registers = input.facts.registers;
        let (Some(base), Some(size)) = (registers.get(base), registers.get(size)) else {
            return;
        };
        if base == 0 || size == 0 || launch_claimed(registers) == Some(false) {
            return;
        }
        self.protected(name, what, (base, base.saturating_add(size)), role);
    }

    fn tables(&mut self, copy: &HeapCopy<'_>) {
        let Ok(chain) = Chain::split(copy.bytes) else {
            return;
        };
        for table in chain.tables() {
            let what = match table.id {
                TableId::BiosData => "from the firmware",
                TableId::OsMleData => "the launcher's own",
                TableId::OsSinitData => "from the launcher to SINIT",
                TableId::SinitMleData => "from SINIT to the launcher",
            };
            let base = copy
                .base
                .saturating_add(table.offset as u64)
                .saturating_sub(8);
            let end = base
                .saturating_add(8)
                .saturating_add(table.bytes.len() as u64);
            self.add(table.id.name(), what, (base, end), Role::Heap, Level::Heap);
        }
    }

    fn log(&mut self, copy: &HeapCopy<'_>) {
        let Ok(chain) = Chain::split(copy.bytes) else {
            return;
        };
        let Ok(table) = OsSinitData::decode(chain.os_sinit_data.bytes) else {
            return;
        };
        let Ok(pointer) = event_log_pointer(&table) else {
            return;
        };
        let end = pointer.address.saturating_add(u64::from(pointer.allocated));
        let heap = (copy.base, copy.base.saturating_add(copy.bytes.len() as u64));
        let name = "event log";
        let what = "what was measured, in order";
        if pointer.address >= heap.0 && end <= heap.1 {
            self.add(name, what, (pointer.address, end), Role::Log, Level::Heap);
        } else if self.is_in_dpr((pointer.address, end)) {
            self.add(name, what, (pointer.address, end), Role::Log, Level::Dpr);
        } else {
            // No fault: the log is a hint, and the replay tells whether it is right.
            self.add(name, what, (pointer.address, end), Role::Log, Level::Whole);
        }
    }
}
