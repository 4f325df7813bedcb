// SPDX-License-Identifier: GPL-2.0

//! Physical memory: what a range is, and copies of it. Large values on the heap.

use super::bindings;
use core::mem::MaybeUninit;
use kernel::prelude::*;

/// What a physical range consists of, by the kernel's resource map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// System RAM.
    Ram,
    /// Reserved by the firmware's memory map.
    Reserved,
    /// In no resource.
    Free,
    /// System RAM and something else.
    Mixed,
    /// Something else, such as device memory.
    Device,
}

/// What the firmware keeps in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Firmware {
    /// An ACPI table, at least in part.
    Acpi,
    /// Memory of EFI's runtime services, at least in part.
    Efi,
}

/// A physical range that is not empty and does not wrap.
///
/// # Invariants
///
/// `size` is not zero and `base + size` does not overflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    base: u64,
    size: usize,
}

impl Range {
    /// `size` bytes at `base`; `None` when that is empty or wraps.
    pub(crate) fn new(base: u64, size: u64) -> Option<Self> {
        base.checked_add(size)?;
        let size = usize::try_from(size).ok().filter(|size| *size != 0)?;
        // INVARIANT: Both conditions were just checked.
        Some(Self { base, size })
    }

    /// What the range consists of.
    pub(crate) fn kind(&self) -> Kind {
        // SAFETY: The range is not empty and does not wrap, by the invariant.
        match unsafe { bindings::lg_memory_range(self.base, self.size) } {
            bindings::lg_range_LG_RANGE_RAM => Kind::Ram,
            bindings::lg_range_LG_RANGE_RESERVED => Kind::Reserved,
            bindings::lg_range_LG_RANGE_FREE => Kind::Free,
            bindings::lg_range_LG_RANGE_MIXED => Kind::Mixed,
            _ => Kind::Device,
        }
    }

    /// What the firmware keeps in it, whatever the memory map calls it.
    pub(crate) fn firmware(&self) -> Option<Firmware> {
        let size = u64::try_from(self.size).unwrap_or(u64::MAX);
        // SAFETY: The range is not empty and does not wrap, by the invariant.
        match unsafe { bindings::lg_memory_firmware(self.base, size) } {
            bindings::lg_firmware_LG_FIRMWARE_NONE => None,
            bindings::lg_firmware_LG_FIRMWARE_ACPI => Some(Firmware::Acpi),
            _ => Some(Firmware::Efi),
        }
    }

    /// Whether any byte is System RAM.
    pub(crate) fn touches_ram(&self) -> bool {
        matches!(self.kind(), Kind::Ram | Kind::Mixed)
    }

    /// Whether the range can be mapped and read as memory: reading a device can change it.
    pub(crate) fn is_readable(&self) -> bool {
        matches!(self.kind(), Kind::Ram | Kind::Reserved | Kind::Free)
    }

    /// A copy of the range.
    ///
    /// # Errors
    ///
    /// EINVAL when it cannot be read as memory, ENOMEM when it cannot be mapped or held.
    pub(crate) fn copy(&self) -> Result<KVVec<u8>> {
        if !self.is_readable() {
            return Err(EINVAL);
        }
        let mut bytes: KVVec<u8> = KVVec::with_capacity(self.size, GFP_KERNEL)?;
        // SAFETY: `bytes` has room for `size` bytes. The range is memory and not a mixture, so
        // memremap() maps it whole or refuses.
        let ret =
            unsafe { bindings::lg_memory_copy(self.base, bytes.as_mut_ptr().cast(), self.size) };
        kernel::error::to_result(ret)?;
        // SAFETY: There is room for `size` bytes, and they have been written.
        unsafe { bytes.inc_len(self.size) };
        Ok(bytes)
    }

    /// Whether the range still holds `bytes`, which is a copy of it; `None` when it cannot be told.
    pub(crate) fn holds(&self, bytes: &[u8]) -> Option<bool> {
        if bytes.len() != self.size || !self.is_readable() {
            return None;
        }
        // SAFETY: `bytes` is `size` bytes long; the range is memory and not a mixture.
        match unsafe { bindings::lg_memory_equal(self.base, bytes.as_ptr().cast(), bytes.len()) } {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// A heap copy of `value` that never stands on the stack: kernel stacks are 16 KiB.
///
/// # Errors
///
/// ENOMEM.
pub(crate) fn boxed<T: Copy>(value: &'static T) -> Result<KBox<T>> {
    let mut memory: KBox<MaybeUninit<T>> = KBox::new_uninit(GFP_KERNEL)?;
    // SAFETY: Both are valid for one `T`, `memory` was just allocated, and `T` may be copied.
    unsafe { core::ptr::copy_nonoverlapping(value, memory.as_mut_ptr(), 1) };
    // SAFETY: Initialised by the copy.
    Ok(unsafe { memory.assume_init() })
}
