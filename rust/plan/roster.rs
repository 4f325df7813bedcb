// SPDX-License-Identifier: GPL-2.0

//! The PCI functions that are there: in the order of their addresses, and each one once.

use super::statements::key;
use super::surroundings::address;
use crate::verify::facts::PciFunction;
use crate::verify::policy::Address;

const fn place(function: &PciFunction) -> (u32, u8, u8) {
    key(address(function))
}

/// Where the function at `at` is in a list that is in order.
pub fn position(list: &[PciFunction], at: Address) -> Option<usize> {
    list.binary_search_by_key(&key(at), place).ok()
}

/// Puts `one` in the place of what the list has at its address; gives it back when that is nothing.
///
/// The kernel's walk over its devices (bus_find_device()) begins anew when the one on which it stands is taken
/// out meanwhile, and tells again what it has told. What is in the list twice would count as its own neighbour.
pub fn renew(list: &mut [PciFunction], one: PciFunction) -> Option<PciFunction> {
    match position(list, address(&one)).and_then(|at| list.get_mut(at)) {
        Some(known) => {
            *known = one;
            None
        }
        None => Some(one),
    }
}

/// Moves the last function to its place among the others, which are in order. The kernel's own order
/// is nearly that one, so it hardly ever moves far.
pub fn sink(list: &mut [PciFunction]) {
    let mut rest = list;
    while let [.., before, last] = rest {
        if place(before) <= place(last) {
            return;
        }
        core::mem::swap(before, last);
        let Some((_, shorter)) = rest.split_last_mut() else {
            return;
        };
        rest = shorter;
    }
}
