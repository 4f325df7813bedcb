// SPDX-License-Identifier: GPL-2.0

//! The log as `tpm2_eventlog` reads it.

use super::event::Events;
use super::format::LogFormat;
use super::Log;

/// The pieces whose concatenation is a log that `tpm2_eventlog` can read and whose PCRs it computes
/// as the TPM has them.
///
/// A DRTM log as it stands in memory is not such a log. tpm2-tools 5.7 was tried with the logs of
/// real machines:
///
/// * It refuses any record whose PCR index is above 31, and SINIT writes PCR_MAPPING with the index
///   255 right behind HASH_START: everything behind it would be lost.
/// * It refuses zeros behind the last record: the container is longer than the log.
/// * It extends a PCR with every record that is not EV_NO_ACTION, also with the markers 0x503 and
///   0x504, which no PCR was extended with.
/// * It takes records with fewer digests than the header has banks.
///
/// So the pieces are the header and every record that stands for an extend, unchanged and in their
/// order, and nothing behind the log's end. Where the log is broken, the last piece is all the
/// rest, so that the tool stumbles as well instead of showing the half that could be read.
///
/// A log of another format has no such form: its one piece is the log as it stands.
#[derive(Clone, Copy, Debug)]
pub struct TcgSlices<'a> {
    header: Option<&'a [u8]>,
    events: Option<Events<'a>>,
}

impl<'a> TcgSlices<'a> {
    pub(super) fn new(log: &Log<'a>) -> Self {
        if log.format == LogFormat::Tcg {
            Self {
                header: Some(log.header),
                events: Some(log.events),
            }
        } else {
            Self {
                header: Some(log.as_bytes()),
                events: None,
            }
        }
    }
}

impl<'a> Iterator for TcgSlices<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(header) = self.header.take() {
            return Some(header);
        }
        let events = self.events.as_mut()?;
        loop {
            match events.next()? {
                Ok(event) if event.is_extended() => return Some(event.bytes),
                Ok(_) => {}
                Err(_) => return Some(events.rest()),
            }
        }
    }
}
