// SPDX-License-Identifier: GPL-2.0

//! Bytes to typed facts: pure functions over untrusted input.
//!
//! Nothing in this room allocates, panics or touches the machine. Each decoder answers with a typed
//! view or with an error that names what is wrong and where.

// The input is hostile, and in the kernel a panic is a crash of the machine.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::todo,
    clippy::unreachable,
    clippy::unwrap_used
)]

pub mod acm;
pub mod bytes;
pub mod command;
pub mod digest;
pub mod dmar;
pub mod errorcode;
pub mod eventlog;
pub mod fault;
pub mod heap;
pub mod lcp;
pub mod mcfg;
pub mod mle;
pub mod msr;
pub mod mtrr;
pub mod nv;
pub mod pcr;
pub mod platform;
pub mod range;
pub mod registers;
pub mod slrt;
pub mod tboot;
pub mod text;
pub mod tpr;
pub mod vtd;
