// SPDX-License-Identifier: GPL-2.0

//! The chipset and the memory map.

use super::{map, NOT_YET};
use crate::decode::platform::{HostBridge, Platform, RemapPlace};
use crate::sys::{boot, chipset};
use crate::verify::facts::{ChipsetFacts, Evidence, MemoryRange, Remap, CONFIG_SIZE};
use kernel::prelude::*;

/// What was read.
pub(super) struct Collected {
    host_bridge: Evidence<[u8; CONFIG_SIZE]>,
    remap: Evidence<Remap>,
    memory_map: Evidence<KVVec<MemoryRange>>,
    ecam: Evidence<(u64, u64)>,
}

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self {
        host_bridge: Evidence::Unreadable(NOT_YET),
        remap: Evidence::Unreadable(NOT_YET),
        memory_map: Evidence::Unreadable(NOT_YET),
        ecam: Evidence::Unreadable(NOT_YET),
    };

    /// Reads it; `mcfg` is the ACPI table that says where configuration space lies.
    #[inline(never)]
    pub(super) fn read(mcfg: Evidence<&[u8]>) -> Self {
        let host_bridge = read_host_bridge();
        Self {
            remap: read_remap(&host_bridge),
            host_bridge,
            memory_map: read_memory_map(),
            ecam: read_ecam(mcfg),
        }
    }

    /// As facts.
    pub(super) fn facts(&self) -> ChipsetFacts<'_> {
        ChipsetFacts {
            host_bridge: map(&self.host_bridge, |config| config.as_slice()),
            remap: self.remap,
            memory_map: map(&self.memory_map, |ranges| ranges.as_slice()),
            ecam: self.ecam,
        }
    }
}

fn read_host_bridge() -> Evidence<[u8; CONFIG_SIZE]> {
    let mut config = [0; CONFIG_SIZE];
    match chipset::host_bridge(&mut config) {
        Ok(()) => Evidence::Read(config),
        Err(error) if error == ENODEV => Evidence::Absent("there is no device 0000:00:00.0"),
        Err(_) => Evidence::Unreadable("configuration space of 0000:00:00.0 does not answer"),
    }
}

fn read_remap(host_bridge: &Evidence<[u8; CONFIG_SIZE]>) -> Evidence<Remap> {
    let Evidence::Read(config) = host_bridge else {
        return Evidence::Unreadable("there is no host bridge to ask");
    };
    let Some(bridge) = HostBridge::new(config) else {
        return Evidence::Unreadable("there is no host bridge to ask");
    };
    let Some(platform) = Platform::find(bridge.vendor(), bridge.device()) else {
        return Evidence::Unreadable("the platform is not known");
    };
    let offset = match platform.remap {
        RemapPlace::Mchbar(offset) => u64::from(offset),
        RemapPlace::Config => return Evidence::Absent("it is in configuration space"),
        RemapPlace::Unclear => return Evidence::Unreadable("its place is not known"),
    };
    let Some(mchbar) = bridge.mchbar(platform) else {
        return Evidence::Unreadable("MCHBAR is off");
    };
    let base = mchbar.saturating_add(offset);
    match chipset::register_pair(base, base.saturating_add(8)) {
        Ok((base, limit)) => Evidence::Read(Remap { base, limit }),
        Err(_) => Evidence::Unreadable("MCHBAR could not be mapped"),
    }
}

fn read_memory_map() -> Evidence<KVVec<MemoryRange>> {
    let ranges = boot::memory_map(|base, size, kind| MemoryRange { base, size, kind });
    match ranges {
        Ok(ranges) if ranges.is_empty() => Evidence::Unreadable("the kernel shows an empty map"),
        Ok(ranges) => Evidence::Read(ranges),
        Err(_) => Evidence::Unreadable("the kernel does not show its boot parameters"),
    }
}

fn read_ecam(mcfg: Evidence<&[u8]>) -> Evidence<(u64, u64)> {
    let Evidence::Read(mcfg) = mcfg else {
        return Evidence::Unreadable("there is no MCFG that says where to look");
    };
    let Some(range) = crate::decode::mcfg::ranges(mcfg).find(|range| range.segment == 0) else {
        return Evidence::Unreadable("the MCFG does not describe segment 0");
    };
    match chipset::claimed_size(range.start()) {
        Ok(size) => Evidence::Read((range.start(), size)),
        Err(_) => Evidence::Unreadable("no range of the kernel's own starts where MCFG says"),
    }
}
