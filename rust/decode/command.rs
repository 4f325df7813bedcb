// SPDX-License-Identifier: GPL-2.0

//! What all commands to a TPM have in common, and all its responses: a header of tag, size and code
//! (TPM 2.0, part 1, 18; TPM 1.2, part 3, 3). Numbers are big-endian. The TPM's answer is not
//! trusted: every size in it is checked.

use super::bytes::Bytes;

/// Largest command made here, in bytes.
pub const COMMAND_MAX: usize = 48;

/// Bytes of tag, size and code in front of every command and response.
const HEADER: usize = 10;
/// The tag of commands and responses without sessions, of a TPM 2.0.
pub(super) const ST_NO_SESSIONS: u16 = 0x8001;
/// The tag of those with sessions.
pub(super) const ST_SESSIONS: u16 = 0x8002;

/// A command to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    bytes: [u8; COMMAND_MAX],
    used: usize,
}

impl Command {
    /// One with nothing behind its header yet.
    pub(super) fn new(tag: u16, code: u32) -> Self {
        let mut command = Self {
            bytes: [0; COMMAND_MAX],
            used: 0,
        };
        command.put(&tag.to_be_bytes());
        command.put(&[0; 4]);
        command.put(&code.to_be_bytes());
        command
    }

    /// What does not fit is left out; the largest command made here fits.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if let Some(room) = self.bytes.get_mut(self.used..end) {
            room.copy_from_slice(bytes);
            self.used = end;
        }
    }

    /// Writes the size, now that it is known.
    pub(super) fn finished(mut self) -> Self {
        let size = u32::try_from(self.used).unwrap_or(0).to_be_bytes();
        if let Some(field) = self.bytes.get_mut(2..6) {
            field.copy_from_slice(&size);
        }
        self
    }

    /// The command's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or(&[])
    }
}

/// The big-endian 16-bit value at `offset`.
pub(super) fn be16(bytes: Bytes<'_>, offset: usize) -> Option<u16> {
    bytes.array(offset).map(u16::from_be_bytes)
}

/// The big-endian 32-bit value at `offset`.
pub(super) fn be32(bytes: Bytes<'_>, offset: usize) -> Option<u32> {
    bytes.array(offset).map(u32::from_be_bytes)
}

/// Tag, code and body of a response that is as long as it says.
pub(super) fn split(response: &[u8]) -> Option<(u16, u32, Bytes<'_>)> {
    let bytes = Bytes::new(response);
    let size = usize::try_from(be32(bytes, 2)?).ok()?;
    let body = bytes.sub(HEADER, size.checked_sub(HEADER)?)?;
    Some((be16(bytes, 0)?, be32(bytes, 6)?, body))
}
