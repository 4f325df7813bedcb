// SPDX-License-Identifier: GPL-2.0
//! Runs scenarios in machines and says what came out.

pub mod bench;
pub mod demo;
pub mod guest;
pub mod ktap;
pub mod place;
mod signed;
pub mod suite;
pub mod system;
