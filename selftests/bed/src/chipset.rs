// SPDX-License-Identifier: GPL-2.0
//! The chipset: TXT register file and the semantics of TXT.CMD.*.

use anyhow::Result;

/// The 64 KiB register file that the guest sees at 0xFED20000 and 0xFED30000.
#[derive(Clone)]
pub struct Registers {}

impl Registers {
    /// Reads 64 bits at a register offset (0..=0xFFF8).
    pub fn read(&self, _offset: u16) -> u64 {
        0
    }
    /// Writes 64 bits at a register offset, whatever the guest may do there.
    pub fn write(&self, _offset: u16, _value: u64) {}
    /// Offset of a register by name (`"STS"`, `"HEAP.BASE"`) or `"0x330"`.
    pub fn offset(_name: &str) -> Result<u16> {
        anyhow::bail!("not built yet")
    }
}
