// SPDX-License-Identifier: GPL-2.0

//! Facts of every shape, sensible or not.

use super::Case;
use launchguard_host_tests::exercise::evidence::Source;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_facts_read_back(bytes in prop::collection::vec(any::<u8>(), 0..6000)) {
        let snapshot = Source::new(&bytes).snapshot();
        Case::of(snapshot.facts()).check();
    }
}
