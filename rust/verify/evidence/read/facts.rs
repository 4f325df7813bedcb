// SPDX-License-Identifier: GPL-2.0

//! The launch's own facts.

use super::super::error::What;
use super::{Blob, Cursor, FormatError, Items, Section};
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::LogFormat;
use crate::decode::registers::{Reg, Registers};
use crate::verify::drift::{Baseline, Kind};
use crate::verify::facts::{
    Evidence, HeapCopy, KernelFacts, Latched, LogCopy, LogSet, MemoryFacts, PcrBank, TpmFacts,
    TpmFamily, DRTM_PCRS,
};

/// A log and its place in the set.
pub type LogParts<'a> = (usize, LogCopy<'a>);

impl<'a> Blob<'a> {
    /// The registers. One that is not listed was not read.
    pub fn registers(&self) -> Result<Registers, FormatError> {
        let mut at = self.section(Section::Registers)?;
        let mut registers = Registers::UNREADABLE;
        for record in at.records("registers")? {
            let mut record = record?;
            let offset = record.u16("offset")?;
            let value = record.option("value", |at| at.u64("value"))?;
            // A newer module may read more of them.
            let known = Reg::ALL.into_iter().find(|reg| reg.offset() == offset);
            if let Some(reg) = known {
                registers.set(reg, value);
            }
        }
        registers.public_key = at.option("public key", |at| at.array("public key"))?;
        registers.private_didvid = at.option("private DIDVID", |at| at.u64("private DIDVID"))?;
        Ok(registers)
    }

    /// The registers of the first reading.
    pub fn latched(&self) -> Result<Option<Latched>, FormatError> {
        let mut at = self.section(Section::Latched)?;
        at.option("latched", |at| {
            Ok(Latched {
                heap_base: at.u64("heap base")?,
                heap_size: at.u64("heap size")?,
                sinit_base: at.u64("SINIT base")?,
                sinit_size: at.u64("SINIT size")?,
            })
        })
    }

    /// Fingerprints of earlier evidence.
    pub fn baseline(&self) -> Result<Option<Baseline>, FormatError> {
        let mut at = self.section(Section::Baseline)?;
        at.option("baseline", baseline)
    }

    /// The heap.
    pub fn heap(&self) -> Result<Evidence<HeapCopy<'a>>, FormatError> {
        let mut at = self.section(Section::Heap)?;
        at.evidence("heap", |at| {
            Ok(HeapCopy {
                base: at.u64("base")?,
                stable: at.maybe("stable")?,
                bytes: at.bytes("contents")?,
            })
        })
    }

    /// The event logs.
    pub fn log(&self) -> Result<Evidence<LogSet<'a>>, FormatError> {
        let mut at = self.section(Section::Log)?;
        at.evidence("log", |at| {
            let mut set = LogSet {
                logs: [None; HashAlg::ALL.len()],
            };
            for log in Items::new(at.records("logs")?, log) {
                let (place, log) = log?;
                match set.logs.get_mut(place) {
                    Some(slot) if slot.is_none() => *slot = Some(log),
                    _ => return Err(at.error(0, "place", What::Value(place as u64))),
                }
            }
            Ok(set)
        })
    }

    /// The start of the SINIT region.
    pub fn sinit(&self) -> Result<Evidence<&'a [u8]>, FormatError> {
        let mut at = self.section(Section::Sinit)?;
        at.evidence("SINIT", |at| at.bytes("contents"))
    }

    /// The Secure Launch resource table.
    pub fn slrt(&self) -> Result<Evidence<&'a [u8]>, FormatError> {
        let mut at = self.section(Section::Slrt)?;
        at.evidence("SLRT", |at| at.bytes("contents"))
    }

    /// What lies in System RAM.
    pub fn memory(&self) -> Result<MemoryFacts, FormatError> {
        let mut at = self.section(Section::Memory)?;
        Ok(MemoryFacts {
            heap_is_ram: at.maybe("heap")?,
            sinit_is_ram: at.maybe("SINIT")?,
            registers_are_ram: at.maybe("registers")?,
            tpm_is_ram: at.maybe("TPM")?,
        })
    }

    /// The TPM.
    #[inline(never)]
    pub fn tpm(&self) -> Result<Evidence<TpmFacts>, FormatError> {
        let mut at = self.section(Section::Tpm)?;
        at.evidence("TPM", tpm)
    }

    /// The running kernel.
    pub fn kernel(&self) -> Result<KernelFacts, FormatError> {
        let mut at = self.section(Section::Kernel)?;
        Ok(KernelFacts {
            tboot_addr: at.option("tboot address", |at| at.u64("tboot address"))?,
            loader_type: at.option("loader type", |at| at.u32("loader type"))?,
            tboot_page: at.maybe("tboot page")?,
            resumed_from_image: at.maybe("resumed from an image")?,
            // From minor version 2 on.
            rescue: match at.is_at_end() {
                true => None,
                false => at.maybe("rescue")?,
            },
        })
    }
}

