// SPDX-License-Identifier: GPL-2.0

//! Processors: what each says of itself, read on itself.

use super::bindings;
use kernel::prelude::*;

pub(crate) use bindings::lg_cpu as RawCpu;

/// All that answered.
pub(crate) struct Processors {
    /// How many can ever be there, are there, and run.
    pub(crate) counts: bindings::lg_cpu_counts,
    /// Those that run and answered, by rising number.
    pub(crate) list: KVVec<RawCpu>,
}

/// Has every processor that runs read CPUID, the registers at `addresses` and its variable MTRRs.
/// No processor can come or go meanwhile; each is interrupted for some microseconds.
///
/// # Errors
///
/// ENOMEM.
pub(crate) fn read(addresses: &[u32]) -> Result<Processors> {
    let mut counts = bindings::lg_cpu_counts {
        possible: 0,
        present: 0,
        online: 0,
    };
    // SAFETY: The function can be called at any time.
    let possible = unsafe { bindings::lg_cpu_possible() };
    let possible = usize::try_from(possible)?;
    let mut list = KVVec::with_capacity(possible, GFP_KERNEL)?;
    // SAFETY: `list` has room for `possible` entries, `addresses` is valid for its length, `counts`
    // for writing. The call waits until no processor uses any of them.
    let filled = unsafe {
        bindings::lg_cpu_read(
            list.spare_capacity_mut().as_mut_ptr().cast::<RawCpu>(),
            possible,
            addresses.as_ptr(),
            addresses.len(),
            &raw mut counts,
        )
    };
    // SAFETY: The call filled that many entries from the start, at most `possible`.
    unsafe { list.inc_len(filled) };
    Ok(Processors { counts, list })
}
