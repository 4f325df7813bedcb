// SPDX-License-Identifier: GPL-2.0

//! Chipset and processor by their numbers, and the host bridge's part of the memory map.

use super::Input;
use launchguard_pure::decode::platform::{HostBridge, Platform};
use launchguard_pure::decode::registers::{DidVid, Reg, Registers};

/// TXT.DIDVID in words.
pub(super) fn identity(registers: &Registers) -> Option<String> {
    let id = DidVid(registers.get(Reg::DidVid)?);
    Some(format!(
        "{:04x}:{:04x} revision {:#x}",
        id.vendor(),
        id.device(),
        id.revision()
    ))
}

/// Family, model and stepping of CPUID leaf 1, EAX (Intel SDM volume 2, CPUID).
pub(super) const fn signature(eax: u32) -> (u32, u32, u32) {
    let (family, model) = ((eax >> 8) & 0xf, (eax >> 4) & 0xf);
    let (more_family, more_model) = ((eax >> 20) & 0xff, (eax >> 16) & 0xf);
    let full_family = if family == 0xf {
        family + more_family
    } else {
        family
    };
    let full_model = if family == 0x6 || family == 0xf {
        (more_model << 4) | model
    } else {
        model
    };
    (full_family, full_model, eax & 0xf)
}

/// The host bridge's limits of client chipsets, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// TSEGMB: start of TSEG.
    pub(super) tseg: u64,
    /// BGSM: start of the graphics translation table.
    pub(super) bgsm: u64,
    /// BDSM: start of the graphics memory.
    pub(super) bdsm: u64,
    /// TOLUD: end of usable memory below 4 GiB.
    pub(super) tolud: u64,
}

/// The limits, where the platform is known and they stand in their order: no picture is better than a
/// wrong one.
pub(super) fn limits(input: &Input<'_>) -> Option<Limits> {
    let bridge = HostBridge::new(input.facts.chipset.host_bridge.read()?)?;
    Platform::find(bridge.vendor(), bridge.device())?;
    let limits = Limits {
        tseg: bridge.tsegmb(),
        bgsm: bridge.bgsm(),
        bdsm: bridge.bdsm(),
        tolud: bridge.tolud(),
    };
    let ordered = limits.tseg > 0
        && limits.tseg < limits.bgsm
        && limits.bgsm <= limits.bdsm
        && limits.bdsm <= limits.tolud;
    ordered.then_some(limits)
}

/// The platform by its name.
pub(super) fn platform(input: &Input<'_>) -> Option<&'static str> {
    let bridge = HostBridge::new(input.facts.chipset.host_bridge.read()?)?;
    Platform::find(bridge.vendor(), bridge.device()).map(|platform| platform.name)
}
