// SPDX-License-Identifier: GPL-2.0

//! DMA remapping as it is now: units, devices, and what the kernel was told about it.

use super::Evidence;

pub use crate::decode::tpr::TprRegisters;
pub use crate::decode::vtd::UnitRegisters;

/// A remapping unit that the ACPI DMAR names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// PCI segment.
    pub segment: u16,
    /// Physical address of its registers.
    pub base: u64,
    /// Its registers; `None` where they could not be mapped.
    pub registers: Option<UnitRegisters>,
    /// Whether the root table lies in System RAM.
    pub root_in_ram: Option<bool>,
    /// Whether the interrupt remapping table lies in System RAM.
    pub irt_in_ram: Option<bool>,
}

/// How a device's DMA is translated now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Translation {
    /// There is no IOMMU group: nothing translates.
    None = 0,
    /// Every access is refused.
    Blocked = 1,
    /// Every access goes through untranslated.
    Identity = 2,
    /// The kernel's DMA API decides.
    Dma = 3,
    /// A domain that somebody manages by hand.
    Managed = 4,
    /// It could not be told.
    Unknown = 5,
}

/// Address translation services of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ats {
    /// It has none.
    None = 0,
    /// Switched off.
    Off = 1,
    /// Switched on: translated requests pass unchecked.
    On = 2,
}

/// A PCI function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PciFunction {
    /// Segment; above 16 bits where the kernel made it up for devices behind a VMD.
    pub segment: u32,
    /// Bus.
    pub bus: u8,
    /// Device in bits 7:3, function in bits 2:0.
    pub devfn: u8,
    /// Vendor id.
    pub vendor: u16,
    /// Device id.
    pub device: u16,
    /// Class code, 24 bits.
    pub class: u32,
    /// PCI Express device/port type (PCI Express capability, bits 7:4); `None` for conventional PCI.
    pub port_type: Option<u8>,
    /// Whether it is a bridge (header type 1 or 2).
    pub bridge: bool,
    /// First and last bus behind a bridge.
    pub buses: Option<(u8, u8)>,
    /// Number of its IOMMU group.
    pub group: Option<u32>,
    /// Functions in the group.
    pub group_size: u32,
    /// How its DMA is translated.
    pub translation: Translation,
    /// Command register, bit 2: it may start transfers.
    pub bus_master: Option<bool>,
    /// A driver is bound to it.
    pub driver: bool,
    /// The kernel does not trust it (behind an external-facing port).
    pub untrusted: bool,
    /// Firmware marks the port as facing outside.
    pub external_facing: bool,
    /// It is a virtual function.
    pub virtual_function: bool,
    /// Address translation services.
    pub ats: Ats,
    /// ACS control register; `None` where it has no ACS.
    pub acs: Option<u16>,
    /// Whether message interrupts of its group are isolated.
    pub isolated_msi: Option<bool>,
}

/// A TXT protected region that the ACPI DTPR names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpr {
    /// Physical address of its registers.
    pub address: u64,
    /// Its registers; `None` where they could not be read.
    pub registers: Option<TprRegisters>,
}

/// A window in force: memory that the guard lets a device reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Segment of the device.
    pub segment: u32,
    /// Its bus.
    pub bus: u8,
    /// Its device in bits 7:3, its function in bits 2:0.
    pub devfn: u8,
    /// Physical address of the first byte.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// Whether the device may write.
    pub writable: bool,
}

/// A requester whose accesses were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Segment of the unit.
    pub segment: u32,
    /// Requester id: bus in bits 15:8, device and function below.
    pub requester: u16,
    /// The IOMMU group of the functions that use it.
    pub group: Option<u32>,
    /// Whether the guard owns that group now.
    pub owned: bool,
    /// How many were refused, at least.
    pub faults: u64,
}

/// How much the guard has seen of faults, beside who caused them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Units that are watched.
    pub watched: u32,
    /// Faults of requesters that are not listed any more.
    pub others: u64,
    /// Faults that were lost, here or in a unit, at least.
    pub lost: u64,
    /// Times that the driver took records, or may have, and nobody looked.
    pub unseen: u64,
}

/// What the guard has seen of faults since the module was loaded.
#[derive(Clone, Copy, Debug)]
pub struct FaultFacts<'a> {
    /// How much.
    pub counts: FaultCounts,
    /// The requesters, in the order of their first faults.
    pub refused: &'a [Refused],
}

/// Memory that the kernel maps one to one for a group, whatever its drivers ask for: firmware's (RMRR), or
/// the first 16 MiB for an ISA bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direct {
    /// The group's number.
    pub group: u32,
    /// Physical address of the first byte.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// Whether the group can do without: it may be blocked.
    pub relaxable: bool,
}

/// DMA remapping now.
#[derive(Clone, Copy, Debug)]
pub struct DmaFacts<'a> {
    /// The units of the ACPI DMAR.
    pub units: Evidence<&'a [Unit]>,
    /// All PCI functions, by segment, bus and devfn.
    pub functions: Evidence<&'a [PciFunction]>,
    /// The kernel's command line, without the byte that ends it.
    pub command_line: Evidence<&'a [u8]>,
    /// Whether new devices get an identity domain (iommu_default_passthrough()).
    pub passthrough: Option<bool>,
    /// intel_iommu_enabled: the driver runs. It does not say that translation is on.
    pub driver_enabled: Option<bool>,
    /// The TXT protected regions of the ACPI DTPR.
    pub tprs: Evidence<&'a [Tpr]>,
    /// The windows that the guard has open.
    pub windows: Evidence<&'a [Reach]>,
    /// What it has seen of faults.
    pub faults: Evidence<FaultFacts<'a>>,
    /// What is mapped one to one, by group in the order of the functions.
    pub direct: Evidence<&'a [Direct]>,
}
