// SPDX-License-Identifier: GPL-2.0
//! The crypto-agile event log: a walker of the bed's own, and replay.
