// SPDX-License-Identifier: GPL-2.0

//! The kernel's hash library.

use super::bindings;
use crate::decode::digest::{Digest, HashAlg, Hasher, MAX_DIGEST};

/// Most pieces that are hashed without being asked for one by one.
const MAX_PARTS: usize = 8;

/// Computes SHA-1 and the SHA-2 family; the kernel has no library for SM3.
pub(crate) struct KernelHasher;

impl Hasher for KernelHasher {
    fn digest(&self, alg: HashAlg, parts: &[&[u8]]) -> Option<Digest> {
        let mut list = [bindings::lg_part {
            data: core::ptr::null(),
            len: 0,
        }; MAX_PARTS];
        if parts.len() > list.len() {
            return None;
        }
        for (slot, part) in list.iter_mut().zip(parts) {
            slot.data = part.as_ptr();
            slot.len = part.len();
        }
        let mut out = [0; MAX_DIGEST];
        let out = out.get_mut(..alg.size())?;
        // SAFETY: The first `parts.len()` entries of `list` describe slices that outlive the call,
        // and `out` is as long as the call is told.
        let ret = unsafe {
            bindings::lg_digest(
                alg.tpm_id(),
                list.as_ptr(),
                parts.len(),
                out.as_mut_ptr(),
                out.len(),
            )
        };
        if ret != 0 {
            return None;
        }
        Digest::new(alg, out)
    }
}
