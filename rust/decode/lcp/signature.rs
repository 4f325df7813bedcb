// SPDX-License-Identifier: GPL-2.0

//! How a policy list is signed. Signatures are not verified here: SINIT does that, and what it found
//! is measured.

use super::error::LcpError;
use crate::decode::bytes::Bytes;

const RSA: u16 = 0x01;
const RSASSA: u16 = 0x14;
const RSAPSS: u16 = 0x16;
const ECDSA: u16 = 0x18;
const SM2: u16 = 0x1b;
const ECC: u16 = 0x23;
const LMS: u16 = 0x70;
/// Bytes of an LMS signature (tboot, lcp3.h): leaf, LMOTS type, seed and 67 hashes, type, 20 nodes.
const LMS_SIGNATURE: usize = 4 + 4 + 32 + 67 * 32 + 4 + 20 * 32;

/// A list's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// TPM_ALG_ID of the scheme; of a version 1 list RSASSA, which it calls 1.
    pub alg: u16,
    /// Its revocation counter.
    pub revocation_counter: u16,
    /// The public key: an RSA modulus, the coordinates of a point, or an LMS key.
    pub key: &'a [u8],
    /// Bytes that counter, key and signature take.
    pub size: usize,
}

impl<'a> Signature<'a> {
    /// The signature of a list of version 1 or 2 at the start of `bytes`, which stands at `offset`.
    pub(super) fn decode(bytes: Bytes<'a>, alg: u16, offset: usize) -> Result<Self, LcpError> {
        // RSA: key and signature. ECC: four reserved bytes, two coordinates, two halves.
        let (start, parts, key_parts) = match alg {
            RSASSA | RSAPSS => (4usize, 2usize, 1usize),
            ECDSA | SM2 => (8, 4, 2),
            other => return Err(LcpError::SignatureAlg { alg: other, offset }),
        };
        let short = |needed| short(offset, needed, bytes.len());
        let counter = bytes.u16(0).ok_or(short(4))?;
        let key_size = usize::from(bytes.u16(2).ok_or(short(4))?);
        let size = start.saturating_add(key_size.saturating_mul(parts));
        let read = || {
            bytes.sub(0, size)?;
            bytes.get(start, key_size.checked_mul(key_parts)?)
        };
        Ok(Self {
            alg,
            revocation_counter: counter,
            key: read().ok_or(short(size))?,
            size,
        })
    }

    /// The signature of a list of version 3 at the start of `bytes`, which stands at `offset`: u16
    /// counter; u8 version, u16 kind of key, key, u16 scheme, signature, each of both with its size in
    /// bits in front.
    pub(super) fn decode_3(bytes: Bytes<'a>, offset: usize) -> Result<Self, LcpError> {
        let short = |needed| short(offset, needed, bytes.len());
        let counter = bytes.u16(0).ok_or(short(5))?;
        let key_alg = bytes.u16(3).ok_or(short(5))?;
        let key_size = usize::from(bytes.u16(6).ok_or(short(8))?);
        let (key_start, key_bytes, signature) = match key_alg {
            RSA => (12usize, key_size / 8, key_size / 8),
            ECC => (
                8,
                (key_size / 8).saturating_mul(2),
                (key_size / 8).saturating_mul(2),
            ),
            // An LMS key says its size in bytes.
            LMS => (8, key_size, LMS_SIGNATURE),
            alg => return Err(LcpError::SignatureAlg { alg, offset }),
        };
        let scheme = key_start.saturating_add(key_bytes);
        // u16 scheme, u8 version, u16 size, u16 hash algorithm, signature.
        let size = scheme.saturating_add(7).saturating_add(signature);
        bytes.sub(0, size).ok_or(short(size))?;
        Ok(Self {
            alg: bytes.u16(scheme).ok_or(short(size))?,
            revocation_counter: counter,
            key: bytes.get(key_start, key_bytes).ok_or(short(size))?,
            size,
        })
    }
}

const fn short(offset: usize, needed: usize, got: usize) -> LcpError {
    LcpError::Short {
        what: "signature",
        offset,
        needed,
        got,
    }
}
