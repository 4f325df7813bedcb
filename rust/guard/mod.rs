// SPDX-License-Identifier: GPL-2.0

//! Carries a plan out: no device reaches what the policy does not give it.
//!
//! A policy comes in force in the task that commits it, a function that arrives is blocked in the
//! notifier; what has to wait for others (drivers that are asked about released functions, another
//! attempt at a busy group) is done on the guard's own queue, outside the policy mutex.

mod faults;
mod held;
mod ring;
mod spent;
mod state;
mod tally;
mod view;

use crate::engine::{functions, Document};
use crate::sys::device::Device;
use crate::sys::fault::Probe;
use crate::sys::iommu::{self, Place};
use crate::sys::notifier::{Change, Event};
use crate::sys::params;
use crate::sys::workqueue::{Job, Queue};
use crate::verify::policy::{Address, DevicePath};
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{Instant, Monotonic};
use state::{place, State};

pub(crate) use faults::Faults;
pub(crate) use tally::{Source, Tally, MAX_SOURCES};
pub(crate) use view::View;

/// How often a group in trouble is tried again, in milliseconds.
const AGAIN: u32 = 1_000;

/// Told of every view: the new one, and the one before it.
pub(crate) type Announce = fn(&Device, &View, &View);

#[pin_data]
struct Core {
    device: Arc<Device>,
    announce: Announce,
    started: Instant<Monotonic>,
    /// The policy mutex.
    #[pin]
    state: Mutex<State>,
    /// Held for a clone or a swap of the pointer only.
    #[pin]
    view: Mutex<Arc<View>>,
    /// Held while a view is made and announced, so that an older one never follows a newer one. Outside
    /// the policy mutex.
    #[pin]
    showing: Mutex<()>,
}

/// Who is told of what.
#[derive(Clone, Copy)]
pub(crate) struct Outlets {
    /// Of every view.
    pub(crate) view: Announce,
    /// Of requesters that caused faults.
    pub(crate) faults: faults::Tell,
}

/// The guard.
#[pin_data]
pub(crate) struct Guard {
    queue: Queue<Core>,
    faults: Arc<Faults>,
    /// Taken at the end.
    #[pin]
    probe: Mutex<Option<Probe<Faults>>>,
}

impl Guard {
    /// A guard with nothing in force.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn start(device: Arc<Device>, outlets: Outlets) -> Result<Arc<Self>> {
        let nothing = Arc::new(View::nothing(), GFP_KERNEL)?;
        let core_device = device.clone();
        let core = Arc::pin_init(
            pin_init!(Core {
                device: core_device,
                announce: outlets.view,
                started: Instant::now(),
                state <- new_mutex!(State::new()),
                view <- new_mutex!(nothing),
                showing <- new_mutex!(()),
            }),
            GFP_KERNEL,
        )?;
        let queue = Queue::new(core.clone())?;
        let (faults, probe) = Faults::start(device, core, outlets.faults)?;
        Arc::pin_init(
            pin_init!(Self {
                queue,
                faults,
                probe <- new_mutex!(probe),
            }),
            GFP_KERNEL,
        )
    }

    /// Begins to look at devices.
    pub(crate) fn run(&self) {
        self.queue.kick();
    }

    /// Waits for running work; afterwards nothing is done any more. What is blocked stays blocked.
    pub(crate) fn stop(&self) {
        let probe = self.probe.lock().take();
        drop(probe);
        self.faults.stop();
        self.queue.stop();
    }

    /// What devices tried and were refused.
    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What is in force.
    pub(crate) fn view(&self) -> Arc<View> {
        self.queue.job().view.lock().clone()
    }

    /// Carries `policy` out, in quarantine or not if that is known; returns when it is in force. What
    /// cannot be done for a group leaves it blocked, is shown, and is tried again. Loaded for rescue, the
    /// guard does nothing.
    pub(crate) fn enforce(&self, policy: Arc<Document>, quarantine: Option<bool>) {
        if params::rescue() {
            pr_alert!("rescue: the policy is not carried out\n");
            return;
        }
        if let Some(on) = quarantine {
            self.tell_quarantine(on);
        }
        self.change(|state| {
            state.set_policy(policy);
            state.set_quarantine(quarantine.unwrap_or(state.quarantine));
        });
    }

    /// Boot is over: what no driver has taken is blocked, if the policy wants that.
    pub(crate) fn settle(&self) {
        self.change(|state| state.settled = true);
    }

    /// Blocks everything that can be, or ends that: what follows a verdict that the policy does not
    /// accept.
    pub(crate) fn quarantine(&self, on: bool) {
        if !params::rescue() && self.tell_quarantine(on) {
            self.change(|state| state.set_quarantine(on));
        }
    }

    /// Says that quarantine begins or ends, if it does; whether it does.
    fn tell_quarantine(&self, on: bool) -> bool {
        let differs = self.queue.job().state.lock().quarantine != on;
        if differs {
            pr_alert!("quarantine {}\n", if on { "begins" } else { "ends" });
        }
        differs
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.queue.job().carry_out(change);
        self.queue.kick();
    }

    /// Answers to a function that comes or goes.
    pub(crate) fn function(&self, event: &Event<'_>) {
        let at = address(event.place());
        {
            let mut state = self.queue.job().state.lock();
            match event.change() {
                Change::Added => {
                    state.arrive(at, event.group(), path(event).as_ref(), event.is_bridge());
                }
                Change::Leaving => state.leave(at, event.group()),
                Change::Removed => state.forget(at),
            }
        }
        self.queue.kick();
    }
}

