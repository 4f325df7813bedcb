// SPDX-License-Identifier: GPL-2.0

//! PCI functions that come and go.

use super::bindings;
use super::iommu::Place;
use core::ptr::NonNull;
use kernel::error::to_result;
use kernel::ffi::c_void;
use kernel::prelude::*;
use kernel::sync::Arc;

/// What happens to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is there and in its group; no driver could probe it yet.
    Added,
    /// It goes, and is still in its group.
    Leaving,
    /// It is in no group any more.
    Removed,
}

/// A function that comes or goes.
pub(crate) struct Event<'a>(&'a bindings::lg_pci_event);

impl Event<'_> {
    /// What happens to it.
    pub(crate) fn change(&self) -> Change {
        match self.0.what {
            bindings::lg_pci_change_LG_PCI_ADDED => Change::Added,
            bindings::lg_pci_change_LG_PCI_LEAVING => Change::Leaving,
            _ => Change::Removed,
        }
    }

    /// Where it is.
    pub(crate) const fn place(&self) -> Place {
        Place::of(&self.0.at)
    }

    /// The number of its group.
    pub(crate) fn group(&self) -> Option<u32> {
        NonNull::new(self.0.group).and_then(|group| {
            // SAFETY: The event borrows a reference on the group.
            u32::try_from(unsafe { bindings::lg_group_id(group.as_ptr()) }).ok()
        })
    }

    /// Whether it is a bridge.
    pub(crate) const fn is_bridge(&self) -> bool {
        self.0.bridge
    }

    /// The device of a root bus that it is behind, or itself, and the devfn on each bus from there
    /// down; `None` when that is too long, or when it is a virtual function, which has no slot.
    pub(crate) fn path(&self) -> Option<(Place, impl Iterator<Item = u8> + '_)> {
        let steps = usize::try_from(self.0.steps).ok()?;
        let steps = self.0.step.get(..steps).filter(|_| self.0.path_known)?;
        Some((Place::of(&self.0.root), steps.iter().rev().copied()))
    }
}

/// Told of PCI functions, in process context, under the bus's rwsem and often the rescan lock.
pub(crate) trait Watcher: Send + Sync + 'static {
    /// Something comes or goes. Must not ask the bus, nor wait for anybody who does.
    fn function(&self, event: &Event<'_>);
}

/// The registration of the module's one watcher.
///
/// # Invariants
///
/// The notifier is registered with the pointer of `watcher`.
pub(crate) struct Registration<W: Watcher> {
    _watcher: Arc<W>,
}

impl<W: Watcher> Registration<W> {
    /// Registers `watcher`. The C side has room for one registration: a second one is refused by the
    /// notifier chain.
    ///
    /// # Errors
    ///
    /// Those of bus_register_notifier().
    pub(crate) fn new(watcher: Arc<W>) -> Result<Self> {
        let context = core::ptr::from_ref::<W>(&watcher)
            .cast_mut()
            .cast::<c_void>();
        // SAFETY: `event::<W>` is called with `context` only, which the new value keeps valid until
        // the notifier is unregistered in `drop`.
        to_result(unsafe { bindings::lg_pci_watch_start(Some(event::<W>), context) })?;
        // INVARIANT: Registered just now.
        Ok(Self { _watcher: watcher })
    }
}

impl<W: Watcher> Drop for Registration<W> {
    fn drop(&mut self) {
        // SAFETY: Registered, by the invariant; the call waits for running callbacks.
        unsafe { bindings::lg_pci_watch_stop() };
    }
}

/// # Safety
///
/// `context` must point to a valid `W`, and `event` to a valid event.
unsafe extern "C" fn event<W: Watcher>(context: *mut c_void, event: *const bindings::lg_pci_event) {
    // SAFETY: By the function's requirement.
    let watcher = unsafe { &*context.cast::<W>() };
    // SAFETY: By the function's requirement.
    let event = unsafe { &*event };
    watcher.function(&Event(event));
}
