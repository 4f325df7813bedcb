// SPDX-License-Identifier: GPL-2.0

//! What the running kernel is called.

use super::bindings;
use kernel::str::{CStr, CStrExt as _};

/// The kernel's release, as uname(1) prints it; empty when that is no UTF-8.
pub(crate) fn kernel() -> &'static str {
    // SAFETY: The function gives a string of the initial namespace, which lives as long as the
    // kernel; a release is never changed.
    let release = unsafe { CStr::from_char_ptr(bindings::lg_kernel_release()) };
    release.to_str().unwrap_or("")
}
