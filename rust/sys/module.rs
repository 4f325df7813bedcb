// SPDX-License-Identifier: GPL-2.0

//! The module itself, and the machine's end.

use super::bindings;
use kernel::str::{CStr, CStrExt as _};

/// Takes a reference on the module that is never given back: it cannot be unloaded any more, but by
/// force.
pub(crate) fn pin() {
    // SAFETY: The function can be called by code of the loaded module at any time.
    unsafe { bindings::lg_module_pin() };
}

/// Stops the machine, the kernel saying `why`.
pub(crate) fn panic(why: &CStr) -> ! {
    // SAFETY: `why` is NUL-terminated.
    unsafe { bindings::lg_panic(why.as_char_ptr()) }
}