/// The path of a function as the policy's language has it.
fn path(event: &Event<'_>) -> Option<DevicePath> {
    let (root, mut steps) = event.path()?;
    steps.try_fold(DevicePath::new(address(root)), DevicePath::below)
}

const fn address(place: Place) -> Address {
    Address {
        segment: place.segment,
        bus: place.bus,
        devfn: place.devfn,
    }
}

impl Core {
    /// Changes the state, carries it out and shows what came of it; whether it could be shown.
    #[inline(never)]
    fn carry_out(&self, change: impl FnOnce(&mut State)) -> bool {
        let mut state = self.state.lock();
        change(&mut state);
        let done = state.reconcile(functions());
        drop(state);
        if let Err(error) = done {
            pr_err!("the policy is not carried out yet: {error:?}, trying again\n");
        }
        self.show()
    }

    /// Counts faults of a group against the policy's budget. A confined group that exceeds it is blocked
    /// until the next policy.
    fn charge(&self, group: u32, faults: u64, now: u64) {
        let exceeds = self.state.lock().charge(group, faults, now);
        if let Some(first) = exceeds {
            let first = first.as_str();
            pr_alert!("group {group} ({first}) caused more faults than its budget: it is blocked\n");
            self.carry_out(|_| ());
        }
    }

    /// Publishes what is in force; whether there was memory for that.
    #[inline(never)]
    fn show(&self) -> bool {
        let _showing = self.showing.lock();
        let view = functions()
            .ok_or(ENOMEM)
            .and_then(|functions| View::of(&self.state.lock(), &functions))
            .and_then(|view| Ok(Arc::new(view, GFP_KERNEL)?));
        match view {
            Ok(view) => {
                let before = core::mem::replace(&mut *self.view.lock(), view.clone());
                (self.announce)(&self.device, &view, &before);
                true
            }
            Err(error) => {
                pr_err!("no memory to show what is in force: {error:?}\n");
                false
            }
        }
    }
}

impl Job for Core {
    fn run(&self) -> Option<u32> {
        let timeout = i64::from(params::settle_timeout()).saturating_mul(1000);
        let left = timeout.saturating_sub(self.started.elapsed().as_millis());
        let mut shown = self.carry_out(|state| state.settled |= timeout != 0 && left <= 0);
        let (released, troubled, settled) = {
            let mut state = self.state.lock();
            (state.take_released(), state.is_troubled(), state.settled)
        };
        for address in &released {
            iommu::probe(place(*address));
        }
        if !released.is_empty() {
            shown = self.show();
        }
        if troubled || !shown {
            return Some(AGAIN);
        }
        // At least 1: a job that is due at once would never let others in.
        let settles = !settled && timeout != 0;
        settles.then(|| u32::try_from(left.max(1)).unwrap_or(u32::MAX - 1))
    }
}
