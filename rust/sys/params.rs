// SPDX-License-Identifier: GPL-2.0

//! Module parameters. They are read-only once the module is loaded.

use super::bindings;
use kernel::str::{CStr, CStrExt as _};

/// The firmware file of the guard policy, if one is named.
pub(crate) fn policy() -> Option<&'static CStr> {
    // SAFETY: The parameter is a NUL-terminated string that lives as long as the module; its mode
    // lets nobody write it after loading.
    given(unsafe { CStr::from_char_ptr(bindings::lg_param_policy()) })
}

/// The firmware file of the references, if one is named.
pub(crate) fn references() -> Option<&'static CStr> {
    // SAFETY: As in `policy`.
    given(unsafe { CStr::from_char_ptr(bindings::lg_param_references()) })
}

/// Seconds that the TPM and the files have to appear.
pub(crate) fn tpm_deadline() -> u32 {
    // SAFETY: The function only reads a variable.
    unsafe { bindings::lg_param_tpm_deadline() }
}

/// Seconds after which boot counts as over; 0 for never.
pub(crate) fn settle_timeout() -> u32 {
    // SAFETY: The function only reads a variable.
    unsafe { bindings::lg_param_settle_timeout() }
}

/// Whether references are waited for that somebody will commit.
pub(crate) fn awaits_references() -> bool {
    // SAFETY: The function only reads a variable.
    unsafe { bindings::lg_param_await_references() }
}

/// Whether nothing of a policy is to be carried out.
pub(crate) fn rescue() -> bool {
    // SAFETY: The function only reads a variable.
    unsafe { bindings::lg_param_rescue() }
}

fn given(value: &'static CStr) -> Option<&'static CStr> {
    (!value.to_bytes().is_empty()).then_some(value)
}
