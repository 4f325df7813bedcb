// SPDX-License-Identifier: GPL-2.0

//! Files that a boot loader unpacks before it hands them on.

use anyhow::{ensure, Context, Result};
use flate2::bufread::GzDecoder;
use std::io::Read;

/// Most bytes that a file is unpacked to: a multiboot module lies below 4 GiB.
const LARGEST: u64 = 2 << 30;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not in a way that a boot loader looks for.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Another one that GRUB can have a module for: xz or lzop.
    Other,
}

impl Packing {
    /// Tells it by the first bytes.
    pub fn of(file: &[u8]) -> Self {
        if file.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if file.starts_with(b"\xfd7zXZ\0") || file.starts_with(b"\x89LZO\0\r\n\x1a\n") {
            Self::Other
        } else {
            Self::None
        }
    }
}

/// Unpacks a gzip file.
///
/// # Errors
///
/// When it is broken, or something stands behind its first member: boot loaders differ in what they do
/// with that.
pub fn gunzip(file: &[u8]) -> Result<Vec<u8>> {
    let mut decoder = GzDecoder::new(file);
    let mut bytes = Vec::new();
    decoder
        .by_ref()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .context("cannot be unpacked")?;
    ensure!(
        bytes.len() as u64 <= LARGEST,
        "unpacks to more than {} MiB",
        LARGEST >> 20
    );
    let behind = decoder.into_inner().len();
    ensure!(behind == 0, "{behind} bytes stand behind its gzip stream");
    Ok(bytes)
}
