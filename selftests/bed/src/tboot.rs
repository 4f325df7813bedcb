// SPDX-License-Identifier: GPL-2.0
//! The launcher's image and its opcode list.
//!
//! An emulator cannot do three things that tboot does (CR4.SMXE, GETSEC,
//! IA32_FEATURE_CONTROL). The stage plays them behind undefined instructions, and
//! needs to know where those are: a list made by a disassembler for exactly one
//! image, named by the SHA-256 of the unpacked ELF file.

use std::fmt::Write;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::launch::Start;

/// What an instruction of the list does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `mov %reg,%cr4`.
    Cr4Write,
    /// `mov %cr4,%reg`.
    Cr4Read,
    /// `rdmsr` of IA32_FEATURE_CONTROL.
    FeatureControl,
    /// The first instruction of the way out to the kernel after which nothing
    /// of the evidence changes; it runs unchanged once the host was told.
    Handover,
    /// `mwait`, with which a processor waits for the kernel's INIT. The emulator would spin in it, so `hlt`
    /// stands there; Linux never uses the other way to wake it, a write to the monitored line.
    Mwait,
}

/// One instruction: address, old bytes, new bytes (hex, the same number).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Physical address in the loaded image.
    pub address: u32,
    /// What it does.
    pub kind: Kind,
    /// The instruction.
    pub old: String,
    /// What it becomes: an undefined instruction, which the stage plays, or one that does as well.
    pub new: String,
}

/// The list of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpcodeList {
    /// What the image is, for people.
    pub title: String,
    /// SHA-256 of the unpacked ELF file.
    pub sha256: String,
    /// Address of the IDT entry for #UD.
    pub gate: u32,
    /// Its eight bytes in the image.
    pub gate_old: String,
    /// The instructions.
    pub change: Vec<Change>,
}

/// Bytes of a hex text; blanks are skipped.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    ensure!(digits.len() % 2 == 0, "odd number of hex digits: {text:?}");
    digits
        .chunks(2)
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}

/// Lower-case hex digits of the bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // writing to a String does not fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The image unpacked, whether the file is packed or not.
pub fn unpack(path: &Path) -> Result<Vec<u8>> {
    let raw = std::fs::read(path).with_context(|| format!("launcher {}", path.display()))?;
    let image = if raw.starts_with(&[0x1f, 0x8b]) {
        let mut image = Vec::new();
        flate2::read::GzDecoder::new(raw.as_slice())
            .read_to_end(&mut image)
            .with_context(|| format!("unpacking {}", path.display()))?;
        image
    } else {
        raw
    };
    ensure!(
        image.starts_with(b"\x7fELF\x01\x01"),
        "{} is not a 32-bit ELF file, packed or not",
        path.display()
    );
    Ok(image)
}

/// SHA-256 of an unpacked image, in hex: the name of its list.
pub fn key(image: &[u8]) -> String {
    hex(&Sha256::digest(image))
}

