// SPDX-License-Identifier: GPL-2.0

//! The event logs that the heap points at.

use super::{copy, Heap};
use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::{LogFormat, Tpm12Header};
use crate::decode::heap::{event_log_pointers, Chain, LogPointer, LogPointerError, OsSinitData};
use crate::verify::facts::{Evidence, LogCopy, LogSet};
use kernel::prelude::*;

/// Largest event log that is copied, in bytes. Launchers set aside 64 KiB or less.
const MAX_LOG: u64 = 1 << 20;

/// A copy of an event log with its pointer.
pub(crate) struct EventLog {
    /// Where it was.
    pointer: LogPointer,
    /// The whole container.
    bytes: KVVec<u8>,
}

impl EventLog {
    /// As facts.
    pub(crate) fn copy(&self) -> LogCopy<'_> {
        LogCopy {
            format: self.pointer.format,
            bytes: &self.bytes,
            first: self.pointer.first,
            next: self.pointer.next,
        }
    }
}

/// Copies of the event logs: one, or of the legacy format one for each algorithm.
pub(crate) struct EventLogs([Option<EventLog>; HashAlg::ALL.len()]);

impl EventLogs {
    /// The logs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &EventLog> {
        self.0.iter().flatten()
    }

    /// As facts.
    pub(super) fn facts(&self) -> LogSet<'_> {
        let mut set = LogSet {
            logs: [None; HashAlg::ALL.len()],
        };
        for (slot, log) in set.logs.iter_mut().zip(self.iter()) {
            *slot = Some(log.copy());
        }
        set
    }
}

pub(super) fn read(heap: &Evidence<Heap>) -> Evidence<EventLogs> {
    let heap = match heap {
        Evidence::Read(heap) => heap,
        Evidence::Unreadable(_) => return Evidence::Unreadable("the heap could not be read"),
        Evidence::Absent(_) => return Evidence::Absent("there is no heap"),
    };
    let Ok(chain) = Chain::split(&heap.bytes) else {
        return Evidence::Unreadable("the heap's tables do not lead to it");
    };
    let Ok(table) = OsSinitData::decode(Bytes::new(chain.os_sinit_data.bytes.as_slice())) else {
        return Evidence::Unreadable("OsSinitData cannot be decoded");
    };
    let pointers = match event_log_pointers(&table) {
        Ok(pointers) => pointers,
        Err(LogPointerError::Missing) => {
            return Evidence::Absent("OsSinitData points at no event log");
        }
        Err(_) => return Evidence::Unreadable("OsSinitData points at no usable event log"),
    };
    let mut logs = [const { None }; HashAlg::ALL.len()];
    for (slot, pointer) in logs.iter_mut().zip(pointers.iter()) {
        // A bank whose log cannot be had must not seem to have none.
        match read_log(heap, *pointer) {
            Ok(log) => *slot = Some(log),
            Err(why) => return Evidence::Unreadable(why),
        }
    }
    Evidence::Read(EventLogs(logs))
}

fn read_log(heap: &Heap, mut pointer: LogPointer) -> Result<EventLog, &'static str> {
    if pointer.format == LogFormat::Tpm12Container {
        describe_container(heap, &mut pointer)?;
    }
    let size = u64::from(pointer.allocated);
    if size == 0 {
        return Err("its pointer says that it has no bytes");
    }
    if size > MAX_LOG {
        return Err("it says to have more than 1 MiB");
    }
    let bytes = read_at(heap, pointer.address, size)?;
    Ok(EventLog { pointer, bytes })
}

/// Completes the pointer to a TPM 1.2 container, whose size and offsets only itself says. Of one
/// that says nothing sensible the header is copied, for the judgement to say what is wrong with it.
fn describe_container(heap: &Heap, pointer: &mut LogPointer) -> Result<(), &'static str> {
    let bytes = read_at(heap, pointer.address, u64::from(Tpm12Header::SIZE))?;
    match Tpm12Header::read(&bytes) {
        Ok(header) => {
            pointer.allocated = header.size;
            pointer.first = header.first;
            pointer.next = header.next;
        }
        Err(_) => pointer.allocated = Tpm12Header::SIZE,
    }
    Ok(())
}

/// Memory that a log lies in.
fn read_at(heap: &Heap, address: u64, size: u64) -> Result<KVVec<u8>, &'static str> {
    from_heap(heap, address, size).unwrap_or_else(|| copy(address, size))
}

/// A log that lies in the heap, out of the heap's own copy: both are then of one moment.
fn from_heap(heap: &Heap, address: u64, size: u64) -> Option<Result<KVVec<u8>, &'static str>> {
    let offset = usize::try_from(address.checked_sub(heap.base)?).ok()?;
    let bytes = Bytes::new(&heap.bytes).get(offset, usize::try_from(size).ok()?)?;
    let mut log = KVVec::new();
    Some(match log.extend_from_slice(bytes, GFP_KERNEL) {
        Ok(()) => Ok(log),
        Err(_) => Err("no memory for a copy"),
    })
}
