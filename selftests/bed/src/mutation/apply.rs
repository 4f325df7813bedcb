// SPDX-License-Identifier: GPL-2.0
//! Carrying mutations out on a machine's register file and memory.

use anyhow::{ensure, Context, Result};

use super::{Bytes, LogEdit, Mutation, Number, Place};
use crate::chipset::Registers;
use crate::eventlog;
use crate::guestmem::GuestMemory;
use crate::tboot::unhex;

const HEAP_BASE: u16 = 0x300;
const HEAP_SIZE: u16 = 0x308;
const SINIT_BASE: u16 = 0x270;
/// First extended data element of OsSinitData, versions 6 and 7.
const OS_SINIT_ELEMENTS: u64 = 92;
const ELEMENT_END: u32 = 0;
const ELEMENT_EVENT_LOG: u32 = 8;
const SINIT_MLE_MDR_OFFSET: u64 = 132;
const SINIT_MLE_DMAR_OFFSET: u64 = 140;
const LOG_NEXT: u64 = 16;

/// Guest-physical addresses in the TXT heap: first *data* bytes of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// TXT.HEAP.BASE.
    pub base: u64,
    /// BiosData.
    pub bios: u64,
    /// OsMleData.
    pub os_mle: u64,
    /// OsSinitData.
    pub os_sinit: u64,
    /// SinitMleData.
    pub sinit_mle: u64,
    /// Data of the event log element: u64 address, u32 allocated, first, next.
    pub log_pointer: u64,
    /// The event log's container.
    pub log: u64,
    /// Bytes of the container.
    pub log_allocated: u32,
    /// The log's next-record offset: its size in use.
    pub log_next: u32,
}

/// Finds the tables of a launched machine's heap as they are now. Read it once
/// while the heap is sound: after a mutation of a size it cannot be walked.
pub fn heap(registers: &Registers, memory: &GuestMemory) -> Result<Heap> {
    let base = registers.read(HEAP_BASE);
    let end = base + registers.read(HEAP_SIZE);
    let mut tables = [0; 4];
    let mut at = base;
    for table in &mut tables {
        *table = at + 8;
        let size = memory.u64(at)?;
        ensure!(
            (8..=end - at).contains(&size),
            "heap table at {at:#x} has size {size:#x}"
        );
        at += size;
    }
    let [bios, os_mle, os_sinit, sinit_mle] = tables;
    let mut element = os_sinit + OS_SINIT_ELEMENTS;
    let log_pointer = loop {
        let kind = memory.u32(element)?;
        ensure!(
            kind != ELEMENT_END && element < sinit_mle,
            "OsSinitData names no event log"
        );
        if kind == ELEMENT_EVENT_LOG {
            break element + 8;
        }
        element += u64::from(memory.u32(element + 4)?.max(8));
    };
    Ok(Heap {
        base,
        bios,
        os_mle,
        os_sinit,
        sinit_mle,
        log_pointer,
        log: memory.u64(log_pointer)?,
        log_allocated: memory.u32(log_pointer + 8)?,
        log_next: memory.u32(log_pointer + LOG_NEXT)?,
    })
}

/// Old values of what a mutation changed; [`Evidence::restore`] puts them back.
#[derive(Debug, Clone, Default)]
pub struct Undo {
    registers: Vec<(u16, u64)>,
    memory: Vec<(u64, Vec<u8>)>,
}

/// What mutations act on.
#[derive(Clone)]
pub struct Evidence {
    /// The register file.
    pub registers: Registers,
    /// Guest-physical memory.
    pub memory: GuestMemory,
    /// The heap as it was when sound; `None` is looked up at need.
    pub heap: Option<Heap>,
}

impl Evidence {
    /// Applies one mutation.
    pub fn apply(&self, mutation: &Mutation) -> Result<Undo> {
        let mut undo = Undo::default();
        self.run(mutation, &mut undo)
            .with_context(|| format!("{mutation:?}"))?;
        Ok(undo)
    }

    fn run(&self, mutation: &Mutation, undo: &mut Undo) -> Result<()> {
        match mutation {
            Mutation::Register { register, change } => {
                let offset = Registers::offset(register)?;
                ensure!(offset % 8 == 0, "register offset {offset:#x}");
                let old = self.registers.read(offset);
                let new = match change {
                    Number::Set(value) => number(value)?,
                    Number::Xor(value) => old ^ number(value)?,
                };
                undo.registers.push((offset, old));
                self.registers.write(offset, new);
            }
            Mutation::Memory { at, offset, change } => {
                let start = self.place(*at)?;
                let address = start.checked_add_signed(*offset).context("address")?;
                let bytes = match change {
                    Bytes::Set(text) => unhex(text)?,
                    Bytes::Xor(text) => {
                        let mask = unhex(text)?;
                        let old = self.memory.bytes(address, mask.len() as u64)?;
                        old.iter().zip(&mask).map(|(a, b)| a ^ b).collect()
                    }
                };
                self.poke(address, &bytes, undo)?;
            }
            Mutation::Log { log } => self.edit(log, undo)?,
        }
        Ok(())
    }

