// SPDX-License-Identifier: GPL-2.0
//! The TPM emulator, and the proxy between QEMU and its control channel that
//! adds what no guest can do: the locality 4 hash sequence of a dynamic launch.

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use nix::sys::socket::{recvmsg, sendmsg, ControlMessage, ControlMessageOwned, MsgFlags};

use crate::chipset::Locality4;
use crate::launch::Bank;

/// Control commands of swtpm (`tpm_ioctl.h`), 32 bits big endian.
const CMD_HASH_START: u32 = 6;
const CMD_HASH_DATA: u32 = 7;
const CMD_HASH_END: u32 = 8;

/// Longest control request or response that passes through.
const MESSAGE_MAX: usize = 65536;
/// File descriptors that one request may carry (CMD_SET_DATAFD: one).
const FDS_MAX: usize = 4;

/// What a TPM 2.0 keeps without power, in its state's folder.
const STATE: &str = "tpm2-00.permall";

impl Bank {
    fn name(self) -> &'static str {
        match self {
            Bank::Sha1 => "sha1",
            Bank::Sha256 => "sha256",
            Bank::Sha384 => "sha384",
            Bank::Sha512 => "sha512",
        }
    }
}

/// A running swtpm with its proxy. Dropping it ends swtpm.
pub struct Swtpm {
    child: Child,
    control: Arc<Mutex<UnixStream>>,
}

impl Swtpm {
    /// Makes a TPM with these banks active, if none is in the folder, starts it and listens on `socket` for QEMU.
    pub fn start(folder: &Path, socket: &Path, banks: &[Bank]) -> Result<Swtpm> {
        ensure!(!banks.is_empty(), "a TPM needs at least one bank");
        let state = folder.join("tpm");
        std::fs::create_dir_all(&state)?;
        if !state.join(STATE).exists() {
            allocate_banks(&state, &folder.join("swtpm_setup.log"), banks)?;
        }
        let own = folder.join("swtpm.sock");
        let log = std::fs::File::create(folder.join("swtpm.log"))?;
        let mut child = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", state.display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", own.display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("swtpm cannot be started (package swtpm)")?;
        let control = match connect(&own, &mut child) {
            Ok(stream) => Arc::new(Mutex::new(stream)),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let swtpm = Swtpm { child, control };
        let listener = UnixListener::bind(socket)?;
        let control = swtpm.control.clone();
        thread::Builder::new()
            .name("tpm-proxy".into())
            .spawn(move || {
                // ends when QEMU closes its end or swtpm goes
                if let Ok((qemu, _)) = listener.accept() {
                    while let Ok(true) = pass_on(&qemu, &control) {}
                }
            })?;
        Ok(swtpm)
    }

    /// The way to locality 4.
    pub fn locality4(&self) -> Box<dyn Locality4> {
        Box::new(Sequence {
            control: self.control.clone(),
        })
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn allocate_banks(state: &Path, log: &Path, banks: &[Bank]) -> Result<()> {
    let names: Vec<_> = banks.iter().map(|b| b.name()).collect();
    let output = std::fs::File::create(log)?;
    let status = Command::new("swtpm_setup")
        .args(["--tpm2", "--overwrite", "--pcr-banks", &names.join(",")])
        .arg("--tpm-state")
        .arg(state)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .context("swtpm_setup cannot be started (package swtpm-tools)")?;
    if !status.success() {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        bail!("swtpm_setup: {status}\n{text}");
    }
    Ok(())
}

fn connect(path: &Path, child: &mut Child) -> Result<UnixStream> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() > deadline => {
                return Err(error).context("swtpm's control channel");
            }
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
        if let Some(status) = child.try_wait()? {
            bail!("swtpm ended at once: {status}");
        }
    }
}

/// One request from QEMU with its descriptors, and the answer. False at the end.
fn pass_on(qemu: &UnixStream, control: &Mutex<UnixStream>) -> Result<bool> {
    let mut buffer = vec![0; MESSAGE_MAX];
    let mut space = nix::cmsg_space!([RawFd; FDS_MAX]);
    let (length, fds) = {
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let message = recvmsg::<()>(
            qemu.as_raw_fd(),
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        let mut fds = Vec::new();
        for part in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(list) = part {
                // SAFETY: the kernel has just made these descriptors for us,
                // nobody else owns them.
                fds.extend(list.iter().map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) }));
            }
        }
        (message.bytes, fds)
    };
    if length == 0 {
        return Ok(false);
    }
    let mut stream = control.lock().expect("control channel");
    let raw: Vec<RawFd> = fds.iter().map(|fd| fd.as_raw_fd()).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let rights: &[ControlMessage] = if raw.is_empty() { &[] } else { &rights };
    let parts = [IoSlice::new(&buffer[..length])];
    let sent = sendmsg::<()>(stream.as_raw_fd(), &parts, rights, MsgFlags::empty(), None)?;
    stream.write_all(&buffer[sent..length])?;
    let answered = stream.read(&mut buffer)?;
    drop(stream);
    ensure!(answered > 0, "swtpm closed its control channel");
    let mut qemu = qemu;
    qemu.write_all(&buffer[..answered])?;
    Ok(true)
}

struct Sequence {
    control: Arc<Mutex<UnixStream>>,
}

impl Sequence {
    fn command(&self, command: u32, payload: &[u8]) -> Result<()> {
        let mut stream = self.control.lock().expect("control channel");
        let mut request = command.to_be_bytes().to_vec();
        request.extend_from_slice(payload);
        stream.write_all(&request)?;
        let mut result = [0; 4];
        stream.read_exact(&mut result)?;
        let result = u32::from_be_bytes(result);
        ensure!(result == 0, "swtpm refused command {command}: {result:#x}");
        Ok(())
    }
}

impl Locality4 for Sequence {
    fn hash_start(&mut self) -> Result<()> {
        self.command(CMD_HASH_START, &[])
    }

    fn hash_data(&mut self, data: &[u8]) -> Result<()> {
        let mut payload = (data.len() as u32).to_be_bytes().to_vec();
        payload.extend_from_slice(data);
        self.command(CMD_HASH_DATA, &payload)
    }

    fn hash_end(&mut self) -> Result<()> {
        self.command(CMD_HASH_END, &[])
    }
}
