// SPDX-License-Identifier: GPL-2.0

//! From a policy and the devices that were seen to what each IOMMU group may reach.
//!
//! Pure: what a machine has to say comes as [`Surroundings`]. The same code checks a policy before
//! it is put in force, tells on another machine what it would do, and is what the guard carries out.

mod budget;
mod confinable;
mod groups;
mod memory;
mod surroundings;

use crate::verify::policy::{Compartment, Policy, PolicyError};

pub use budget::{gives_way, Meter, Standing};
pub use groups::{arrival, blocks_arrival, groups, groups_of, Action, GroupPlan, Phase, Situation};
pub use surroundings::{path, Holds, Nothing, Surroundings, Tboot};

/// Bytes of a page: what windows and regions are made of.
pub const PAGE: u64 = 4096;

/// Checks what the language cannot: everything about regions, windows and devices. With
/// `surroundings` also what only the machine can tell.
///
/// # Errors
///
/// The first statement that cannot be carried out, with its place: the policy is refused whole.
#[inline(never)]
pub fn check(
    policy: &Policy<'_>,
    surroundings: Option<&dyn Surroundings>,
) -> Result<(), PolicyError> {
    memory::regions(policy, surroundings)?;
    memory::windows(policy, surroundings)?;
    devices(policy, surroundings)
}

/// Whether a policy has statements that only the machine can check.
pub fn needs_machine(policy: &Policy<'_>) -> bool {
    policy.regions().next().is_some() || policy.compartments().next().is_some()
}

fn devices(
    policy: &Policy<'_>,
    surroundings: Option<&dyn Surroundings>,
) -> Result<(), PolicyError> {
    let mut before = 0usize;
    for compartment in policy.compartments() {
        for other in policy.compartments().take(before) {
            if other.name == compartment.name {
                return Err(compartment.place.error(format_args!(
                    "compartment \"{}\" is already there, in line {}",
                    compartment.name, other.place.line
                )));
            }
            shared(&compartment, &other)?;
        }
        before = before.saturating_add(1);
        let mut seen = 0usize;
        for device in compartment.devices() {
            if compartment
                .devices()
                .take(seen)
                .any(|other| other.address == device.address)
            {
                return Err(device.place.error(format_args!(
                    "{} is already in this compartment",
                    device.address
                )));
            }
            seen = seen.saturating_add(1);
            if let Some(surroundings) = surroundings {
                confinable::confinable(&device, surroundings)?;
            }
        }
    }
    Ok(())
}

/// Refuses a device that two compartments name.
fn shared(compartment: &Compartment<'_>, other: &Compartment<'_>) -> Result<(), PolicyError> {
    for device in compartment.devices() {
        if other
            .devices()
            .any(|theirs| theirs.address == device.address)
        {
            return Err(device.place.error(format_args!(
                "{} is already in compartment \"{}\"",
                device.address, other.name
            )));
        }
    }
    Ok(())
}
