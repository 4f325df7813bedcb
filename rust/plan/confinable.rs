// SPDX-License-Identifier: GPL-2.0

//! Devices that a compartment may hold.

use super::groups::is_bridge;
use super::surroundings::{address, functions, Surroundings};
use crate::verify::facts::{Ats, PciFunction};
use crate::verify::policy::{Address, Device, PolicyError};
use core::fmt;

/// Most neighbours that are listed.
const LISTED: usize = 7;

/// The functions of a group besides one, as a list.
struct Neighbours<'a> {
    all: &'a [PciFunction],
    at: Address,
    group: u32,
}

impl fmt::Display for Neighbours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = |other: &&PciFunction| other.group == Some(self.group);
        let others = || self.all.iter().filter(same).map(address);
        let others = || others().filter(|other| *other != self.at);
        for (position, other) in others().take(LISTED).enumerate() {
            write!(f, "{}{other}", if position == 0 { "" } else { ", " })?;
        }
        match others().count() {
            // The kernel counts members that are in no list of functions.
            0 => f.write_str("devices that are no PCI functions"),
            ..=LISTED => Ok(()),
            count => write!(f, " and {} more", count.saturating_sub(LISTED)),
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
