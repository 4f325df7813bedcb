// SPDX-License-Identifier: GPL-2.0

//! `decode`: evidence in words.

mod acm;
mod dmar;
mod elements;
mod errorcode;
mod eventlog;
mod heap;
mod lcp;
mod mle;
mod registers;
mod slrt;

use crate::cli::Decode;
use crate::report::Report;
use anyhow::Result;
use serde_json::Value;

/// Decodes what the command line names.
pub fn run(what: &Decode) -> Result<Report> {
    match what {
        Decode::Registers { file } => registers::run(file),
        Decode::Heap { file } => heap::run(file),
        Decode::Acm { file } => acm::run(file),
        Decode::Lcp { file } => lcp::run(file),
        Decode::Mle { file } => mle::run(file),
        Decode::Slrt { file } => slrt::run(file),
        Decode::Dmar { file } => dmar::run(file),
        Decode::Eventlog { log } => eventlog::run(log),
        Decode::Errorcode { value } => Ok(errorcode::run(*value)),
    }
}

/// A number as reports show addresses, masks and identities.
fn hexadecimal(value: impl Into<u64>) -> Value {
    Value::from(format!("{:#x}", value.into()))
}
