// SPDX-License-Identifier: GPL-2.0
//! Guest-physical memory, shared with the running machine.

use anyhow::Result;

/// The machine's RAM as the host sees it.
pub struct GuestMemory {}

impl GuestMemory {
    /// Reads guest-physical memory; an error outside RAM.
    pub fn read(&self, _address: u64, _buffer: &mut [u8]) -> Result<()> {
        anyhow::bail!("not built yet")
    }
    /// Writes guest-physical memory; an error outside RAM.
    pub fn write(&self, _address: u64, _data: &[u8]) -> Result<()> {
        anyhow::bail!("not built yet")
    }
}
