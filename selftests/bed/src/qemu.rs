// SPDX-License-Identifier: GPL-2.0
//! QEMU's command line and its monitor.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use serde_json::{json, Value};

use crate::launch::{Config, Console, Start};
use crate::secure_boot;

/// Versions (major, minor) on which the emulation was proven. It relies on what no
/// version promises: devices without a function 0, TIS localities 1 to 3 open to
/// the guest, undefined-instruction behaviour of the CPU model.
pub const KNOWN_VERSIONS: &[(u32, u32)] = &[(11, 1)];

/// The processor: Intel's vendor and a family that tboot knows, SMX and MONITOR
/// shown although the emulator has neither. Without fast string instructions the kernel
/// copies and clears by words, which is what is fast here.
const CPU: &str = "max,vendor=GenuineIntel,family=6,model=94,stepping=3,\
                   svm=off,monitor=on,vmx=on,smx=on,erms=off,fsrm=off,x-force-features=on";

/// How long an answer of the monitor may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads `qemu --version` and refuses a version that was not proven.
pub fn check_version(qemu: &Path) -> Result<()> {
    let output = Command::new(qemu)
        .arg("--version")
        .output()
        .with_context(|| format!("{} cannot be started", qemu.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default();
    let version = parse_version(line);
    ensure!(
        version.is_some_and(|v| KNOWN_VERSIONS.contains(&v)),
        "{}: \"{line}\" is not a QEMU that the emulated launch was proven with ({}).\n\
         Debian trixie-backports has it: apt install -t trixie-backports qemu-system-x86",
        qemu.display(),
        KNOWN_VERSIONS
            .iter()
            .map(|(major, minor)| format!("{major}.{minor}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(())
}

fn parse_version(line: &str) -> Option<(u32, u32)> {
    let numbers = line.strip_prefix("QEMU emulator version ")?;
    let mut parts = numbers.split(['.', ' ']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// File names in the work folder; QEMU runs inside it.
pub mod files {
    /// Register file.
    pub const REGISTERS: &str = "registers";
    /// Mailbox page.
    pub const MAILBOX: &str = "mailbox";
    /// Socket for the TPM's control channel.
    pub const TPM: &str = "tpm.sock";
    /// Monitor.
    pub const QMP: &str = "qmp.sock";
    /// Second serial port.
    pub const CONTROL: &str = "control.sock";
    /// First serial port's log.
    pub const SERIAL: &str = "serial.log";
    /// Copies of or links to the images.
    pub const STAGE: &str = "stage.bin";
    /// Stage parameters.
    pub const PARAMETERS: &str = "parameters";
    /// Emulated SINIT.
    pub const SINIT: &str = "sinit";
    /// Launcher.
    pub const TBOOT: &str = "tboot";
    /// Kernel.
    pub const KERNEL: &str = "kernel";
    /// Initial RAM disk.
    pub const INITRD: &str = "initrd";
}

/// The command that runs the machine; `ram` is the file of the guest's memory.
pub fn command(config: &Config, folder: &Path, ram: &Path) -> Command {
    let mut c = Command::new(&config.qemu);
    c.current_dir(folder);
    c.args(["-nodefaults", "-no-user-config", "-display", "none"]);
    c.args(["-accel", "tcg,thread=multi", "-cpu", CPU]);
    c.args(["-machine", "q35,kernel-irqchip=split,memory-backend=ram"]);
    c.args(["-m", &config.memory_mib.to_string()]);
    c.args(["-smp", &config.smp.to_string()]);
    let size = config.memory_mib;
    c.args([
        "-object",
        &shared("ram", &ram.display().to_string(), &format!("{size}M")),
    ]);
    c.args(["-qmp", &format!("unix:{},server=on,wait=off", files::QMP)]);
    let console = match config.console {
        Console::Log => format!("file,id=console,path={}", files::SERIAL),
        Console::Stdio => format!("stdio,id=console,signal=off,logfile={}", files::SERIAL),
    };
    c.args(["-chardev", &console, "-serial", "chardev:console"]);
    let control = format!(
        "socket,id=control,path={},server=on,wait=off",
        files::CONTROL
    );
    c.args(["-chardev", &control, "-serial", "chardev:control"]);
    if config.no_reboot {
        c.arg("-no-reboot");
    }
    if config.iommu {
        let remapping = if config.interrupt_remapping {
            "on"
        } else {
            "off"
        };
        let mut iommu = format!("intel-iommu,intremap={remapping}");
        if !config.iommu_options.is_empty() {
            iommu = format!("{iommu},{}", config.iommu_options);
        }
        c.args(["-device", &iommu]);
    }
    if config.tpm.is_some() {
        c.args(["-chardev", &format!("socket,id=tpm,path={}", files::TPM)]);
        c.args(["-tpmdev", "emulator,id=tpm0,chardev=tpm"]);
        c.args(["-device", "tpm-tis,tpmdev=tpm0"]);
    }
    if config.start.has_txt() {
        chipset_devices(&mut c);
    }
    for device in &config.devices {
        c.args(["-device", device]);
    }
    kernel(config, &mut c);
    c.args(&config.qemu_args);
    c
}

fn shared(id: &str, path: &str, size: &str) -> String {
    format!(
        "memory-backend-file,id={id},mem-path={},size={size},share=on",
        path.replace(',', ",,")
    )
}

/// Functions 1 to 3 of a device without function 0: nobody enumerates them, the
/// stage finds them by address. Two windows on one file, and the mailbox.
fn chipset_devices(c: &mut Command) {
    for (function, id, file, size) in [
        (1, "private", files::REGISTERS, "64K"),
        (2, "public", files::REGISTERS, "64K"),
        (3, "mailbox", files::MAILBOX, "4K"),
    ] {
        c.args(["-object", &shared(id, file, size)]);
        c.args([
            "-device",
            &format!("ivshmem-plain,memdev={id},addr=5.{function}"),
        ]);
    }
}

fn kernel(config: &Config, c: &mut Command) {
    let args = &config.kernel_args;
    if config.start == Start::SecureBoot {
        return secure_boot::arguments(c);
    }
    if config.start == Start::Plain {
        c.args(["-kernel", files::KERNEL, "-append", args]);
        if config.initrd.is_some() {
            c.args(["-initrd", files::INITRD]);
        }
        return;
    }
    let mut modules = vec![files::PARAMETERS.into(), files::SINIT.into()];
    if config.start == Start::Launched {
        modules.push(format!("{} {}", files::TBOOT, config.tboot_args));
    }
    modules.push(format!("{} {args}", files::KERNEL));
    if config.initrd.is_some() {
        modules.push(files::INITRD.into());
    }
    // a comma ends a module, two are one of its text
    let modules: Vec<String> = modules
        .iter()
        .map(|m: &String| m.replace(',', ",,"))
        .collect();
    c.args(["-kernel", files::STAGE, "-initrd", &modules.join(",")]);
}

/// What happened, as the monitor says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `RESET`, `SHUTDOWN`, `STOP`, `DEVICE_DELETED`...
    pub name: String,
    /// `guest-shutdown`, `guest-reset`, `host-qmp-system-reset`...; empty if none.
    pub reason: String,
    /// The id of the device that it is about; empty if none.
    pub device: String,
}

#[derive(Default)]
struct Inbox {
    answers: VecDeque<Value>,
    events: Vec<Event>,
    closed: bool,
}

/// The monitor's client. Clones share the connection.
#[derive(Clone)]
pub struct Monitor {
    stream: Arc<Mutex<UnixStream>>,
    inbox: Arc<(Mutex<Inbox>, Condvar)>,
}

impl Monitor {
    /// Connects and leaves the negotiation mode.
    pub fn connect(path: &Path) -> Result<Monitor> {
        let stream = UnixStream::connect(path)?;
        let reader = BufReader::new(stream.try_clone()?);
        let inbox: Arc<(Mutex<Inbox>, Condvar)> = Arc::default();
        let shared = inbox.clone();
        thread::Builder::new()
            .name("monitor".into())
            .spawn(move || receive(reader, &shared))?;
        let monitor = Monitor {
            stream: Arc::new(Mutex::new(stream)),
            inbox,
        };
        monitor.run("qmp_capabilities", Value::Null)?;
        Ok(monitor)
    }

    /// Runs a command and returns what it returns.
    pub fn run(&self, command: &str, arguments: Value) -> Result<Value> {
        // one command at a time, held until its answer is there
        let mut stream = self.stream.lock().expect("monitor");
        let mut request = json!({ "execute": command });
        if !arguments.is_null() {
            request["arguments"] = arguments;
        }
        stream
            .write_all(format!("{request}\n").as_bytes())
            .with_context(|| format!("monitor command {command}"))?;
        let deadline = Instant::now() + PATIENCE;
        let (lock, changed) = &*self.inbox;
        let mut inbox = lock.lock().expect("monitor inbox");
        loop {
            if let Some(answer) = inbox.answers.pop_front() {
                if let Some(error) = answer.get("error") {
                    bail!("monitor command {command}: {}", error["desc"]);
                }
                return Ok(answer["return"].clone());
            }
            ensure!(!inbox.closed, "QEMU ended during monitor command {command}");
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "no answer to monitor command {command}");
            inbox = changed.wait_timeout(inbox, left).expect("monitor inbox").0;
        }
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.inbox.0.lock().expect("monitor inbox").events.clone()
    }

    /// Waits for an event behind the first `since` ones.
    pub fn wait(
        &self,
        since: usize,
        timeout: Duration,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event> {
        let deadline = Instant::now() + timeout;
        let (lock, changed) = &*self.inbox;
        let mut inbox = lock.lock().expect("monitor inbox");
        loop {
            if let Some(event) = inbox.events.iter().skip(since).find(|event| wanted(event)) {
                return Ok(event.clone());
            }
            ensure!(!inbox.closed, "QEMU ended while an event was awaited");
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "the event did not come in {timeout:?}");
            inbox = changed.wait_timeout(inbox, left).expect("monitor inbox").0;
        }
    }
}

fn receive(reader: impl BufRead, inbox: &(Mutex<Inbox>, Condvar)) {
    for line in reader.lines() {
        let Ok(line) = line else { break };
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let mut inbox_now = inbox.0.lock().expect("monitor inbox");
        if let Some(name) = message["event"].as_str() {
            let text = |key: &str| message["data"][key].as_str().unwrap_or("").into();
            inbox_now.events.push(Event {
                name: name.into(),
                reason: text("reason"),
                device: text("device"),
            });
        } else if message.get("return").is_some() || message.get("error").is_some() {
            inbox_now.answers.push_back(message);
        }
        inbox.1.notify_all();
    }
    inbox.0.lock().expect("monitor inbox").closed = true;
    inbox.1.notify_all();
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn version_lines() {
        let debian = "QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1~bpo13+1)";
        assert_eq!(parse_version(debian), Some((11, 1)));
        assert_eq!(
            parse_version("QEMU emulator version 10.0.13"),
            Some((10, 0))
        );
        assert_eq!(parse_version("bash: no such thing"), None);
    }
}
