// SPDX-License-Identifier: GPL-2.0

//! Digests in details, shortened.

use crate::decode::digest::Digest;
use core::fmt;

/// A digest that honours a precision: how many hex digits to show.
pub(super) struct Hex<'a>(pub(super) &'a Digest);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = f.precision().map_or(usize::MAX, |digits| digits / 2);
        for byte in self.0.as_bytes().iter().take(bytes) {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}
