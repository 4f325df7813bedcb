// SPDX-License-Identifier: GPL-2.0

//! Chipset and processor by their numbers, and the host bridge's part of the memory map.

use super::Input;
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
    /// TSEGMB, offset 0xb8: start of TSEG.
    pub(super) tseg: u64,
    /// BGSM, offset 0xb4: start of the graphics translation table.
    pub(super) bgsm: u64,
    /// BDSM, offset 0xb0: start of the graphics memory.
    pub(super) bdsm: u64,
    /// TOLUD, offset 0xbc: end of usable memory below 4 GiB.
    pub(super) tolud: u64,
}

/// The limits, where they stand in the order of client chipsets (Intel 6th generation datasheet
/// volume 2, section 3): a server's host bridge has other things at these offsets, and no picture is
/// better than a wrong one.
pub(super) fn limits(input: &Input<'_>) -> Option<Limits> {
    let config = input.facts.chipset.host_bridge.read()?;
    let dword = |offset: usize| {
        let bytes = config.get(offset..offset.checked_add(4)?)?;
        Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
    };
    let mib = |offset| Some(dword(offset)? & 0xfff0_0000);
    if dword(0)? & 0xffff != 0x8086 {
        return None;
    }
    let limits = Limits {
        tseg: mib(0xb8)?,
        bgsm: mib(0xb4)?,
        bdsm: mib(0xb0)?,
        tolud: mib(0xbc)?,
    };
    let ordered = limits.tseg > 0
        && limits.tseg < limits.bgsm
        && limits.bgsm <= limits.bdsm
        && limits.bdsm <= limits.tolud;
    ordered.then_some(limits)
}
