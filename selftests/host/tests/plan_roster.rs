// SPDX-License-Identifier: GPL-2.0

//! The list of PCI functions, from a walk that begins anew now and then.

use std::collections::BTreeMap;

use launchguard_host_tests::fixture;
use launchguard_pure::plan::{renew, sink};
use launchguard_pure::verify::facts::PciFunction;
use proptest::prelude::*;

fn listed(walk: impl IntoIterator<Item = PciFunction>) -> Vec<PciFunction> {
    let mut list = Vec::new();
    for one in walk {
        if let Some(new) = renew(&mut list, one) {
            list.push(new);
            sink(&mut list);
        }
    }
    list
}

/// The kernel has 06.0 last because it was plugged in; it is pulled out while the walk stands on it.
#[test]
fn a_walk_that_begins_anew_lists_nothing_twice() {
    let [host, steady, lpc, pulled] = [(0, 0), (7, 1), (0x1f, 2), (6, 3)]
        .map(|(slot, group)| fixture::dma::function(0, slot, 0, group));
    let list = listed([host, steady, lpc, pulled, host, steady, lpc]);
    assert_eq!(list, [host, pulled, steady, lpc]);
}

proptest! {
    #[test]
    fn the_list_is_in_order_and_has_what_was_told_last(
        walk in prop::collection::vec((0_u8..3, 0_u8..4, 0_u8..2, 0_u32..9), 0..40),
    ) {
        let walk = walk.into_iter()
            .map(|(bus, slot, number, group)| fixture::dma::function(bus, slot, number, group));
        let last: BTreeMap<_, _> = walk.clone()
            .map(|one| ((one.segment, one.bus, one.devfn), one))
            .collect();
        prop_assert_eq!(listed(walk), last.into_values().collect::<Vec<_>>());
    }
}
