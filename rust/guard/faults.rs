// SPDX-License-Identifier: GPL-2.0

//! What devices tried and were refused.
//!
//! The IOMMU's driver is watched when it takes a unit's fault records: they are copied into a ring in
//! the interrupt, and looked at on a queue of their own. Nothing is written to a unit, and the kernel's
//! own log stays as it is. Units record a part of what happens only, so every count is a lower bound.

use super::ring::{Record, Ring};
use super::tally::{Fault, Source, Tally, MAX_SOURCES};
use super::Core as Guarded;
use crate::decode::fault::{extent, is_idle, pending, FaultRecord};
use crate::decode::vtd::{Cap, UnitRegisters, PAGE};
use crate::engine::{map_unit, remapping_units};
use crate::sys::device::Device;
use crate::sys::fault::{self, Call, Probe, Trace, Witness};
use crate::sys::mmio::Window;
use crate::sys::workqueue::{Job, Queue};
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Full, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{Instant, Monotonic};

/// Told of a requester with new faults.
pub(crate) type Tell = fn(&Device, &Source);

/// Records looked at before others may have the tally, and how often before the queue's worker does
/// something else.
const BATCH: usize = 256;
const BATCHES: usize = 64;
// Between two judgements no more requesters are noted than can be listed: none is forgotten unjudged.
const _: () = assert!(BATCH <= MAX_SOURCES);
/// How long until more is told, in milliseconds.
const NEXT: u32 = 1_000;

/// A unit that is watched.
struct Unit {
    segment: u32,
    base: u64,
    cap: Cap,
    registers: Window,
    /// 1: its overflow was counted already, and the driver will not clear it.
    stuck: Atomic<i32>,
}

#[pin_data]
struct Core {
    device: Arc<Device>,
    guarded: Arc<Guarded>,
    tell: Tell,
    started: Instant<Monotonic>,
    units: KVVec<Unit>,
    ring: Ring,
    /// 1: the queue knows that there is something in the ring.
    kicked: Atomic<i32>,
    /// Records that found the ring full.
    dropped: Atomic<u64>,
    /// Times that a unit had to lose faults.
    overflows: Atomic<u64>,
    /// Calls with records, or for no known unit, that could not be looked at: an interrupt may have seen these
    /// records already.
    aside: Atomic<u64>,
    /// Held for as long as memory takes.
    #[pin]
    tally: Mutex<Tally>,
}

/// The watch over faults.
pub(crate) struct Faults {
    queue: Queue<Core>,
    /// Why there is no watch, if there is none.
    blind: Option<&'static str>,
}

/// Faults without a requester, at least.
#[derive(Clone, Copy)]
pub(crate) struct Unattributed {
    /// Records for which there was no room.
    pub(crate) dropped: u64,
    /// Times that a unit said that it lost some.
    pub(crate) overflows: u64,
    /// Calls of the driver from tasks that had records to take, or for no known unit, which were not looked at.
    pub(crate) aside: u64,
    /// Calls that the kernel kept from the watch.
    pub(crate) missed: u64,
}

impl Faults {
    /// Starts to watch the units of the DMAR table. What keeps it from that is no error: it is said.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(super) fn start(
        device: Arc<Device>,
        guarded: Arc<Guarded>,
        tell: Tell,
    ) -> Result<(Arc<Self>, Option<Probe<Self>>)> {
        let units = units()?;
        let watchable = !units.is_empty();
        let (ring, tally) = (Ring::new()?, Tally::new()?);
        let core = Arc::pin_init(
            pin_init!(Core {
                device,
                guarded,
                tell,
                started: Instant::now(),
                units,
                ring,
                kicked: Atomic::new(0),
                dropped: Atomic::new(0),
                overflows: Atomic::new(0),
                aside: Atomic::new(0),
                tally <- new_mutex!(tally),
            }),
            GFP_KERNEL,
        )?;
        let faults = |core, blind| -> Result<Arc<Self>> {
            let queue = Queue::new(core)?;
            Ok(Arc::new(Self { queue, blind }, GFP_KERNEL)?)
        };
        if !watchable {
            return Ok((faults(core, Some("there is no DMA remapping unit"))?, None));
        }
        let watch = faults(core.clone(), None)?;
        match Probe::new(watch.clone()) {
            Ok(probe) => Ok((watch, Some(probe))),
            Err(error) => {
                pr_warn!("DMA faults cannot be watched: {error:?}\n");
                Ok((faults(core, Some("the IOMMU's driver cannot be watched"))?, None))
            }
        }
    }

    /// Waits for running work; afterwards nothing is looked at any more.
    pub(super) fn stop(&self) {
        self.queue.stop();
    }

    /// Why faults are not known, if they are not.
    pub(crate) const fn blind(&self) -> Option<&'static str> {
        self.blind
    }

    /// Gives the tally to `read`, which must not wait for anything slow.
    pub(crate) fn tally<T>(&self, read: impl FnOnce(&Tally) -> T) -> T {
        read(&self.queue.job().tally.lock())
    }

    /// Faults without a requester.
    pub(crate) fn unattributed(&self) -> Unattributed {
        let core = self.queue.job();
        Unattributed {
            dropped: core.dropped.load(Relaxed),
            overflows: core.overflows.load(Relaxed),
            aside: core.aside.load(Relaxed),
            missed: fault::missed(),
        }
    }

    /// The watched units: segment, and physical address of the registers.
    pub(crate) fn units(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let units = self.queue.job().units.iter();
        units.map(|unit| (unit.segment, unit.base))
    }
}

