// SPDX-License-Identifier: GPL-2.0

//! The running kernel.

use super::copy;
use crate::sys::boot::BootParams;
use crate::sys::power;
use crate::verify::facts::{loader_type, KernelFacts};

/// Size of the UUID at the start of tboot's shared page, in bytes.
const UUID_SIZE: u64 = 16;
/// TBOOT_UUID, {663c8dff-e8b3-4b82-aabf-19ea4d057a08}, as it lies in memory (Linux,
/// include/linux/tboot.h).
const TBOOT_UUID: [u8; 16] = [
    0xff, 0x8d, 0x3c, 0x66, 0xb3, 0xe8, 0x82, 0x4b, 0xbf, 0xaa, 0x19, 0xea, 0x4d, 0x05, 0x7a, 0x08,
];

pub(super) fn read() -> KernelFacts {
    let boot = BootParams::read();
    KernelFacts {
        tboot_addr: boot.map(|boot| boot.tboot_addr),
        loader_type: boot.map(|boot| loader_type(boot.type_of_loader, boot.ext_loader_type)),
        tboot_page: boot.and_then(|boot| is_tboot_page(boot.tboot_addr)),
        resumed_from_image: power::resumed_from_image(),
    }
}

fn is_tboot_page(address: u64) -> Option<bool> {
    if address == 0 {
        return Some(false);
    }
    let bytes = copy(address, UUID_SIZE).ok()?;
    Some(bytes.as_slice() == TBOOT_UUID)
}
