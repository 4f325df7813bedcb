// SPDX-License-Identifier: GPL-2.0

//! Where two lists in the same order differ: most often in one place between long parts that are alike.

/// How many elements at the beginning and at the end of both lists are equal; none is counted twice.
pub fn ends<A, B>(left: &[A], right: &[B], equal: impl Fn(&A, &B) -> bool) -> (usize, usize) {
    let same = |(left, right): &(&A, &B)| equal(left, right);
    let head = left.iter().zip(right).take_while(same).count();
    let rest = left.len().min(right.len()).saturating_sub(head);
    let pairs = left.iter().rev().zip(right.iter().rev());
    (head, pairs.take(rest).take_while(same).count())
}

/// All but so many at the beginning and at the end; nothing when there are not so many.
pub fn between<T>(all: &[T], head: usize, tail: usize) -> &[T] {
    all.get(head..all.len().saturating_sub(tail))
        .unwrap_or_default()
}
