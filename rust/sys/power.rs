// SPDX-License-Identifier: GPL-2.0

//! Suspend, hibernation and what came out of them.

use super::bindings;
use kernel::error::to_result;
use kernel::ffi::c_void;
use kernel::prelude::*;
use kernel::sync::Arc;

/// Told about power transitions, in process context.
pub(crate) trait Sleeper: Send + Sync + 'static {
    /// The machine is about to suspend, hibernate or restore an image (`sleeping`), or has come back.
    fn transition(&self, sleeping: bool);
}

/// The registration of the module's one sleeper.
///
/// # Invariants
///
/// The notifier is registered with the pointer of `sleeper`.
pub(crate) struct Registration<S: Sleeper> {
    _sleeper: Arc<S>,
}

impl<S: Sleeper> Registration<S> {
    /// Registers `sleeper`. The C side has room for one registration: a second one is refused by the
    /// notifier chain.
    ///
    /// # Errors
    ///
    /// Those of register_pm_notifier().
    pub(crate) fn new(sleeper: Arc<S>) -> Result<Self> {
        let context = core::ptr::from_ref::<S>(&sleeper)
            .cast_mut()
            .cast::<c_void>();
        // SAFETY: `event::<S>` is called with `context` only, which the new value keeps valid until
        // the notifier is unregistered in `drop`.
        to_result(unsafe { bindings::lg_power_start(Some(event::<S>), context) })?;
        // INVARIANT: Registered just now.
        Ok(Self { _sleeper: sleeper })
    }
}

impl<S: Sleeper> Drop for Registration<S> {
    fn drop(&mut self) {
        // SAFETY: Registered, by the invariant; the call waits for running callbacks.
        unsafe { bindings::lg_power_stop() };
    }
}

/// Whether this kernel came out of a hibernation image since the module is loaded; `None` when that
/// cannot be told.
pub(crate) fn resumed_from_image() -> Option<bool> {
    // SAFETY: The function only reads variables.
    match unsafe { bindings::lg_power_resumed_from_image() } {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// # Safety
///
/// `context` must point to a valid `S`.
unsafe extern "C" fn event<S: Sleeper>(context: *mut c_void, sleeping: bool) {
    // SAFETY: By the function's requirement.
    let sleeper = unsafe { &*context.cast::<S>() };
    sleeper.transition(sleeping);
}
