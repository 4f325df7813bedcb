// SPDX-License-Identifier: GPL-2.0
//! The switches of a crate that holds all its mutants: which one is on, and which were reached.
//!
//! `LAUNCHGUARD_MUTANT` is the number of the one that is on. `LAUNCHGUARD_REACHED` names a file that
//! gets the number of every switch that is reached, as four bytes, once.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::OnceLock;

const COUNT: usize = 1;
const NONE: u32 = 0;
// Above all mutants, so that one comparison more tells the two apart from an ordinary run.
const NOTING: u32 = u32::MAX - 1;
const UNREAD: u32 = u32::MAX;

static ON: AtomicU32 = AtomicU32::new(UNREAD);

/// Whether this mutant is on.
// At any level of optimisation: it is asked at every step.
#[inline(always)]
pub fn is(mutant: u32) -> bool {
    let on = ON.load(Relaxed);
    on == mutant || (on >= NOTING && otherwise(mutant, on))
}

#[cold]
#[inline(never)]
fn otherwise(mutant: u32, on: u32) -> bool {
    if on == UNREAD {
        let number = std::env::var("LAUNCHGUARD_MUTANT").ok();
        let on = match number.and_then(|number| number.parse().ok()) {
            Some(number) => number,
            None if std::env::var_os("LAUNCHGUARD_REACHED").is_some() => NOTING,
            None => NONE,
        };
        ON.store(on, Relaxed);
        return is(mutant);
    }
    note(mutant);
    false
}

// At once: a test that ends the process must not lose what it reached.
fn note(mutant: u32) {
    static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
    static FILE: OnceLock<std::fs::File> = OnceLock::new();
    let reached = &REACHED[mutant as usize];
    // Most are reached often, and to read is quicker.
    if reached.load(Relaxed) || reached.swap(true, Relaxed) {
        return;
    }
    let mut file = FILE.get_or_init(|| {
        let name = std::env::var_os("LAUNCHGUARD_REACHED").expect("a name");
        std::fs::File::create(name).expect("a file")
    });
    file.write_all(&mutant.to_le_bytes()).expect("room");
}

/// One of two iterators: a mutant's value, or what the function makes, whose type has no name.
#[derive(Clone)]
pub enum Either<L, R> {
    /// The mutant's.
    Mutant(L),
    /// The function's.
    Original(R),
}

impl<L: Iterator<Item = R::Item>, R: Iterator> Iterator for Either<L, R> {
    type Item = R::Item;

    fn next(&mut self) -> Option<R::Item> {
        match self {
            Self::Mutant(iterator) => iterator.next(),
            Self::Original(iterator) => iterator.next(),
        }
    }
}
