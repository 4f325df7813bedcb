// SPDX-License-Identifier: GPL-2.0

//! Logs of any number of events, in files.

use anyhow::{Context, Result};
use launchguard_host_tests::fixture::launch::{self, TBOOT};
use launchguard_host_tests::fixture::log::{encode, Record};
use launchguard_pure::decode::digest::HashAlg;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// The banks of the logs: those that a TPM 2.0 of today has allocated.
pub const BANKS: [HashAlg; 3] = [HashAlg::Sha1, HashAlg::Sha256, HashAlg::Sha384];

/// Event type PCR_MAPPING: not an extend, and no part of the log that the module exports.
const PCR_MAPPING: u32 = 0x401;

/// A log, as it is in a file of its own.
pub struct TestLog {
    /// Number of events behind the header.
    pub events: usize,
    /// The events.
    pub records: Vec<Record>,
    /// The whole log.
    pub bytes: Vec<u8>,
    /// The file.
    pub path: PathBuf,
    /// Removes the file.
    _place: TempDir,
}

impl TestLog {
    /// The log of a launch by tboot that measures as much as makes `events` events.
    pub fn new(events: usize) -> Result<Self> {
        let mut records = launch::records(&BANKS, &BANKS);
        records.retain(|record| record.kind != PCR_MAPPING);
        for number in records.len()..events {
            let module = format!("module {number}");
            // As tboot does, without data.
            let pcr = 17 + u32::from(number % 2 == 1);
            records.push(Record::measured(pcr, TBOOT, &BANKS, module.as_bytes(), &[]));
        }
        let bytes = encode(&BANKS, &records);
        let place = TempDir::with_prefix("launchguard-bench.").context("a temporary directory")?;
        let path = place.path().join("event_log");
        fs::write(&path, &bytes).with_context(|| path.display().to_string())?;
        Ok(Self {
            events: records.len(),
            records,
            bytes,
            path,
            _place: place,
        })
    }
}
