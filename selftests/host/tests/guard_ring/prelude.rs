// SPDX-License-Identifier: GPL-2.0

//! What the ring takes from the kernel's prelude.

use std::ops::Deref;

/// ENOMEM.
#[derive(Debug)]
pub struct Error;

/// The kernel's result.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

/// How memory is asked for.
pub struct Flags;

/// A caller that may sleep.
pub const GFP_KERNEL: Flags = Flags;

/// The kernel's vector.
pub struct KVVec<T>(Vec<T>);

impl<T> KVVec<T> {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it is what the kernel has")]
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends.
    pub fn push(&mut self, value: T, _flags: Flags) -> Result {
        self.0.push(value);
        Ok(())
    }
}

impl<T> Deref for KVVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}
