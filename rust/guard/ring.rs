// SPDX-License-Identifier: GPL-2.0

//! A ring of records from interrupts to a worker: several producers, one consumer, no locks.
//!
//! Each slot says whose turn it is: at position `p` that of the producer with ticket `p`, at `p + 1` the
//! consumer's, and so round by round. A producer takes a ticket only where it is its turn, so a full ring
//! refuses and nothing is overwritten (after D. Vyukov's bounded queue).

use kernel::prelude::*;
use kernel::sync::atomic::{Acquire, Atomic, Relaxed, Release};

/// Slots of a ring: a power of two.
pub(super) const SLOTS: u64 = 2048;
/// Words of a record.
pub(super) const WORDS: usize = 4;

/// A record.
pub(super) type Record = [u64; WORDS];

struct Slot {
    turn: Atomic<u64>,
    words: [Atomic<u64>; WORDS],
}

/// The ring.
pub(super) struct Ring {
    slots: VVec<Slot>,
    /// The next ticket.
    tail: Atomic<u64>,
    /// The consumer's position.
    head: Atomic<u64>,
}

impl Ring {
    /// An empty ring.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(super) fn new() -> Result<Self> {
        // 80 KiB, of which no more is taken than that: whole pages.
        let mut slots = VVec::with_capacity(usize::try_from(SLOTS)?, GFP_KERNEL)?;
        for turn in 0..SLOTS {
            let slot = Slot {
                turn: Atomic::new(turn),
                words: [const { Atomic::new(0) }; WORDS],
            };
            slots.push(slot, GFP_KERNEL)?;
        }
        Ok(Self {
            slots,
            tail: Atomic::new(0),
            head: Atomic::new(0),
        })
    }

    fn slot(&self, position: u64) -> Option<&Slot> {
        self.slots.get(usize::try_from(position % SLOTS).ok()?)
    }

    /// Appends a record, in any context; false when the ring is full.
    pub(super) fn push(&self, record: &Record) -> bool {
        let mut ticket = self.tail.load(Relaxed);
        loop {
            let Some(slot) = self.slot(ticket) else {
                return false;
            };
            // Acquire: the consumer has read what was in the slot before.
            let turn = slot.turn.load(Acquire);
            if turn < ticket {
                return false;
            }
            if turn > ticket {
                ticket = self.tail.load(Relaxed);
                continue;
            }
            match self.tail.cmpxchg(ticket, ticket.wrapping_add(1), Relaxed) {
                Ok(_) => {
                    for (word, value) in slot.words.iter().zip(record) {
                        word.store(*value, Relaxed);
                    }
                    // Release: the record is whole.
                    slot.turn.store(ticket.wrapping_add(1), Release);
                    return true;
                }
                Err(now) => ticket = now,
            }
        }
    }

    /// Takes the oldest record. One task at a time.
    pub(super) fn pop(&self) -> Option<Record> {
        let position = self.head.load(Relaxed);
        let slot = self.slot(position)?;
        // Acquire: the record is whole.
        if slot.turn.load(Acquire) != position.wrapping_add(1) {
            return None;
        }
        let mut record = [0; WORDS];
        for (value, word) in record.iter_mut().zip(&slot.words) {
            *value = word.load(Relaxed);
        }
        self.head.store(position.wrapping_add(1), Relaxed);
        // Release: it was read, the slot is free.
        slot.turn.store(position.wrapping_add(SLOTS), Release);
        Some(record)
    }
}
