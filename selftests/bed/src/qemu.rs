// SPDX-License-Identifier: GPL-2.0
//! QEMU's command line and its monitor.
