// SPDX-License-Identifier: GPL-2.0
//! The TPM emulator and the proxy that adds locality 4.
