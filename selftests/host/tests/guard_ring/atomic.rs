// SPDX-License-Identifier: GPL-2.0

//! The kernel's atomics, for a test of orderings. On x86 a processor hardly ever shows that one of
//! them is missing, so that is not left to it: each thread has a vector clock, which release and
//! acquire pass on. A relaxed load of a relaxed store, or a relaxed store over what others loaded or
//! stored, must be ordered by such a pair; otherwise it panics. What `cmpxchg` changes is meant to be
//! raced for. Values are those of the last store: loads of older ones are not tried.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::AtomicUsize;
use std::sync::Mutex;
use std::thread;

pub use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

/// Threads of all tests of the program.
const THREADS: usize = 32;

/// The last operation of each thread that is known of.
type Clock = [u64; THREADS];

static THREADS_SO_FAR: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SELF: usize = THREADS_SO_FAR.fetch_add(1, Relaxed);
    static KNOWN: Cell<Clock> = const { Cell::new([0; THREADS]) };
}

/// One more operation of this thread: its number, and what the thread knows. Others come in between
/// now and then.
fn step() -> (usize, Clock) {
    let me = SELF.with(|me| *me);
    let mut known = KNOWN.get();
    known[me] += 1;
    KNOWN.set(known);
    if known[me] % 13 == 0 {
        thread::yield_now();
    }
    (me, known)
}

struct State {
    value: u64,
    /// What was known to the thread that released the value.
    released: Option<Clock>,
    /// The thread and the operation that stored the value relaxed.
    stored: Option<(usize, u64)>,
    /// The last relaxed load of each thread.
    loaded: Clock,
}

impl State {
    #[track_caller]
    fn expect_store_known(&self, known: &Clock) {
        if let Some((thread, time)) = self.stored {
            assert!(known[thread] >= time, "races with a store");
        }
    }
}

/// A word that several threads use.
pub struct Atomic<T>(Mutex<State>, PhantomData<T>);

impl Atomic<u64> {
    /// A word with a value that every thread knows of.
    pub const fn new(value: u64) -> Self {
        let state = State {
            value,
            released: None,
            stored: None,
            loaded: [0; THREADS],
        };
        Self(Mutex::new(state), PhantomData)
    }

    /// Loads it.
    #[track_caller]
    pub fn load(&self, order: Ordering) -> u64 {
        let (me, mut known) = step();
        let mut state = self.0.lock().unwrap();
        if order == Acquire {
            for (mine, theirs) in known.iter_mut().zip(state.released.iter().flatten()) {
                *mine = (*mine).max(*theirs);
            }
            KNOWN.set(known);
        } else {
            state.expect_store_known(&known);
            state.loaded[me] = known[me];
        }
        state.value
    }

    /// Stores to it.
    #[track_caller]
    pub fn store(&self, value: u64, order: Ordering) {
        let (me, known) = step();
        let mut state = self.0.lock().unwrap();
        if order == Release {
            (state.released, state.stored) = (Some(known), None);
        } else {
            state.expect_store_known(&known);
            let loads = state.loaded.iter().zip(&known);
            assert!(
                loads.into_iter().all(|(load, known)| load <= known),
                "races with a load"
            );
            (state.released, state.stored) = (None, Some((me, known[me])));
        }
        state.value = value;
    }

    /// Stores `new` where `old` is; what was there.
    pub fn cmpxchg(&self, old: u64, new: u64, _order: Ordering) -> Result<u64, u64> {
        step();
        let mut state = self.0.lock().unwrap();
        if state.value != old {
            return Err(state.value);
        }
        state.value = new;
        Ok(old)
    }
}
