// SPDX-License-Identifier: GPL-2.0

//! The chipset's memory map, and what firmware says of memory.

use super::Evidence;

/// Bytes of the host bridge's configuration space that are read.
pub const CONFIG_SIZE: usize = 256;

/// Registers of the remap window, as they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remap {
    /// REMAPBASE.
    pub base: u64,
    /// REMAPLIMIT.
    pub limit: u64,
}

/// One range of the memory map that the kernel was booted with (boot_params.e820_table): under
/// tboot that is the firmware's, with what the launch needs taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRange {
    /// Physical address of the first byte.
    pub base: u64,
    /// Size in bytes.
    pub size: u64,
    /// Type: 1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable, 7 persistent memory.
    pub kind: u32,
}

/// The chipset and the firmware's memory map.
#[derive(Clone, Copy, Debug)]
pub struct ChipsetFacts<'a> {
    /// Configuration space of the host bridge, 0000:00:00.0: its first [`CONFIG_SIZE`] bytes.
    pub host_bridge: Evidence<&'a [u8]>,
    /// The remap window, where the platform is known to have it in MCHBAR.
    pub remap: Evidence<Remap>,
    /// The memory map that the kernel was booted with.
    pub memory_map: Evidence<&'a [MemoryRange]>,
    /// Where the kernel itself reaches configuration space of segment 0, by its resource map: base
    /// and size in bytes.
    pub ecam: Evidence<(u64, u64)>,
}

/// ACPI tables as the running kernel has them, header and all.
#[derive(Clone, Copy, Debug)]
pub struct FirmwareTables<'a> {
    /// DMA remapping units and reserved regions.
    pub dmar: Evidence<&'a [u8]>,
    /// Memory-mapped configuration space.
    pub mcfg: Evidence<&'a [u8]>,
    /// Processors and interrupt controllers.
    pub madt: Evidence<&'a [u8]>,
    /// Registers of the TXT protected regions.
    pub dtpr: Evidence<&'a [u8]>,
    /// CXL host bridges.
    pub cedt: Evidence<&'a [u8]>,
}
