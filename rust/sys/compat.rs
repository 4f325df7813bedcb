// SPDX-License-Identifier: GPL-2.0

//! What differs between the kernel versions that launchguard builds for: nothing else may ask.
//!
//! Most differences are avoided rather than handled: registers are read without the kernel's `Mmio`,
//! the device is created without its `faux` abstraction, and parameters live in C.

use kernel::bindings;
use kernel::error::Error;

/// An error by its number: 7.2 does not name all of them in Rust.
fn errno(number: u32) -> Error {
    Error::from_errno(i32::try_from(number).map_or(-1, |number| -number))
}

/// ENODATA: the value does not exist.
pub(crate) fn no_data() -> Error {
    errno(bindings::ENODATA)
}

/// ESTALE: a text that is older than the one it is to replace.
pub(crate) fn stale() -> Error {
    errno(bindings::ESTALE)
}

/// EBADMSG: a text that is not what its digest says, or not in the language.
pub(crate) fn bad_message() -> Error {
    errno(bindings::EBADMSG)
}
