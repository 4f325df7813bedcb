// SPDX-License-Identifier: GPL-2.0

//! Public areas: TPMS_NV_PUBLIC (TPM 2.0, part 2, 13.5) and TPM_NV_DATA_PUBLIC (TPM 1.2, part 2,
//! 19.3). A TPM marshals big endian.

use crate::decode::bytes::Bytes;
use core::fmt;

/// Largest public area that is read, in bytes: with a SHA-512 policy a TPMS_NV_PUBLIC takes 78, and
/// a TPM_NV_DATA_PUBLIC takes 77.
pub const PUBLIC_MAX: usize = 128;

fn be16(bytes: Bytes<'_>, offset: usize) -> Option<u16> {
    bytes.array(offset).map(u16::from_be_bytes)
}

fn be32(bytes: Bytes<'_>, offset: usize) -> Option<u32> {
    bytes.array(offset).map(u32::from_be_bytes)
}

/// TPMA_NV (TPM 2.0, part 2, 13.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes(pub u32);

macro_rules! attributes {
    ($($(#[$doc:meta])* $constant:ident = $bit:literal, $name:literal;)+) => {
        impl Attributes {
            $($(#[$doc])* pub const $constant: Self = Self(1 << $bit);)+

            /// Each attribute of one bit with its name in tpm2-tools.
            pub const BITS: &'static [(Self, &'static str)] = &[$((Self::$constant, $name),)+];
        }
    };
}

attributes! {
    /// The platform can write.
    PPWRITE = 0, "ppwrite";
    /// The owner can write.
    OWNERWRITE = 1, "ownerwrite";
    /// Whoever knows the index's authorisation value can write.
    AUTHWRITE = 2, "authwrite";
    /// Whoever satisfies the index's policy can write.
    POLICYWRITE = 3, "policywrite";
    /// Only its policy can delete it.
    POLICY_DELETE = 10, "policydelete";
    /// Writing is locked (a state).
    WRITELOCKED = 11, "writelocked";
    /// It is written as a whole only.
    WRITEALL = 12, "writeall";
    /// A write lock lasts for ever.
    WRITEDEFINE = 13, "writedefine";
    /// A write lock lasts until the TPM is started anew.
    WRITE_STCLEAR = 14, "write_stclear";
    /// The global lock holds for it.
    GLOBALLOCK = 15, "globallock";
    /// The platform can read.
    PPREAD = 16, "ppread";
    /// The owner can read.
    OWNERREAD = 17, "ownerread";
    /// Whoever knows the index's authorisation value can read; anybody, when that is empty.
    AUTHREAD = 18, "authread";
    /// Whoever satisfies the index's policy can read.
    POLICYREAD = 19, "policyread";
    /// Wrong authorisations do not count towards the lockout.
    NO_DA = 25, "no_da";
    /// Its contents are saved at an orderly shutdown only.
    ORDERLY = 26, "orderly";
    /// It counts as unwritten after a start.
    CLEAR_STCLEAR = 27, "clear_stclear";
    /// Reading is locked (a state).
    READLOCKED = 28, "readlocked";
    /// It has been written (a state).
    WRITTEN = 29, "written";
    /// The platform made it, and only the platform can delete it.
    PLATFORMCREATE = 30, "platformcreate";
    /// A read lock is possible.
    READ_STCLEAR = 31, "read_stclear";
}

impl Attributes {
    /// What changes while an index is used: WRITTEN, READLOCKED and WRITELOCKED.
    pub const STATE: Self = Self(Self::WRITTEN.0 | Self::READLOCKED.0 | Self::WRITELOCKED.0);

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without what changes while an index is used.
    pub const fn without_state(self) -> Self {
        Self(self.0 & !Self::STATE.0)
    }

    /// Bits 7:4: the kind of index, 0 for ordinary.
    pub const fn kind(self) -> u8 {
        ((self.0 >> 4) & 0xf) as u8
    }

    /// The names of the attributes that are set, from bit 0 on.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        Self::BITS
            .iter()
            .filter(move |(bit, _)| self.has(*bit))
            .map(|(_, name)| *name)
    }
}

/// Writes the names, separated by `|` as tpm2-tools does.
impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.names().enumerate() {
            if position > 0 {
                f.write_str("|")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// A public area that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NvError {
    /// There are too few bytes.
    Short {
        /// Bytes there.
        got: usize,
    },
    /// Bytes are left behind it.
    Long {
        /// Bytes that it takes.
        size: usize,
        /// Bytes there.
        got: usize,
    },
}

impl fmt::Display for NvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { got } => write!(f, "an NV public area does not fit in {got} bytes"),
            Self::Long { size, got } => {
                write!(f, "an NV public area of {size} bytes stands in {got}")
            }
        }
    }
}

