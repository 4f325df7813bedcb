// SPDX-License-Identifier: GPL-2.0

//! The NV indices of launch control (SDG tables J-1 and J-2; tboot, tpm_20.c).

use core::fmt;

/// What an index is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// SINIT's and the BIOS ACM's own data.
    Aux,
    /// The platform supplier's policy.
    Ps,
    /// The platform owner's policy.
    Po,
    /// SGX.
    Sgx,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aux => "AUX",
            Self::Ps => "PS",
            Self::Po => "PO",
            Self::Sgx => "SGX",
        })
    }
}

/// Which of the two sets of a TPM 2.0 an index belongs to: SINIT uses one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexSet {
    /// The first one, 0x0180.... and 0x0140.....
    Old,
    /// The one that the TCG reserved for Intel, 0x01c101...
    New,
}

/// An index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownIndex {
    /// Its handle.
    pub index: u32,
    /// What it is for.
    pub role: Role,
    /// Its set; for a TPM 1.2, which has one only, [`IndexSet::Old`].
    pub set: IndexSet,
}

const fn known(index: u32, role: Role, set: IndexSet) -> KnownIndex {
    KnownIndex { index, role, set }
}

/// The indices of a TPM 2.0.
pub const INDICES_20: [KnownIndex; 8] = [
    known(0x01c1_0102, Role::Aux, IndexSet::New),
    known(0x01c1_0103, Role::Ps, IndexSet::New),
    known(0x01c1_0106, Role::Po, IndexSet::New),
    known(0x01c1_0104, Role::Sgx, IndexSet::New),
    known(0x0180_0003, Role::Aux, IndexSet::Old),
    known(0x0180_0001, Role::Ps, IndexSet::Old),
    known(0x0140_0001, Role::Po, IndexSet::Old),
    known(0x0180_0004, Role::Sgx, IndexSet::Old),
];

/// The indices of a TPM 1.2. AUX has two, the second one of later platforms.
pub const INDICES_12: [KnownIndex; 5] = [
    known(0x5000_0003, Role::Aux, IndexSet::Old),
    known(0x5000_0002, Role::Aux, IndexSet::Old),
    known(0x5000_0001, Role::Ps, IndexSet::Old),
    known(0x4000_0001, Role::Po, IndexSet::Old),
    known(0x5000_0004, Role::Sgx, IndexSet::Old),
];

impl KnownIndex {
    /// The index with this handle, of either family.
    pub fn find(index: u32) -> Option<Self> {
        INDICES_20
            .into_iter()
            .chain(INDICES_12)
            .find(|known| known.index == index)
    }
}

/// Least TXT SVN of SINIT by the contents of an AUX index: its last 8 bytes (4 of a TPM 1.2) are
/// pairs of least version and flags, SINIT's the first one (SDG J-3, E.5). `None` when it is shorter.
pub fn aux_minimum(data: &[u8], tpm2: bool) -> Option<u8> {
    let slots = if tpm2 { 8 } else { 4 };
    data.get(data.len().checked_sub(slots)?).copied()
}
