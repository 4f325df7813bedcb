// SPDX-License-Identifier: GPL-2.0
//! The page through which the stage speaks to the host. The guest can reach it
//! only while the stage has turned its decoding on.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use memmap2::{MmapOptions, MmapRaw};

/// Bytes of the mailbox page.
const FILE_SIZE: u64 = 0x1000;
const COMMAND: usize = 0;
const SIZE: usize = 4;
const STATUS: usize = 8;
const DATA: usize = 16;
const DATA_MAX: usize = 256;

/// What the stage asks for (`enum mailbox_command` in `selftests/launch/stage.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Firmware starts: registers as after a platform reset.
    Reset,
    /// _TPM_Hash_Start at locality 4.
    HashStart,
    /// _TPM_Hash_Data.
    HashData,
    /// _TPM_Hash_End.
    HashEnd,
    /// SINIT hands over to the MLE.
    SenterDone,
    /// GETSEC[SEXIT].
    SexitDone,
    /// Error code (u32) to record, then a platform reset.
    TxtShutdown,
    /// The kernel's first instruction is next.
    Kernel,
}

impl Command {
    fn from_word(word: u32) -> Option<Command> {
        Some(match word {
            1 => Command::Reset,
            2 => Command::HashStart,
            3 => Command::HashData,
            4 => Command::HashEnd,
            5 => Command::SenterDone,
            6 => Command::SexitDone,
            7 => Command::TxtShutdown,
            8 => Command::Kernel,
            _ => return None,
        })
    }
}

/// The host's end of the mailbox.
pub struct Mailbox {
    map: MmapRaw,
}

impl Mailbox {
    /// Makes the page's file.
    pub fn create(path: &Path) -> Result<Mailbox> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .with_context(|| format!("mailbox {}", path.display()))?;
        file.set_len(FILE_SIZE)?;
        let map = MmapOptions::new().map_raw(&file)?;
        Ok(Mailbox { map })
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: called with the constants above only, all aligned and inside
        // the page; the guest writes concurrently, which atomics allow.
        unsafe { AtomicU32::from_ptr(self.map.as_mut_ptr().add(offset).cast()) }
    }

    /// A command that waits, with its data. `Some(Err(word))` if it is unknown.
    pub fn pending(&self) -> Option<Result<(Command, Vec<u8>), u32>> {
        let word = self.word(COMMAND).load(Ordering::SeqCst);
        if word == 0 {
            return None;
        }
        let Some(command) = Command::from_word(word) else {
            return Some(Err(word));
        };
        let size = DATA_MAX.min(self.word(SIZE).load(Ordering::SeqCst) as usize);
        let mut data = vec![0; size];
        // SAFETY: DATA + DATA_MAX is inside the page; the guest waits for the
        // answer and does not write meanwhile.
        unsafe {
            std::ptr::copy_nonoverlapping(self.map.as_ptr().add(DATA), data.as_mut_ptr(), size);
        }
        Some(Ok((command, data)))
    }

    /// Answers the command; the guest goes on.
    pub fn answer(&self, good: bool) {
        self.word(STATUS).store(u32::from(!good), Ordering::SeqCst);
        self.word(COMMAND).store(0, Ordering::SeqCst);
    }
}
