// SPDX-License-Identifier: GPL-2.0
//! The chipset at work: one thread, the only writer of TXT.STS.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::mailbox::{Command, Mailbox};
use super::registers::*;

/// How often the register file is looked at.
const POLL: Duration = Duration::from_micros(400);

const STS_SENTER_DONE: u64 = 1 << 0;
const STS_SEXIT_DONE: u64 = 1 << 1;
const STS_MEM_CONFIG_LOCK: u64 = 1 << 6;
const STS_PRIVATE_OPEN: u64 = 1 << 7;
const STS_LOCALITY1_OPEN: u64 = 1 << 15;
const STS_LOCALITY2_OPEN: u64 = 1 << 16;
const ESTS_TXT_RESET: u64 = 1;
const E2STS_SECRETS: u64 = 1 << 1;
/// What SINIT leaves in TXT.ERRORCODE (SDG appendix I).
const ERRORCODE_SUCCESS: u64 = 0xc000_0001;

/// Production fused, version 1.
const FUSED: u64 = 0x8000_0001;
/// Vendor 8086, device b008, revision 1: the emulated SINIT's chipset list has it.
const DIDVID_VALUE: u64 = 0x0000_0001_b008_8086;
/// S-ACM success, TXT enabled by policy, TXT startup success.
const SPAD_VALUE: u64 = (1 << 63) | (1 << 53) | (1 << 30);
/// TXT supported, TPM startup success.
const POLICY_VALUE: u64 = (1 << 15) | (1 << 7);

const CMD_RESET: u16 = 0x038;

/// Command registers in the order an MLE issues them, should several fall into
/// one look: offset, name, register, bits set, bits cleared.
const COMMANDS: [(u16, &str, u16, u64, u64); 8] = [
    (0x8e0, "SECRETS", E2STS, E2STS_SECRETS, 0),
    (0x380, "OPEN.LOCALITY1", STS, STS_LOCALITY1_OPEN, 0),
    (0x390, "OPEN.LOCALITY2", STS, STS_LOCALITY2_OPEN, 0),
    (0x388, "CLOSE.LOCALITY1", STS, 0, STS_LOCALITY1_OPEN),
    (0x398, "CLOSE.LOCALITY2", STS, 0, STS_LOCALITY2_OPEN),
    (0x8e8, "NO-SECRETS", E2STS, 0, E2STS_SECRETS),
    (0x218, "UNLOCK-MEM-CONFIG", STS, 0, STS_MEM_CONFIG_LOCK),
    (
        0x048,
        "CLOSE-PRIVATE",
        STS,
        0,
        STS_PRIVATE_OPEN | STS_LOCALITY2_OPEN,
    ),
];

/// The TPM's locality 4, which only the processor can use.
pub trait Locality4: Send {
    /// Resets PCR 17 to 22 and opens the sequence.
    fn hash_start(&mut self) -> Result<()>;
    /// Adds data to the sequence.
    fn hash_data(&mut self, data: &[u8]) -> Result<()>;
    /// Extends PCR 17.
    fn hash_end(&mut self) -> Result<()>;
}

/// What the chipset needs from the rest of the machine.
pub struct Hooks {
    /// The TPM, if there is one.
    pub locality4: Option<Box<dyn Locality4>>,
    /// Resets the machine.
    pub reset: Box<dyn Fn() -> Result<()> + Send>,
    /// Runs while the guest waits right before the kernel's first instruction.
    pub kernel: Box<dyn FnMut() -> Result<()> + Send>,
    /// SHA-256 of the modulus of the one key that signs SINIT modules here.
    pub public_key: [u8; 32],
}

struct Engine {
    registers: Registers,
    mailbox: Mailbox,
    hooks: Hooks,
    started: Instant,
    log: Arc<Mutex<Vec<String>>>,
    log_file: std::fs::File,
}

/// The running chipset. Dropping it stops its thread.
pub struct Chipset {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Chipset {
    /// Starts the chipset on a register file; makes the mailbox file and the log file.
    pub fn start(
        registers: Registers,
        mailbox: &Path,
        log_file: &Path,
        hooks: Hooks,
    ) -> Result<Chipset> {
        let log = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let mut engine = Engine {
            registers,
            mailbox: Mailbox::create(mailbox)?,
            hooks,
            started: Instant::now(),
            log: log.clone(),
            log_file: std::fs::File::create(log_file)?,
        };
        engine.platform_reset();
        let seen = stop.clone();
        let thread = std::thread::Builder::new()
            .name("chipset".into())
            .spawn(move || {
                while !seen.load(Ordering::Relaxed) {
                    if !engine.look() {
                        std::thread::sleep(POLL);
                    }
                }
            })
            .context("chipset thread")?;
        Ok(Chipset {
            stop,
            thread: Some(thread),
            log,
        })
    }

