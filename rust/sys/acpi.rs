// SPDX-License-Identifier: GPL-2.0

//! ACPI tables, as the running kernel has them.

use core::ptr::{null_mut, NonNull};
use kernel::bindings;
use kernel::prelude::*;

/// Largest table that is copied, in bytes.
const MAX_TABLE: usize = 1 << 20;
/// Status of a table that does not exist (Linux, include/acpi/acexcep.h: AE_NOT_FOUND).
const NOT_FOUND: u32 = 5;

/// Why there is no copy of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The firmware has no such table.
    Absent,
    /// There is one, and it could not be copied.
    Unreadable(&'static str),
}

/// A copy of the first table with `signature`, header and all, as long as its header says.
pub(crate) fn table(signature: &CStr) -> Result<KVVec<u8>, Missing> {
    let mut found: *mut bindings::acpi_table_header = null_mut();
    // SAFETY: The signature is NUL-terminated and only read, `found` is valid for writing.
    let status = unsafe {
        bindings::acpi_get_table(signature.as_char_ptr().cast_mut(), 1, &raw mut found)
    };
    if status == NOT_FOUND {
        return Err(Missing::Absent);
    }
    let Some(table) = NonNull::new(found).filter(|_| status == 0) else {
        return Err(Missing::Unreadable("the kernel could not map the table"));
    };
    let copied = copy(table);
    // SAFETY: The reference that acpi_get_table() took, given back once.
    unsafe { bindings::acpi_put_table(table.as_ptr()) };
    copied
}

fn copy(table: NonNull<bindings::acpi_table_header>) -> Result<KVVec<u8>, Missing> {
    // SAFETY: The kernel has mapped a whole table, which starts with its header; the structure is
    // packed, hence the unaligned reading.
    let length = unsafe { (&raw const (*table.as_ptr()).length).read_unaligned() };
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= MAX_TABLE)
        .ok_or(Missing::Unreadable("it is longer than 1 MiB"))?;
    let mut bytes = KVVec::with_capacity(length, GFP_KERNEL)
        .map_err(|_| Missing::Unreadable("there was no memory for a copy"))?;
    // SAFETY: acpi_get_table() maps as many bytes as the header says, and tables do not change.
    let source = unsafe { core::slice::from_raw_parts(table.as_ptr().cast::<u8>(), length) };
    bytes
        .extend_from_slice(source, GFP_KERNEL)
        .map_err(|_| Missing::Unreadable("there was no memory for a copy"))?;
    Ok(bytes)
}
