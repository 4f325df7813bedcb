// SPDX-License-Identifier: GPL-2.0
//! Guest-physical memory: the file that QEMU uses as the machine's RAM.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

use anyhow::{ensure, Context, Result};
use memmap2::{MmapOptions, MmapRaw};

const GIB: u64 = 1 << 30;
/// Up to here a q35 machine keeps all RAM below 4 GiB; from here on 2 GiB of it.
const SPLIT_FROM: u64 = 0xb000_0000;

/// The machine's RAM as the host sees it. Clones are the same memory.
#[derive(Clone)]
pub struct GuestMemory {
    map: Arc<MmapRaw>,
    low: u64,
    size: u64,
}

impl GuestMemory {
    /// Makes the file (sparse) for a q35 machine with this much RAM.
    pub fn create(path: &Path, mib: u32) -> Result<GuestMemory> {
        let size = u64::from(mib) << 20;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .with_context(|| format!("guest memory {}", path.display()))?;
        file.set_len(size)?;
        let map = Arc::new(MmapOptions::new().map_raw(&file)?);
        let low = if size >= SPLIT_FROM { 2 * GIB } else { size };
        Ok(GuestMemory { map, low, size })
    }

    /// File offset of a guest-physical range; an error unless all of it is RAM.
    fn offset(&self, address: u64, length: usize) -> Result<usize> {
        let (start, limit) = if address < self.low {
            (Some(address), self.low)
        } else {
            let above = address.checked_sub(4 * GIB);
            (above.and_then(|a| a.checked_add(self.low)), self.size)
        };
        let end = start.and_then(|s| s.checked_add(length as u64));
        match (start, end) {
            (Some(start), Some(end)) if end <= limit => Ok(start as usize),
            _ => anyhow::bail!("{length} bytes at {address:#x} are not all RAM"),
        }
    }

    /// Reads guest-physical memory; an error outside RAM.
    pub fn read(&self, address: u64, buffer: &mut [u8]) -> Result<()> {
        let offset = self.offset(address, buffer.len())?;
        // SAFETY: offset() has checked the range against the map; the guest may
        // write meanwhile, so the bytes are whatever is there, nothing is assumed.
        unsafe {
            let from = self.map.as_ptr().add(offset);
            std::ptr::copy_nonoverlapping(from, buffer.as_mut_ptr(), buffer.len());
        }
        Ok(())
    }

    /// Writes guest-physical memory; an error outside RAM.
    pub fn write(&self, address: u64, data: &[u8]) -> Result<()> {
        let offset = self.offset(address, data.len())?;
        // SAFETY: as in read(); the memory is shared with the guest by design.
        unsafe {
            let to = self.map.as_mut_ptr().add(offset);
            std::ptr::copy_nonoverlapping(data.as_ptr(), to, data.len());
        }
        Ok(())
    }

    /// Reads into a fresh buffer, at most 16 MiB.
    pub fn bytes(&self, address: u64, length: u64) -> Result<Vec<u8>> {
        ensure!(length <= 16 << 20, "{length} bytes at once are too many");
        let mut buffer = vec![0; length as usize];
        self.read(address, &mut buffer)?;
        Ok(buffer)
    }

    /// Reads a little-endian 32-bit word.
    pub fn u32(&self, address: u64) -> Result<u32> {
        let mut buffer = [0; 4];
        self.read(address, &mut buffer)?;
        Ok(u32::from_le_bytes(buffer))
    }

    /// Reads a little-endian 64-bit word.
    pub fn u64(&self, address: u64) -> Result<u64> {
        let mut buffer = [0; 8];
        self.read(address, &mut buffer)?;
        Ok(u64::from_le_bytes(buffer))
    }
}
