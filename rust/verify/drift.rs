// SPDX-License-Identifier: GPL-2.0

//! What must not change while a launched system runs, as one fingerprint for each kind of evidence.
//!
//! The engine keeps the fingerprints of the first judgement in which a kind could be read; KRN-02
//! compares later ones with them. Left out is what changes on a healthy machine: records that a log
//! gains at its end, and the heap's word where they end; fault status and indices of queues of a
//! remapping unit; PCI functions and the domains they are in; PCR 19 to 22; which processors run.

use super::facts::{Cpu, Evidence, Facts, HeapCopy, LogCopy, UnitRegisters};
use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::heap::{Body, Chain, OsSinitData};
use crate::decode::registers::Reg;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// A kind of evidence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        impl Kind {
            /// All of them, in the order of [`Kind::index`].
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Position in [`Kind::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The name in reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// Every TXT register that is read.
    Registers = "registers";
    /// The heap's tables.
    Heap = "heap";
    /// The start of the SINIT region.
    Sinit = "SINIT";
    /// The records that the log held.
    Log = "log";
    /// PCR 17 and 18 in every allocated bank.
    Pcrs = "PCR 17 and 18";
    /// NV indices of the launch control policy.
    Nv = "NV indices";
    /// Model specific registers and MTRRs of the first processor.
    Cpu = "MSRs";
    /// The map registers of the host bridge, and the remap window.
    Chipset = "chipset";
    /// The memory map and what is System RAM in it.
    Memory = "memory map";
    /// ACPI tables.
    Tables = "ACPI tables";
    /// Configuration of the remapping units, and the kernel's command line.
    Units = "DMA remapping";
    /// How this kernel was started.
    Kernel = "kernel";
}

/// Size of a fingerprint in bytes: SHA-256.
pub const MARK: usize = 32;

/// The fingerprints of a judgement's evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// By [`Kind::index`]; `None` where nothing could be read.
    pub marks: [Option<[u8; MARK]>; Kind::ALL.len()],
    /// How many bytes of records of each log are counted.
    pub log_bytes: [u32; HashAlg::ALL.len()],
}

impl Baseline {
    /// Of nothing.
    pub const EMPTY: Self = Self {
        marks: [None; Kind::ALL.len()],
        log_bytes: [0; HashAlg::ALL.len()],
    };

    /// The fingerprint of `kind`.
    pub fn mark(&self, kind: Kind) -> Option<&[u8; MARK]> {
        self.marks.get(kind.index())?.as_ref()
    }

    /// Whether every kind has one.
    pub fn is_complete(&self) -> bool {
        self.marks.iter().all(Option::is_some)
    }

    /// Takes the kinds that are not in it yet from `facts`.
    #[inline(never)]
    pub fn complete(&mut self, facts: &Facts<'_>, hasher: &dyn Hasher) {
        if self.mark(Kind::Log).is_none() {
            self.log_bytes = log_bytes(facts);
        }
        for (mark, kind) in self.marks.iter_mut().zip(Kind::ALL) {
            if mark.is_none() {
                *mark = fingerprint(kind, facts, &self.log_bytes, hasher);
            }
        }
    }
}

/// The fingerprint of `kind`; `None` when it could not be read. Of the logs, as many bytes of records
/// are counted as `log_bytes` says.
pub fn fingerprint(
    kind: Kind,
    facts: &Facts<'_>,
    log_bytes: &[u32; HashAlg::ALL.len()],
    hasher: &dyn Hasher,
) -> Option<[u8; MARK]> {
    let mut fold = Fold {
        hasher,
        value: Some(Digest::zero(HashAlg::Sha256)),
    };
    match kind {
        Kind::Registers => registers(facts, &mut fold)?,
        Kind::Heap => heap(&facts.heap.read()?, &mut fold),
        Kind::Sinit => fold.bytes(facts.sinit.read()?),
        Kind::Log => {
            let logs = facts.log.read()?;
            for (log, limit) in logs.logs.iter().zip(log_bytes) {
                fold.evidence(log.as_ref().map(|log| records(log, *limit)));
            }
        }
        Kind::Pcrs => pcrs(facts, &mut fold)?,
        Kind::Nv => {
            for index in facts.nv.read()? {
                fold.number(u64::from(index.index));
                fold.evidence(index.public.read());
                fold.evidence(index.data.read());
            }
        }
        Kind::Cpu => cpu(facts.cpus.read()?.cpus.first()?, &mut fold),
        Kind::Chipset => chipset(facts, &mut fold)?,
        Kind::Memory => memory(facts, &mut fold)?,
        Kind::Tables => tables(facts, &mut fold)?,
        Kind::Units => units(facts, &mut fold)?,
        Kind::Kernel => kernel(facts, &mut fold)?,
    }
    fold.value?.as_bytes().try_into().ok()
}

/// A chain of hashes: each piece enters with its length, so that no two sequences of pieces are one.
struct Fold<'a> {
    hasher: &'a dyn Hasher,
    value: Option<Digest>,
}

impl Fold<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes();
        self.value = self.value.and_then(|value| {
            self.hasher
                .digest(HashAlg::Sha256, &[value.as_bytes(), &len, bytes])
        });
    }

    fn number(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// A value, or that there is none.
    fn optional(&mut self, value: Option<u64>) {
        match value {
            Some(value) => self.number(value),
            None => self.bytes(&[]),
        }
    }

    fn evidence(&mut self, bytes: Option<&[u8]>) {
        self.number(u64::from(bytes.is_some()));
        self.bytes(bytes.unwrap_or(&[]));
    }
}

fn registers(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    let registers = facts.registers;
    Reg::ALL.into_iter().find_map(|reg| registers.get(reg))?;
    for reg in Reg::ALL {
        fold.optional(registers.get(reg));
    }
    fold.evidence(registers.public_key.as_ref().map(|key| key.as_slice()));
    fold.optional(registers.private_didvid);
    Some(())
}

/// The heap's tables; the heap as it is where it cannot be split.
fn heap(copy: &HeapCopy<'_>, fold: &mut Fold<'_>) {
    let Ok(chain) = Chain::split(copy.bytes) else {
        return fold.bytes(copy.bytes);
    };
    for table in [chain.bios_data, chain.os_mle_data, chain.sinit_mle_data] {
        fold.bytes(table.bytes.as_slice());
    }
    let bytes = chain.os_sinit_data.bytes.as_slice();
    let growing = OsSinitData::decode(chain.os_sinit_data.bytes)
        .ok()
        .and_then(|table| growing_log(&table));
    let Some((before, behind)) = growing.and_then(|next| {
        let before = bytes.get(..next)?;
        Some((before, bytes.get(next.checked_add(4)?..)?))
    }) else {
        return fold.bytes(bytes);
    };
    fold.bytes(before);
    fold.bytes(behind);
}

/// Where OsSinitData says how far the crypto-agile log goes (SDG C.4.3): behind type, size, address,
/// size of the container and offset of the first record.
fn growing_log(table: &OsSinitData<'_>) -> Option<usize> {
    const NEXT: usize = 24;
    table.elements().filter_map(Result::ok).find_map(|element| {
        matches!(element.body(), Ok(Body::EventLogPointer21(_)))
            .then(|| element.offset.checked_add(NEXT))
            .flatten()
    })
}

/// The records of a log, at most `limit` bytes of them.
fn records<'a>(log: &LogCopy<'a>, limit: u32) -> &'a [u8] {
    let index = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    let records = log.bytes.get(index(log.first)..index(log.next));
    let records = records.unwrap_or(log.bytes);
    records.get(..index(limit)).unwrap_or(records)
}

/// How many bytes of records each log has.
fn log_bytes(facts: &Facts<'_>) -> [u32; HashAlg::ALL.len()] {
    let mut lengths = [0; HashAlg::ALL.len()];
    if let Evidence::Read(set) = facts.log {
        for (length, log) in lengths.iter_mut().zip(&set.logs) {
            if let Some(log) = log {
                *length = u32::try_from(records(log, u32::MAX).len()).unwrap_or(u32::MAX);
            }
        }
    }
    lengths
}

fn pcrs(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    let tpm = facts.tpm.read()?;
    let mut read = false;
    for alg in HashAlg::ALL {
        for pcr in [17, 18] {
            let value = tpm.pcr(alg, pcr);
            read |= value.is_some();
            fold.evidence(value.map(Digest::as_bytes));
        }
    }
    read.then_some(())
}

fn cpu(cpu: &Cpu, fold: &mut Fold<'_>) {
    fold.number(u64::from(cpu.signature));
    fold.optional(cpu.microcode.map(u64::from));
    for msr in cpu.msrs {
        fold.optional(msr);
    }
    for (base, mask) in cpu.mtrrs.into_iter().flatten() {
        fold.number(base);
        fold.number(mask);
    }
}

/// The registers of 0000:00:00.0 that make the map: 0x50 to 0x5f and 0xa0 to 0xbf. Beside them there
/// is what counts and what reports errors.
fn chipset(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    let config = facts.chipset.host_bridge.read()?;
    for range in [0x00..0x04, 0x50..0x60, 0xa0..0xc0] {
        fold.evidence(config.get(range));
    }
    let remap = facts.chipset.remap.read();
    fold.optional(remap.map(|remap| remap.base));
    fold.optional(remap.map(|remap| remap.limit));
    Some(())
}

fn memory(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    let map = facts.chipset.memory_map.read();
    let ram = [
        facts.memory.heap_is_ram,
        facts.memory.sinit_is_ram,
        facts.memory.registers_are_ram,
        facts.memory.tpm_is_ram,
    ];
    if map.is_none() && ram.iter().all(Option::is_none) {
        return None;
    }
    for range in map.unwrap_or(&[]) {
        fold.number(range.base);
        fold.number(range.size);
        fold.number(u64::from(range.kind));
    }
    for is_ram in ram {
        fold.optional(is_ram.map(u64::from));
    }
    Some(())
}

fn tables(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    let tables = &facts.tables;
    let all = [
        tables.dmar,
        tables.mcfg,
        tables.madt,
        tables.dtpr,
        tables.cedt,
    ];
    all.iter().find_map(|table| table.read())?;
    for table in all {
        fold.evidence(table.read());
    }
    Some(())
}

fn units(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    for unit in facts.dma.units.read()? {
        fold.number(u64::from(unit.segment));
        fold.number(unit.base);
        fold.number(u64::from(unit.registers.is_some()));
        if let Some(registers) = &unit.registers {
            unit_registers(registers, fold);
        }
    }
    fold.evidence(facts.dma.command_line.read());
    fold.optional(facts.dma.passthrough.map(u64::from));
    Some(())
}

fn unit_registers(unit: &UnitRegisters, fold: &mut Fold<'_>) {
    for value in [
        u64::from(unit.version),
        unit.cap,
        unit.ecap,
        u64::from(unit.gsts),
        unit.rtaddr,
        u64::from(unit.pmen),
        unit.irta,
    ] {
        fold.number(value);
    }
}

fn kernel(facts: &Facts<'_>, fold: &mut Fold<'_>) -> Option<()> {
    let kernel = &facts.kernel;
    kernel.tboot_addr.or(kernel.loader_type.map(u64::from))?;
    fold.optional(kernel.tboot_addr);
    fold.optional(kernel.loader_type.map(u64::from));
    fold.optional(kernel.tboot_page.map(u64::from));
    fold.optional(kernel.resumed_from_image.map(u64::from));
    Some(())
}
