// SPDX-License-Identifier: GPL-2.0

//! What a TPM 1.2 launch with the legacy mapping measured, told from SinitMleData (SDG 1.10.1). The
//! first SINITs wrote no log: this is all there is to know of what they extended.

use super::{extend, Start};
use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::heap::SinitMleData;

/// Bit of PolicyControl: OsSinitData.Capabilities are part of the combined hash (SDG 3.2.2).
const CAPABILITIES_EXTENDED: u32 = 1 << 2;
/// Bit of OsSinitData.Capabilities: details and authorities (SDG table 2-2). Their digests are not in
/// the heap.
const DETAILS: u32 = 1 << 5;

/// Most bytes of [`combined_parts`].
pub const COMBINED_SIZE: usize = 80;

/// The parts of the combined hash, one behind the other: BiosAcmID, MsegValid, StmHash,
/// PolicyControl, LcpPolicyHash, capabilities, and from version 8 on ProcessorSCRTMStatus.
///
/// The four bytes of the capabilities are there, as zeros, also where the policy does not ask for
/// them: real PCRs match in no other way. Returns how many bytes of `out` they take.
pub fn combined_parts(
    table: &SinitMleData<'_>,
    capabilities: u32,
    out: &mut [u8; COMBINED_SIZE],
) -> usize {
    let capabilities = if table.policy_control & CAPABILITIES_EXTENDED != 0 {
        capabilities
    } else {
        0
    };
    let scrtm = table.scrtm_status.unwrap_or(0).to_le_bytes();
    let scrtm: &[u8] = if table.version >= 8 { &scrtm } else { &[] };
    let mut taken = 0usize;
    let mut to = out.iter_mut();
    for part in [
        table.bios_acm_id.as_slice(),
        &table.mseg_valid.to_le_bytes(),
        &table.stm_hash,
        &table.policy_control.to_le_bytes(),
        &table.lcp_policy_hash,
        &capabilities.to_le_bytes(),
        scrtm,
    ] {
        // The part first: the other way round, its end would cost a byte of the room.
        for (from, to) in part.iter().zip(to.by_ref()) {
            *to = *from;
            taken = taken.saturating_add(1);
        }
    }
    taken
}

/// SHA-1 of [`combined_parts`].
#[inline(never)]
fn combined_hash(
    table: &SinitMleData<'_>,
    capabilities: u32,
    hasher: &dyn Hasher,
) -> Option<Digest> {
    let mut parts = [0; COMBINED_SIZE];
    let size = combined_parts(table, capabilities, &mut parts);
    hasher.digest(HashAlg::Sha1, &[parts.get(..size)?])
}

impl Start {
    /// What SINIT has left in PCR 17 and 18, by SinitMleData of version 6 to 8 and the capabilities
    /// of OsSinitData. `None` for other versions, for the mapping of details and authorities, and
    /// where SHA-1 cannot be computed here.
    ///
    /// SinitHash is SINIT's own hash in version 6, and PCR 17 after the first extend from version 7
    /// on.
    #[inline(never)]
    pub fn from_heap(
        table: &SinitMleData<'_>,
        capabilities: u32,
        hasher: &dyn Hasher,
    ) -> Option<Self> {
        let alg = HashAlg::Sha1;
        let first = match table.version {
            6 => {
                let edx = table.edx_senter_flags.to_le_bytes();
                let start = hasher.digest(alg, &[&table.sinit_hash, &edx])?;
                extend(&Digest::zero(alg), &start, hasher)?
            }
            7 | 8 => Digest::new(alg, &table.sinit_hash)?,
            _ => return None,
        };
        if capabilities & DETAILS != 0 {
            return None;
        }
        let combined = combined_hash(table, capabilities, hasher)?;
        let mle = Digest::new(alg, &table.mle_hash)?;
        Some(Self {
            after_sinit: Some([
                extend(&first, &combined, hasher)?,
                extend(&Digest::zero(alg), &mle, hasher)?,
            ]),
        })
    }
}