/// The list for an image, or a refusal that says how to make one.
pub fn find_list(folder: &Path, image: &[u8], name: &Path) -> Result<OpcodeList> {
    let key = key(image);
    let path = folder.join(format!("{key}.toml"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        bail!(
            "{}: this tboot is not known (SHA-256 of the unpacked image {key}).\n\
             A list of the instructions to emulate can be made and looked over with\n  \
             bed opcodes {} > {}",
            name.display(),
            name.display(),
            path.display()
        );
    };
    let list: OpcodeList =
        toml::from_str(&text).with_context(|| format!("opcode list {}", path.display()))?;
    ensure!(list.sha256 == key, "{} is of another image", path.display());
    Ok(list)
}

impl OpcodeList {
    /// True if the host can be told right before the kernel starts.
    pub fn has_handover(&self) -> bool {
        self.change.iter().any(|c| c.kind == Kind::Handover)
    }
}

/// The stage's parameters (`struct stage_params` in `selftests/launch/stage.h`).
pub fn stage_params(start: Start, list: Option<&OpcodeList>) -> Result<Vec<u8>> {
    let mode: u32 = match start {
        Start::Launched => 1,
        Start::Firmware => 2,
        Start::Plain | Start::SecureBoot => bail!("{start:?} has no stage"),
    };
    let mut out = b"LGSTAGE1".to_vec();
    let word = |out: &mut Vec<u8>, v: u32| out.extend_from_slice(&v.to_le_bytes());
    let changes = list.map_or(&[][..], |l| &l.change);
    let size = 32 + 24 * changes.len();
    word(&mut out, size as u32);
    word(&mut out, mode);
    word(&mut out, list.map_or(0, |l| l.gate));
    let gate_old = list.map_or(Ok(vec![0; 8]), |l| unhex(&l.gate_old))?;
    ensure!(gate_old.len() == 8, "gate_old is not 8 bytes");
    out.extend_from_slice(&gate_old);
    word(&mut out, changes.len() as u32);
    for change in changes {
        let (old, new) = (unhex(&change.old)?, unhex(&change.new)?);
        ensure!(
            old.len() == new.len() && (1..=8).contains(&old.len()),
            "change at {:#x}: old and new must be the same 1 to 8 bytes",
            change.address
        );
        word(&mut out, change.address);
        out.push(match change.kind {
            Kind::Cr4Write => 1,
            Kind::Cr4Read => 2,
            Kind::FeatureControl => 3,
            Kind::Handover => 4,
            Kind::Mwait => 5,
        });
        out.push(old.len() as u8);
        for bytes in [old, new] {
            let mut field = [0; 8];
            field[..bytes.len()].copy_from_slice(&bytes);
            out.extend_from_slice(&field);
        }
        out.extend_from_slice(&[0, 0]);
    }
    ensure!(out.len() == size, "parameter block size");
    Ok(out)
}

/// One disassembled instruction.
struct Instruction {
    address: u32,
    bytes: Vec<u8>,
    text: String,
}

fn disassemble(file: &Path) -> Result<Vec<Instruction>> {
    let output = Command::new("objdump")
        .args(["-d", "--no-show-raw-insn", "-w"])
        .arg(file)
        .output()
        .context("objdump cannot be started (package binutils)")?;
    ensure!(output.status.success(), "objdump failed");
    let mut all: Vec<Instruction> = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some((address, text)) = line.split_once(":\t") else {
            continue;
        };
        let Ok(address) = u32::from_str_radix(address.trim(), 16) else {
            continue;
        };
        all.push(Instruction {
            address,
            bytes: Vec::new(),
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        });
    }
    ensure!(!all.is_empty(), "objdump found no instructions");
    Ok(all)
}

/// The file content behind loaded addresses (first PT_LOAD that has it).
struct Loaded<'a>(&'a [u8]);

impl Loaded<'_> {
    fn u32(&self, at: usize) -> Result<u32> {
        let bytes = self.0.get(at..at + 4).context("ELF file cut short")?;
        Ok(u32::from_le_bytes(bytes.try_into()?))
    }

    fn at(&self, address: u32, length: usize) -> Result<&[u8]> {
        let table = self.u32(28)? as usize;
        let count = usize::from(self.u32(44)? as u16);
        for header in (0..count).map(|i| table + 32 * i) {
            let (kind, offset) = (self.u32(header)?, self.u32(header + 4)?);
            let (physical, size) = (self.u32(header + 12)?, self.u32(header + 16)?);
            if kind == 1 && address >= physical && address - physical < size {
                let from = offset as usize + (address - physical) as usize;
                return self
                    .0
                    .get(from..from + length)
                    .context("ELF file cut short");
            }
        }
        bail!("address {address:#x} is not in the image")
    }
}

/// Makes the opcode list of a tboot image as TOML text (`bed opcodes FILE`);
/// `title` says what it is, e.g. `"tboot 1.10.5-5, Debian"`. Needs objdump.
pub fn make_opcode_list(path: &Path, title: &str) -> Result<String> {
    let image = unpack(path)?;
    let folder = crate::launch::TempFolder::new()?;
    let file = folder.path().join("image.elf");
    std::fs::write(&file, &image)?;
    let loaded = Loaded(&image);
    let mut code = disassemble(&file)?;
    for i in 0..code.len() {
        let next = code
            .get(i + 1)
            .map_or(0, |n| n.address.saturating_sub(code[i].address));
        let length = if (1..=15).contains(&next) { next } else { 2 };
        code[i].bytes = loaded.at(code[i].address, length as usize)?.to_vec();
    }
    let entry = loaded.u32(24)?;
    let gate = find_gate(&code, &loaded, entry)?;
    let list = OpcodeList {
        title: title.into(),
        sha256: key(&image),
        gate,
        gate_old: hex(loaded.at(gate, 8)?),
        change: find_changes(&code, entry)?,
    };
    Ok(render(&list))
}

