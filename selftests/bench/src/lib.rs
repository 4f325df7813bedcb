// SPDX-License-Identifier: GPL-2.0

//! What launchguard costs, beside what it is compared with.
//!
//! Each part of `make bench` writes what it measured as a [`format::Part`] in JSON; [`page`] makes
//! `Documentation/benchmarks.md` of all of them. Only ratios are judged: samples of one row are taken
//! in turn, so that sample `i` of each contender was taken under the same load, and the ratio of a row
//! is the median of the ratios of such pairs.

#![forbid(unsafe_code)]

pub mod figures;
pub mod format;
pub mod interleave;
pub mod numbers;
#[cfg(feature = "full")]
pub mod page;
#[cfg(feature = "full")]
pub mod plot;
#[cfg(feature = "full")]
pub mod replay;
pub mod stats;
