// SPDX-License-Identifier: GPL-2.0

//! TPM hash algorithms and digests.

use core::fmt;

/// A hash algorithm that a PCR bank can use (TCG Algorithm Registry, TPM_ALG_ID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HashAlg {
    /// SHA-1, 20 bytes, TPM_ALG_ID 0x0004.
    Sha1,
    /// SHA-256, 32 bytes, TPM_ALG_ID 0x000b.
    Sha256,
    /// SHA-384, 48 bytes, TPM_ALG_ID 0x000c.
    Sha384,
    /// SHA-512, 64 bytes, TPM_ALG_ID 0x000d.
    Sha512,
    /// SM3-256, 32 bytes, TPM_ALG_ID 0x0012. Known by size only: nothing here computes it.
    Sm3,
}

impl HashAlg {
    /// Every algorithm, in the order of [`HashAlg::index`].
    pub const ALL: [Self; 5] = [
        Self::Sha1,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sm3,
    ];

    /// The algorithm of a TPM_ALG_ID, if it is a hash known here.
    pub const fn from_tpm_id(id: u16) -> Option<Self> {
        match id {
            0x0004 => Some(Self::Sha1),
            0x000b => Some(Self::Sha256),
            0x000c => Some(Self::Sha384),
            0x000d => Some(Self::Sha512),
            0x0012 => Some(Self::Sm3),
            _ => None,
        }
    }

    /// The TPM_ALG_ID.
    pub const fn tpm_id(self) -> u16 {
        match self {
            Self::Sha1 => 0x0004,
            Self::Sha256 => 0x000b,
            Self::Sha384 => 0x000c,
            Self::Sha512 => 0x000d,
            Self::Sm3 => 0x0012,
        }
    }

    /// Position in [`HashAlg::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Sha1 => 0,
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
            Self::Sm3 => 4,
        }
    }

    /// Digest size in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sm3 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Whether a pin in this bank counts: at least 256 bits.
    pub const fn is_strong(self) -> bool {
        !matches!(self, Self::Sha1)
    }

    /// The name used in sysfs files and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sm3 => "sm3",
        }
    }

    /// The algorithm of a [`HashAlg::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

impl fmt::Display for HashAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Size of the largest digest in bytes.
pub const MAX_DIGEST: usize = 64;

/// A digest together with its algorithm. Bytes behind the digest's size are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    alg: HashAlg,
    bytes: [u8; MAX_DIGEST],
}

impl Digest {
    /// All-zero digest: the value of PCR 17 and 18 before the first extend of a launch.
    pub const fn zero(alg: HashAlg) -> Self {
        Self {
            alg,
            bytes: [0; MAX_DIGEST],
        }
    }

    /// The digest whose bytes are `bytes`; `None` when the size is not the algorithm's.
    pub fn new(alg: HashAlg, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != alg.size() {
            return None;
        }
        let mut digest = Self::zero(alg);
        digest.bytes.get_mut(..alg.size())?.copy_from_slice(bytes);
        Some(digest)
    }

    /// The digest written as lower- or upper-case hex; `None` for anything else.
    pub fn from_hex(alg: HashAlg, hex: &str) -> Option<Self> {
        let hex = hex.as_bytes();
        if hex.len() != alg.size().checked_mul(2)? {
            return None;
        }
        let mut digest = Self::zero(alg);
        for (byte, pair) in digest.bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let high = char::from(*pair.first()?).to_digit(16)?;
            let low = char::from(*pair.get(1)?).to_digit(16)?;
            *byte = u8::try_from((high << 4) | low).ok()?;
        }
        Some(digest)
    }

    /// The algorithm.
    pub const fn alg(&self) -> HashAlg {
        self.alg
    }

    /// The digest's bytes, exactly the algorithm's size.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.alg.size()).unwrap_or(&[])
    }

    /// Whether every byte is zero.
    pub fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|byte| *byte == 0)
    }

    /// Whether every byte is 0xff: PCR 17-22 when no D-RTM event has happened.
    pub fn is_ones(&self) -> bool {
        self.as_bytes().iter().all(|byte| *byte == 0xff)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.alg, self)
    }
}

/// Computes digests: the kernel's library in the module, well-kept crates on the host.
pub trait Hasher {
    /// `alg` over the concatenation of `parts`; `None` when `alg` cannot be computed here.
    fn digest(&self, alg: HashAlg, parts: &[&[u8]]) -> Option<Digest>;
}
