// SPDX-License-Identifier: GPL-2.0

//! The kernel's C interfaces, one subsystem a file, each behind a safe face.
//!
//! This is the only room with unsafe code. Nothing here knows what launchguard is about.

#[allow(clippy::undocumented_unsafe_blocks, reason = "generated")]
#[rustfmt::skip]
#[path = "../bindings_generated.rs"]
mod bindings;

pub(crate) mod acpi;
pub(crate) mod boot;
pub(crate) mod chipset;
pub(crate) mod compat;
pub(crate) mod cpu;
pub(crate) mod device;
pub(crate) mod dma;
pub(crate) mod fault;
pub(crate) mod firmware;
pub(crate) mod hash;
pub(crate) mod iommu;
pub(crate) mod memory;
pub(crate) mod mmio;
pub(crate) mod module;
pub(crate) mod notifier;
pub(crate) mod params;
pub(crate) mod power;
pub(crate) mod release;
pub(crate) mod sysfs;
pub(crate) mod tpm;
pub(crate) mod views;
pub(crate) mod workqueue;
