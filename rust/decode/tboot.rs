// SPDX-License-Identifier: GPL-2.0

//! The page that tboot shares with the kernel (tboot, include/tboot.h, tboot_shared_t; Linux,
//! include/linux/tboot.h).

use super::bytes::Bytes;

/// TBOOT_SHARED_UUID, {663c8dff-e8b3-4b82-aabf-19ea4d057a08}, as it lies in memory.
const UUID: [u8; 16] = [
    0xff, 0x8d, 0x3c, 0x66, 0xb3, 0xe8, 0x82, 0x4b, 0xbf, 0xaa, 0x19, 0xea, 0x4d, 0x05, 0x7a, 0x08,
];
/// Offset of log_addr.
const LOG: usize = 20;
/// Offset of tboot_base.
const BASE: usize = 104;
/// Offset of tboot_size.
const SIZE: usize = 108;

/// What the page says of tboot's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedPage {
    /// Physical address of tboot's log; 0 where it keeps none in memory.
    pub log: u32,
    /// Physical address of tboot's first byte.
    pub base: u32,
    /// Bytes from there to the end of its stacks and variables.
    pub size: u32,
}

impl SharedPage {
    /// Bytes of the page that are looked at.
    pub const SIZE: usize = 112;

    /// Decodes the start of the page; `None` for one that is not tboot's.
    pub fn decode(bytes: Bytes<'_>) -> Option<Self> {
        if bytes.array(0)? != UUID {
            return None;
        }
        Some(Self {
            log: bytes.u32(LOG)?,
            base: bytes.u32(BASE)?,
            size: bytes.u32(SIZE)?,
        })
    }
}
