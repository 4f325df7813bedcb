// SPDX-License-Identifier: GPL-2.0

//! The crypto-agile DRTM event log (SDG G.2.3; TCG PC Client PFP 10.2).
//!
//! The log is a hint, never evidence: SINIT does not require its memory to be safe from DMA. Only
//! a replay that ends in the TPM's values says something (SDG G.2.2).

mod error;
mod event;
mod export;
mod header;
mod kind;
mod reader;

pub use error::{LogError, LogErrorKind};
pub use event::{Digests, Event, Events, LoggedDigest, NO_PCR};
pub use export::TcgSlices;
pub use header::{Bank, Banks};
pub use kind::EventType;

use crate::decode::bytes::Bytes;
use reader::Reader;

/// How many banks a log can have: the most that a TPM 2.0 library supports (HASH_COUNT).
pub const MAX_BANKS: usize = 16;

/// A crypto-agile log whose header could be read.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    records: Bytes<'a>,
    header: &'a [u8],
    banks: Banks<'a>,
    events: Events<'a>,
}

impl<'a> Log<'a> {
    /// Opens the log in `container`: its records lie from `first` to `next`, both in bytes from
    /// the container's start, as the heap's log pointer says. What stands behind `next` is never
    /// looked at.
    ///
    /// # Errors
    ///
    /// When the range does not lie in the container, or the first record is not the header of a
    /// crypto-agile log.
    pub fn open(container: &'a [u8], first: u32, next: u32) -> Result<Self, LogError> {
        let range = LogError {
            offset: 0,
            kind: LogErrorKind::Range {
                first,
                next,
                container: container.len(),
            },
        };
        let start = usize::try_from(first).map_err(|_| range)?;
        let end = usize::try_from(next).map_err(|_| range)?;
        let records = container.get(start..end).ok_or(range)?;
        if records.is_empty() {
            return Err(LogError {
                offset: start,
                kind: LogErrorKind::Empty,
            });
        }
        let used = Bytes::new(container).sub(0, end).ok_or(range)?;
        let mut reader = Reader::new(used, start);
        let at_header = reader;
        let banks = header::read(&mut reader)?;
        Ok(Self {
            records: Bytes::new(records),
            header: at_header.until(&reader),
            banks,
            events: Events::new(reader, banks),
        })
    }

    /// The banks that the header lists.
    pub const fn banks(&self) -> Banks<'a> {
        self.banks
    }

    /// The records behind the header, in their order. The last one must end exactly at the log's
    /// end, else the last item is an error.
    pub const fn events(&self) -> Events<'a> {
        self.events
    }

    /// Everything from the header to the log's end, as it stands in the container.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.records.as_slice()
    }

    /// The log as the tools of the TCG format read it: see [`TcgSlices`].
    pub fn tcg_slices(&self) -> TcgSlices<'a> {
        TcgSlices::new(self)
    }
}