/// TPMS_NV_PUBLIC: u32 index, u16 name algorithm, u32 attributes, u16 size of the policy, policy,
/// u16 size of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NvPublic<'a> {
    /// The index.
    pub index: u32,
    /// TPM_ALG_ID of its name.
    pub name_alg: u16,
    /// Its attributes.
    pub attributes: Attributes,
    /// Digest of its policy; empty for none.
    pub policy: &'a [u8],
    /// Bytes of its contents.
    pub data_size: u16,
}

impl<'a> NvPublic<'a> {
    /// Decodes an area that fills `bytes`.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, NvError> {
        let (public, size) = Self::decode_front(bytes)?;
        if size == bytes.len() {
            Ok(public)
        } else {
            Err(NvError::Long {
                size,
                got: bytes.len(),
            })
        }
    }

    /// Decodes an area at the start of `bytes`, and how many bytes it takes.
    ///
    /// # Errors
    ///
    /// When there are too few.
    pub fn decode_front(bytes: &'a [u8]) -> Result<(Self, usize), NvError> {
        Self::read(Bytes::new(bytes)).ok_or(NvError::Short { got: bytes.len() })
    }

    fn read(bytes: Bytes<'a>) -> Option<(Self, usize)> {
        let policy = bytes.get(12, usize::from(be16(bytes, 10)?))?;
        let behind = policy.len().checked_add(12)?;
        let public = Self {
            index: be32(bytes, 0)?,
            name_alg: be16(bytes, 4)?,
            attributes: Attributes(be32(bytes, 6)?),
            policy,
            data_size: be16(bytes, behind)?,
        };
        Some((public, behind.checked_add(2)?))
    }

    /// Whether both are the same index, defined the same way. What changes while an index is used
    /// is left out.
    pub fn is_defined_as(&self, other: &NvPublic<'_>) -> bool {
        self.index == other.index
            && self.name_alg == other.name_alg
            && self.attributes.without_state() == other.attributes.without_state()
            && self.policy == other.policy
            && self.data_size == other.data_size
    }
}

/// TPM_NV_DATA_PUBLIC: u16 tag, u32 index, two TPM_PCR_INFO_SHORT, TPM_NV_ATTRIBUTES (u16 tag, u32
/// permissions), three flags, u32 size of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NvPublic12 {
    /// The index.
    pub index: u32,
    /// Localities in which it may be written: bit n is locality n (TPM_PCR_INFO_SHORT,
    /// localityAtRelease, of pcrInfoWrite).
    pub write_localities: u8,
    /// Its permissions (TPM 1.2, part 2, 19.2).
    pub permissions: u32,
    /// Whether a write lock is set for ever.
    pub write_define: bool,
    /// Bytes of its contents.
    pub data_size: u32,
}

impl NvPublic12 {
    /// Decodes an area that fills `bytes`.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn decode(bytes: &[u8]) -> Result<Self, NvError> {
        let got = bytes.len();
        let (public, size) = Self::read(Bytes::new(bytes)).ok_or(NvError::Short { got })?;
        if size == got {
            Ok(public)
        } else {
            Err(NvError::Long { size, got })
        }
    }

    fn read(bytes: Bytes<'_>) -> Option<(Self, usize)> {
        let index = be32(bytes, 2)?;
        let rest = bytes.from(6)?;
        let rest = rest.from(pcr_info_short(rest)?)?;
        let write_localities = rest.u8(usize::from(be16(rest, 0)?).checked_add(2)?)?;
        let rest = rest.from(pcr_info_short(rest)?)?;
        let public = Self {
            index,
            write_localities,
            permissions: be32(rest, 2)?,
            write_define: rest.u8(8)? != 0,
            data_size: be32(rest, 9)?,
        };
        let used = bytes.len().checked_sub(rest.len())?;
        Some((public, used.checked_add(13)?))
    }
}

/// Bytes of a TPM_PCR_INFO_SHORT: u16 size of the selection, selection, u8 locality, digest of 20.
fn pcr_info_short(bytes: Bytes<'_>) -> Option<usize> {
    usize::from(be16(bytes, 0)?).checked_add(23)
}
