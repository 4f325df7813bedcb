// SPDX-License-Identifier: GPL-2.0

//! The lists that a plan looks things up in say what the text says, in whatever order that says it.

use launchguard_host_tests::fixture::dma::function;
use launchguard_pure::lists::sheet;
use launchguard_pure::plan::{self, sort, Action, Situation};
use launchguard_pure::verify::facts::PciFunction;
use launchguard_pure::verify::policy::Policy;
use proptest::prelude::*;

/// A compartment as it is written: devices on bus 3, and windows of one page each: page of the device and
/// page of the region.
type Written = (Vec<u8>, Vec<(u64, u64)>);

fn text(compartments: &[Written]) -> String {
    let mut text = "version 1\nregion shared 0x10000000 + 64M\n".to_owned();
    for (number, (devices, windows)) in compartments.iter().enumerate() {
        text += &format!("compartment c{number} {{\n");
        for devfn in devices {
            text += &format!("device 0000:03:{:02x}.{}\n", devfn >> 3, devfn & 7);
        }
        for (at, page) in windows {
            let base = 0x1000_0000 + page * 4096;
            text += &format!("window {base:#x} + 4K rw at {:#x}\n", at * 4096);
        }
        text += "}\n";
    }
    text
}

fn without_driver(devfn: u8) -> PciFunction {
    PciFunction {
        driver: false,
        ..function(3, devfn >> 3, devfn & 7, u32::from(devfn))
    }
}

/// Distinct numbers in any order, dealt to some compartments.
fn dealt(most: u64) -> impl Strategy<Value = Vec<u64>> {
    Just((0..most).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #[test]
    fn each_device_gets_the_windows_of_its_compartment(
        devices in dealt(64),
        sizes in proptest::collection::vec((1usize..4, dealt(12), dealt(40)), 1..12),
    ) {
        let mut left = devices.into_iter().map(|devfn| u8::try_from(devfn).unwrap());
        let compartments: Vec<Written> = sizes
            .into_iter()
            .map(|(count, at, page)| (left.by_ref().take(count).collect(), at.into_iter().zip(page).collect()))
            .collect();
        let text = text(&compartments);
        let policy = Policy::parse(text.as_bytes()).expect("well-formed");
        let sheet = sheet(&policy);
        prop_assert_eq!(plan::check(&sheet.statements(), None), Ok(()));
        let functions: Vec<PciFunction> = (0..64).map(without_driver).collect();
        let mut found = 0;
        plan::groups_of(&sheet.statements(), &functions, &Situation::CALM, |plan| {
            let devfn = plan.first.devfn;
            let named = compartments.iter().position(|(devices, _)| devices.contains(&devfn));
            match (plan.action, named) {
                (Action::Leave, None) => {}
                (Action::Confine(confinement), Some(number)) => {
                    found += 1;
                    assert_eq!(confinement.name, format!("c{number}"));
                    let mut windows = compartments[number].1.clone();
                    windows.sort_unstable();
                    let given: Vec<_> = confinement
                        .windows
                        .iter()
                        .map(|one| (one.iova / 4096, (one.base - 0x1000_0000) / 4096))
                        .collect();
                    assert_eq!(given, windows);
                }
                (action, named) => panic!("{devfn}: {action:?}, {named:?}"),
            }
        });
        prop_assert_eq!(found, compartments.iter().map(|(devices, _)| devices.len()).sum::<usize>());
    }

    /// As the standard library sorts, which is stable as well.
    #[test]
    fn lists_are_sorted(list in proptest::collection::vec((0u8..16, any::<u16>()), 0..64)) {
        let mut expected = list.clone();
        expected.sort_by_key(|one| one.0);
        let mut sorted = list;
        sort(&mut sorted, |one| one.0);
        prop_assert_eq!(sorted, expected);
    }
}

/// Whatever stands between the two, and whichever has the lower addresses: the later line is named.
#[test]
fn of_two_windows_that_overlap_the_later_is_refused() {
    let refused = |windows: &[(u64, u64)]| {
        let text = text(&[(vec![1], vec![(1, 1)]), (vec![0], windows.to_vec())]);
        let policy = Policy::parse(text.as_bytes()).expect("well-formed");
        let sheet = sheet(&policy);
        let error = plan::check(&sheet.statements(), None).expect_err("an overlap");
        (error.line, error.what.as_str().to_owned())
    };
    let words =
        |line| format!("the addresses 0x5000 + 0x1000 overlap those of the window in line {line}");
    assert_eq!(refused(&[(5, 0), (9, 1), (1, 2), (5, 3)]), (12, words(9)));
    assert_eq!(
        refused(&[(9, 1), (5, 3), (1, 2), (5, 0), (7, 0)]),
        (12, words(10))
    );
    // What other compartments give at the same address has no part in it.
    assert_eq!(refused(&[(1, 0), (5, 1), (5, 1)]), (11, words(10)));
}