fn baseline(at: &mut Cursor<'_>) -> Result<Baseline, FormatError> {
    let mut baseline = Baseline::EMPTY;
    for record in at.records("marks")? {
        let mut record = record?;
        let name = record.text("kind")?;
        let mark = record.option("mark", |at| at.array("mark"))?;
        // A newer module may know more kinds.
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        if let Some(slot) = known.and_then(|kind| baseline.marks.get_mut(kind.index())) {
            *slot = mark;
        }
    }
    let mut slots = baseline.log_bytes.iter_mut();
    for record in at.records("sizes of logs")? {
        let mut record = record?;
        let size = record.u32("size of a log")?;
        match slots.next() {
            Some(slot) => *slot = size,
            None => return Err(record.error(4, "size of a log", What::Many(HashAlg::ALL.len()))),
        }
    }
    Ok(baseline)
}

fn log(mut at: Cursor<'_>) -> Result<LogParts<'_>, FormatError> {
    let place = usize::from(at.u8("place")?);
    let format = at.choice("format", |byte| (byte <= 2).then_some(byte))?;
    let alg = at.u16("algorithm")?;
    let format = match format {
        0 => LogFormat::Tcg,
        1 => LogFormat::Legacy { alg },
        _ => LogFormat::Tpm12Container,
    };
    let first = at.u32("first")?;
    let next = at.u32("next")?;
    let bytes = at.bytes("contents")?;
    let log = LogCopy {
        format,
        bytes,
        first,
        next,
    };
    Ok((place, log))
}

fn tpm(at: &mut Cursor<'_>) -> Result<TpmFacts, FormatError> {
    let mut facts = TpmFacts {
        family: at.choice("family", |byte| match byte {
            0 => Some(TpmFamily::Tpm12),
            1 => Some(TpmFamily::Tpm20),
            _ => None,
        })?,
        hmac: at.maybe("HMAC sessions")?,
        allocated: [false; HashAlg::ALL.len()],
        first: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
        second: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
    };
    for record in at.records("banks")? {
        let mut record = record?;
        // A newer module may know more algorithms.
        let Some(alg) = HashAlg::from_tpm_id(record.u16("algorithm")?) else {
            continue;
        };
        let index = alg.index();
        let allocated = record.bool("allocated")?;
        if let Some(slot) = facts.allocated.get_mut(index) {
            *slot = allocated;
        }
        for reading in [&mut facts.first, &mut facts.second] {
            if let Some(slot) = reading.get_mut(index) {
                bank(&mut record, alg, slot)?;
            }
        }
    }
    Ok(facts)
}

fn bank(at: &mut Cursor<'_>, alg: HashAlg, bank: &mut PcrBank) -> Result<(), FormatError> {
    for pcr in bank {
        *pcr = at.digest(alg, "PCR")?;
    }
    Ok(())
}
