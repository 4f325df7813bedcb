// SPDX-License-Identifier: GPL-2.0

//! Files that the firmware loader finds.

use super::device::Device;
use core::ptr::{null, NonNull};
use kernel::bindings;
use kernel::error::to_result;
use kernel::prelude::*;

/// A loaded file.
///
/// # Invariants
///
/// The pointer is valid and owned.
pub(crate) struct File(NonNull<bindings::firmware>);

impl File {
    /// Looks `name` up in the loader's directories, and only there: no program in user space is
    /// asked, so the answer comes at once.
    ///
    /// # Errors
    ///
    /// ENOENT when there is no such file (yet), others as the loader says.
    pub(crate) fn load(name: &CStr, device: &Device) -> Result<Self> {
        let mut firmware: *const bindings::firmware = null();
        // SAFETY: `firmware` is valid for writing, `name` is NUL-terminated, the device is valid.
        to_result(unsafe {
            bindings::request_firmware_direct(
                &raw mut firmware,
                name.as_char_ptr(),
                device.as_raw(),
            )
        })?;
        // INVARIANT: On success the loader hands a valid firmware over to the caller.
        NonNull::new(firmware.cast_mut()).map(Self).ok_or(ENOENT)
    }

    /// The file's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: Valid by the invariant; `data` holds `size` bytes and is not written.
        unsafe {
            let firmware = self.0.as_ref();
            if firmware.data.is_null() || firmware.size == 0 {
                return &[];
            }
            core::slice::from_raw_parts(firmware.data, firmware.size)
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: Valid and owned, by the invariant.
        unsafe { bindings::release_firmware(self.0.as_ptr()) };
    }
}
