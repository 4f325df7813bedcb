// SPDX-License-Identifier: GPL-2.0

//! A job that runs on its own ordered workqueue: never twice at once.

use super::bindings;
use core::ptr::NonNull;
use kernel::ffi::c_void;
use kernel::prelude::*;
use kernel::sync::Arc;

/// Something to run.
pub(crate) trait Job: Send + Sync + 'static {
    /// Runs once; in how many milliseconds to run again without being kicked, if at all.
    fn run(&self) -> Option<u32>;
}

/// The queue of one job.
///
/// # Invariants
///
/// `raw` is a queue whose context is the pointer of `job`, which lives until the queue is destroyed.
pub(crate) struct Queue<J: Job> {
    raw: NonNull<bindings::lg_queue>,
    job: Arc<J>,
}

// SAFETY: The C functions may be called from any task, and `J` is `Send` and `Sync`.
unsafe impl<J: Job> Send for Queue<J> {}
// SAFETY: As above; the functions serialise themselves.
unsafe impl<J: Job> Sync for Queue<J> {}

impl<J: Job> Queue<J> {
    /// A queue on which `job` is not due yet.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn new(job: Arc<J>) -> Result<Self> {
        let context = core::ptr::from_ref::<J>(&job).cast_mut().cast::<c_void>();
        // SAFETY: `run::<J>` is called with `context` only, which `job` keeps valid until the queue
        // is destroyed in `drop`.
        let raw = unsafe { bindings::lg_queue_create(Some(run::<J>), context) };
        // INVARIANT: `job` is kept in the new value, beside the queue that points to it.
        Ok(Self {
            raw: NonNull::new(raw).ok_or(ENOMEM)?,
            job,
        })
    }

    /// The job.
    pub(crate) fn job(&self) -> &J {
        &self.job
    }

    /// Makes the job due now.
    pub(crate) fn kick(&self) {
        // SAFETY: The queue is valid, by the invariant.
        unsafe { bindings::lg_queue_kick(self.raw.as_ptr()) };
    }

    /// Makes the job due in `milliseconds`, instead of when it was due before.
    pub(crate) fn kick_in(&self, milliseconds: u32) {
        // SAFETY: The queue is valid, by the invariant.
        unsafe { bindings::lg_queue_kick_in(self.raw.as_ptr(), milliseconds) };
    }

    /// Runs a job that is due and waits for its end. Not from the job itself.
    pub(crate) fn flush(&self) {
        // SAFETY: The queue is valid, by the invariant.
        unsafe { bindings::lg_queue_flush(self.raw.as_ptr()) };
    }

    /// Waits for a running job. Afterwards the job never runs again.
    pub(crate) fn stop(&self) {
        // SAFETY: The queue is valid, by the invariant.
        unsafe { bindings::lg_queue_stop(self.raw.as_ptr()) };
    }
}

impl<J: Job> Drop for Queue<J> {
    fn drop(&mut self) {
        // SAFETY: The queue is owned, by the invariant; `job` is dropped after it.
        unsafe { bindings::lg_queue_destroy(self.raw.as_ptr()) };
    }
}

/// # Safety
///
/// `context` must point to a valid `J`.
unsafe extern "C" fn run<J: Job>(context: *mut c_void) -> u32 {
    // SAFETY: By the function's requirement.
    let job = unsafe { &*context.cast::<J>() };
    job.run().unwrap_or(bindings::LG_JOB_DONE)
}
