// SPDX-License-Identifier: GPL-2.0

//! Register windows in physical address space.

use crate::decode::registers::{RegisterSpace, Width};
use core::ptr::NonNull;
use kernel::bindings;
use kernel::ffi::c_void;

/// A mapped register window, for reading only.
///
/// # Invariants
///
/// `base` is an uncached mapping of `size` bytes, owned by this value.
pub(crate) struct Window {
    base: NonNull<c_void>,
    size: usize,
}

// SAFETY: The mapping is the kernel's, and may be read and unmapped from any task.
unsafe impl Send for Window {}
// SAFETY: It is only read, and registers may be read from several CPUs at once.
unsafe impl Sync for Window {}

impl Window {
    /// Maps `size` bytes of registers at `address`, which must not be memory.
    pub(crate) fn map(address: u64, size: usize) -> Option<Self> {
        // SAFETY: ioremap() refuses what it cannot map; the mapping is only read through
        // `Window::read`, which stays inside it.
        let base = unsafe { bindings::ioremap(address, size) };
        // INVARIANT: The mapping is `size` bytes long and nobody else has it.
        NonNull::new(base).map(|base| Self { base, size })
    }
}

impl RegisterSpace for Window {
    fn read(&self, offset: u16, width: Width) -> Option<u64> {
        let bytes = match width {
            Width::Byte => 1,
            Width::Dword => 4,
            Width::Qword => 8,
        };
        let offset = usize::from(offset);
        if offset % bytes != 0 || offset.checked_add(bytes)? > self.size {
            return None;
        }
        // SAFETY: `offset + bytes` lies in the mapping, by the check above and the invariant.
        let address = unsafe { self.base.as_ptr().cast::<u8>().add(offset) }.cast::<c_void>();
        // SAFETY: `address` is mapped for `bytes` bytes and aligned to them.
        Some(unsafe {
            match width {
                Width::Byte => u64::from(bindings::readb(address)),
                Width::Dword => u64::from(bindings::readl(address)),
                Width::Qword => bindings::readq(address),
            }
        })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: The mapping is owned, by the invariant.
        unsafe { bindings::iounmap(self.base.as_ptr()) };
    }
}
