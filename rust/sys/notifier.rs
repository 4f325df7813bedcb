// SPDX-License-Identifier: GPL-2.0

//! PCI functions that come and go.

use super::bindings;
use kernel::error::to_result;
use kernel::ffi::c_void;
use kernel::prelude::*;
use kernel::sync::Arc;

/// Told that PCI functions came or went, in process context and under the bus's lock.
pub(crate) trait Watcher: Send + Sync + 'static {
    /// Something came or went. Must not wait, and must not ask the bus.
    fn devices_changed(&self);
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
/// `context` must point to a valid `W`.
unsafe extern "C" fn event<W: Watcher>(context: *mut c_void) {
    // SAFETY: By the function's requirement.
    let watcher = unsafe { &*context.cast::<W>() };
    watcher.devices_changed();
}
