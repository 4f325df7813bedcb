// SPDX-License-Identifier: GPL-2.0
//! A machine to start, watch, change and stop.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::chipset::Registers;
use crate::guestmem::GuestMemory;
use crate::mutation::Mutation;

/// How the kernel gets started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Stage, tboot, measured launch, kernel.
    #[default]
    Launched,
    /// Stage as firmware of a TXT machine (registers, heap with BiosData, SINIT
    /// in memory), then the kernel at once: TXT is there, nobody launched.
    Firmware,
    /// QEMU's own `-kernel`: no stage, no TXT registers.
    Plain,
}

/// A PCR bank of the TPM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Bank {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Where the first serial port goes, apart from the log file it always has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Console {
    /// Nowhere else.
    #[default]
    Log,
    /// This process's standard input and output.
    Stdio,
}

/// A file whose bytes are changed in a private copy before the boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Image {
    /// The launcher, unpacked (checked against its opcode list *before* the change).
    Tboot,
    /// The kernel.
    Kernel,
    /// The initial RAM disk.
    Initrd,
    /// The emulated SINIT module.
    Sinit,
}

/// One changed byte of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagePatch {
    /// Which file.
    pub image: Image,
    /// Byte offset in the file, or from the first occurrence of `text`; negative
    /// counts from the end when there is no `text`.
    #[serde(default)]
    pub offset: i64,
    /// Text to find.
    #[serde(default)]
    pub text: Option<String>,
    /// Bits to flip in the byte.
    pub xor: u8,
}

/// All that describes a machine.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the kernel gets started.
    pub start: Start,
    /// bzImage.
    pub kernel: PathBuf,
    /// Kernel command line.
    pub kernel_args: String,
    /// Initial RAM disk.
    pub initrd: Option<PathBuf>,
    /// tboot.gz or the unpacked ELF file; its SHA-256 must have an opcode list.
    pub tboot: PathBuf,
    /// tboot's command line. `ap_wake_mwait=true` is needed for more than one CPU.
    pub tboot_args: String,
    /// RAM in MiB, from 512.
    pub memory_mib: u32,
    /// CPUs, 1 to 8.
    pub smp: u32,
    /// Active PCR banks; `None`: no TPM.
    pub tpm: Option<Vec<Bank>>,
    /// Intel VT-d with interrupt remapping. A measured launch needs it.
    pub iommu: bool,
    /// More `-device` values, e.g. `"edu,addr=6.0"`.
    pub devices: Vec<String>,
    /// More QEMU arguments, word by word.
    pub qemu_args: Vec<String>,
    /// Bytes changed in private copies of the images.
    pub image_patches: Vec<ImagePatch>,
    /// Evidence changed when the launch is over and the kernel's first
    /// instruction has not run (not for [`Start::Plain`]).
    pub before_kernel: Vec<Mutation>,
    /// The built stage (`stage.bin`).
    pub stage: PathBuf,
    /// Folder of the opcode lists, `<sha256 of the unpacked tboot>.toml`.
    pub opcode_lists: PathBuf,
    /// Where the first serial port goes.
    pub console: Console,
    /// Exit QEMU instead of rebooting when the guest asks for a reset.
    pub no_reboot: bool,
    /// Folder for sockets, logs and TPM state; a fresh temporary one by default.
    pub work_dir: Option<PathBuf>,
    /// The emulator, `qemu-system-x86_64` by default.
    pub qemu: PathBuf,
}

/// How a machine came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The guest powered itself off.
    Shutdown,
    /// The guest asked for a reset and [`Config::no_reboot`] is set.
    Reset,
    /// QEMU ended in another way, with this exit code if it has one.
    Other(Option<i32>),
}

/// Old values of what a mutation changed; [`Machine::restore`] puts them back.
#[derive(Debug, Clone, Default)]
pub struct Undo {
    pub(crate) registers: Vec<(u16, u64)>,
    pub(crate) memory: Vec<(u64, Vec<u8>)>,
}

