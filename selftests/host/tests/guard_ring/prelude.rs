// SPDX-License-Identifier: GPL-2.0

//! What the ring takes from the kernel's prelude.

use std::num::TryFromIntError;
use std::ops::Deref;

/// ENOMEM, or EINVAL.
#[derive(Debug)]
pub struct Error;

impl From<TryFromIntError> for Error {
    fn from(_: TryFromIntError) -> Self {
        Self
    }
}

/// The kernel's result.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

/// How memory is asked for.
pub struct Flags;

/// A caller that may sleep.
pub const GFP_KERNEL: Flags = Flags;

/// The kernel's vector in pages of their own.
pub struct VVec<T>(Vec<T>);

impl<T> VVec<T> {
    /// An empty one with room for `capacity` elements.
    pub fn with_capacity(capacity: usize, _flags: Flags) -> Result<Self> {
        Ok(Self(Vec::with_capacity(capacity)))
    }

    /// Appends.
    pub fn push(&mut self, value: T, _flags: Flags) -> Result {
        self.0.push(value);
        Ok(())
    }
}

impl<T> Deref for VVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}
