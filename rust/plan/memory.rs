// SPDX-License-Identifier: GPL-2.0

//! Regions and windows: what the IOMMU driver maps without a question.

use super::statements::Statements;
use super::surroundings::{aperture_bits, taken, tboot, Holds, Surroundings};
use super::PAGE;
use crate::decode::range::overlap;
use crate::verify::facts::Facts;
use crate::verify::policy::{Place, PolicyError, Region, Window};

/// Writes of a device to these addresses are interrupts, whatever is mapped there.
const MSI_BASE: u64 = 0xfee0_0000;
/// Size of that range in bytes.
const MSI_SIZE: u64 = 0x10_0000;
/// Bits of an address that the largest page tables translate.
const MAX_BITS: u32 = 57;

/// A range of the text with the places of its two numbers.
struct Range {
    what: &'static str,
    base: u64,
    base_place: Place,
    size: u64,
    size_place: Place,
}

impl Range {
    /// Refuses what is no range of whole pages.
    fn check(&self) -> Result<(), PolicyError> {
        let (base, size, what) = (self.base, self.size, self.what);
        if size == 0 {
            return Err(self
                .size_place
                .error(format_args!("the {what} has no bytes")));
        }
        if base % PAGE != 0 {
            return Err(self.base_place.error(format_args!(
                "the {what} begins at {base:#x}, which is no multiple of 4 KiB"
            )));
        }
        if size % PAGE != 0 {
            return Err(self.size_place.error(format_args!(
                "the {what} has {size:#x} bytes, which is no multiple of 4 KiB"
            )));
        }
        if base.checked_add(size).is_none() {
            return Err(self.size_place.error(format_args!(
                "the {what} at {base:#x} with {size:#x} bytes reaches beyond 64 bits"
            )));
        }
        Ok(())
    }
}

/// Checks every region.
pub(super) fn regions(
    statements: &Statements<'_>,
    surroundings: Option<&dyn Surroundings>,
) -> Result<(), PolicyError> {
    let regions = statements.regions();
    for (before, region) in regions.iter().enumerate() {
        let same = |other: &&Region<'_>| other.name == region.name;
        if let Some(other) = regions.iter().take(before).find(same) {
            return Err(region.place.error(format_args!(
                "region \"{}\" is already there, in line {}",
                region.name, other.place.line
            )));
        }
        let range = Range {
            what: "region",
            base: region.base,
            base_place: region.base_place,
            size: region.size,
            size_place: region.size_place,
        };
        range.check()?;
        if let Some(surroundings) = surroundings {
            reachable(region, surroundings)?;
        }
    }
    Ok(())
}

/// Refuses a region that a device must not reach.
#[inline(never)]
fn reachable(region: &Region<'_>, surroundings: &dyn Surroundings) -> Result<(), PolicyError> {
    let place = region.base_place;
    let (base, size) = (region.base, region.size);
    let tboot = tboot(surroundings).map_err(|why| {
        place.error(format_args!(
            "the region cannot be compared with tboot's memory: {why}"
        ))
    })?;
    let facts = surroundings.facts();
    let mut ranges = tboot.into_iter().flatten().chain(taken(&facts));
    if let Some(range) = ranges.find(|range| range.overlaps(base, size)) {
        return Err(place.error(format_args!(
            "the region overlaps {} at {:#x} + {:#x}",
            range.what, range.base, range.size
        )));
    }
    let why = match surroundings.holds(base, size) {
        Some(Holds::Reserved) => return Ok(()),
        Some(Holds::Acpi) => "holds an ACPI table",
        Some(Holds::Efi) => "holds memory of EFI's runtime services",
        Some(Holds::Ram) => "holds System RAM, which is the kernel's",
        Some(Holds::Nothing) => "is not reserved: no memory is known there",
        Some(Holds::Other) => "is not reserved memory alone: something else is there",
        None => "cannot be compared with the machine's memory",
    };
    Err(place.error(format_args!("the region {why}")))
}

/// Checks every window.
pub(super) fn windows(
    statements: &Statements<'_>,
    surroundings: Option<&dyn Surroundings>,
) -> Result<(), PolicyError> {
    let bits = match surroundings {
        Some(surroundings) => aperture(&surroundings.facts()),
        None => MAX_BITS,
    };
    for (position, compartment) in statements.policy().compartments().enumerate() {
        for window in compartment.windows() {
            check_window(&window, statements.regions(), bits)?;
        }
        let windows = statements.confinement(position);
        disjoint(windows.map_or(&[], |one| one.windows))?;
    }
    Ok(())
}

/// Refuses windows that share an address; they are in the order of their first ones, and each is sound by
/// itself.
fn disjoint(windows: &[Window]) -> Result<(), PolicyError> {
    let addresses = |window: &Window| (window.iova, window.size);
    for pair in windows.windows(2) {
        let [one, other] = pair else { continue };
        if !overlap(addresses(one), addresses(other)) {
            continue;
        }
        let (before, window) = if one.base_place.line < other.base_place.line {
            (one, other)
        } else {
            (other, one)
        };
        return Err(window.iova_place.error(format_args!(
            "the addresses {:#x} + {:#x} overlap those of the window in line {}",
            window.iova, window.size, before.base_place.line
        )));
    }
    Ok(())
}

fn aperture(facts: &Facts<'_>) -> u32 {
    aperture_bits(facts).unwrap_or(MAX_BITS)
}

fn check_window(window: &Window, regions: &[Region<'_>], bits: u32) -> Result<(), PolicyError> {
    let range = Range {
        what: "window",
        base: window.base,
        base_place: window.base_place,
        size: window.size,
        size_place: window.size_place,
    };
    range.check()?;
    let (iova, size, place) = (window.iova, window.size, window.iova_place);
    if iova % PAGE != 0 {
        return Err(place.error(format_args!(
            "the window is at {iova:#x}, which is no multiple of 4 KiB"
        )));
    }
    let beyond = |end: u64| bits < u64::BITS && end > 1u64.checked_shl(bits).unwrap_or(u64::MAX);
    if iova.checked_add(size).is_none_or(beyond) {
        return Err(place.error(format_args!(
            "the window at {iova:#x} + {size:#x} lies above the {bits} bits that are translated"
        )));
    }
    if overlap((iova, size), (MSI_BASE, MSI_SIZE)) {
        return Err(place.error(format_args!(
            "the window at {iova:#x} touches {MSI_BASE:#x} + {MSI_SIZE:#x}, where writes are \
             interrupts"
        )));
    }
    let contains = |region: &Region<'_>| {
        let end = region.base.checked_add(region.size);
        region.base <= window.base && end >= window.base.checked_add(size) && end.is_some()
    };
    if !regions.iter().any(contains) {
        return Err(window.base_place.error(format_args!(
            "the window {:#x} + {size:#x} lies in no region",
            window.base
        )));
    }
    Ok(())
}
