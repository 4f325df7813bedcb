// SPDX-License-Identifier: GPL-2.0

//! The kernel's hash library.

use super::bindings;
use crate::decode::digest::{Digest, HashAlg, Hasher, MAX_DIGEST};
use crate::verify::evidence::{Checksum, DIGEST_SIZE};
use core::ptr::NonNull;
use kernel::prelude::*;

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

/// A SHA-256 that takes its message piece by piece.
///
/// # Invariants
///
/// Points to a state of lg_sha256_new() that is this value's alone.
pub(crate) struct Sha256(NonNull<bindings::lg_sha256>);

impl Sha256 {
    /// Of no bytes yet.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: May be called from any task that can sleep.
        let raw = unsafe { bindings::lg_sha256_new() };
        // INVARIANT: The state was just made.
        Ok(Self(NonNull::new(raw).ok_or(ENOMEM)?))
    }
}

impl Checksum for Sha256 {
    fn update(&mut self, bytes: &[u8]) {
        // SAFETY: The state is valid by the invariant; `bytes` is as long as the call is told.
        unsafe { bindings::lg_sha256_update(self.0.as_ptr(), bytes.as_ptr(), bytes.len()) };
    }

    fn finish(&mut self) -> [u8; DIGEST_SIZE] {
        let mut digest = [0; DIGEST_SIZE];
        // SAFETY: The state is valid by the invariant; `digest` has the size of a SHA-256.
        unsafe { bindings::lg_sha256_finish(self.0.as_ptr(), digest.as_mut_ptr()) };
        digest
    }
}

impl Drop for Sha256 {
    fn drop(&mut self) {
        // SAFETY: The state is valid by the invariant and not used afterwards.
        unsafe { bindings::lg_sha256_free(self.0.as_ptr()) };
    }
}