/// The #UD entry of the IDT that the entry page loads first.
fn find_gate(code: &[Instruction], loaded: &Loaded, entry: u32) -> Result<u32> {
    let lidt = code
        .iter()
        .find(|i| i.address >= entry && i.text.starts_with("lidt"))
        .context("no lidt behind the entry point")?;
    let operand = lidt.text.rsplit("0x").next().unwrap_or_default();
    let descriptor = u32::from_str_radix(operand, 16).context("operand of lidt")?;
    let base = loaded.at(descriptor + 2, 4)?;
    Ok(u32::from_le_bytes(base.try_into()?) + 6 * 8)
}

/// In the entry page some code runs before any IDT is loaded: there only the
/// CR4 value that surely has SMXE is taken.
fn surely_smxe(previous: Option<&Instruction>, register: &str) -> bool {
    previous
        .and_then(|p| p.text.strip_prefix("mov $0x"))
        .and_then(|operands| operands.split_once(','))
        .is_some_and(|(value, to)| {
            to == register && u32::from_str_radix(value, 16).is_ok_and(|v| v & 0x4000 != 0)
        })
}

/// The instruction with another second byte, which makes it an undefined one.
fn with_second(i: &Instruction, second: u8) -> Vec<u8> {
    let mut new = i.bytes.clone();
    new[1] = second;
    new
}

const MWAIT: [u8; 3] = [0x0f, 0x01, 0xc9];
const HLT: [u8; 3] = [0xf4, 0x90, 0x90]; // and two nop

fn find_changes(code: &[Instruction], entry: u32) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut change = |i: &Instruction, kind, new: &[u8]| {
        changes.push(Change {
            address: i.address,
            kind,
            old: hex(&i.bytes),
            new: hex(new),
        });
    };
    for (n, i) in code.iter().enumerate() {
        let in_entry_page = i.address >> 12 == entry >> 12;
        let previous = n.checked_sub(1).map(|p| &code[p]);
        if let Some(register) = i
            .text
            .strip_prefix("mov ")
            .and_then(|t| t.strip_suffix(",%cr4"))
        {
            if !in_entry_page || surely_smxe(previous, register) {
                change(i, Kind::Cr4Write, &with_second(i, 0x0b));
            }
        } else if i.text.starts_with("mov %cr4,") {
            if !in_entry_page {
                change(i, Kind::Cr4Read, &with_second(i, 0xff));
            }
        } else if i.text == "rdmsr" && previous.is_some_and(|p| p.text == "mov $0x3a,%ecx") {
            change(i, Kind::FeatureControl, &with_second(i, 0x0a));
        } else if i.bytes == MWAIT {
            change(i, Kind::Mwait, &HLT);
        }
    }
    // the way out to a Linux kernel: a GDT of the boot protocol, then code segment 0x10
    let handover = code.iter().enumerate().find_map(|(n, i)| {
        i.text.starts_with("ljmp $0x10,").then_some(())?;
        code[n.saturating_sub(8)..n]
            .iter()
            .find(|i| i.text.starts_with("lgdt") && i.bytes.starts_with(&[0x0f, 0x01]))
    });
    if let Some(i) = handover {
        change(i, Kind::Handover, &with_second(i, 0x0b));
    }
    changes.sort_by_key(|c| c.address);
    ensure!(
        changes.iter().any(|c| c.kind == Kind::Cr4Write)
            && changes.iter().any(|c| c.kind == Kind::FeatureControl),
        "this does not look like tboot: no CR4.SMXE, no IA32_FEATURE_CONTROL"
    );
    Ok(changes)
}

fn render(list: &OpcodeList) -> String {
    let mut out = format!(
        "# SPDX-License-Identifier: GPL-2.0\n\
         # Instructions that the stage plays, made by `bed opcodes` from objdump's output.\n\
         title = \"{}\"\nsha256 = \"{}\"\ngate = {:#x}\ngate_old = \"{}\"\n",
        list.title.replace(['"', '\\'], "'"),
        list.sha256,
        list.gate,
        list.gate_old
    );
    for change in &list.change {
        let kind = match change.kind {
            Kind::Cr4Write => "cr4-write",
            Kind::Cr4Read => "cr4-read",
            Kind::FeatureControl => "feature-control",
            Kind::Handover => "handover",
            Kind::Mwait => "mwait",
        };
        out += &format!(
            "\n[[change]]\naddress = {:#x}\nkind = \"{kind}\"\nold = \"{}\"\nnew = \"{}\"\n",
            change.address, change.old, change.new
        );
    }
    out
}