    /// Puts back what [`Evidence::apply`] changed, the last change first.
    pub fn restore(&self, undo: &Undo) -> Result<()> {
        for (address, bytes) in undo.memory.iter().rev() {
            self.memory.write(*address, bytes)?;
        }
        for (offset, value) in undo.registers.iter().rev() {
            self.registers.write(*offset, *value);
        }
        Ok(())
    }

    fn poke(&self, address: u64, bytes: &[u8], undo: &mut Undo) -> Result<()> {
        let old = self.memory.bytes(address, bytes.len() as u64)?;
        undo.memory.push((address, old));
        self.memory.write(address, bytes)
    }

    fn heap(&self) -> Result<Heap> {
        match self.heap {
            Some(heap) => Ok(heap),
            None => heap(&self.registers, &self.memory),
        }
    }

    fn place(&self, place: Place) -> Result<u64> {
        match place {
            Place::Physical => return Ok(0),
            Place::Heap => return Ok(self.registers.read(HEAP_BASE)),
            Place::BiosData => return Ok(self.registers.read(HEAP_BASE) + 8),
            Place::Sinit => return Ok(self.registers.read(SINIT_BASE)),
            _ => {}
        }
        let heap = self.heap()?;
        let inside = |offset: u64| -> Result<u64> {
            // both offsets count from the table's size field
            Ok(heap.sinit_mle - 8 + u64::from(self.memory.u32(heap.sinit_mle + offset)?))
        };
        Ok(match place {
            Place::OsMleData => heap.os_mle,
            Place::OsSinitData => heap.os_sinit,
            Place::SinitMleData => heap.sinit_mle,
            Place::Dmar => inside(SINIT_MLE_DMAR_OFFSET)?,
            Place::Mdr => inside(SINIT_MLE_MDR_OFFSET)?,
            Place::LogPointer => heap.log_pointer,
            Place::Log => heap.log,
            Place::LogEnd => heap.log + u64::from(self.memory.u32(heap.log_pointer + LOG_NEXT)?),
            Place::Physical | Place::Heap | Place::BiosData | Place::Sinit => unreachable!(),
        })
    }

    fn edit(&self, edit: &LogEdit, undo: &mut Undo) -> Result<()> {
        let heap = self.heap()?;
        let next = self.memory.u32(heap.log_pointer + LOG_NEXT)?;
        ensure!(
            next <= heap.log_allocated,
            "the log is longer than its container"
        );
        let mut bytes = self.memory.bytes(heap.log, next.into())?;
        let log = eventlog::parse(&bytes)?;
        let event = |n: usize| log.events.get(n).with_context(|| format!("no event {n}"));
        match edit {
            LogEdit::Duplicate(n) => {
                let event = event(*n)?;
                let copy = bytes[event.offset..event.end].to_vec();
                bytes.splice(event.end..event.end, copy);
            }
            LogEdit::Drop(n) => {
                let event = event(*n)?;
                bytes.drain(event.offset..event.end);
            }
            LogEdit::Cut(n) => bytes.truncate(bytes.len().saturating_sub(*n as usize)),
            LogEdit::Keep(n) => bytes.truncate(event(*n)?.offset),
            LogEdit::Append { pcr, kind } => {
                bytes.extend(eventlog::encode(*pcr, *kind, &log.banks, &[0])?);
            }
            LogEdit::FlipDigest { event: n, alg } => {
                let digest = event(*n)?.digests.iter().find(|d| d.alg == *alg);
                bytes[digest.context("no such bank")?.offset] ^= 1;
            }
            LogEdit::FlipData { event: n } => {
                let event = event(*n)?;
                ensure!(!event.data.is_empty(), "event {n} has no data");
                bytes[event.data_offset] ^= 1;
            }
            LogEdit::Retype { event: n, kind } => {
                let at = event(*n)?.offset + 4;
                bytes[at..at + 4].copy_from_slice(&kind.to_le_bytes());
            }
        }
        ensure!(
            bytes.len() <= heap.log_allocated as usize,
            "the log's container is full"
        );
        let used = (bytes.len() as u32).to_le_bytes();
        // the old tail stays in the container: only the next-record offset says it is none
        self.poke(heap.log, &bytes, undo)?;
        self.poke(heap.log_pointer + LOG_NEXT, &used, undo)
    }
}

fn number(text: &str) -> Result<u64> {
    let digits = text.strip_prefix("0x").context("values are hex with 0x")?;
    Ok(u64::from_str_radix(&digits.replace('_', ""), 16)?)
}