/// A running machine. Dropping it ends QEMU and swtpm and removes its files.
pub struct Machine {
    registers: Registers,
    memory: GuestMemory,
}

impl Machine {
    /// Checks versions and lists, then starts swtpm, the chipset and QEMU.
    pub fn start(_config: &Config) -> Result<Machine> {
        anyhow::bail!("not built yet")
    }
    /// All that the first serial port wrote so far (invalid UTF-8 replaced).
    pub fn serial(&self) -> Result<String> {
        anyhow::bail!("not built yet")
    }
    /// Waits until the first serial port has written `text` at or after byte
    /// `from` of the log; returns the offset behind it. An early end of QEMU is an error.
    pub fn wait_serial(&self, _text: &str, _from: usize, _timeout: Duration) -> Result<usize> {
        anyhow::bail!("not built yet")
    }
    /// The second serial port (ttyS1). One connection at a time.
    pub fn control(&self) -> Result<UnixStream> {
        anyhow::bail!("not built yet")
    }
    /// The TXT register file.
    pub fn registers(&self) -> &Registers {
        &self.registers
    }
    /// Guest-physical memory.
    pub fn memory(&self) -> &GuestMemory {
        &self.memory
    }
    /// Applies one change to the running machine.
    pub fn mutate(&self, _mutation: &Mutation) -> Result<Undo> {
        anyhow::bail!("not built yet")
    }
    /// Puts back what [`Machine::mutate`] changed. Undo in the reverse order.
    pub fn restore(&self, _undo: &Undo) -> Result<()> {
        anyhow::bail!("not built yet")
    }
    /// Stops all CPUs.
    pub fn pause(&self) -> Result<()> {
        anyhow::bail!("not built yet")
    }
    /// Lets the CPUs run again.
    pub fn resume(&self) -> Result<()> {
        anyhow::bail!("not built yet")
    }
    /// Hard reset of the machine.
    pub fn reset(&self) -> Result<()> {
        anyhow::bail!("not built yet")
    }
    /// Any QMP command.
    pub fn qmp(&self, _command: &str, _arguments: serde_json::Value) -> Result<serde_json::Value> {
        anyhow::bail!("not built yet")
    }
    /// Resets seen so far (guest reboots and TXT.CMD.RESET included).
    pub fn resets(&self) -> usize {
        0
    }
    /// Waits for the end of QEMU.
    pub fn wait(&mut self, _timeout: Duration) -> Result<Exit> {
        anyhow::bail!("not built yet")
    }
    /// Ends QEMU now.
    pub fn kill(&mut self) {}
    /// The folder with `serial.log`, `chipset.log`, `qemu.log`.
    pub fn work_dir(&self) -> &Path {
        Path::new("")
    }
    /// What the chipset did, in order: commands, localities, hash sequence, resets.
    pub fn chipset_log(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            start: Start::Launched,
            kernel: PathBuf::new(),
            kernel_args: "console=ttyS0".into(),
            initrd: None,
            tboot: "/boot/tboot.gz".into(),
            tboot_args: "logging=serial,memory ap_wake_mwait=true".into(),
            memory_mib: 1024,
            smp: 2,
            tpm: Some(vec![Bank::Sha1, Bank::Sha256, Bank::Sha384]),
            iommu: true,
            devices: Vec::new(),
            qemu_args: Vec::new(),
            image_patches: Vec::new(),
            before_kernel: Vec::new(),
            stage: "selftests/launch/stage.bin".into(),
            opcode_lists: "selftests/launch/tboot".into(),
            console: Console::Log,
            no_reboot: false,
            work_dir: None,
            qemu: "qemu-system-x86_64".into(),
        }
    }
}

/// The words of `bed boot`, for people who bring their own kernel or launcher:
/// starts the machine with the console on stdin/stdout and waits for its end.
pub fn boot(config: &Config) -> Result<Exit> {
    let mut config = config.clone();
    config.console = Console::Stdio;
    let mut machine = Machine::start(&config)?;
    machine.wait(Duration::MAX)
}
