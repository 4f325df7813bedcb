// SPDX-License-Identifier: GPL-2.0

//! The legacy format of a TPM 2.0 log (SDG G.2.1, G.2.2): one log for each algorithm. Records have
//! one digest, of that algorithm's size. A log of another algorithm than SHA-1 opens with a record
//! that names it; the SHA-1 log has none.

use super::error::{LogError, LogErrorKind};
use super::header::Banks;
use super::reader::Reader;
use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;

/// The signature in the data of the first record.
pub(super) const SIGNATURE: [u8; 16] = *b"FRMT ID EVENT00\0";
/// The one revision that is defined (TCG EFI protocol, TCG_LOG_DESCRIPTOR).
const REVISION: u32 = 1;
/// Bytes of the first record in front of its data: its digest always has SHA-1's size.
const RECORD: usize = 32;
/// Bytes of the descriptor: signature, revision, algorithm, digest size.
const DESCRIPTOR: usize = 28;

/// The algorithm of a DIGEST_ALG_ID, which is none of the TPM's (SDG G.2.2; tboot has 5 for SM3).
fn descriptor_alg(id: u32) -> Option<HashAlg> {
    match id {
        1 => Some(HashAlg::Sha1),
        2 => Some(HashAlg::Sha256),
        3 => Some(HashAlg::Sha384),
        4 => Some(HashAlg::Sha512),
        5 => Some(HashAlg::Sm3),
        _ => None,
    }
}

fn descriptor(records: Bytes<'_>) -> Option<Bytes<'_>> {
    let descriptor = records.sub(RECORD, DESCRIPTOR)?;
    let is_header = records.u32(4)? == 3 && descriptor.array(0)? == SIGNATURE;
    is_header.then_some(descriptor)
}

/// TPM_ALG_ID of the log whose records start with `records`, when it opens with a descriptor.
pub(super) fn header_alg(records: Bytes<'_>) -> Option<u16> {
    descriptor_alg(descriptor(records)?.u32(20)?).map(HashAlg::tpm_id)
}

/// Reads the descriptor, if there is one, and leaves `reader` behind it. The banks are the one of
/// `alg`.
pub(super) fn read(reader: &mut Reader<'_>, alg: u16) -> Result<Banks<'static>, LogError> {
    let known = HashAlg::from_tpm_id(alg);
    let known = known.ok_or_else(|| reader.error(LogErrorKind::Algorithm(alg)))?;
    let at_header = *reader;
    if descriptor(Bytes::new(reader.rest())).is_none() {
        return if known == HashAlg::Sha1 {
            Ok(Banks::of(known))
        } else {
            Err(at_header.error(LogErrorKind::NoDescriptor(known)))
        };
    }
    reader.take("PCR index and type of the descriptor", 8)?;
    reader.take("digest of the descriptor", 20)?;
    let length = reader.u32("length of the descriptor")?;
    let mut content = *reader;
    reader.take("data of the descriptor", length)?;
    content.take("signature of the descriptor", 16)?;
    let at_fields = content;
    let revision = content.u32("revision of the descriptor")?;
    let id = content.u32("algorithm of the descriptor")?;
    let size = content.u32("digest size of the descriptor")?;
    let size_fits = usize::try_from(size).is_ok_and(|size| size == known.size());
    if revision != REVISION || descriptor_alg(id) != Some(known) || !size_fits {
        return Err(at_fields.error(LogErrorKind::Descriptor {
            revision,
            id,
            size,
            alg: known,
        }));
    }
    if reader.offset() != content.offset() {
        return Err(at_fields.error(LogErrorKind::HeaderLength {
            announced: usize::try_from(length).unwrap_or(usize::MAX),
            content: DESCRIPTOR,
        }));
    }
    Ok(Banks::of(known))
}
