// SPDX-License-Identifier: GPL-2.0

//! One record of a log, and the walk over all of them.

use super::error::{LogError, LogErrorKind};
use super::format::LogFormat;
use super::header::{Bank, Banks};
use super::kind::EventType;
use super::reader::Reader;
use crate::decode::bytes::Bytes;
use crate::decode::digest::{Digest, HashAlg};
use core::iter::FusedIterator;

/// PCR index of records that belong to no PCR (event PCR_MAPPING).
pub const NO_PCR: u32 = 0xff;

/// A record of the log: TCG_PCR_EVENT2, or one with a single digest (SDG G.1, G.2.2).
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Offset of the record, in bytes from the container's start.
    pub offset: usize,
    /// The PCR that it names; [`NO_PCR`] for none. Any value can stand here.
    pub pcr: u32,
    /// Its type.
    pub kind: EventType,
    /// Its data, as long as the record says.
    pub data: &'a [u8],
    /// The whole record as it stands in the log.
    pub bytes: &'a [u8],
    /// The log's format.
    pub format: LogFormat,
    digests: Bytes<'a>,
    banks: Banks<'a>,
}

/// A digest as the record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedDigest<'a> {
    /// Its bank: the identity and size that the log's header gives.
    pub bank: Bank,
    /// Its bytes, as many as the header says.
    pub bytes: &'a [u8],
}

impl LoggedDigest<'_> {
    /// The digest, when its algorithm is known here.
    pub fn digest(&self) -> Option<Digest> {
        Digest::new(self.bank.alg()?, self.bytes)
    }
}

impl<'a> Event<'a> {
    /// The digests in the record's order. There can be fewer than the log has banks.
    pub fn digests(&self) -> Digests<'a> {
        Digests {
            rest: self.digests,
            banks: self.banks,
            tagged: self.format == LogFormat::Tcg,
        }
    }

    /// The digest in the bank of `alg`; `None` when the record has none there.
    pub fn digest(&self, alg: HashAlg) -> Option<Digest> {
        self.digests()
            .find(|logged| logged.bank.alg() == Some(alg))?
            .digest()
    }

    /// Whether the record has a digest in the bank of `alg`.
    pub fn has_digest(&self, alg: HashAlg) -> bool {
        self.digests().any(|logged| logged.bank.alg() == Some(alg))
    }

    /// Whether the record stands for an extend of a PCR.
    pub const fn is_extended(&self) -> bool {
        self.kind.is_extended() && self.pcr != NO_PCR
    }

    /// Reads one record and leaves `reader` behind it.
    ///
    /// Layout: u32 PCR, u32 type, digests, u32 length, data. The digests of a crypto-agile record
    /// are u32 count, count of {u16 algorithm, digest}; other records have one, without a tag.
    fn read(
        reader: &mut Reader<'a>,
        format: LogFormat,
        banks: Banks<'a>,
    ) -> Result<Self, LogError> {
        let start = *reader;
        let offset = reader.offset();
        let pcr = reader.u32("PCR index")?;
        let kind = EventType::from_value(reader.u32("event type")?);
        let digests = match format {
            LogFormat::Tcg => read_tagged(reader, banks)?,
            LogFormat::Legacy { .. } | LogFormat::Tpm12Container => {
                let size = banks.iter().next().map_or(0, |bank| bank.size);
                reader.take("digest", u32::from(size))?
            }
        };
        let length = reader.u32("length of the event data")?;
        let data = reader.take("event data", length)?.as_slice();
        Ok(Self {
            offset,
            pcr,
            kind,
            data,
            bytes: start.until(reader),
            format,
            digests,
            banks,
        })
    }
}

/// Reads the number of digests and the digests, and returns the bytes that hold these.
fn read_tagged<'a>(reader: &mut Reader<'a>, banks: Banks<'a>) -> Result<Bytes<'a>, LogError> {
    let at_count = *reader;
    let count = reader.u32("number of digests")?;
    if usize::try_from(count).map_or(true, |count| count > banks.len()) {
        return Err(at_count.error(LogErrorKind::DigestCount {
            count,
            banks: banks.len(),
        }));
    }
    read_digests(reader, banks, count)
}

/// Checks `count` digests and returns the bytes that hold them.
fn read_digests<'a>(
    reader: &mut Reader<'a>,
    banks: Banks<'a>,
    count: u32,
) -> Result<Bytes<'a>, LogError> {
    let start = *reader;
    // A bit for each bank: there are MAX_BANKS at most.
    let mut seen: u32 = 0;
    // Records have their digests in the header's order as a rule: that bank is looked at first.
    let mut in_order = (0u32..).zip(banks.iter());
    for _ in 0..count {
        let at_digest = *reader;
        let id = reader.u16("digest algorithm")?;
        // Without a size from the header, nothing behind this digest can be found.
        let (index, bank) = in_order
            .next()
            .filter(|(_, bank)| bank.id == id)
            .or_else(|| banks.position(id))
            .ok_or_else(|| at_digest.error(LogErrorKind::DigestUnlisted(id)))?;
        let bit = 1u32.wrapping_shl(index);
        if seen & bit != 0 {
            return Err(at_digest.error(LogErrorKind::DigestTwice(id)));
        }
        seen |= bit;
        reader.take("digest", u32::from(bank.size))?;
    }
    Ok(Bytes::new(start.until(reader)))
}

/// The digests of one record.
#[derive(Clone, Copy, Debug)]
pub struct Digests<'a> {
    rest: Bytes<'a>,
    banks: Banks<'a>,
    /// Whether its algorithm stands in front of each.
    tagged: bool,
}

impl<'a> Iterator for Digests<'a> {
    type Item = LoggedDigest<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.tagged {
            let bytes = self.rest.as_slice();
            self.rest = Bytes::new(&[]);
            let bank = self.banks.iter().next()?;
            return (!bytes.is_empty()).then_some(LoggedDigest { bank, bytes });
        }
        let bank = self.banks.find(self.rest.u16(0)?)?;
        let size = usize::from(bank.size);
        let bytes = self.rest.get(2, size)?;
        self.rest = self.rest.from(size.checked_add(2)?)?;
        Some(LoggedDigest { bank, bytes })
    }
}

/// The records of a log, the header not among them. An error is the last item.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    reader: Reader<'a>,
    format: LogFormat,
    banks: Banks<'a>,
    broken: bool,
}

impl<'a> Events<'a> {
    /// The records from where `reader` stands to the log's end.
    pub(super) const fn new(reader: Reader<'a>, format: LogFormat, banks: Banks<'a>) -> Self {
        Self {
            reader,
            format,
            banks,
            broken: false,
        }
    }

    /// What has not been read yet: all of it from the broken record on, after an error.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken || self.reader.is_at_end() {
            return None;
        }
        // A record takes 16 bytes at least, so the log's size bounds the number of steps.
        let mut reader = self.reader;
        let event = Event::read(&mut reader, self.format, self.banks);
        if event.is_ok() {
            self.reader = reader;
        } else {
            self.broken = true;
        }
        Some(event)
    }
}

impl FusedIterator for Events<'_> {}
