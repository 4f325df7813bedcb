// SPDX-License-Identifier: GPL-2.0

//! The PCI functions that are there: in the order of their addresses, and each one once.

use crate::verify::facts::PciFunction;

/// Segment, bus, and device with function.
const fn place(function: &PciFunction) -> (u32, u8, u8) {
    (function.segment, function.bus, function.devfn)
}

/// Puts `one` in the place of what the list has at its address; gives it back when that is nothing.
///
/// The kernel's walk over its devices (bus_find_device()) begins anew when the one on which it stands is taken
/// out meanwhile, and tells again what it has told. What is in the list twice would count as its own neighbour.
pub fn renew(list: &mut [PciFunction], one: PciFunction) -> Option<PciFunction> {
    let found = list.binary_search_by_key(&place(&one), place).ok();
    match found.and_then(|at| list.get_mut(at)) {
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
