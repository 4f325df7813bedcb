// SPDX-License-Identifier: GPL-2.0

//! Where two lists differ, by cases and against a slow search.

use launchguard_pure::plan::{between, ends};
use proptest::prelude::*;

fn alike(left: &[u8], right: &[u8]) -> (usize, usize) {
    ends(left, right, |left, right| left == right)
}

#[test]
fn ends_are_counted_once() {
    assert_eq!(alike(&[1, 2, 3, 4], &[1, 9, 3, 4]), (1, 2));
    assert_eq!(alike(&[1, 2, 3], &[1, 2, 3]), (3, 0));
    assert_eq!(alike(&[1, 1, 1], &[1, 1]), (2, 0));
    assert_eq!(alike(&[1, 2], &[2]), (0, 1));
    assert_eq!(alike(&[1], &[2]), (0, 0));
    assert_eq!(alike(&[], &[2]), (0, 0));
}

#[test]
fn between_is_empty_when_there_are_not_so_many() {
    assert_eq!(between(&[1, 2, 3, 4], 1, 2), [2]);
    assert_eq!(between(&[1, 2], 1, 1), [0; 0]);
    assert_eq!(between(&[1, 2], 2, 1), [0; 0]);
    assert_eq!(between(&[1, 2], 3, 0), [0; 0]);
    assert_eq!(between(&[1, 2], 0, usize::MAX), [0; 0]);
}

proptest! {
    #[test]
    fn one_list_becomes_the_other(
        left in prop::collection::vec(0_u8..3, 0..12),
        right in prop::collection::vec(0_u8..3, 0..12),
    ) {
        let (head, tail) = alike(&left, &right);
        let mut other = left[..head].to_vec();
        other.extend(between(&right, head, tail));
        other.extend(&left[left.len() - tail..]);
        prop_assert_eq!(&other, &right);
        let (going, coming) = (between(&left, head, tail), between(&right, head, tail));
        if let (Some(going), Some(coming)) = (going.first(), coming.first()) {
            prop_assert_ne!(going, coming);
        }
        if let (Some(going), Some(coming)) = (going.last(), coming.last()) {
            prop_assert_ne!(going, coming);
        }
    }
}
