// SPDX-License-Identifier: GPL-2.0
//! What runs inside a test machine: its initial RAM disk, and the agent that takes commands.

pub mod agent;
pub mod cpio;
pub mod initramfs;
