// SPDX-License-Identifier: GPL-2.0

//! What is shown of the guard: an immutable whole.

mod exposure;

use super::held::{Mapping, Trouble};
use super::spent::Spent;
use super::state::State;
use crate::decode::text::Text;
use crate::engine::note_group;
use crate::plan::position;
use crate::verify::facts::PciFunction;
use crate::verify::policy::{Address, MAX_LABEL};
use exposure::exposure;
use kernel::prelude::*;

/// An owned group.
pub(crate) struct Owned {
    /// Its number.
    pub(crate) id: u32,
    /// Its first function.
    pub(crate) first: Address,
    /// The compartment whose windows it reaches; empty when it is blocked.
    pub(crate) compartment: Text<MAX_LABEL>,
    /// Why the policy wants it so.
    pub(crate) reason: &'static str,
    /// Why it is not as the policy wants it.
    pub(crate) trouble: Option<Trouble>,
    /// A release gives its members all memory.
    pub(crate) degraded: bool,
    /// Nothing stands between what its members write to the interrupts' addresses and the processors.
    pub(crate) interrupts: bool,
}

/// A window in force.
pub(crate) struct Reach {
    /// The group's first function.
    pub(crate) device: Address,
    /// Addresses and access.
    pub(crate) mapping: Mapping,
}

/// A device that reaches what it was not given.
pub(crate) struct Exposed {
    /// The device.
    pub(crate) device: Address,
    /// Why.
    pub(crate) why: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

/// All that is shown.
pub(crate) struct View {
    /// How many groups there are.
    pub(crate) groups: usize,
    /// The owned ones.
    pub(crate) owned: KVVec<Owned>,
    /// Windows in force.
    pub(crate) windows: KVVec<Reach>,
    /// Exposed devices, by address.
    pub(crate) exposed: KVVec<Exposed>,
    /// The groups that should be owned and that a driver or somebody else has.
    taken: KVVec<u32>,
    /// Whether boot is over.
    pub(crate) settled: bool,
    /// Whether the policy does not accept the verdict and everything is to be blocked.
    pub(crate) quarantine: bool,
    /// Whether there was no memory to carry the policy out, which is tried again.
    pub(crate) unfinished: bool,
    /// What windows took when they were last given or taken back.
    pub(crate) spent: Spent,
}

impl View {
    /// Before anything was looked at.
    pub(crate) const fn nothing() -> Self {
        Self {
            groups: 0,
            owned: KVVec::new(),
            windows: KVVec::new(),
            exposed: KVVec::new(),
            taken: KVVec::new(),
            settled: false,
            quarantine: false,
            unfinished: false,
            spent: Spent::NOTHING,
        }
    }

    /// How many owned groups reach windows.
    pub(crate) fn confined(&self) -> usize {
        let confined = |owned: &&Owned| !owned.compartment.is_empty();
        self.owned.iter().filter(confined).count()
    }

    /// How many owned groups reach nothing.
    pub(crate) fn blocked(&self) -> usize {
        self.owned.len().saturating_sub(self.confined())
    }

    /// Whether launchguard owns `group`.
    pub(crate) fn owns(&self, group: u32) -> bool {
        self.owned.iter().any(|owned| owned.id == group)
    }

    /// Whether `group` was found to be in other hands when it should have been taken.
    pub(crate) fn is_taken(&self, group: u32) -> bool {
        self.taken.contains(&group)
    }

    /// Of a state and the functions that are there.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(super) fn of(state: &State, functions: &[PciFunction]) -> Result<Self> {
        let mut view = Self {
            groups: count_groups(functions)?,
            settled: state.settled,
            quarantine: state.quarantine,
            unfinished: state.unfinished,
            spent: state.spent,
            ..Self::nothing()
        };
        for held in &state.held {
            let owned = Owned {
                id: held.id,
                first: held.first,
                compartment: held.compartment,
                reason: held.reason,
                trouble: held.trouble,
                degraded: held.identity,
                interrupts: is_open_to_interrupts(functions, held.first),
            };
            view.owned.push(owned, GFP_KERNEL)?;
            for mapping in held.windows().unwrap_or(&[]) {
                let reach = Reach {
                    device: held.first,
                    mapping: *mapping,
                };
                view.windows.push(reach, GFP_KERNEL)?;
            }
        }
        let taken = |why| matches!(why, Trouble::Taken | Trouble::Elsewhere);
        for missed in state.missed.iter().filter(|one| taken(one.why)) {
            view.taken.push(missed.id, GFP_KERNEL)?;
        }
        for function in functions {
            if let Some((why, remedy)) = exposure(state, functions, function) {
                let device = Address {
                    segment: function.segment,
                    bus: function.bus,
                    devfn: function.devfn,
                };
                let exposed = Exposed {
                    device,
                    why,
                    remedy,
                };
                view.exposed.push(exposed, GFP_KERNEL)?;
            }
        }
        Ok(view)
    }
}

/// Whether a function can raise interrupts that are not its own. `functions` are in order.
fn is_open_to_interrupts(functions: &[PciFunction], at: Address) -> bool {
    position(functions, at)
        .and_then(|index| functions.get(index))
        .is_some_and(|one| one.isolated_msi == Some(false))
}

/// How many groups there are.
fn count_groups(functions: &[PciFunction]) -> Result<usize> {
    let mut groups = KVVec::new();
    for group in functions.iter().filter_map(|one| one.group) {
        note_group(&mut groups, group)?;
    }
    Ok(groups.len())
}
