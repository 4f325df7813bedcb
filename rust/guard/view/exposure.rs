// SPDX-License-Identifier: GPL-2.0

//! Functions that reach what they were not given, why, and what helps.

use crate::guard::held::Trouble;
use crate::guard::state::State;
use crate::sys::dma::driver_enabled;
use crate::verify::facts::{Ats, PciFunction, Translation};

/// Why, and the remedy.
type Finding = (&'static str, &'static str);

/// Whether `function`, one of `functions`, reaches what it was not given.
pub(super) fn exposure(
    state: &State,
    functions: &[PciFunction],
    function: &PciFunction,
) -> Option<Finding> {
    let situation = state.situation();
    if situation.is_bridge(function) {
        // Nothing blocks what the kernel takes for a bridge; one that arrived may be anything.
        let open = function.translation == Translation::Identity;
        return (open && situation.is_foreign(function)).then_some((
            "an identity domain: it arrived, says that it is a bridge, and reaches all memory",
            "boot without iommu=pt, or remove it",
        ));
    }
    match function.translation {
        Translation::None => {
            return Some((
                "no IOMMU group: nothing translates its accesses",
                if driver_enabled() {
                    // The driver runs, and found no unit that can translate.
                    "switch DMA translation (VT-d) on in the firmware, or remove the device"
                } else {
                    "switch VT-d on in the firmware and boot with intel_iommu=on, or remove the device"
                },
            ))
        }
        Translation::Identity => {
            return Some((
                "an identity domain: it reaches all memory",
                if of_group(functions, function).any(has_driver) {
                    "boot without iommu=pt, or unbind its driver and let the policy block it"
                } else {
                    "boot without iommu=pt, or let the policy block it"
                },
            ))
        }
        Translation::Blocked | Translation::Dma | Translation::Managed | Translation::Unknown => {}
    }
    if function.ats == Ats::On {
        return Some((
            "address translation services are on: its translated requests pass unchecked",
            "boot with pci=noats",
        ));
    }
    let group = function.group?;
    let missed = state.missed.iter().find(|missed| missed.id == group);
    match missed.map(|missed| missed.why) {
        Some(Trouble::Elsewhere) => return None,
        // Whoever was there before has what its driver gives it.
        Some(Trouble::Beside) if !situation.is_foreign(function) => {}
        Some(why) => return Some((why.words(), why.remedy())),
        None => {}
    }
    if state.quarantine && !state.owns(group) {
        return escape(state, functions, function, group);
    }
    None
}

fn of_group<'a>(
    functions: &'a [PciFunction],
    function: &PciFunction,
) -> impl Iterator<Item = &'a PciFunction> {
    let group = function.group;
    functions.iter().filter(move |one| one.group == group)
}

/// Whether a function has a driver that keeps others from its group: those of bridges do not.
fn has_driver(function: &PciFunction) -> bool {
    function.driver && !function.bridge
}

/// Why a function whose group is not owned is out of quarantine.
fn escape(
    state: &State,
    functions: &[PciFunction],
    function: &PciFunction,
    group: u32,
) -> Option<Finding> {
    if function.driver {
        return Some((
            "the policy wants everything blocked, and a driver has it",
            "unbind its driver, then write 1 to settle",
        ));
    }
    // Drivers may still come to it.
    if !state.settled || state.is_stopped(group, functions) {
        return None;
    }
    let situation = state.situation();
    Some(if of_group(functions, function).any(has_driver) {
        (
            "the policy wants everything blocked, and a driver has a neighbour in its group",
            "unbind the drivers of its group, then write 1 to settle",
        )
    } else if of_group(functions, function).any(|one| situation.is_display(one)) {
        (
            "the policy wants everything blocked, and displays are left out",
            "name the display in a compartment, or remove it",
        )
    } else {
        (
            "the policy wants everything blocked, and it is not yet",
            "none is needed: it is tried again by itself",
        )
    })
}
