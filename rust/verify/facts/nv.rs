// SPDX-License-Identifier: GPL-2.0

//! NV indices of the TPM that the launch control policy lives in.

use super::Evidence;

/// An NV index.
#[derive(Clone, Copy, Debug)]
pub struct NvIndex<'a> {
    /// Its handle.
    pub index: u32,
    /// Its public area as the TPM marshals it: TPMS_NV_PUBLIC, big endian, without a size in front
    /// (TPM 2.0), or TPM_NV_DATA_PUBLIC (TPM 1.2). Absent where it is not defined.
    pub public: Evidence<&'a [u8]>,
    /// Its contents.
    pub data: Evidence<&'a [u8]>,
}

/// Most indices that are read.
pub const MAX_INDICES: usize = 8;
