// SPDX-License-Identifier: GPL-2.0

//! The event log that the heap points at.

use super::{copy, Heap};
use crate::decode::bytes::Bytes;
use crate::decode::heap::{event_log_pointer, Chain, LogPointer, OsSinitData};
use crate::verify::facts::{Evidence, LogCopy, LogSet};
use kernel::prelude::*;

/// Largest event log that is copied, in bytes. Launchers set aside 64 KiB or less.
const MAX_LOG: u64 = 1 << 20;

/// A copy of the event log with its pointer.
pub(crate) struct EventLog {
    /// Where it was.
    pub(crate) pointer: LogPointer,
    /// The whole container.
    pub(crate) bytes: KVVec<u8>,
}

impl EventLog {
    /// As facts.
    pub(super) fn facts(&self) -> LogSet<'_> {
        LogSet::single(LogCopy {
            format: self.pointer.format,
            bytes: &self.bytes,
            first: self.pointer.first,
            next: self.pointer.next,
        })
    }
}

pub(super) fn read(heap: &Evidence<Heap>) -> Evidence<EventLog> {
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
    let Ok(pointer) = event_log_pointer(&table) else {
        return Evidence::Unreadable("OsSinitData points at no usable event log");
    };
    let size = u64::from(pointer.allocated);
    if size == 0 {
        return Evidence::Unreadable("an event log without a size: TPM 1.2 logs are not read");
    }
    if size > MAX_LOG {
        return Evidence::Unreadable("its pointer says more than 1 MiB");
    }
    match from_heap(heap, pointer.address, size).unwrap_or_else(|| copy(pointer.address, size)) {
        Ok(bytes) => Evidence::Read(EventLog { pointer, bytes }),
        Err(why) => Evidence::Unreadable(why),
    }
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
