// SPDX-License-Identifier: GPL-2.0

//! The TPM, through the kernel's interface. Reading it takes milliseconds, and much longer when it
//! is busy: never from a place that must not sleep.

use super::bindings;
use crate::decode::digest::{Digest, HashAlg, MAX_DIGEST};
use core::ptr::NonNull;
use kernel::error::{to_result, Result};

/// Most banks that the kernel keeps (TPM2_MAX_PCR_BANKS is not larger).
const MAX_BANKS: usize = 16;

/// A registered TPM.
///
/// # Invariants
///
/// The pointer is valid and holds a reference on the chip's device.
pub(crate) struct Chip(NonNull<bindings::tpm_chip>);

impl Chip {
    /// The first TPM, if a driver has registered one. Does not talk to it.
    pub(crate) fn first() -> Option<Self> {
        // SAFETY: The function can be called at any time.
        let chip = unsafe { bindings::lg_tpm_get() };
        // INVARIANT: The function returns NULL or a chip with a reference for the caller.
        NonNull::new(chip).map(Self)
    }

    /// Whether it is a TPM 2.0 (else a 1.2); `None` when its driver has gone.
    pub(crate) fn is_tpm2(&self) -> Option<bool> {
        // SAFETY: The chip is valid, by the invariant.
        match unsafe { bindings::lg_tpm_is_tpm2(self.0.as_ptr()) } {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// The allocated banks of algorithms known here, by [`HashAlg::index`].
    pub(crate) fn banks(&self) -> [bool; HashAlg::ALL.len()] {
        let mut ids = [0u16; MAX_BANKS];
        // SAFETY: The chip is valid, by the invariant; `ids` has room for as many as is said.
        let count = unsafe { bindings::lg_tpm_banks(self.0.as_ptr(), ids.as_mut_ptr(), ids.len()) };
        let mut banks = [false; HashAlg::ALL.len()];
        for id in ids.iter().take(count) {
            let alg = HashAlg::from_tpm_id(*id);
            if let Some(bank) = alg.and_then(|alg| banks.get_mut(alg.index())) {
                *bank = true;
            }
        }
        banks
    }

    /// The value of `pcr` in bank `alg`; `None` when the TPM does not answer.
    pub(crate) fn pcr(&self, alg: HashAlg, pcr: u32) -> Option<Digest> {
        let mut out = [0; MAX_DIGEST];
        let out = out.get_mut(..alg.size())?;
        // SAFETY: The chip is valid, by the invariant; `out` is as long as the call is told.
        let ret = unsafe {
            bindings::lg_tpm_pcr_read(
                self.0.as_ptr(),
                alg.tpm_id(),
                pcr,
                out.as_mut_ptr(),
                out.len(),
            )
        };
        if ret != 0 {
            return None;
        }
        Digest::new(alg, out)
    }

    /// Sends `command`, a whole command, and puts the TPM's answer into `response`, of at most 2048
    /// bytes. The part that was filled; `None` when there is no answer, or none that fits.
    pub(crate) fn command<'a>(&self, command: &[u8], response: &'a mut [u8]) -> Option<&'a [u8]> {
        // SAFETY: The chip is valid, by the invariant; both buffers are as long as the call is told.
        let size = unsafe {
            bindings::lg_tpm_command(
                self.0.as_ptr(),
                command.as_ptr(),
                command.len(),
                response.as_mut_ptr(),
                response.len(),
            )
        };
        response.get(..usize::try_from(size).ok()?)
    }
}

impl Chip {
    /// Tells one chip from another, for as long as nobody gives the first one back.
    pub(crate) fn id(&self) -> usize {
        self.0.as_ptr().addr()
    }

    /// Extends `pcr` with `digests`, one for each allocated bank.
    ///
    /// # Errors
    ///
    /// EOPNOTSUPP when a bank is allocated that `digests` lacks; ENOMEM; what the TPM answers.
    pub(crate) fn extend(
        &self,
        pcr: u32,
        digests: &[Option<Digest>; HashAlg::ALL.len()],
    ) -> Result {
        let mut raw: [bindings::lg_bank_digest; HashAlg::ALL.len()] =
            core::array::from_fn(|_| bindings::lg_bank_digest::default());
        let mut count = 0;
        for (slot, digest) in raw.iter_mut().zip(digests.iter().flatten()) {
            slot.alg = digest.alg().tpm_id();
            for (to, from) in slot.digest.iter_mut().zip(digest.as_bytes()) {
                *to = *from;
            }
            count += 1;
        }
        // SAFETY: The chip is valid, by the invariant; `raw` holds at least `count` digests.
        to_result(unsafe {
            bindings::lg_tpm_pcr_extend(self.0.as_ptr(), pcr, raw.as_ptr(), count)
        })
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        // SAFETY: The reference is owned, by the invariant.
        unsafe { bindings::lg_tpm_put(self.0.as_ptr()) };
    }
}
