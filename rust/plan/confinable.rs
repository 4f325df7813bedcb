// SPDX-License-Identifier: GPL-2.0

//! Devices that a compartment may hold.

use super::groups::is_bridge;
use super::surroundings::{address, functions, Surroundings};
use crate::verify::facts::{Ats, PciFunction};
use crate::verify::policy::{Address, Device, PolicyError};
use core::fmt;

/// Slots whose functions are listed: as many as the text of an error has room for.
const SLOTS: usize = 2;

/// The functions of a group besides one, slot by slot: 0000:03:00.1,2,3.
struct Neighbours<'a> {
    all: &'a [PciFunction],
    at: Address,
    group: u32,
}

impl fmt::Display for Neighbours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = |at: Address| (at.segment, at.bus, at.devfn >> 3);
        let members = self.all.iter().filter(|one| one.group == Some(self.group));
        let (mut slots, mut more) = (0usize, 0usize);
        let mut last = None;
        for other in members.map(address).filter(|other| *other != self.at) {
            if last == Some(slot(other)) && more == 0 {
                write!(f, ",{}", other.devfn & 7)?;
                continue;
            }
            if slots == SLOTS {
                more = more.saturating_add(1);
                continue;
            }
            write!(f, "{}{other}", if slots == 0 { "" } else { " " })?;
            slots = slots.saturating_add(1);
            last = Some(slot(other));
        }
        match (slots, more) {
            // The kernel counts members that are in no list of functions.
            (0, _) => f.write_str("devices that are no PCI functions"),
            (_, 0) => Ok(()),
            (_, more) => write!(f, " and {more} more"),
        }
    }
}

/// Refuses a device that cannot be confined.
#[inline(never)]
pub(super) fn confinable(
    device: &Device,
    surroundings: &dyn Surroundings,
) -> Result<(), PolicyError> {
    let (at, place) = (device.address, device.place);
    let facts = surroundings.facts();
    let all = match functions(&facts) {
        Ok(all) => all,
        Err(why) => {
            return Err(place.error(format_args!("{at}: the PCI functions are not known: {why}")))
        }
    };
    let Some(function) = all.iter().find(|function| address(function) == at) else {
        return Err(place.error(format_args!("there is no PCI function {at}")));
    };
    if is_bridge(function) {
        return Err(place.error(format_args!(
            "{at} is a bridge: it carries others' accesses"
        )));
    }
    let Some(group) = function.group else {
        return Err(place.error(format_args!(
            "{at} is in no IOMMU group: nothing translates its accesses"
        )));
    };
    let members = all
        .iter()
        .filter(|other| other.group == Some(group))
        .count();
    let members = members.max(usize::try_from(function.group_size).unwrap_or(usize::MAX));
    if members != 1 {
        let neighbours = Neighbours { all, at, group };
        return Err(place.error(format_args!(
            "{at} shares IOMMU group {group} with {neighbours}"
        )));
    }
    if function.driver {
        return Err(place.error(format_args!(
            "{at} has a driver: only a device without one can be confined"
        )));
    }
    if function.ats == Ats::On {
        return Err(place.error(format_args!(
            "{at} has ATS switched on: its translated requests pass unchecked"
        )));
    }
    Ok(())
}
