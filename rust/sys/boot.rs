// SPDX-License-Identifier: GPL-2.0

//! What the boot loader told the kernel.

use super::bindings;

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
    /// Reads them; `None` when the kernel does not show them.
    pub(crate) fn read() -> Option<Self> {
        let mut boot = bindings::lg_boot {
            tboot_addr: 0,
            type_of_loader: 0,
            ext_loader_type: 0,
        };
        // SAFETY: `boot` is valid for writing.
        let ret = unsafe { bindings::lg_boot_read(&raw mut boot) };
        (ret == 0).then_some(Self {
            tboot_addr: boot.tboot_addr,
            type_of_loader: boot.type_of_loader,
            ext_loader_type: boot.ext_loader_type,
        })
    }
}
