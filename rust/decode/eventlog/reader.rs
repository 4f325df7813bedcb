// SPDX-License-Identifier: GPL-2.0

//! A cursor that knows its place, so that an error can name it.

use super::error::{LogError, LogErrorKind};
use crate::decode::bytes::Bytes;

/// Reads fields one behind the other. Offsets are those of the container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    /// The container up to the log's end.
    bytes: Bytes<'a>,
    offset: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes` that starts at `offset`.
    pub(super) const fn new(bytes: Bytes<'a>, offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// Where it stands, in bytes from the container's start.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    /// Whether nothing is left.
    pub(super) const fn is_at_end(&self) -> bool {
        self.offset >= self.bytes.len()
    }

    /// An error at the current place.
    pub(super) const fn error(&self, kind: LogErrorKind) -> LogError {
        LogError {
            offset: self.offset,
            kind,
        }
    }

    fn truncated(&self, field: &'static str, needed: u64) -> LogError {
        self.error(LogErrorKind::Truncated {
            field,
            needed,
            left: self.bytes.len().saturating_sub(self.offset),
        })
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, field: &'static str, len: u32) -> Result<Bytes<'a>, LogError> {
        let taken = usize::try_from(len)
            .ok()
            .and_then(|len| Some((self.bytes.sub(self.offset, len)?, len)))
            .and_then(|(taken, len)| Some((taken, self.offset.checked_add(len)?)));
        let (taken, end) = taken.ok_or_else(|| self.truncated(field, u64::from(len)))?;
        self.offset = end;
        Ok(taken)
    }

    /// Everything that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
            .from(self.offset)
            .map_or(&[], |rest| rest.as_slice())
    }

    /// What stands from here to where `later` stands.
    pub(super) fn until(&self, later: &Self) -> &'a [u8] {
        later
            .offset
            .checked_sub(self.offset)
            .and_then(|len| self.bytes.get(self.offset, len))
            .unwrap_or(&[])
    }

    /// The next 32-bit value.
    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, LogError> {
        let value = self.take(field, 4)?.u32(0);
        value.ok_or_else(|| self.truncated(field, 4))
    }

    /// The next 16-bit value.
    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, LogError> {
        let value = self.take(field, 2)?.u16(0);
        value.ok_or_else(|| self.truncated(field, 2))
    }

    /// The next byte.
    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, LogError> {
        let value = self.take(field, 1)?.u8(0);
        value.ok_or_else(|| self.truncated(field, 1))
    }
}
