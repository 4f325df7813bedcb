// SPDX-License-Identifier: GPL-2.0

//! What a policy says of memory and devices, read once: to ask its text is to read all of it, and there is a
//! question for each window, device and group.

use crate::verify::policy::{Address, Allow, Compartment, Device, Policy, Region, Window};
use core::ops::{Deref, DerefMut, Range};

/// Memory for lists: the kernel's, which may not be there, or the host's.
pub trait Lists {
    /// A list.
    type List<T>: Deref<Target = [T]> + DerefMut;
    /// Why there is none.
    type Error;

    /// Makes a list of `items`.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    fn list<T>(items: impl Iterator<Item = T>) -> Result<Self::List<T>, Self::Error>;
}

/// A compartment with what the others are compared with.
#[derive(Clone, Debug)]
struct Listed<'p> {
    name: &'p str,
    line: u32,
    windows: Range<usize>,
}

/// A device of the compartment at a position.
#[derive(Clone, Copy, Debug)]
struct Named {
    address: Address,
    compartment: usize,
    /// Position among all devices of the text.
    position: usize,
}

/// The lists, in memory of `L`.
pub struct Sheet<'p, L: Lists> {
    policy: Policy<'p>,
    regions: L::List<Region<'p>>,
    compartments: L::List<Listed<'p>>,
    devices: L::List<Named>,
    windows: L::List<Window>,
    allows: L::List<Allow>,
}

impl<'p, L: Lists> Sheet<'p, L> {
    /// Reads `policy`.
    ///
    /// # Errors
    ///
    /// There is no memory for the lists.
    pub fn of(policy: &Policy<'p>) -> Result<Self, L::Error> {
        let mut end = 0usize;
        let compartments = L::list(policy.compartments().map(|one| {
            let start = end;
            end = end.saturating_add(one.windows().count());
            Listed {
                name: one.name,
                line: one.place.line,
                windows: start..end,
            }
        }))?;
        let mut windows = L::list(policy.compartments().flat_map(|one| one.windows()))?;
        for one in compartments.iter() {
            if let Some(windows) = windows.get_mut(one.windows.clone()) {
                sort(windows, |window| (window.iova, window.base_place.line));
            }
        }
        let named = devices(policy).enumerate();
        let mut devices = L::list(named.map(|(position, (compartment, device))| Named {
            address: device.address,
            compartment,
            position,
        }))?;
        sort(&mut devices, |one| (key(one.address), one.position));
        Ok(Self {
            policy: *policy,
            regions: L::list(policy.regions())?,
            compartments,
            devices,
            windows,
            allows: L::list(policy.allows())?,
        })
    }

    /// What can be asked.
    pub fn statements(&self) -> Statements<'_> {
        Statements {
            policy: self.policy,
            regions: &self.regions,
            compartments: &self.compartments,
            devices: &self.devices,
            windows: &self.windows,
            allows: &self.allows,
        }
    }
}

/// What a group is confined to.
#[derive(Clone, Copy, Debug)]
pub struct Confinement<'s> {
    /// The compartment's name.
    pub name: &'s str,
    /// Its windows, in the order of the addresses that devices use.
    pub windows: &'s [Window],
}

/// A policy whose statements about memory and devices are in memory.
#[derive(Clone, Copy)]
pub struct Statements<'s> {
    policy: Policy<'s>,
    regions: &'s [Region<'s>],
    compartments: &'s [Listed<'s>],
    devices: &'s [Named],
    windows: &'s [Window],
    allows: &'s [Allow],
}

impl<'s> Statements<'s> {
    /// The policy.
    pub(super) const fn policy(&self) -> &Policy<'s> {
        &self.policy
    }

    /// The regions, in the order of the text.
    pub(super) const fn regions(&self) -> &'s [Region<'s>] {
        self.regions
    }

    /// The exceptions, in the order of the text.
    pub(super) const fn allows(&self) -> &'s [Allow] {
        self.allows
    }

    /// What the compartment at `position` of the text gives.
    pub(super) fn confinement(&self, position: usize) -> Option<Confinement<'s>> {
        let listed = self.compartments.get(position)?;
        Some(Confinement {
            name: listed.name,
            windows: self.windows.get(listed.windows.clone())?,
        })
    }

    /// What the compartment that names `at` gives.
    pub(super) fn of_device(&self, at: Address) -> Option<Confinement<'s>> {
        self.confinement(self.first(at)?.compartment)
    }

    /// Name and position of the compartment that names `at` before the device at `position` of all devices does.
    pub(super) fn earlier(&self, at: Address, position: usize) -> Option<(&'s str, usize)> {
        let first = self.first(at).filter(|one| one.position < position)?;
        let listed = self.compartments.get(first.compartment)?;
        Some((listed.name, first.compartment))
    }

    /// The line of the compartment called `name` before the one at `position`.
    pub(super) fn namesake(&self, name: &str, position: usize) -> Option<u32> {
        let before = self.compartments.get(..position)?;
        let same = before.iter().find(|one| one.name == name)?;
        Some(same.line)
    }

    /// The devices, in the order of the text, each with the position of its compartment.
    pub(super) fn devices(&self) -> impl Iterator<Item = (usize, Device)> + 's {
        devices(&self.policy)
    }

    fn first(&self, at: Address) -> Option<&'s Named> {
        let before = |one: &Named| key(one.address) < key(at);
        let first = self.devices.get(self.devices.partition_point(before))?;
        (first.address == at).then_some(first)
    }
}

fn devices<'p>(policy: &Policy<'p>) -> impl Iterator<Item = (usize, Device)> + 'p {
    let compartments = policy.compartments().enumerate();
    compartments.flat_map(|(position, one): (usize, Compartment<'p>)| {
        one.devices().map(move |device| (position, device))
    })
}

/// What addresses are in order by: segment, bus, and device with function.
pub(super) const fn key(at: Address) -> (u32, u8, u8) {
    (at.segment, at.bus, at.devfn)
}

/// Sorts by `key`; takes no memory, and next to no time for what is sorted already, as most texts are.
pub fn sort<T: Copy, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    for end in 1..list.len() {
        let Some((sorted, [next, ..])) = list.split_at_checked(end) else {
            return;
        };
        let next = *next;
        let of_next = key(&next);
        let at = sorted.partition_point(|one| key(one) <= of_next);
        // Everything behind its place moves up by one.
        let mut moved = next;
        for one in list.get_mut(at..=end).unwrap_or(&mut []) {
            core::mem::swap(one, &mut moved);
        }
    }
}
