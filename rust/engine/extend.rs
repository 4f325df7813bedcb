// SPDX-License-Identifier: GPL-2.0

//! The digest of a policy into a PCR, before the policy is in force.

use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::sys::hash::KernelHasher;
use crate::sys::tpm::Chip;
use crate::verify::policy::{write_header, write_record};
use kernel::prelude::*;

/// Largest log, in bytes: what does not fit is not extended.
const MAX_LOG: usize = 4 << 20;

/// Why a policy could not be extended.
pub(super) enum Failure {
    /// No TPM is there.
    NoTpm,
    /// What the TPM or the kernel said.
    Error(Error),
    /// The log is full.
    Full,
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What was extended since the module was loaded.
pub(super) struct Log {
    bytes: KVVec<u8>,
}

impl Log {
    /// Nothing.
    pub(super) const fn new() -> Self {
        Self {
            bytes: KVVec::new(),
        }
    }

    /// The log in the TCG crypto-agile format; empty when nothing was extended.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Extends `pcr` of every allocated bank with the digests of `text`, and logs it.
    ///
    /// # Errors
    ///
    /// Nothing was logged then; the PCR is as it was unless the TPM failed in the middle.
    #[inline(never)]
    pub(super) fn extend(
        &mut self,
        chip: Option<&Chip>,
        pcr: u32,
        text: &[u8],
    ) -> Result<(), Failure> {
        let chip = chip.ok_or(Failure::NoTpm)?;
        let banks = chip.banks();
        let mut digests: [Option<Digest>; HashAlg::ALL.len()] = [None; HashAlg::ALL.len()];
        for ((digest, alg), allocated) in digests.iter_mut().zip(HashAlg::ALL).zip(banks) {
            if allocated {
                *digest = KernelHasher.digest(alg, &[text]);
            }
        }
        // The record is complete before the PCR changes: afterwards nothing can fail any more.
        let mut new = KVVec::new();
        new.extend_from_slice(&self.bytes, GFP_KERNEL)?;
        let mut write = |piece: &[u8]| new.extend_from_slice(piece, GFP_KERNEL);
        if self.bytes.is_empty() {
            write_header(&banks, &mut write)?;
        }
        write_record(pcr, &digests, text, &mut write)?;
        if new.len() > MAX_LOG {
            return Err(Failure::Full);
        }
        chip.extend(pcr, &digests)?;
        self.bytes = new;
        Ok(())
    }
}
