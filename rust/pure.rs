// SPDX-License-Identifier: GPL-2.0

//! The pure rooms of launchguard as an ordinary crate.
//!
//! The same files are modules of launchguard.ko. Here they serve the host tests, the fuzz targets
//! and launchguardctl, so there is one copy of the logic.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod decode;
#[cfg(feature = "hasher")]
pub mod hasher;
pub mod lists;
pub mod plan;
pub mod verify;
