// SPDX-License-Identifier: GPL-2.0

//! Bytes to typed facts: pure functions over untrusted input.
//!
//! Nothing in this room allocates, panics or touches the machine. Each decoder answers with a typed
//! view or with an error that names what is wrong and where.

pub mod acm;
pub mod bytes;
pub mod digest;
pub mod errorcode;
pub mod eventlog;
pub mod heap;
pub mod registers;
pub mod text;
