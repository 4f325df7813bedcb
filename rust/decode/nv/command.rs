// SPDX-License-Identifier: GPL-2.0

//! The commands that read an NV index, as bytes (TPM 2.0, part 3, 31.6 and 31.13; TPM 1.2, part 3,
//! 7.1 and 20.4), and what their responses hold. The TPM's answer is not trusted: every size in it
//! is checked.

use super::PUBLIC_MAX;
use crate::decode::bytes::Bytes;

/// Largest command made here, in bytes.
pub const COMMAND_MAX: usize = 35;
/// Most bytes that one command reads: less than what any TPM takes (TPM_PT_NV_BUFFER_MAX).
pub const READ_MAX: u16 = 256;

/// Bytes of tag, size and code in front of every command and response.
const HEADER: usize = 10;
const ST_NO_SESSIONS: u16 = 0x8001;
const ST_SESSIONS: u16 = 0x8002;
const CC_NV_READ: u32 = 0x14e;
const CC_NV_READ_PUBLIC: u32 = 0x169;
/// Authorisation by password.
const RS_PW: u32 = 0x4000_0009;

const TAG_RQU_COMMAND: u16 = 0x00c1;
const TAG_RSP_COMMAND: u16 = 0x00c4;
const ORD_GET_CAPABILITY: u32 = 0x65;
const ORD_NV_READ_VALUE: u32 = 0xcf;
const CAP_NV_INDEX: u32 = 0x11;

/// A handle that does not exist, of a TPM 2.0: TPM_RC_HANDLE with the number of the handle.
const RC_HANDLE: u32 = 0x08b;
const RC_HANDLE_NUMBER: u32 = 0xf00;
/// The same of a TPM 1.2: TPM_BADINDEX.
const TPM12_BADINDEX: u32 = 2;

/// A command to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    bytes: [u8; COMMAND_MAX],
    used: usize,
}

impl Command {
    fn new(tag: u16, code: u32) -> Self {
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
    fn put(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if let Some(room) = self.bytes.get_mut(self.used..end) {
            room.copy_from_slice(bytes);
            self.used = end;
        }
    }

    /// Writes the size, now that it is known.
    fn finished(mut self) -> Self {
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

/// What a TPM answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// What was asked for.
    Read(&'a [u8]),
    /// There is no such index.
    Undefined,
    /// The TPM refused, with this code.
    Refused(u32),
    /// No well-formed response.
    Malformed,
}

/// TPM2_NV_ReadPublic of `index`.
pub fn read_public(index: u32) -> Command {
    let mut command = Command::new(ST_NO_SESSIONS, CC_NV_READ_PUBLIC);
    command.put(&index.to_be_bytes());
    command.finished()
}

/// TPM2_NV_Read of `size` bytes at `offset`, authorised by `auth` with an empty password: the index
/// itself (AUTHREAD), or the owner's handle (OWNERREAD).
pub fn read(index: u32, auth: u32, offset: u16, size: u16) -> Command {
    let mut command = Command::new(ST_SESSIONS, CC_NV_READ);
    command.put(&auth.to_be_bytes());
    command.put(&index.to_be_bytes());
    // One authorisation of 9 bytes: password session, no nonce, no attributes, empty password.
    command.put(&9u32.to_be_bytes());
    command.put(&RS_PW.to_be_bytes());
    command.put(&[0, 0, 0, 0, 0]);
    command.put(&size.to_be_bytes());
    command.put(&offset.to_be_bytes());
    command.finished()
}

/// TPM_GetCapability of a TPM 1.2 for the public area of `index`.
pub fn get_public_12(index: u32) -> Command {
    let mut command = Command::new(TAG_RQU_COMMAND, ORD_GET_CAPABILITY);
    command.put(&CAP_NV_INDEX.to_be_bytes());
    command.put(&4u32.to_be_bytes());
    command.put(&index.to_be_bytes());
    command.finished()
}

/// TPM_NV_ReadValue of a TPM 1.2, without authorisation.
pub fn read_12(index: u32, offset: u32, size: u32) -> Command {
    let mut command = Command::new(TAG_RQU_COMMAND, ORD_NV_READ_VALUE);
    for value in [index, offset, size] {
        command.put(&value.to_be_bytes());
    }
    command.finished()
}

fn be16(bytes: Bytes<'_>, offset: usize) -> Option<u16> {
    bytes.array(offset).map(u16::from_be_bytes)
}

fn be32(bytes: Bytes<'_>, offset: usize) -> Option<u32> {
    bytes.array(offset).map(u32::from_be_bytes)
}

/// Code and body of a response that is as long as it says.
fn split(response: &[u8]) -> Option<(u16, u32, Bytes<'_>)> {
    let bytes = Bytes::new(response);
    let size = usize::try_from(be32(bytes, 2)?).ok()?;
    let body = bytes.sub(HEADER, size.checked_sub(HEADER)?)?;
    Some((be16(bytes, 0)?, be32(bytes, 6)?, body))
}

/// The body of a success, or what the code says. `tag` is that of a success.
fn body(response: &[u8], tag: u16) -> Result<Bytes<'_>, Response<'_>> {
    match split(response) {
        Some((found, 0, body)) if found == tag => Ok(body),
        None | Some((_, 0, _)) => Err(Response::Malformed),
        Some((_, code, _)) => {
            let undefined = if tag == TAG_RSP_COMMAND {
                code == TPM12_BADINDEX
            } else {
                code & !RC_HANDLE_NUMBER == RC_HANDLE
            };
            Err(if undefined {
                Response::Undefined
            } else {
                Response::Refused(code)
            })
        }
    }
}

/// The bytes behind a size of 16 bits at `offset` of a body, at most `max`.
fn sized(body: Bytes<'_>, offset: usize, max: usize) -> Option<&[u8]> {
    let size = usize::from(be16(body, offset)?);
    body.get(offset.checked_add(2)?, size)
        .filter(|bytes| bytes.len() <= max)
}

fn found(bytes: Option<&[u8]>) -> Response<'_> {
    bytes.map_or(Response::Malformed, Response::Read)
}

/// The response of [`read_public`]: TPMS_NV_PUBLIC. Its name, which follows, is not looked at.
pub fn parse_read_public(response: &[u8]) -> Response<'_> {
    match body(response, ST_NO_SESSIONS) {
        Ok(body) => found(sized(body, 0, PUBLIC_MAX)),
        Err(other) => other,
    }
}

/// The response of [`read`]: contents, behind the size of the parameters.
pub fn parse_read(response: &[u8]) -> Response<'_> {
    match body(response, ST_SESSIONS) {
        Ok(body) => found(sized(body, 4, usize::from(READ_MAX))),
        Err(other) => other,
    }
}

/// The bytes behind a size of 32 bits, at most `max`.
fn sized_12(body: Bytes<'_>, max: usize) -> Option<&[u8]> {
    let size = usize::try_from(be32(body, 0)?).ok()?;
    body.get(4, size).filter(|bytes| bytes.len() <= max)
}

/// The response of [`get_public_12`]: TPM_NV_DATA_PUBLIC.
pub fn parse_public_12(response: &[u8]) -> Response<'_> {
    match body(response, TAG_RSP_COMMAND) {
        Ok(body) => found(sized_12(body, PUBLIC_MAX)),
        Err(other) => other,
    }
}

/// The response of [`read_12`]: contents.
pub fn parse_data_12(response: &[u8]) -> Response<'_> {
    match body(response, TAG_RSP_COMMAND) {
        Ok(body) => found(sized_12(body, usize::from(READ_MAX))),
        Err(other) => other,
    }
}
