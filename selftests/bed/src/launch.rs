// SPDX-License-Identifier: GPL-2.0
//! A machine to start, watch, change and stop.

mod folder;
mod hotplug;
mod images;

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chipset::{Chipset, Hooks, Registers};
use crate::guestmem::GuestMemory;
use crate::mutation::{self, Evidence, Heap, Mutation};
use crate::qemu::{self, files, Monitor};
use crate::swtpm::Swtpm;

pub use crate::mutation::Undo;
use folder::RamFile;
pub use folder::TempFolder;
pub use hotplug::Departure;

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
    /// UEFI with Secure Boot, shim and GRUB: no stage, no TXT registers.
    SecureBoot,
}

impl Start {
    /// Whether there is a stage, which is where TXT comes from.
    pub const fn has_txt(self) -> bool {
        matches!(self, Self::Launched | Self::Firmware)
    }
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
    /// Kernel command line. `no_timer_check` keeps a kernel on a loaded host from
    /// giving up on its timer; `iomem=relaxed` is for txt-stat.
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
    /// Whether it can remap interrupts.
    pub interrupt_remapping: bool,
    /// More properties of the IOMMU, as QEMU's `-device intel-iommu,` takes them; empty for none.
    pub iommu_options: String,
    /// More `-device` values, e.g. `"edu,addr=6.0"`.
    pub devices: Vec<String>,
    /// More QEMU arguments, word by word.
    pub qemu_args: Vec<String>,
    /// Bytes changed in private copies of the images.
    pub image_patches: Vec<ImagePatch>,
    /// Evidence changed when the launch is over and the kernel's first
    /// instruction has not run (only with a stage).
    pub before_kernel: Vec<Mutation>,
    /// The built stage (`stage.bin`).
    pub stage: PathBuf,
    /// Folder of the opcode lists, `<sha256 of the unpacked tboot>.toml`.
    pub opcode_lists: PathBuf,
    /// Folder of what [`Start::SecureBoot`] needs (see `secure_boot`).
    pub secure_boot: PathBuf,
    /// Where the first serial port goes.
    pub console: Console,
    /// Exit QEMU instead of rebooting when the guest asks for a reset.
    pub no_reboot: bool,
    /// Folder for sockets, logs and TPM state; a fresh temporary one by default. A TPM whose state is there
    /// already goes on with it, banks and all.
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

/// A running machine. Dropping it ends QEMU and swtpm and removes its files.
pub struct Machine {
    // in the order in which they are dropped: QEMU first, the folder last
    qemu: Mutex<Process>,
    monitor: Monitor,
    chipset: Option<Chipset>,
    _swtpm: Option<Swtpm>,
    evidence: Evidence,
    folder: Folder,
}

impl Machine {
    /// Checks versions and lists, then starts swtpm, the chipset and QEMU.
    pub fn start(config: &Config) -> Result<Machine> {
        check(config)?;
        qemu::check_version(&config.qemu)?;
        let folder = match &config.work_dir {
            Some(path) => Folder::Given(prepare_folder(path)?),
            None => Folder::Own(TempFolder::new()?),
        };
        let at = |name: &str| folder.path().join(name);
        images::prepare(config, folder.path())?;

        let ram = RamFile::new(folder.path());
        let memory = GuestMemory::create(ram.path(), config.memory_mib)?;
        let registers = Registers::create(&at(files::REGISTERS))?;
        let evidence = Evidence {
            registers,
            memory,
            heap: None,
        };
        let swtpm = match &config.tpm {
            Some(banks) => Some(Swtpm::start(folder.path(), &at(files::TPM), banks)?),
            None => None,
        };
        let monitor: Arc<OnceLock<Monitor>> = Arc::default();
        let chipset = if config.start.has_txt() {
            Some(Chipset::start(
                evidence.registers.clone(),
                &at(files::MAILBOX),
                &at("chipset.log"),
                hooks(config, &evidence, swtpm.as_ref(), monitor.clone()),
            )?)
        } else {
            None
        };
        let mut child = qemu::command(config, folder.path(), ram.path())
            .stdin(match config.console {
                Console::Log => Stdio::null(),
                Console::Stdio => Stdio::inherit(),
            })
            .stdout(match config.console {
                Console::Log => Stdio::null(),
                Console::Stdio => Stdio::inherit(),
            })
            .stderr(File::create(at("qemu.log"))?)
            .spawn()
            .context("QEMU cannot be started")?;
        let connected = connect(&at(files::QMP), &mut child, &at("qemu.log"));
        let connected = connected.inspect_err(|_| {
            let _ = child.kill();
            let _ = child.wait();
        })?;
        // QEMU has the memory file open: without a name it goes with the last user,
        // however that ends
        drop(ram);
        // set once, here: the chipset's reset works from now on
        let _ = monitor.set(connected.clone());
        Ok(Machine {
            qemu: Mutex::new(Process { child, ended: None }),
            monitor: connected,
            chipset,
            _swtpm: swtpm,
            evidence,
            folder,
        })
    }

