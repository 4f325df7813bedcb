// SPDX-License-Identifier: GPL-2.0

//! The header record of a crypto-agile log: which banks it carries.

use super::error::{LogError, LogErrorKind};
use super::reader::Reader;
use super::MAX_BANKS;
use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;

/// The signature in the header's data.
const SIGNATURE: [u8; 16] = *b"Spec ID Event03\0";
/// Event type of the header record: EV_NO_ACTION.
const HEADER_TYPE: u32 = 3;
/// Bytes of the digest in the header record, always SHA-1's size.
const HEADER_DIGEST: u32 = 20;

/// A bank that the log's header lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// TPM_ALG_ID.
    pub id: u16,
    /// Size of its digests in bytes, never 0.
    pub size: u16,
}

impl Bank {
    /// The algorithm, when it is known here; then `size` is the algorithm's.
    pub const fn alg(self) -> Option<HashAlg> {
        HashAlg::from_tpm_id(self.id)
    }
}

/// The banks that the log's header lists, in its order; each once, 1 to [`MAX_BANKS`] of them.
#[derive(Clone, Copy, Debug)]
pub struct Banks<'a> {
    list: &'a [u8],
}

impl Banks<'static> {
    /// The one bank of `alg`, as a header would list it.
    pub(super) const fn of(alg: HashAlg) -> Self {
        let list: &[u8] = match alg {
            HashAlg::Sha1 => &[0x04, 0, 20, 0],
            HashAlg::Sha256 => &[0x0b, 0, 32, 0],
            HashAlg::Sha384 => &[0x0c, 0, 48, 0],
            HashAlg::Sha512 => &[0x0d, 0, 64, 0],
            HashAlg::Sm3 => &[0x12, 0, 32, 0],
        };
        Self { list }
    }
}

impl<'a> Banks<'a> {
    /// Number of banks.
    pub const fn len(&self) -> usize {
        self.list.len() / 4
    }

    /// Whether there is none: never so in a log that could be opened.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The banks in the header's order.
    pub fn iter(&self) -> impl Iterator<Item = Bank> + 'a {
        self.list.chunks_exact(4).filter_map(|entry| {
            let entry = Bytes::new(entry);
            Some(Bank {
                id: entry.u16(0)?,
                size: entry.u16(2)?,
            })
        })
    }

    /// The bank with this TPM_ALG_ID.
    pub fn find(&self, id: u16) -> Option<Bank> {
        self.iter().find(|bank| bank.id == id)
    }

    /// The bank with this TPM_ALG_ID, and its place in the header's order.
    pub(super) fn position(&self, id: u16) -> Option<(u32, Bank)> {
        (0u32..).zip(self.iter()).find(|(_, bank)| bank.id == id)
    }

    /// Whether the log carries digests of `alg`.
    pub fn contains(&self, alg: HashAlg) -> bool {
        self.find(alg.tpm_id()).is_some()
    }
}

/// Reads the header record and leaves `reader` behind it.
///
/// Layout: TCG_PCR_EVENT (u32 PCR, u32 type, 20 bytes digest, u32 length) with
/// TCG_EfiSpecIDEvent as data (16 bytes signature, u32 platform class, u8 minor, u8 major,
/// u8 errata, u8 size of UINTN, u32 count, count of {u16 algorithm, u16 digest size}, u8 length,
/// vendor bytes).
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Banks<'a>, LogError> {
    reader.take("PCR index of the header", 4)?;
    let at_type = *reader;
    let kind = reader.u32("event type of the header")?;
    if kind != HEADER_TYPE {
        return Err(at_type.error(LogErrorKind::HeaderType(kind)));
    }
    reader.take("digest of the header", HEADER_DIGEST)?;
    let at_length = *reader;
    let announced = reader.u32("length of the header")?;
    let content = *reader;
    reader.take("data of the header", announced)?;
    let end = reader.offset();

    let mut inner = content;
    let at_signature = inner;
    let signature = inner.take("signature of the header", 16)?;
    if signature.as_slice() != SIGNATURE {
        return Err(at_signature.error(LogErrorKind::HeaderSignature));
    }
    inner.take("platform class of the header", 4)?;
    let at_version = inner;
    let minor = inner.u8("minor version of the header")?;
    let major = inner.u8("major version of the header")?;
    if major != 2 {
        return Err(at_version.error(LogErrorKind::HeaderVersion { major, minor }));
    }
    inner.take("errata and UINTN size of the header", 2)?;
    let banks = read_banks(&mut inner)?;
    let vendor = inner.u8("vendor information's length")?;
    inner.take("vendor information", u32::from(vendor))?;
    if inner.offset() != end {
        return Err(at_length.error(LogErrorKind::HeaderLength {
            announced: end.saturating_sub(content.offset()),
            content: inner.offset().saturating_sub(content.offset()),
        }));
    }
    Ok(banks)
}

fn read_banks<'a>(reader: &mut Reader<'a>) -> Result<Banks<'a>, LogError> {
    let at_count = *reader;
    let count = reader.u32("number of banks")?;
    let in_range = usize::try_from(count).is_ok_and(|count| (1..=MAX_BANKS).contains(&count));
    let size = count.checked_mul(4).filter(|_| in_range);
    let size = size.ok_or_else(|| at_count.error(LogErrorKind::BankCount(count)))?;
    let mut place = *reader;
    let list = reader.take("list of banks", size)?.as_slice();
    let banks = Banks { list };
    for (index, bank) in banks.iter().enumerate() {
        let right_size = match bank.alg() {
            Some(alg) => usize::from(bank.size) == alg.size(),
            None => bank.size != 0,
        };
        let Bank { id, size } = bank;
        if !right_size {
            return Err(place.error(LogErrorKind::BankSize { id, size }));
        }
        if banks.iter().take(index).any(|earlier| earlier.id == id) {
            return Err(place.error(LogErrorKind::BankTwice(id)));
        }
        place.take("bank", 4)?;
    }
    Ok(banks)
}
