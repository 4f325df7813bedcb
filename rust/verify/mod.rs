// SPDX-License-Identifier: GPL-2.0

//! Facts and policy to checks and a verdict: pure judgement.

pub mod catalogue;
mod checks;
pub mod drift;
pub mod evidence;
pub mod facts;
pub mod judgement;
pub mod logs;
pub mod notes;
pub mod policy;
pub mod replay;
mod verdict;

pub use verdict::judge;
