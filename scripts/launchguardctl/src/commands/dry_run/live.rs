// SPDX-License-Identifier: GPL-2.0

//! This machine, from sysfs and /proc/iomem. What cannot be read there (TXT's registers, the units'
//! registers, tboot's page) the module knows when the policy is committed.

use anyhow::{Context, Result};
use launchguard_pure::decode::registers::Registers;
use launchguard_pure::plan::{Holds, Surroundings, Tboot};
use launchguard_pure::verify::facts::{Ats, Evidence, Facts, PciFunction, Translation};
use launchguard_pure::verify::policy::Address;
use std::fs;
use std::path::Path;

/// Where the kernel lists PCI functions.
const DEVICES: &str = "/sys/bus/pci/devices";
/// The kernel's resource map; addresses read as zero without privilege.
const IOMEM: &str = "/proc/iomem";

/// This machine.
pub struct Machine {
    registers: Registers,
    functions: Vec<PciFunction>,
    /// First and last address, name, depth.
    memory: Vec<(u64, u64, String, usize)>,
}

impl Machine {
    /// Reads it.
    pub fn read() -> Result<Self> {
        let mut functions = Vec::new();
        // A machine without PCI has no such directory, and no function.
        for entry in fs::read_dir(DEVICES).into_iter().flatten() {
            functions.extend(function(&entry?.path()));
        }
        functions.sort_by_key(|one| (one.segment, one.bus, one.devfn));
        let iomem = fs::read_to_string(IOMEM).context(IOMEM)?;
        Ok(Self {
            registers: Registers::UNREADABLE,
            functions,
            memory: iomem.lines().filter_map(resource).collect(),
        })
    }
}

impl Surroundings for Machine {
    fn facts(&self) -> Facts<'_> {
        let mut facts = Facts::unread(&self.registers, "only the module reads it");
        facts.dma.functions = Evidence::Read(&self.functions);
        facts
    }

    fn tboot(&self) -> Tboot {
        Tboot::Nowhere
    }

    fn holds(&self, base: u64, size: u64) -> Option<Holds> {
        let last = base.checked_add(size.checked_sub(1)?)?;
        // Without privilege every address is zero: nothing can be told.
        if self.memory.iter().all(|(_, last, _, _)| *last == 0) {
            return None;
        }
        let touched = || {
            self.memory
                .iter()
                .filter(move |(first, end, _, _)| *first <= last && base <= *end)
        };
        if touched().any(|(_, _, name, _)| name == "System RAM") {
            return Some(Holds::Ram);
        }
        let whole = |(first, end, name, depth): &(u64, u64, String, usize)| {
            *depth == 0 && name == "Reserved" && *first <= base && last <= *end
        };
        Some(if touched().next().is_none() {
            Holds::Nothing
        } else if touched().any(whole) && touched().count() == 1 {
            Holds::Reserved
        } else {
            Holds::Other
        })
    }
}

/// A line of /proc/iomem: "  fed30000-fed3ffff : name".
fn resource(line: &str) -> Option<(u64, u64, String, usize)> {
    let (range, name) = line.split_once(" : ")?;
    let (first, last) = range.trim_start().split_once('-')?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let depth = range.len() - range.trim_start().len();
    Some((number(first)?, number(last)?, name.to_owned(), depth))
}

/// The function whose directory is `path`; `None` when it has gone meanwhile.
fn function(path: &Path) -> Option<PciFunction> {
    let address = Address::parse(path.file_name()?.to_str()?)?;
    let text = |name: &str| fs::read_to_string(path.join(name)).ok();
    let hex = |name: &str| {
        let text = text(name)?;
        u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
    };
    let bus = |name: &str| text(name)?.trim().parse::<u8>().ok();
    let group = fs::read_link(path.join("iommu_group")).ok();
    let group = group.and_then(|link| link.file_name()?.to_str()?.parse::<u32>().ok());
    let group_size = fs::read_dir(path.join("iommu_group/devices")).map_or(0, Iterator::count);
    let first = bus("secondary_bus_number");
    Some(PciFunction {
        segment: address.segment,
        bus: address.bus,
        devfn: address.devfn,
        vendor: u16::try_from(hex("vendor")?).ok()?,
        device: u16::try_from(hex("device")?).ok()?,
        class: hex("class")?,
        port_type: None,
        bridge: first.is_some(),
        buses: first.zip(bus("subordinate_bus_number")),
        group,
        group_size: u32::try_from(group_size).unwrap_or(u32::MAX),
        translation: Translation::Unknown,
        bus_master: None,
        driver: path.join("driver").exists(),
        untrusted: text("untrusted").is_some_and(|text| text.trim() == "1"),
        external_facing: text("external_facing").is_some_and(|text| text.trim() == "1"),
        virtual_function: path.join("physfn").exists(),
        ats: Ats::None,
        acs: None,
        isolated_msi: None,
    })
}
