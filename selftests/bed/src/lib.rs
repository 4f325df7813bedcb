// SPDX-License-Identifier: GPL-2.0
//! The test bed: a machine with Intel TXT, a TPM and an IOMMU out of parts
//! that are stock (QEMU, swtpm, tboot, the kernel) and two that are ours (the
//! stage in `selftests/launch`, which plays firmware, GETSEC and SINIT, and
//! this crate, which plays the chipset and the TPM's locality 4).
//!
//! Start with [`launch::Machine::start`]. Nothing here shares code with the
//! module: what the bed encodes, the module decodes, written apart.

pub mod chipset;
pub mod dmar;
pub mod eventlog;
pub mod guestmem;
pub mod launch;
pub mod mutation;
pub mod qemu;
pub mod secure_boot;
pub mod sinit;
pub mod ssdt;
pub mod swtpm;
pub mod tboot;
pub mod vtd;
