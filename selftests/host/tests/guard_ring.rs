// SPDX-License-Identifier: GPL-2.0

//! The ring of fault records: the module's own file, over what it uses of the kernel.

// The paths in the module's file begin with `kernel`.
extern crate self as kernel;

#[path = "guard_ring/atomic.rs"]
pub mod atomic;
#[path = "guard_ring/prelude.rs"]
pub mod prelude;
#[path = "../../../rust/guard/ring.rs"]
mod ring;

/// As the kernel has it.
pub mod sync {
    pub use crate::atomic;
}

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use atomic::{Acquire, Atomic, Relaxed, Release};
use ring::{Record, Ring, SLOTS};

const PRODUCERS: u64 = 3;
const EACH: u64 = 20_000;
/// Longer than any loaded machine keeps a thread waiting.
const STUCK: Duration = Duration::from_secs(30);

/// A record whose words belong together.
fn record(producer: u64, number: u64) -> Record {
    [producer, number, !number, (producer << 32) ^ number]
}

/// Pushes all records of a producer, each until it is taken.
fn produce(ring: &Ring, producer: u64, full: &AtomicBool) {
    for number in 0..EACH {
        let began = Instant::now();
        while !ring.push(&record(producer, number)) {
            assert!(began.elapsed() < STUCK, "{number} is never taken");
            full.store(true, Relaxed);
            thread::yield_now();
        }
    }
}

#[test]
fn every_record_comes_once_whole_and_in_its_producers_order() {
    let ring = &Ring::new().unwrap();
    let full = &AtomicBool::new(false);
    let mut next = [0; PRODUCERS as usize];
    thread::scope(|scope| {
        let start = |producer| scope.spawn(move || produce(ring, producer, full));
        let producers: Vec<_> = (0..PRODUCERS).map(start).collect();
        let over = || producers.iter().all(thread::ScopedJoinHandle::is_finished);
        while !full.load(Relaxed) && !over() {
            thread::yield_now();
        }
        loop {
            // Asked before: what came last is still found.
            let last = over();
            match ring.pop() {
                Some(found) => {
                    let producer = found[0];
                    let number = next.get_mut(producer as usize).expect("a producer");
                    assert_eq!(found, record(producer, *number));
                    *number += 1;
                }
                None if last => break,
                None => thread::yield_now(),
            }
        }
        for producer in producers {
            producer.join().expect("a producer that came to its end");
        }
    });
    assert_eq!(next, [EACH; PRODUCERS as usize]);
    assert!(full.load(Relaxed), "no record was refused");
}

#[test]
fn a_full_ring_refuses_and_loses_nothing() {
    let ring = Ring::new().unwrap();
    assert_eq!(ring.pop(), None);
    let (mut first, mut next) = (0, 0);
    // Not a divisor of the slots: it is full, and empty, at other places each time.
    for taken in [SLOTS, 1, 7, SLOTS - 1, SLOTS, 1000] {
        while next < first + SLOTS {
            assert!(ring.push(&record(0, next)), "{next}");
            next += 1;
        }
        for _ in 0..3 {
            assert!(!ring.push(&record(1, next)));
        }
        for _ in 0..taken {
            assert_eq!(ring.pop(), Some(record(0, first)));
            first += 1;
        }
    }
    while first < next {
        assert_eq!(ring.pop(), Some(record(0, first)));
        first += 1;
    }
    assert_eq!(ring.pop(), None);
}

/// The atomics above: whether a word may be read when a flag says so.
fn handed_over(store: atomic::Ordering, load: atomic::Ordering) -> bool {
    let (word, flag) = (&Atomic::<u64>::new(0), &Atomic::<u64>::new(0));
    thread::scope(|scope| {
        scope.spawn(move || {
            word.store(1, Relaxed);
            flag.store(1, store);
        });
        let reader = scope.spawn(move || {
            while flag.load(load) == 0 {
                thread::yield_now();
            }
            word.load(Relaxed)
        });
        reader.join().is_ok_and(|value| value == 1)
    })
}

#[test]
fn a_missing_ordering_is_noticed() {
    assert!(handed_over(Release, Acquire));
    assert!(!handed_over(Relaxed, Acquire));
    assert!(!handed_over(Release, Relaxed));
}
