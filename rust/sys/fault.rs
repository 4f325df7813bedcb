// SPDX-License-Identifier: GPL-2.0

//! The faults that DMA remapping units record, when the IOMMU's driver is about to take them.

use super::bindings;
use super::iommu::Group;
use kernel::error::to_result;
use kernel::ffi::c_void;
use kernel::prelude::*;
use kernel::sync::Arc;

pub(crate) use bindings::lg_fault as Trace;

/// A call of the driver's function for one unit.
pub(crate) struct Call<'a>(&'a bindings::lg_fault_call);

impl Call<'_> {
    /// Whether it is a unit's interrupt. Two of those never meet for one unit; the driver's calls from
    /// tasks can meet one.
    pub(crate) const fn is_interrupt(&self) -> bool {
        self.0.in_interrupt
    }

    /// The first words of the driver's description of the unit. One of them is the physical address of
    /// its registers; which one, is the driver's affair.
    pub(crate) fn words(&self) -> &[u64] {
        if self.0.words_read {
            &self.0.words
        } else {
            &[]
        }
    }
}

/// Told of such calls.
pub(crate) trait Witness: Send + Sync + 'static {
    /// The driver is about to take a unit's faults. Runs with interrupts off and on several CPUs at
    /// once: must not sleep, allocate, nor wait for a lock.
    fn call(&self, call: &Call<'_>);
}

/// The registration of the module's one witness.
///
/// # Invariants
///
/// The probe is registered with the pointer of `witness`.
pub(crate) struct Probe<W: Witness> {
    _witness: Arc<W>,
}

impl<W: Witness> Probe<W> {
    /// Registers `witness`. The C side has room for one: a second registration is refused there.
    ///
    /// # Errors
    ///
    /// Those of register_fprobe_syms(): among them ENOENT when the kernel has no such driver.
    pub(crate) fn new(witness: Arc<W>) -> Result<Self> {
        let context = core::ptr::from_ref::<W>(&witness)
            .cast_mut()
            .cast::<c_void>();
        // SAFETY: `call::<W>` is called with `context` only, which the new value keeps valid until the
        // probe is unregistered in `drop`.
        to_result(unsafe { bindings::lg_fault_watch_start(Some(call::<W>), context) })?;
        // INVARIANT: Registered just now.
        Ok(Self { _witness: witness })
    }
}

impl<W: Witness> Drop for Probe<W> {
    fn drop(&mut self) {
        // SAFETY: Registered, by the invariant; the call waits for running handlers.
        unsafe { bindings::lg_fault_watch_stop() };
    }
}

/// # Safety
///
/// `context` must point to a valid `W`, and `call` to a valid call.
unsafe extern "C" fn call<W: Witness>(context: *mut c_void, call: *const bindings::lg_fault_call) {
    // SAFETY: By the function's requirement.
    let witness = unsafe { &*context.cast::<W>() };
    // SAFETY: By the function's requirement.
    let call = unsafe { &*call };
    witness.call(&Call(call));
}

/// Calls that no witness saw, since load.
pub(crate) fn missed() -> u64 {
    // SAFETY: Takes nothing and only reads.
    unsafe { bindings::lg_fault_watch_missed() }
}

/// The number of the group whose functions use `requester`, or have it as an alias.
pub(crate) fn group_of(segment: u32, requester: u16) -> Option<u32> {
    Group::of_requester(segment, requester)?.id()
}

/// Passes a fault to the tracepoint.
pub(crate) fn trace(fault: &Trace) {
    // SAFETY: `fault` is valid for the call.
    unsafe { bindings::lg_trace_fault(fault) };
}
