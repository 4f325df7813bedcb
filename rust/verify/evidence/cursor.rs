// SPDX-License-Identifier: GPL-2.0

//! Reads one field behind the other.

use super::error::{FormatError, What};
use super::format::{ABSENT, MAX_REASON, NOT_TOLD, READ, UNREADABLE};
use crate::decode::bytes::Bytes;
use crate::decode::digest::{Digest, HashAlg};
use crate::verify::facts::Evidence;

/// Makes a reason live as long as the reasons of the module do.
pub type Intern = fn(&str) -> &'static str;

/// A place in a section or in a record of one. Every field names itself for the error's sake.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: Bytes<'a>,
    at: usize,
    base: usize,
    section: &'static str,
    intern: Intern,
}

impl<'a> Cursor<'a> {
    /// At the first of `bytes`, which lie at offset `base`.
    pub(super) const fn new(
        bytes: &'a [u8],
        base: usize,
        section: &'static str,
        intern: Intern,
    ) -> Self {
        Self {
            bytes: Bytes::new(bytes),
            at: 0,
            base,
            section,
            intern,
        }
    }

    /// Offset in the evidence, in bytes.
    pub const fn offset(&self) -> usize {
        self.base.saturating_add(self.at)
    }

    /// Whether no field is left: newer ones were not written.
    pub const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The error of the field that begins `back` bytes before the cursor.
    pub(super) const fn error(&self, back: usize, field: &'static str, what: What) -> FormatError {
        FormatError {
            offset: self.offset().saturating_sub(back),
            section: self.section,
            field,
            what,
        }
    }

    fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], FormatError> {
        let bytes = self.bytes.get(self.at, count);
        let bytes = bytes.ok_or(self.error(0, field, What::Cut))?;
        self.at = self.at.saturating_add(count);
        Ok(bytes)
    }

    /// `N` bytes.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], FormatError> {
        let bytes = self.take(N, field)?;
        bytes
            .try_into()
            .map_err(|_| self.error(N, field, What::Cut))
    }

    /// A byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, FormatError> {
        self.array(field).map(u8::from_le_bytes)
    }

    /// 16 bits.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, FormatError> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// 32 bits.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, FormatError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// 64 bits.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, FormatError> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// A byte that `known` makes a value of.
    pub(super) fn choice<T>(
        &mut self,
        field: &'static str,
        known: impl FnOnce(u8) -> Option<T>,
    ) -> Result<T, FormatError> {
        let byte = self.u8(field)?;
        known(byte).ok_or(self.error(1, field, What::Value(u64::from(byte))))
    }

    /// A truth.
    pub fn bool(&mut self, field: &'static str) -> Result<bool, FormatError> {
        self.choice(field, |byte| match byte {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        })
    }

    /// A truth that could perhaps not be told.
    pub fn maybe(&mut self, field: &'static str) -> Result<Option<bool>, FormatError> {
        self.choice(field, |byte| match byte {
            0 => Some(Some(false)),
            1 => Some(Some(true)),
            NOT_TOLD => Some(None),
            _ => None,
        })
    }

    /// A value that is perhaps not there.
    pub fn option<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FormatError>,
    ) -> Result<Option<T>, FormatError> {
        match self.bool(field)? {
            true => read(self).map(Some),
            false => Ok(None),
        }
    }

    /// Bytes behind their 32-bit number.
    pub fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], FormatError> {
        let size = self.u32(field)?;
        let left = self.bytes.len().saturating_sub(self.at);
        let size = usize::try_from(size).ok().filter(|size| *size <= left);
        let size = size.ok_or(self.error(4, field, What::Cut))?;
        self.take(size, field)
    }

    /// Text behind its 16-bit number of bytes.
    pub fn text(&mut self, field: &'static str) -> Result<&'a str, FormatError> {
        let size = usize::from(self.u16(field)?);
        let bytes = self.take(size, field)?;
        core::str::from_utf8(bytes).map_err(|_| self.error(size, field, What::Text))
    }

    fn reason(&mut self, field: &'static str) -> Result<&'static str, FormatError> {
        let text = self.text(field)?;
        if text.len() > MAX_REASON {
            return Err(self.error(text.len(), field, What::Long(MAX_REASON)));
        }
        Ok((self.intern)(text))
    }

    /// Something that was looked for.
    pub fn evidence<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FormatError>,
    ) -> Result<Evidence<T>, FormatError> {
        let state = self.choice(field, |byte| (byte <= ABSENT).then_some(byte))?;
        Ok(match state {
            READ => Evidence::Read(read(self)?),
            UNREADABLE => Evidence::Unreadable(self.reason(field)?),
            _ => Evidence::Absent(self.reason(field)?),
        })
    }

    /// A digest of `alg` that is perhaps not there: its size in a byte, and its bytes.
    pub(super) fn digest(
        &mut self,
        alg: HashAlg,
        field: &'static str,
    ) -> Result<Option<Digest>, FormatError> {
        let size = usize::from(self.u8(field)?);
        if size == 0 {
            return Ok(None);
        }
        let bytes = self.take(size, field)?;
        match Digest::new(alg, bytes) {
            Some(digest) => Ok(Some(digest)),
            None => Err(self.error(size.saturating_add(1), field, What::Value(size as u64))),
        }
    }

    /// The fields of a record, which stand behind their 32-bit size.
    pub fn record(&mut self, field: &'static str) -> Result<Self, FormatError> {
        let bytes = self.bytes(field)?;
        Ok(Self {
            bytes: Bytes::new(bytes),
            at: 0,
            base: self.offset().saturating_sub(bytes.len()),
            ..*self
        })
    }

    /// A list of records, which stands behind its 32-bit size.
    pub fn records(&mut self, field: &'static str) -> Result<Records<'a>, FormatError> {
        Ok(Records {
            cursor: self.record(field)?,
            field,
        })
    }
}

/// The records of a list.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    cursor: Cursor<'a>,
    field: &'static str,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Cursor<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.is_at_end() {
            return None;
        }
        let record = self.cursor.record(self.field);
        if record.is_err() {
            // Where the next record would begin is not known.
            self.cursor.at = self.cursor.bytes.len();
        }
        Some(record)
    }
}
