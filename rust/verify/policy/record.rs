// SPDX-License-Identifier: GPL-2.0

//! The log of policies that were extended into a PCR, in the TCG crypto-agile format (TCG PC Client
//! Platform Firmware Profile, 10.2 and 10.4.5.1): a header, then one record for each policy.

use crate::decode::digest::{Digest, HashAlg};

/// EV_NO_ACTION: the header's type.
const EV_NO_ACTION: u32 = 3;
/// EV_IPL, which loaders and the kernel use for texts: its data is the policy.
const EV_IPL: u32 = 0xd;
/// Bytes of the header's digest, which is zero.
const SHA1_SIZE: usize = 20;
/// Signature, platform class client, version 2.0 errata 0, size of UINTN in 32-bit words.
const SPEC_ID: [u8; 24] = *b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02";

/// Writes the header of a log whose records have a digest in each of `banks`.
///
/// # Errors
///
/// Those of `write`, which is given one piece after another.
pub fn write_header<E>(
    banks: &[bool; HashAlg::ALL.len()],
    write: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let allocated = || {
        HashAlg::ALL
            .into_iter()
            .zip(banks)
            .filter(|(_, allocated)| **allocated)
            .map(|(alg, _)| alg)
    };
    let count = allocated().fold(0u32, |count, _| count.saturating_add(1));
    // Signature and fields, the count, four bytes for each bank, the size of vendor data.
    let size = count.saturating_mul(4).saturating_add(29);
    write(&0u32.to_le_bytes())?;
    write(&EV_NO_ACTION.to_le_bytes())?;
    write(&[0; SHA1_SIZE])?;
    write(&size.to_le_bytes())?;
    write(&SPEC_ID)?;
    write(&count.to_le_bytes())?;
    for alg in allocated() {
        write(&alg.tpm_id().to_le_bytes())?;
        write(&u16::try_from(alg.size()).unwrap_or(0).to_le_bytes())?;
    }
    write(&[0])
}

/// Writes the record of `text`, whose `digests` were extended into `pcr`.
///
/// # Errors
///
/// Those of `write`.
pub fn write_record<E>(
    pcr: u32,
    digests: &[Option<Digest>; HashAlg::ALL.len()],
    text: &[u8],
    write: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let count = digests
        .iter()
        .flatten()
        .fold(0u32, |n, _| n.saturating_add(1));
    write(&pcr.to_le_bytes())?;
    write(&EV_IPL.to_le_bytes())?;
    write(&count.to_le_bytes())?;
    for digest in digests.iter().flatten() {
        write(&digest.alg().tpm_id().to_le_bytes())?;
        write(digest.as_bytes())?;
    }
    write(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    write(text)
}