/// The units that the firmware names and whose registers can be read.
fn units() -> Result<KVVec<Unit>> {
    let mut units = KVVec::new();
    for (segment, base) in remapping_units()? {
        let first = map_unit(base, PAGE);
        let cap = first.and_then(|registers| UnitRegisters::read(&registers));
        let Some(cap) = cap.map(|registers| registers.cap()) else {
            pr_warn!("no unit answers at {base:#x}: its faults are not seen\n");
            continue;
        };
        let bytes = usize::try_from(extent(cap)).map_err(|_| EOVERFLOW)?;
        let Some(registers) = map_unit(base, bytes.next_multiple_of(PAGE)) else {
            continue;
        };
        let unit = Unit {
            segment,
            base,
            cap,
            registers,
            stuck: Atomic::new(0),
        };
        units.push(unit, GFP_KERNEL)?;
    }
    Ok(units)
}

impl Core {
    /// The unit that a call is for: its address stands in the driver's description of it.
    fn unit_of(&self, call: &Call<'_>) -> Option<(usize, &Unit)> {
        let mut units = self.units.iter().enumerate();
        units.find(|(_, unit)| call.words().contains(&unit.base))
    }

    /// Copies what the unit of a call has recorded. In an interrupt.
    fn observe(&self, call: &Call<'_>) {
        let Some((index, unit)) = self.unit_of(call) else {
            let _ = self.aside.fetch_add(1, Relaxed);
            return;
        };
        if !call.is_interrupt() {
            // What it is about to take an interrupt may have seen already, or be looking at.
            if !is_idle(&unit.registers) {
                let _ = self.aside.fetch_add(1, Relaxed);
            }
            return;
        }
        let time = u64::try_from(self.started.elapsed().as_micros_ceil()).unwrap_or(0);
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        let seen = pending(&unit.registers, unit.cap, |record| {
            if !self.ring.push(&[time, index, record.low, record.high]) {
                let _ = self.dropped.fetch_add(1, Relaxed);
            }
        });
        let Some(seen) = seen else { return };
        if !seen.fsts.overflow() {
            unit.stuck.store(0, Relaxed);
        } else {
            // The driver clears it with the records, and leaves it when there are none.
            let stays = i32::from(!seen.fsts.pending());
            if unit.stuck.xchg(stays, Relaxed) == 0 {
                let _ = self.overflows.fetch_add(1, Relaxed);
            }
        }
    }

    fn fault(&self, [time, index, low, high]: Record) -> Option<Fault> {
        let unit = self.units.get(usize::try_from(index).ok()?)?;
        Some(Fault {
            time,
            unit: unit.base,
            segment: unit.segment,
            record: FaultRecord { low, high },
        })
    }

    /// Takes a batch out of the ring; false when it is empty.
    fn drain(&self) -> bool {
        let mut tally = self.tally.lock();
        for _ in 0..BATCH {
            let Some(record) = self.ring.pop() else {
                return false;
            };
            let Some(fault) = self.fault(record) else {
                continue;
            };
            let group = tally.note(fault, fault::group_of);
            trace(&fault, group);
        }
        true
    }

    /// Has the guard count what groups caused.
    fn judge(&self, now: u64) {
        self.tally.lock().regroup(fault::group_of);
        loop {
            // A statement of its own: the tally is not held while the guard works.
            let next = self.tally.lock().take_unjudged();
            let Some((group, faults)) = next else { return };
            self.guarded.charge(group, faults, now);
        }
    }

    /// Tells of requesters, not of all at once and of each not too often.
    fn tell(&self, now: u64) {
        loop {
            let next = self.tally.lock().take_untold(now);
            let Some(source) = next else { return };
            (self.tell)(&self.device, &source);
        }
    }
}

fn trace(fault: &Fault, group: Option<u32>) {
    let record = fault.record;
    fault::trace(&Trace {
        unit: fault.unit,
        address: record.address(),
        segment: fault.segment,
        group: group.and_then(|group| i32::try_from(group).ok()).unwrap_or(-1),
        requester: record.requester(),
        reason: record.reason().0,
        access: record.access() as u8,
    });
}

impl Witness for Faults {
    fn call(&self, call: &Call<'_>) {
        let core = self.queue.job();
        core.observe(call);
        if core.kicked.xchg(1, Full) == 0 {
            self.queue.kick();
        }
    }
}

impl Job for Core {
    fn run(&self) -> Option<u32> {
        // Before the ring is looked at: what comes later kicks again.
        self.kicked.xchg(0, Full);
        let now = || u64::try_from(self.started.elapsed().as_millis()).unwrap_or(0);
        let mut more = true;
        for _ in 0..BATCHES {
            more = self.drain();
            self.judge(now());
            if !more {
                break;
            }
        }
        self.tell(now());
        if more {
            return Some(1);
        }
        self.tally.lock().is_untold().then_some(NEXT)
    }
}
