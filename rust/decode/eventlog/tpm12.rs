// SPDX-License-Identifier: GPL-2.0

//! The container of a TPM 1.2 log (SDG G.1): it says itself where its records are.

use super::error::{LogError, LogErrorKind};
use super::reader::Reader;
use crate::decode::bytes::Bytes;

/// What a container starts with.
const SIGNATURE: [u8; 20] = *b"TXT Event Container\0";
/// Bytes of the container's own fields.
const HEADER: u32 = 48;

/// Whether `container` starts as one.
pub(super) fn is_container(container: &[u8]) -> bool {
    container.starts_with(&SIGNATURE)
}

/// What a container says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpm12Header {
    /// Size of the container in bytes.
    pub size: u32,
    /// Offset of the first record.
    pub first: u32,
    /// Offset behind the last record.
    pub next: u32,
}

impl Tpm12Header {
    /// Bytes that it takes.
    pub const SIZE: u32 = HEADER;

    /// Reads the header at the start of `container`; what stands behind it need not be there.
    ///
    /// Layout: 20 bytes signature, 12 reserved, four bytes of versions (container major and minor,
    /// record major and minor), u32 size, u32 offset of the first record, u32 offset behind the
    /// last one.
    ///
    /// # Errors
    ///
    /// When it is no header of version 1, or its offsets contradict each other.
    pub fn read(container: &[u8]) -> Result<Self, LogError> {
        let mut reader = Reader::new(Bytes::new(container), 0);
        let start = reader;
        let signature = reader.take("signature of the container", 20)?;
        if signature.as_slice() != SIGNATURE {
            return Err(start.error(LogErrorKind::ContainerSignature));
        }
        reader.take("reserved field of the container", 12)?;
        let at_version = reader;
        let version = reader.u32("versions of the container")?;
        // The major numbers are the low byte of each half.
        if version & 0x00ff_00ff != 0x0001_0001 {
            return Err(at_version.error(LogErrorKind::ContainerVersion(version)));
        }
        let at_size = reader;
        let size = reader.u32("size of the container")?;
        let first = reader.u32("offset of the first record")?;
        let next = reader.u32("offset behind the last record")?;
        if first < HEADER || first > next || next > size {
            return Err(at_size.error(LogErrorKind::ContainerRange { size, first, next }));
        }
        Ok(Self { size, first, next })
    }
}
