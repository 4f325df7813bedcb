// SPDX-License-Identifier: GPL-2.0

//! The commands that find and read an NV index, as bytes (TPM 2.0, part 3, 30.2, 31.6 and 31.13;
//! TPM 1.2, part 3, 7.1 and 20.4), and what their responses hold.

use super::PUBLIC_MAX;
use crate::decode::bytes::Bytes;
use crate::decode::command::{be16, be32, split, Command, ST_NO_SESSIONS, ST_SESSIONS};

/// Most bytes that one command reads: less than what any TPM takes (TPM_PT_NV_BUFFER_MAX).
pub const READ_MAX: u16 = 256;

/// Most handles that one response is asked for.
const HANDLES_MAX: u32 = 64;

const CC_NV_READ: u32 = 0x14e;
const CC_NV_READ_PUBLIC: u32 = 0x169;
const CC_GET_CAPABILITY: u32 = 0x17a;
/// TPM_CAP_HANDLES.
const CAP_HANDLES: u32 = 1;
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

/// TPM2_GetCapability for the handles of NV indices from `first` on.
pub fn handles(first: u32) -> Command {
    let mut command = Command::new(ST_NO_SESSIONS, CC_GET_CAPABILITY);
    command.put(&CAP_HANDLES.to_be_bytes());
    command.put(&first.to_be_bytes());
    command.put(&HANDLES_MAX.to_be_bytes());
    command.finished()
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

/// Handles that a TPM names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handles<'a> {
    /// Whether there are more of them.
    pub more: bool,
    list: Bytes<'a>,
}

impl<'a> Handles<'a> {
    /// Them, in the TPM's order: ascending, if it keeps to its specification.
    pub fn iter(&self) -> impl Iterator<Item = u32> + 'a {
        let list = self.list.as_slice().chunks_exact(4);
        list.filter_map(|handle| be32(Bytes::new(handle), 0))
    }
}

/// The response of [`handles`]; `None` where the TPM refused, or did not answer that.
pub fn parse_handles(response: &[u8]) -> Option<Handles<'_>> {
    let body = body(response, ST_NO_SESSIONS).ok()?;
    let count = usize::try_from(be32(body, 5)?).ok()?;
    let list = body.from(9)?;
    let fits = be32(body, 1)? == CAP_HANDLES && count.checked_mul(4)? == list.len();
    fits.then_some(Handles {
        more: body.u8(0)? != 0,
        list,
    })
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