    /// What happened so far, in order.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("chipset log").clone()
    }
}

impl Drop for Chipset {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // a panic of that thread was already reported on stderr
            let _ = thread.join();
        }
    }
}

impl Engine {
    fn note(&mut self, text: String) {
        let seconds = self.started.elapsed().as_secs_f64();
        // the log is a help for people: a full disk must not stop the machine
        let _ = writeln!(self.log_file, "{seconds:9.4} {text}");
        self.log.lock().expect("chipset log").push(text);
    }

    /// One look at mailbox and registers; true if the mailbox had something.
    fn look(&mut self) -> bool {
        // first the mailbox: what it holds came after the commands seen below,
        // so they are carried out before it
        let pending = self.mailbox.pending();
        for (offset, name, register, set, clear) in COMMANDS {
            if self.registers.take(offset) != 0 {
                self.registers.change(register, set, clear);
                let sts = self.registers.read(STS);
                self.note(format!("TXT.CMD.{name}: STS {sts:#x}"));
            }
        }
        if let Some(ests) = self.registers.settle() {
            self.note(format!("TXT.ESTS written: {ests:#x}"));
        }
        if self.registers.take(CMD_RESET) != 0 {
            self.note("TXT.CMD.RESET".into());
            self.txt_reset();
        }
        match pending {
            None => return false,
            Some(Err(word)) => {
                self.note(format!("mailbox: unknown command {word}"));
                self.mailbox.answer(false);
            }
            Some(Ok((command, data))) => {
                let result = self.serve(command, &data);
                if let Err(error) = &result {
                    self.note(format!("{command:?} failed: {error:#}"));
                }
                self.mailbox.answer(result.is_ok());
            }
        }
        true
    }

    fn serve(&mut self, command: Command, data: &[u8]) -> Result<()> {
        match command {
            Command::Reset => self.platform_reset(),
            Command::HashStart => self.locality4()?.hash_start()?,
            Command::HashData => self.locality4()?.hash_data(data)?,
            Command::HashEnd => self.locality4()?.hash_end()?,
            Command::SenterDone => {
                self.registers.write(ERRORCODE, ERRORCODE_SUCCESS);
                self.registers.write(
                    STS,
                    STS_SENTER_DONE | STS_MEM_CONFIG_LOCK | STS_PRIVATE_OPEN | STS_LOCALITY2_OPEN,
                );
            }
            Command::SexitDone => self.registers.change(
                STS,
                STS_SEXIT_DONE,
                STS_SENTER_DONE | STS_PRIVATE_OPEN | STS_LOCALITY1_OPEN | STS_LOCALITY2_OPEN,
            ),
            Command::TxtShutdown => {
                let code = data.first_chunk().context("error code missing")?;
                self.registers
                    .write(ERRORCODE, u32::from_le_bytes(*code).into());
                self.txt_reset();
            }
            Command::Kernel => (self.hooks.kernel)()?,
        }
        let sts = self.registers.read(STS);
        self.note(match command {
            Command::HashData => format!("HashData {} bytes", data.len()),
            Command::TxtShutdown => format!("TxtShutdown {:#x}", self.registers.read(ERRORCODE)),
            _ => format!("{command:?}: STS {sts:#x}"),
        });
        Ok(())
    }

    fn locality4(&mut self) -> Result<&mut dyn Locality4> {
        Ok(self.hooks.locality4.as_mut().context("no TPM")?.as_mut())
    }

    fn txt_reset(&mut self) {
        self.registers.change(ESTS, ESTS_TXT_RESET, 0);
        if let Err(error) = (self.hooks.reset)() {
            self.note(format!("reset failed: {error:#}"));
        }
    }

    /// Register values as firmware finds them: fuses and identity, the startup
    /// ACM's report, and TXT.STS with SEXIT.DONE, as real machines show it.
    fn platform_reset(&mut self) {
        self.registers.clear();
        for (offset, value) in [
            (STS, STS_SEXIT_DONE),
            (SPAD, SPAD_VALUE),
            (VER_FSBIF, FUSED),
            (VER_EMIF, FUSED),
            (DIDVID, DIDVID_VALUE),
            (ACM_POLICY_STATUS, POLICY_VALUE),
        ] {
            self.registers.write(offset, value);
        }
        for (i, part) in self.hooks.public_key.chunks_exact(8).enumerate() {
            let word = u64::from_le_bytes(part.try_into().expect("8 bytes"));
            self.registers.write(PUBLIC_KEY + 8 * i as u16, word);
        }
    }
}
