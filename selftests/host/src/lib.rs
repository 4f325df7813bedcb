// SPDX-License-Identifier: GPL-2.0

//! What the host tests of the pure rooms share.
//!
//! Tests that need nothing but the project are ordinary `#[test]` functions in `tests/*.rs`. Tests
//! that need the evidence of real machines live in `tests/corpus.rs`, which reports them as ignored
//! where that evidence is missing.

pub mod corpus;
pub mod exercise;
pub mod exercised;
pub mod fixture;
#[cfg(feature = "harness")]
pub mod harness;

pub use launchguard_pure::hasher::HostHasher;

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
