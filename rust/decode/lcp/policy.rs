// SPDX-License-Identifier: GPL-2.0

//! LCP_POLICY (version 2, SDG D.1) and LCP_POLICY2 (version 3, SDG E.1): what an NV index holds.

use super::control::PolicyControl;
use super::error::LcpError;
use crate::decode::bytes::Bytes;
use crate::decode::digest::{Digest, HashAlg};
use core::fmt;

/// Bytes in front of the hash in each version.
const FIXED_2: usize = 34;
const FIXED_3: usize = 38;

/// What a policy enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// What the lists of the policy data file say.
    List,
    /// Nothing.
    Any,
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "LIST",
            Self::Any => "ANY",
        })
    }
}

/// A policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Version, major number in the upper byte: 2 or 3.
    pub version: u16,
    /// Algorithm of the hash.
    pub hash_alg: HashAlg,
    /// What it enforces.
    pub kind: PolicyKind,
    /// Least AcmVersion of SINIT.
    pub sinit_min_version: u8,
    /// Least revocation counter of each list of the data file.
    pub revocation_counters: [u16; 8],
    /// Its flags.
    pub control: PolicyControl,
    /// Highest SINIT minimum that a list may set (owner's policy).
    pub max_sinit_min_version: u8,
    /// Highest BIOS ACM minimum that a list may set (owner's policy).
    pub max_biosac_min_version: u8,
    /// Hash algorithms that are approved; version 3.
    pub hash_alg_mask: Option<u16>,
    /// Signature algorithms that are approved; version 3.
    pub sign_alg_mask: Option<u32>,
    /// Hash algorithms that are approved for automatic promotion; version 3.
    pub aux_hash_alg_mask: Option<u16>,
    /// Hash of the data file's lists; `None` for ANY, which needs none, where there is no room.
    pub hash: Option<Digest>,
    /// Bytes that the policy takes.
    pub size: usize,
}

impl Policy {
    /// Decodes the policy at the start of `bytes`: an index may be larger than its policy.
    ///
    /// # Errors
    ///
    /// When it is none of a known version.
    pub fn decode(bytes: &[u8]) -> Result<Self, LcpError> {
        let view = Bytes::new(bytes);
        let version = view.u16(0).ok_or(short(2, bytes.len()))?;
        let (fixed, policy) = match version >> 8 {
            2 => (FIXED_2, Self::read_2(view)),
            3 => (FIXED_3, Self::read_3(view)),
            _ => {
                return Err(LcpError::Version {
                    what: "policy",
                    version,
                })
            }
        };
        let policy = policy.ok_or(short(fixed, bytes.len()))??;
        policy.with_hash(view, fixed)
    }

    fn with_hash(mut self, bytes: Bytes<'_>, fixed: usize) -> Result<Self, LcpError> {
        let size = self.hash_alg.size();
        self.hash = bytes
            .get(fixed, size)
            .and_then(|hash| Digest::new(self.hash_alg, hash));
        let needed = fixed.saturating_add(size);
        match (self.hash, self.kind) {
            (Some(_), _) => self.size = needed,
            (None, PolicyKind::Any) if bytes.len() == fixed => {}
            (None, _) => return Err(short(needed, bytes.len())),
        }
        Ok(self)
    }

    fn read_2(bytes: Bytes<'_>) -> Option<Result<Self, LcpError>> {
        let alg = bytes.u8(2)?;
        let kind = kind(bytes.u8(3)?);
        let policy = Self {
            version: bytes.u16(0)?,
            hash_alg: HashAlg::Sha1,
            kind: PolicyKind::Any,
            sinit_min_version: bytes.u8(4)?,
            revocation_counters: counters(bytes)?,
            control: PolicyControl(bytes.u32(22)?),
            max_sinit_min_version: bytes.u8(26)?,
            max_biosac_min_version: bytes.u8(27)?,
            hash_alg_mask: None,
            sign_alg_mask: None,
            aux_hash_alg_mask: None,
            hash: None,
            size: FIXED_2,
        };
        bytes.sub(0, FIXED_2)?;
        Some(match (alg, kind) {
            (0, Ok(kind)) => Ok(Self { kind, ..policy }),
            (0, Err(error)) => Err(error),
            (other, _) => Err(LcpError::HashAlg(u16::from(other))),
        })
    }

    fn read_3(bytes: Bytes<'_>) -> Option<Result<Self, LcpError>> {
        let id = bytes.u16(2)?;
        let kind = kind(bytes.u8(4)?);
        let policy = Self {
            version: bytes.u16(0)?,
            hash_alg: HashAlg::Sha1,
            kind: PolicyKind::Any,
            sinit_min_version: bytes.u8(5)?,
            revocation_counters: counters(bytes)?,
            control: PolicyControl(bytes.u32(22)?),
            max_sinit_min_version: bytes.u8(26)?,
            max_biosac_min_version: bytes.u8(27)?,
            hash_alg_mask: Some(bytes.u16(28)?),
            sign_alg_mask: Some(bytes.u32(30)?),
            aux_hash_alg_mask: Some(bytes.u16(34)?),
            hash: None,
            size: FIXED_3,
        };
        bytes.sub(0, FIXED_3)?;
        Some(match (HashAlg::from_tpm_id(id), kind) {
            (Some(hash_alg), Ok(kind)) => Ok(Self {
                hash_alg,
                kind,
                ..policy
            }),
            (Some(_), Err(error)) => Err(error),
            (None, _) => Err(LcpError::HashAlg(id)),
        })
    }

    /// Major number of the version.
    pub const fn major(&self) -> u8 {
        (self.version >> 8) as u8
    }
}

fn short(needed: usize, got: usize) -> LcpError {
    LcpError::Short {
        what: "policy",
        offset: 0,
        needed,
        got,
    }
}

fn kind(value: u8) -> Result<PolicyKind, LcpError> {
    match value {
        0 => Ok(PolicyKind::List),
        1 => Ok(PolicyKind::Any),
        other => Err(LcpError::Kind(other)),
    }
}

/// The eight counters stand at the same place in both versions.
fn counters(bytes: Bytes<'_>) -> Option<[u16; 8]> {
    let list = bytes.get(6, 16)?;
    let mut counters = [0; 8];
    for (counter, pair) in counters.iter_mut().zip(list.chunks_exact(2)) {
        *counter = Bytes::new(pair).u16(0)?;
    }
    Some(counters)
}
