// SPDX-License-Identifier: GPL-2.0

//! What the boot loader told the kernel.

use super::bindings;
use kernel::prelude::*;

/// Fields of boot_params (Documentation/arch/x86/boot.rst and zero-page.rst).
#[derive(Clone, Copy, Debug)]
pub(crate) struct BootParams {
    /// Physical address of tboot's shared page, 0 without tboot.
    pub(crate) tboot_addr: u64,
    /// hdr.type_of_loader.
    pub(crate) type_of_loader: u8,
    /// hdr.ext_loader_type.
    pub(crate) ext_loader_type: u8,
}

impl BootParams {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// ENOMEM, another one when the kernel does not show them.
    pub(crate) fn read() -> Result<Self> {
        let mut boot = bindings::lg_boot {
            tboot_addr: 0,
            type_of_loader: 0,
            ext_loader_type: 0,
        };
        // SAFETY: `boot` is valid for writing.
        let ret = unsafe { bindings::lg_boot_read(&raw mut boot) };
        kernel::error::to_result(ret)?;
        Ok(Self {
            tboot_addr: boot.tboot_addr,
            type_of_loader: boot.type_of_loader,
            ext_loader_type: boot.ext_loader_type,
        })
    }
}

/// Most ranges of a memory map that are read: as many as boot_params holds eight times over.
const MAX_RANGES: usize = 1024;

/// The memory map that the kernel was booted with, each range through `make` from base, size and
/// type.
///
/// # Errors
///
/// ENOMEM, ENODEV when the kernel does not show it as a whole.
pub(crate) fn memory_map<T>(make: impl Fn(u64, u64, u32) -> T) -> Result<KVVec<T>> {
    let mut ranges: KVVec<bindings::lg_memory_range> =
        KVVec::with_capacity(MAX_RANGES, GFP_KERNEL)?;
    // SAFETY: `ranges` has room for as many as the call is told.
    let count = unsafe {
        bindings::lg_boot_memory_map(ranges.spare_capacity_mut().as_mut_ptr().cast(), MAX_RANGES)
    };
    let count = usize::try_from(count).map_err(|_| ENODEV)?;
    // SAFETY: The call filled that many from the start, at most as many as it was told.
    unsafe { ranges.inc_len(count) };
    let mut map = KVVec::with_capacity(count, GFP_KERNEL)?;
    for range in &ranges {
        map.push(make(range.base, range.size, range.kind), GFP_KERNEL)?;
    }
    Ok(map)
}