    /// Takes the machine's power away, if it still has it, and gives it power again, with the images that
    /// `config` names now. What the TPM keeps without power it has kept when both have the same
    /// [`Config::work_dir`].
    pub fn power_cycle(&mut self, config: &Config) -> Result<()> {
        self.kill();
        // Both write to files in the folder that the new ones are given.
        self.chipset = None;
        self._swtpm = None;
        *self = Self::start(config)?;
        Ok(())
    }

    /// All that the first serial port wrote so far (invalid UTF-8 replaced).
    pub fn serial(&self) -> Result<String> {
        let path = self.work_dir().join(files::SERIAL);
        let bytes = std::fs::read(&path).with_context(|| format!("{}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until the first serial port has written `text` at or after byte
    /// `from` of [`Machine::serial`]; returns the offset behind it. An early end of
    /// QEMU is an error.
    pub fn wait_serial(&self, text: &str, from: usize, timeout: Duration) -> Result<usize> {
        let start = Instant::now();
        loop {
            // the end is looked up before the log: what came last is still found
            let ended = self.poll()?;
            let serial = self.serial().unwrap_or_default();
            if let Some(at) = serial.get(from..).and_then(|s| s.find(text)) {
                return Ok(from + at + text.len());
            }
            let tail: Vec<&str> = serial.lines().rev().take(5).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            if let Some(exit) = ended {
                bail!(
                    "the machine ended ({exit:?}) before {text:?}; last lines:\n{}",
                    tail.join("\n")
                );
            }
            if start.elapsed() > timeout {
                bail!(
                    "{text:?} did not come within {timeout:?}; last lines:\n{}",
                    tail.join("\n")
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The second serial port (ttyS1). One connection at a time.
    pub fn control(&self) -> Result<UnixStream> {
        let path = self.work_dir().join(files::CONTROL);
        UnixStream::connect(&path).context("second serial port")
    }

    /// The TXT register file (all zero without a stage, where no guest sees it).
    pub fn registers(&self) -> &Registers {
        &self.evidence.registers
    }

    /// Guest-physical memory.
    pub fn memory(&self) -> &GuestMemory {
        &self.evidence.memory
    }

    /// Where the heap's tables are now; an error if the heap cannot be walked.
    pub fn heap(&self) -> Result<Heap> {
        mutation::heap(self.registers(), self.memory())
    }

    /// The event log's bytes in use.
    pub fn event_log(&self) -> Result<Vec<u8>> {
        let heap = self.heap()?;
        self.memory().bytes(heap.log, heap.log_next.into())
    }

    /// Applies one change to the running machine. Places are looked up in the heap
    /// as it is, so undo a change of a table's size before the next one, or
    /// remember the heap first ([`Machine::remember_heap`]).
    pub fn mutate(&self, mutation: &Mutation) -> Result<Undo> {
        self.evidence.apply(mutation)
    }

    /// Lets later mutations find their places in the heap as it is now.
    pub fn remember_heap(&mut self) -> Result<()> {
        self.evidence.heap = Some(self.heap()?);
        Ok(())
    }

    /// Puts back what [`Machine::mutate`] changed. Undo in the reverse order.
    pub fn restore(&self, undo: &Undo) -> Result<()> {
        self.evidence.restore(undo)
    }

    /// Stops all CPUs.
    pub fn pause(&self) -> Result<()> {
        self.qmp("stop", Value::Null).map(drop)
    }

    /// Lets the CPUs run again.
    pub fn resume(&self) -> Result<()> {
        self.qmp("cont", Value::Null).map(drop)
    }

    /// Hard reset of the machine.
    pub fn reset(&self) -> Result<()> {
        self.qmp("system_reset", Value::Null).map(drop)
    }

    /// Any monitor command.
    pub fn qmp(&self, command: &str, arguments: Value) -> Result<Value> {
        self.monitor.run(command, arguments)
    }

    /// Resets seen so far: guest reboots, TXT.CMD.RESET, and the second one that
    /// firmware may do by itself after either.
    pub fn resets(&self) -> usize {
        let events = self.monitor.events();
        events.iter().filter(|e| e.name == "RESET").count()
    }

    /// How the machine ended, if it has.
    pub fn poll(&self) -> Result<Option<Exit>> {
        let mut process = self.qemu.lock().expect("process");
        if process.ended.is_none() {
            if let Some(status) = process.child.try_wait()? {
                let events = self.monitor.events();
                let last = events.iter().rev().find(|e| e.name == "SHUTDOWN");
                process.ended = Some(match last.map(|e| e.reason.as_str()) {
                    Some("guest-shutdown") => Exit::Shutdown,
                    Some("guest-reset" | "host-qmp-system-reset") => Exit::Reset,
                    _ => Exit::Other(status.code()),
                });
            }
        }
        Ok(process.ended)
    }

    /// Waits for the end of QEMU.
    pub fn wait(&self, timeout: Duration) -> Result<Exit> {
        let start = Instant::now();
        loop {
            if let Some(exit) = self.poll()? {
                return Ok(exit);
            }
            ensure!(
                start.elapsed() < timeout,
                "the machine still runs after {timeout:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends QEMU now.
    pub fn kill(&self) {
        // an error means that it has ended already
        let mut process = self.qemu.lock().expect("process");
        let _ = process.child.kill();
        let _ = process.child.wait();
    }

    /// The folder with `serial.log`, `chipset.log`, `qemu.log`.
    pub fn work_dir(&self) -> &Path {
        self.folder.path()
    }

    /// What the chipset did, in order: commands, hash sequence, resets.
    pub fn chipset_log(&self) -> Vec<String> {
        self.chipset.as_ref().map(Chipset::log).unwrap_or_default()
    }
}

struct Process {
    child: Child,
    ended: Option<Exit>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

fn check(config: &Config) -> Result<()> {
    ensure!((1..=8).contains(&config.smp), "1 to 8 CPUs are supported");
    ensure!(config.memory_mib >= 512, "512 MiB of memory is the least");
    ensure!(
        config.before_kernel.is_empty() || config.start.has_txt(),
        "without a stage there is no moment before the kernel"
    );
    ensure!(
        config.start != Start::Launched
            || config.smp == 1
            || config.tboot_args.contains("ap_wake_mwait=true"),
        "more than one CPU needs ap_wake_mwait=true on tboot's command line"
    );
    Ok(())
}

fn hooks(
    config: &Config,
    evidence: &Evidence,
    swtpm: Option<&Swtpm>,
    monitor: Arc<OnceLock<Monitor>>,
) -> Hooks {
    let evidence = evidence.clone();
    let mutations = config.before_kernel.clone();
    Hooks {
        locality4: swtpm.map(Swtpm::locality4),
        reset: Box::new(move || {
            let monitor = monitor.get().context("monitor is not connected yet")?;
            monitor.run("system_reset", Value::Null).map(drop)
        }),
        kernel: Box::new(move || {
            let mut evidence = evidence.clone();
            if config_needs_heap(&mutations) {
                // one look before the first change: a mutation may make it unwalkable
                evidence.heap = Some(mutation::heap(&evidence.registers, &evidence.memory)?);
            }
            for mutation in &mutations {
                evidence.apply(mutation)?;
            }
            Ok(())
        }),
        public_key: crate::sinit::public_key_hash(&crate::sinit::image()),
    }
}

fn config_needs_heap(mutations: &[Mutation]) -> bool {
    mutations
        .iter()
        .any(|m| !matches!(m, Mutation::Register { .. }))
}

fn prepare_folder(path: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(path)?;
    let path = path.canonicalize()?;
    for socket in [files::TPM, files::QMP, files::CONTROL, "swtpm.sock"] {
        match std::fs::remove_file(path.join(socket)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(path)
}

fn connect(path: &Path, qemu: &mut Child, log: &Path) -> Result<Monitor> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = qemu.try_wait()? {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            bail!("QEMU ended at once: {status}\n{text}");
        }
        match Monitor::connect(path) {
            Ok(monitor) => return Ok(monitor),
            Err(error) if Instant::now() > deadline => return Err(error).context("QEMU's monitor"),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

enum Folder {
    Given(PathBuf),
    Own(TempFolder),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Folder::Given(path) => path,
            Folder::Own(folder) => folder.path(),
        }
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
            interrupt_remapping: true,
            iommu_options: String::new(),
            devices: Vec::new(),
            qemu_args: Vec::new(),
            image_patches: Vec::new(),
            before_kernel: Vec::new(),
            stage: "selftests/launch/stage.bin".into(),
            opcode_lists: "selftests/launch/tboot".into(),
            secure_boot: "out/secure-boot".into(),
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
    let machine = Machine::start(&config)?;
    machine.wait(Duration::MAX)
}
