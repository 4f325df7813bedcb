// SPDX-License-Identifier: GPL-2.0

//! From a policy and the devices that were seen to what each IOMMU group may reach.
//!
//! Pure: what a machine has to say comes as [`Surroundings`]. The same code checks a policy before
//! it is put in force, tells on another machine what it would do, and is what the guard carries out.

mod alike;
mod budget;
mod confinable;
mod groups;
mod memory;
mod roster;
mod statements;
mod surroundings;

use crate::verify::policy::{Policy, PolicyError};

pub use alike::{between, ends};
pub use budget::{gives_way, Meter, Standing};
pub use groups::{arrival, blocks_arrival, groups, groups_of, Action, GroupPlan, Phase, Situation};
pub use roster::{position, renew, sink};
pub use statements::{sort, Confinement, Lists, Sheet, Statements};
pub use surroundings::{path, Holds, Nothing, Surroundings, Tboot};

/// Bytes of a page: what windows and regions are made of.
pub const PAGE: u64 = 4096;

/// Checks what the language cannot: everything about regions, windows and devices. With
/// `surroundings` also what only the machine can tell.
///
/// # Errors
///
/// A statement that cannot be carried out, with its place: the policy is refused whole.
#[inline(never)]
pub fn check(
    statements: &Statements<'_>,
    surroundings: Option<&dyn Surroundings>,
) -> Result<(), PolicyError> {
    memory::regions(statements, surroundings)?;
    memory::windows(statements, surroundings)?;
    devices(statements, surroundings)
}

/// Whether a policy has statements that only the machine can check.
pub fn needs_machine(policy: &Policy<'_>) -> bool {
    policy.regions().next().is_some() || policy.compartments().next().is_some()
}

fn devices(
    statements: &Statements<'_>,
    surroundings: Option<&dyn Surroundings>,
) -> Result<(), PolicyError> {
    for (position, compartment) in statements.policy().compartments().enumerate() {
        if let Some(line) = statements.namesake(compartment.name, position) {
            return Err(compartment.place.error(format_args!(
                "compartment \"{}\" is already there, in line {line}",
                compartment.name
            )));
        }
    }
    for (position, (compartment, device)) in statements.devices().enumerate() {
        let at = device.address;
        if let Some((other, theirs)) = statements.earlier(at, position) {
            return Err(if theirs == compartment {
                device
                    .place
                    .error(format_args!("{at} is already in this compartment"))
            } else {
                device
                    .place
                    .error(format_args!("{at} is already in compartment \"{other}\""))
            });
        }
        if let Some(surroundings) = surroundings {
            confinable::confinable(&device, surroundings)?;
        }
    }
    Ok(())
}
