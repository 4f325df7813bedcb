// SPDX-License-Identifier: GPL-2.0
//! The chipset: the TXT register file that the guest sees at 0xFED20000 (private)
//! and 0xFED30000 (public), what writing TXT.CMD.* does, and the mailbox through
//! which the stage asks for what only the outside can do.
//!
//! The register file is memory, so everything that reacts does so within about
//! half a millisecond, not at once. What the mailbox asks for is synchronous.

mod engine;
mod mailbox;
mod registers;

pub use engine::{Chipset, Hooks, Locality4};
pub use registers::{Registers, NAMES};
