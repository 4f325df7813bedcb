// SPDX-License-Identifier: GPL-2.0

//! PCI functions and their IOMMU groups, and what the kernel was told about DMA remapping.
//!
//! Everything here sleeps.

use super::bindings;
use core::ptr::{null_mut, NonNull};
use kernel::prelude::*;

pub(crate) use bindings::lg_function as Function;

/// How a function's DMA is translated, by the C side's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// In no group.
    None,
    /// Refused.
    Blocked,
    /// Untranslated.
    Identity,
    /// By the DMA API.
    Dma,
    /// By hand.
    Managed,
    /// Could not be told.
    Unknown,
}

/// The domain that `function` is attached to.
pub(crate) fn domain(function: &Function) -> Domain {
    match function.translation {
        bindings::lg_translation_LG_TRANSLATION_NONE => Domain::None,
        bindings::lg_translation_LG_TRANSLATION_BLOCKED => Domain::Blocked,
        bindings::lg_translation_LG_TRANSLATION_IDENTITY => Domain::Identity,
        bindings::lg_translation_LG_TRANSLATION_DMA => Domain::Dma,
        bindings::lg_translation_LG_TRANSLATION_MANAGED => Domain::Managed,
        _ => Domain::Unknown,
    }
}

/// Address translation services of `function`: `None` without them, or whether they are on.
pub(crate) fn ats(function: &Function) -> Option<bool> {
    match function.ats {
        bindings::lg_ats_LG_ATS_NONE => None,
        bindings::lg_ats_LG_ATS_OFF => Some(false),
        // What is not known is not taken for harmless.
        _ => Some(true),
    }
}

/// A walk over all PCI functions, in the kernel's own order.
///
/// # Invariants
///
/// `last` is a reference that this value owns, if there is one.
pub(crate) struct Functions {
    last: Option<NonNull<bindings::pci_dev>>,
    ended: bool,
}

impl Functions {
    /// Starts before the first one.
    pub(crate) fn new() -> Self {
        // INVARIANT: There is no reference yet.
        Self {
            last: None,
            ended: false,
        }
    }
}

impl Iterator for Functions {
    type Item = Function;

    fn next(&mut self) -> Option<Function> {
        if self.ended {
            return None;
        }
        let mut function = Function::default();
        let from = self.last.take().map_or(null_mut(), NonNull::as_ptr);
        // SAFETY: `from` is NULL or a reference that was owned, which the call takes over;
        // `function` is valid for writing.
        let next = unsafe { bindings::lg_pci_next(from, &raw mut function) };
        // INVARIANT: The call returned a reference of its own, or NULL.
        self.last = NonNull::new(next);
        self.ended = self.last.is_none();
        self.last.map(|_| function)
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        if let Some(last) = self.last {
            // SAFETY: The reference is owned, by the invariant.
            unsafe { bindings::lg_pci_put(last.as_ptr()) };
        }
    }
}

/// Whether new devices get an identity domain.
pub(crate) fn passthrough() -> bool {
    // SAFETY: Takes nothing and only reads.
    unsafe { bindings::lg_iommu_passthrough() != 0 }
}

/// Whether the driver of Intel's IOMMU runs. It does not say that translation is on.
pub(crate) fn driver_enabled() -> bool {
    // SAFETY: Takes nothing and only reads.
    unsafe { bindings::lg_intel_iommu_enabled() != 0 }
}

/// Largest command line that is read, in bytes: Linux takes 2048 on x86, and a boot configuration
/// can add to it.
const MAX_COMMAND_LINE: usize = 64 << 10;

/// The kernel's command line, as /proc/cmdline shows it.
///
/// # Errors
///
/// ENOMEM, EINVAL for one that is longer than 64 KiB, and those of opening the file.
pub(crate) fn command_line() -> Result<KVVec<u8>> {
    let mut line: KVVec<u8> = KVVec::with_capacity(MAX_COMMAND_LINE, GFP_KERNEL)?;
    // SAFETY: `line` has room for as many bytes as the call is told.
    let read = unsafe { bindings::lg_command_line(line.as_mut_ptr(), MAX_COMMAND_LINE) };
    let read = usize::try_from(read).map_err(|_| EIO)?;
    if read >= MAX_COMMAND_LINE {
        return Err(EINVAL);
    }
    // SAFETY: There is room for more than `read` bytes, and so many have been written.
    unsafe { line.inc_len(read) };
    Ok(line)
}
