// SPDX-License-Identifier: GPL-2.0

//! The order in which samples are taken.

use launchguard_bench::interleave::{interleave, Contender};
use std::cell::RefCell;

#[test]
fn samples_are_taken_in_turn_and_each_round_begins_with_another_contender() {
    let order = RefCell::new(Vec::new());
    let taker = |name: &'static str| {
        let order = &order;
        move || {
            order.borrow_mut().push(name);
            Ok::<_, ()>(order.borrow().len() as f64)
        }
    };
    let mut contenders: Vec<Contender<'_, ()>> =
        vec![("a", Box::new(taker("a"))), ("b", Box::new(taker("b")))];
    let samples = interleave(2, &mut contenders).expect("none fails");
    drop(contenders);
    // The first round is not counted.
    assert_eq!(order.into_inner(), ["a", "b", "b", "a", "a", "b"]);
    assert_eq!(samples["a"], [4.0, 5.0]);
    assert_eq!(samples["b"], [3.0, 6.0]);
}

#[test]
fn a_sample_that_cannot_be_taken_ends_it() {
    let mut contenders: Vec<Contender<'_, &str>> = vec![("a", Box::new(|| Err("broken")))];
    assert_eq!(interleave(3, &mut contenders), Err("broken"));
}
