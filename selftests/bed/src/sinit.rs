// SPDX-License-Identifier: GPL-2.0
//! The emulated SINIT module: fixed bytes, and what a CPU measures of it.
