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

/// A reference on the module, as long as this value lives.
///
/// # Invariants
///
/// A reference is held.
pub(crate) struct Reference(());

impl Reference {
    /// Takes one; `None` while the module is being unloaded.
    pub(crate) fn take() -> Option<Self> {
        // SAFETY: The function can be called by code of the loaded module at any time.
        let taken = unsafe { bindings::lg_module_get() };
        // INVARIANT: Taken. No value may be made otherwise: its drop would give back what is another's.
        taken.then(|| Self(()))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: A reference is held, by the invariant.
        unsafe { bindings::lg_module_put() };
    }
}

/// Stops the machine, the kernel saying `why`. Called as it is, not through a function of ours: objtool knows
/// the kernel's own functions that do not return, and warns of the code behind others.
pub(crate) fn panic(why: &CStr) -> ! {
    // SAFETY: Both are NUL-terminated, and the format takes one string.
    unsafe { kernel::bindings::panic(c"%s".as_char_ptr(), why.as_char_ptr()) }
}
