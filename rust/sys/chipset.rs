// SPDX-License-Identifier: GPL-2.0

//! The host bridge, registers that it maps, and where the kernel reaches configuration space.

use super::bindings;
use kernel::error::to_result;
use kernel::prelude::*;

/// Fills `config` with the start of the configuration space of 0000:00:00.0.
///
/// # Errors
///
/// ENODEV when there is no such device, EIO when it does not answer.
pub(crate) fn host_bridge(config: &mut [u8]) -> Result {
    // SAFETY: `config` is valid for writing as many bytes as the call is told.
    to_result(unsafe { bindings::lg_host_bridge_read(config.as_mut_ptr(), config.len()) })
}

/// Two registers of 64 bits at physical addresses that the host bridge names.
///
/// # Errors
///
/// EINVAL when one lies in RAM, ENOMEM when it cannot be mapped.
pub(crate) fn register_pair(first: u64, second: u64) -> Result<(u64, u64)> {
    let mut values = [0u64; 2];
    // SAFETY: `values` is valid for writing two values; the call refuses what is memory.
    to_result(unsafe { bindings::lg_mmio_read_pair(first, second, values.as_mut_ptr()) })?;
    let [first, second] = values;
    Ok((first, second))
}

/// Size in bytes of the range at `base` that the kernel itself has claimed.
///
/// # Errors
///
/// ENOENT when there is no such range.
pub(crate) fn claimed_size(base: u64) -> Result<u64> {
    let mut size = 0u64;
    // SAFETY: `size` is valid for writing.
    to_result(unsafe { bindings::lg_ecam_find(base, &raw mut size) })?;
    Ok(size)
}
