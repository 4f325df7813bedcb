// SPDX-License-Identifier: GPL-2.0

//! Reads evidence: untrusted bytes.

mod facts;
mod machine;
mod recorded;

use super::cursor::{Cursor, Intern, Records};
use super::error::{FormatError, What};
use super::format::{Section, DIGEST_SIZE, HEADER_SIZE, MAGIC, MAJOR};
use crate::decode::digest::{HashAlg, Hasher};
use core::marker::PhantomData;

pub use facts::LogParts;
pub use machine::{ChipsetParts, CpuParts, DmaParts, NvParts};
pub use recorded::{Info, Recorded, RecordedFinding, Texts};

/// Evidence whose sections are known to be whole. What stands in them is read by the function that
/// is named like the fact.
#[derive(Clone, Copy, Debug)]
pub struct Blob<'a> {
    /// Version of what there is: see [`MINOR`](super::MINOR).
    pub minor: u16,
    /// Number of the published snapshot.
    pub generation: u64,
    sections: [Option<Cursor<'a>>; Section::ALL.len()],
}

/// A section's bytes or the header's.
const HEADER: &str = "header";
/// What stands behind the sections.
const END: &str = "end";

impl<'a> Blob<'a> {
    /// Splits `bytes`. Reasons of what could not be read go through `intern`.
    ///
    /// # Errors
    ///
    /// When the bytes are no evidence of a version known here, their sizes do not add up, their
    /// SHA-256 is another, or a section is missing or there twice.
    pub fn open(bytes: &'a [u8], hasher: &dyn Hasher, intern: Intern) -> Result<Self, FormatError> {
        let mut header = Cursor::new(bytes, 0, HEADER, intern);
        if header.array::<8>("magic").ok() != Some(MAGIC) {
            return Err(Cursor::new(bytes, 0, HEADER, intern).error(0, "magic", What::Magic));
        }
        let major = header.u16("major version")?;
        if major != MAJOR {
            return Err(header.error(2, "major version", What::Version(major)));
        }
        let minor = header.u16("minor version")?;
        let header_size = header.u32("size of the header")?;
        let total = header.u64("total size")?;
        let there = bytes.len() as u64;
        if total != there {
            let what = What::Size { said: total, there };
            return Err(header.error(8, "total size", what));
        }
        let generation = header.u64("generation")?;
        let end = bytes.len().saturating_sub(DIGEST_SIZE);
        let start = usize::try_from(header_size)
            .ok()
            .filter(|start| *start >= HEADER_SIZE && *start <= end);
        let Some(start) = start else {
            let what = What::Value(u64::from(header_size));
            return Err(header.error(20, "size of the header", what));
        };
        let (covered, digest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        let computed = hasher.digest(HashAlg::Sha256, &[covered]);
        if computed.is_none_or(|computed| computed.as_bytes() != digest) {
            let error = Cursor::new(digest, end, END, intern);
            return Err(error.error(0, "SHA-256", What::Digest));
        }
        let body = covered.get(start..).unwrap_or_default();
        Ok(Self {
            minor,
            generation,
            sections: split(body, start, intern)?,
        })
    }

    /// The place in front of a section's first field.
    fn section(&self, section: Section) -> Result<Cursor<'a>, FormatError> {
        let found = Section::ALL.into_iter().position(|other| other == section);
        let cursor = found.and_then(|index| self.sections.get(index).copied().flatten());
        cursor.ok_or(FormatError {
            offset: 0,
            section: section.name(),
            field: "section",
            what: What::Missing,
        })
    }
}

#[inline(never)]
fn split(
    body: &[u8],
    base: usize,
    intern: Intern,
) -> Result<[Option<Cursor<'_>>; Section::ALL.len()], FormatError> {
    let mut sections = [None; Section::ALL.len()];
    let mut rest = Cursor::new(body, base, "sections", intern);
    while !rest.is_at_end() {
        let tag = rest.u32("tag")?;
        let known = Section::ALL
            .into_iter()
            .zip(&mut sections)
            .find(|(section, _)| section.tag() == tag);
        let Some((section, slot)) = known else {
            rest.bytes("unknown section")?;
            continue;
        };
        let error = rest.error(4, section.name(), What::Twice);
        let bytes = rest.bytes(section.name())?;
        let offset = rest.offset().saturating_sub(bytes.len());
        let cursor = Cursor::new(bytes, offset, section.name(), intern);
        if slot.replace(cursor).is_some() {
            return Err(error);
        }
    }
    for (section, slot) in Section::ALL.into_iter().zip(&sections) {
        if slot.is_none() {
            return Err(rest.error(0, section.name(), What::Missing));
        }
    }
    Ok(sections)
}

/// The entries of a list, each read from a record.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a, T> {
    records: Records<'a>,
    read: fn(Cursor<'a>) -> Result<T, FormatError>,
    item: PhantomData<fn() -> T>,
}

impl<'a, T> Items<'a, T> {
    const fn new(records: Records<'a>, read: fn(Cursor<'a>) -> Result<T, FormatError>) -> Self {
        Self {
            records,
            read,
            item: PhantomData,
        }
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = Result<T, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.records.next()?.and_then(self.read))
    }
}
