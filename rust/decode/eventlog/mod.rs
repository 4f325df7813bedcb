// SPDX-License-Identifier: GPL-2.0

//! The DRTM event log in its three formats (SDG appendix G; TCG PC Client PFP 10.2): the container of
//! a TPM 1.2, the legacy logs of a TPM 2.0 and the crypto-agile one. What reads them need not care
//! which it is: a [`Log`] has banks and events.
//!
//! The log is a hint, never evidence: SINIT does not require its memory to be safe from DMA. Only
//! a replay that ends in the TPM's values says something (SDG G.2.2).

mod error;
mod event;
mod export;
mod format;
mod header;
mod kind;
mod legacy;
mod reader;
mod tpm12;

pub use error::{LogError, LogErrorKind};
pub use event::{Digests, Event, Events, LoggedDigest, NO_PCR};
pub use export::TcgSlices;
pub use format::LogFormat;
pub use header::{Bank, Banks};
pub use kind::EventType;
pub use tpm12::Tpm12Header;

use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;
use reader::Reader;

/// How many banks a log can have: the most that a TPM 2.0 library supports (HASH_COUNT).
pub const MAX_BANKS: usize = 16;

/// A log whose header could be read.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    format: LogFormat,
    records: Bytes<'a>,
    header: &'a [u8],
    banks: Banks<'a>,
    events: Events<'a>,
}

impl<'a> Log<'a> {
    /// Opens a crypto-agile log; see [`Log::open_as`].
    ///
    /// # Errors
    ///
    /// As [`Log::open_as`].
    pub fn open(container: &'a [u8], first: u32, next: u32) -> Result<Self, LogError> {
        Self::open_as(LogFormat::Tcg, container, first, next)
    }

    /// Opens the log of `format` in `container`: its records lie from `first` to `next`, both in
    /// bytes from the container's start, as the heap's log pointer says. A TPM 1.2 container says
    /// that itself: `first` and `next` count for nothing there. What stands behind the last record
    /// is never looked at.
    ///
    /// # Errors
    ///
    /// When the range does not lie in the container, or the log does not open as one of its format.
    pub fn open_as(
        format: LogFormat,
        container: &'a [u8],
        first: u32,
        next: u32,
    ) -> Result<Self, LogError> {
        match format {
            LogFormat::Tpm12Container => {
                let header = Tpm12Header::read(container)?;
                Self::open_between(format, container, header.first, header.next)
            }
            LogFormat::Tcg | LogFormat::Legacy { .. } => {
                Self::open_between(format, container, first, next)
            }
        }
    }

    /// Opens the log as [`Log::open_as`], but with everything in `container` that stands behind its
    /// end: records that a writer has not counted, records of an earlier launch, or anything.
    ///
    /// # Errors
    ///
    /// As [`Log::open_as`].
    pub fn open_with_rest(
        format: LogFormat,
        container: &'a [u8],
        first: u32,
    ) -> Result<Self, LogError> {
        let first = match format {
            LogFormat::Tpm12Container => Tpm12Header::read(container)?.first,
            LogFormat::Tcg | LogFormat::Legacy { .. } => first,
        };
        let next = u32::try_from(container.len()).unwrap_or(u32::MAX);
        Self::open_between(format, container, first, next)
    }

    fn open_between(
        format: LogFormat,
        container: &'a [u8],
        first: u32,
        next: u32,
    ) -> Result<Self, LogError> {
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
        let (banks, whole) = match format {
            LogFormat::Tcg => (header::read(&mut reader)?, records),
            LogFormat::Legacy { alg } => (legacy::read(&mut reader, alg)?, records),
            LogFormat::Tpm12Container => (Banks::of(HashAlg::Sha1), used.as_slice()),
        };
        Ok(Self {
            format,
            records: Bytes::new(whole),
            header: at_header.until(&reader),
            banks,
            events: Events::new(reader, format, banks),
        })
    }

    /// The format.
    pub const fn format(&self) -> LogFormat {
        self.format
    }

    /// The banks that the log carries: those that the header lists, or the only one.
    pub const fn banks(&self) -> Banks<'a> {
        self.banks
    }

    /// The records behind the header, in their order. The last one must end exactly at the log's
    /// end, else the last item is an error.
    pub const fn events(&self) -> Events<'a> {
        self.events
    }

    /// The record that a crypto-agile log opens with, or the descriptor of a legacy one; empty where
    /// there is none.
    pub const fn header(&self) -> &'a [u8] {
        self.header
    }

    /// Everything from the header to the log's end, as it stands in the container; of a TPM 1.2
    /// container from its own start.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.records.as_slice()
    }

    /// The log as the tools of the TCG format read it: see [`TcgSlices`].
    pub fn tcg_slices(&self) -> TcgSlices<'a> {
        TcgSlices::new(self)
    }
}
