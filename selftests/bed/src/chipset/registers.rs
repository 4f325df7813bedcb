// SPDX-License-Identifier: GPL-2.0
//! The register file. Offsets and bits: SDG appendix B.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{bail, Context, Result};
use memmap2::{MmapOptions, MmapRaw};

/// Bytes of the register file, a window's size.
pub const FILE_SIZE: u64 = 0x10000;

/// TXT.STS.
pub const STS: u16 = 0x000;
/// TXT.ESTS, cleared by writing ones.
pub const ESTS: u16 = 0x008;
/// TXT.ERRORCODE.
pub const ERRORCODE: u16 = 0x030;
/// TXT.SPAD (boot status).
pub const SPAD: u16 = 0x0a0;
/// TXT.VER.FSBIF.
pub const VER_FSBIF: u16 = 0x100;
/// TXT.DIDVID.
pub const DIDVID: u16 = 0x110;
/// TXT.VER.EMIF.
pub const VER_EMIF: u16 = 0x200;
/// TXT.SINIT.BASE.
pub const SINIT_BASE: u16 = 0x270;
/// TXT.HEAP.BASE.
pub const HEAP_BASE: u16 = 0x300;
/// TXT.HEAP.SIZE.
pub const HEAP_SIZE: u16 = 0x308;
/// ACM_POLICY_STATUS.
pub const ACM_POLICY_STATUS: u16 = 0x378;
/// TXT.PUBLIC.KEY, 32 bytes.
pub const PUBLIC_KEY: u16 = 0x400;
/// TXT.E2STS.
pub const E2STS: u16 = 0x8f0;

/// Names that scenarios may use, with their offsets.
pub const NAMES: &[(&str, u16)] = &[
    ("STS", STS),
    ("ESTS", ESTS),
    ("ERRORCODE", ERRORCODE),
    ("CMD.RESET", 0x038),
    ("CMD.CLOSE-PRIVATE", 0x048),
    ("SPAD", SPAD),
    ("VER.FSBIF", VER_FSBIF),
    ("DIDVID", DIDVID),
    ("VER.EMIF", VER_EMIF),
    ("CMD.UNLOCK-MEM-CONFIG", 0x218),
    ("SINIT.BASE", SINIT_BASE),
    ("SINIT.SIZE", 0x278),
    ("MLE.JOIN", 0x290),
    ("HEAP.BASE", HEAP_BASE),
    ("HEAP.SIZE", HEAP_SIZE),
    ("MSEG.BASE", 0x310),
    ("MSEG.SIZE", 0x318),
    ("ACM.STATUS", 0x328),
    ("DPR", 0x330),
    ("ACM.POLICY.STATUS", ACM_POLICY_STATUS),
    ("CMD.OPEN.LOCALITY1", 0x380),
    ("CMD.CLOSE.LOCALITY1", 0x388),
    ("CMD.OPEN.LOCALITY2", 0x390),
    ("CMD.CLOSE.LOCALITY2", 0x398),
    ("PUBLIC.KEY", PUBLIC_KEY),
    ("CMD.SECRETS", 0x8e0),
    ("CMD.NO-SECRETS", 0x8e8),
    ("E2STS", E2STS),
];

/// Registers that software cannot write: a guest's write is taken back.
const READ_ONLY: [u16; 8] = [
    STS,
    VER_FSBIF,
    DIDVID,
    VER_EMIF,
    PUBLIC_KEY,
    PUBLIC_KEY + 8,
    PUBLIC_KEY + 16,
    PUBLIC_KEY + 24,
];

/// What the chipset holds, whatever the guest wrote into the file meanwhile.
#[derive(Default)]
struct Held {
    read_only: [u64; READ_ONLY.len()],
    ests: u64,
}

struct File {
    map: MmapRaw,
    held: Mutex<Held>,
}

/// The register file, shared with the machine. Clones are the same file.
#[derive(Clone)]
pub struct Registers {
    file: Arc<File>,
}

impl Registers {
    /// Makes the file with all registers zero.
    pub fn create(path: &Path) -> Result<Registers> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .with_context(|| format!("register file {}", path.display()))?;
        file.set_len(FILE_SIZE)?;
        let map = MmapOptions::new().map_raw(&file)?;
        let held = Mutex::new(Held::default());
        Ok(Registers {
            file: Arc::new(File { map, held }),
        })
    }

    /// The offset of a register by name (`"STS"`, `"HEAP.BASE"`, also with `TXT.`
    /// in front) or in hex (`"0x330"`).
    pub fn offset(name: &str) -> Result<u16> {
        if let Some(digits) = name.strip_prefix("0x") {
            return Ok(u16::from_str_radix(digits, 16)?);
        }
        let short = name.strip_prefix("TXT.").unwrap_or(name);
        match NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(short)) {
            Some((_, offset)) => Ok(*offset),
            None => bail!("no TXT register is called {name}"),
        }
    }

    fn cell(&self, offset: u16) -> &AtomicU64 {
        assert!(offset % 8 == 0, "register offset {offset:#x}");
        // SAFETY: the map is FILE_SIZE = 64 KiB long and page aligned, so every
        // u16 offset that is a multiple of 8 is inside and aligned; the guest
        // writes concurrently, which atomics allow.
        unsafe { AtomicU64::from_ptr(self.file.map.as_mut_ptr().add(offset.into()).cast()) }
    }

    fn load(&self, offset: u16) -> u64 {
        self.cell(offset).load(Ordering::SeqCst)
    }

    fn store(&self, offset: u16, value: u64) {
        self.cell(offset).store(value, Ordering::SeqCst);
    }

    /// Reads the 64 bits at an offset, a multiple of 8.
    pub fn read(&self, offset: u16) -> u64 {
        self.load(offset)
    }

    /// Writes the 64 bits at an offset, a multiple of 8, as the chipset itself:
    /// read-only registers too.
    pub fn write(&self, offset: u16, value: u64) {
        let mut held = self.file.held.lock().expect("register lock");
        if let Some(i) = READ_ONLY.iter().position(|o| *o == offset) {
            held.read_only[i] = value;
        }
        if offset == ESTS {
            held.ests = value;
        }
        self.store(offset, value);
    }

    /// Sets and clears bits of a register as the chipset.
    pub(super) fn change(&self, offset: u16, set: u64, clear: u64) {
        self.write(offset, (self.read(offset) & !clear) | set);
    }

    /// Takes a command register's content: what was written since the last time.
    pub(super) fn take(&self, offset: u16) -> u64 {
        self.cell(offset).swap(0, Ordering::SeqCst)
    }

    /// Undoes writes to read-only registers and plays write-one-to-clear.
    /// Returns the new TXT.ESTS if the guest wrote there.
    pub(super) fn settle(&self) -> Option<u64> {
        let mut held = self.file.held.lock().expect("register lock");
        for (offset, value) in READ_ONLY.iter().zip(held.read_only) {
            if self.load(*offset) != value {
                self.store(*offset, value);
            }
        }
        let written = self.load(ESTS);
        if written == held.ests {
            return None;
        }
        held.ests &= !written;
        self.store(ESTS, held.ests);
        Some(held.ests)
    }

    /// Platform reset: everything zero but what survives a reset without power loss
    /// (TXT.ESTS, TXT.ERRORCODE).
    pub(super) fn clear(&self) {
        for offset in (0..FILE_SIZE as u32).step_by(8) {
            let offset = offset as u16;
            if offset != ESTS && offset != ERRORCODE {
                self.write(offset, 0);
            }
        }
    }
}
