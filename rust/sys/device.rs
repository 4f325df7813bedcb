// SPDX-License-Identifier: GPL-2.0

//! A device of its own on the faux bus.

use core::ptr::{null, null_mut, NonNull};
use kernel::bindings;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Full};

/// Most variables of an event.
const MAX_VARIABLES: usize = 8;

/// A faux device. It is removed when this value is dropped.
///
/// # Invariants
///
/// `raw` is a registered faux device, owned by this value.
pub(crate) struct Device {
    raw: NonNull<bindings::faux_device>,
    /// 1 from the moment somebody has taken the right to its driver data.
    taken: Atomic<i32>,
}

// SAFETY: A device may be used and removed from any task.
unsafe impl Send for Device {}
// SAFETY: What is done through a shared reference is serialised by the driver core.
unsafe impl Sync for Device {}

impl Device {
    /// Registers the device `name`.
    ///
    /// # Errors
    ///
    /// ENODEV, also when the name is taken: the driver core has said why in the kernel's log.
    pub(crate) fn new(name: &CStr) -> Result<Self> {
        // SAFETY: The name is copied; no parent and no operations are needed.
        let raw = unsafe { bindings::faux_device_create(name.as_char_ptr(), null_mut(), null()) };
        // INVARIANT: The call answers NULL or a registered device.
        Ok(Self {
            raw: NonNull::new(raw).ok_or(ENODEV)?,
            taken: Atomic::new(0),
        })
    }

    /// Takes the right to create files and to use the driver data for them; false when it is taken.
    pub(super) fn take_files(&self) -> bool {
        self.taken.xchg(1, Full) == 0
    }

    /// The driver core's device.
    pub(super) fn as_raw(&self) -> *mut bindings::device {
        // SAFETY: The device is valid, by the invariant.
        unsafe { &raw mut (*self.raw.as_ptr()).dev }
    }

    /// Sends a change event with `variables`, each "NAME=value"; what is too many is left out.
    ///
    /// # Errors
    ///
    /// Those of kobject_uevent_env().
    pub(crate) fn change_event(&self, variables: &[&CStr]) -> Result {
        let mut env = [null_mut(); MAX_VARIABLES];
        // The last entry stays NULL: it ends the list.
        for (slot, variable) in env.iter_mut().take(MAX_VARIABLES - 1).zip(variables) {
            *slot = variable.as_char_ptr().cast_mut();
        }
        // SAFETY: The device is valid, `env` is a NULL-terminated list of strings that the call
        // copies and does not write.
        kernel::error::to_result(unsafe {
            bindings::kobject_uevent_env(
                &raw mut (*self.as_raw()).kobj,
                bindings::kobject_action_KOBJ_CHANGE,
                env.as_mut_ptr(),
            )
        })
    }

    /// Wakes whoever polls `attribute`, a file directly in the device's directory.
    pub(crate) fn wake(&self, attribute: &CStr) {
        // SAFETY: The device is valid; a name that does not exist is ignored.
        unsafe {
            bindings::sysfs_notify(
                &raw mut (*self.as_raw()).kobj,
                null(),
                attribute.as_char_ptr(),
            );
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: Registered and owned, by the invariant.
        unsafe { bindings::faux_device_destroy(self.raw.as_ptr()) };
    }
}
