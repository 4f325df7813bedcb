// SPDX-License-Identifier: GPL-2.0

//! Event logs in files.

use crate::cli::LogFile;
use crate::input;
use anyhow::{anyhow, Context, Error, Result};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::eventlog::{Log, LogError, LogErrorKind};
use launchguard_pure::decode::heap::LogFormat;
use launchguard_pure::decode::registers::Registers;
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::facts::{Evidence, Facts, LogCopy, LogSet};
use launchguard_pure::verify::judgement::Judgement;
use launchguard_pure::verify::policy::Policy;

/// Signature of a TPM 1.2 event log container (SDG G.1).
const TPM12_SIGNATURE: &[u8] = b"TXT Event Container\0";
/// Signature in the first record of a TPM 2.0 log in the legacy format (SDG G.2.2).
const LEGACY_SIGNATURE: &[u8] = b"FRMT ID EVENT00";
/// Bytes of a legacy record in front of its data, where the digest is SHA-1's.
const LEGACY_HEADER: usize = 32;
/// Event types of a launch (SDG G, tboot, Secure Launch).
const LAUNCH_TYPES: std::ops::Range<u32> = 0x400..0x600;

/// A log's bytes, and where its records lie.
#[derive(Clone, Debug)]
pub struct LogBytes {
    /// The file.
    pub container: Vec<u8>,
    /// Offset of the first record.
    pub first: u32,
    /// Offset behind the last record.
    pub next: u32,
}

impl LogBytes {
    /// Reads `file`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or holds no log in the crypto-agile format.
    pub fn read(file: &LogFile) -> Result<Self> {
        let container = input::read(&file.file)?;
        let name = || file.file.display().to_string();
        let next = match file.next {
            Some(next) => next,
            None => end_of_records(&container, file.first).with_context(name)?,
        };
        let log = Self {
            container,
            first: file.first,
            next,
        };
        log.open().with_context(name)?;
        Ok(log)
    }

    /// The log as evidence.
    pub fn copy(&self) -> LogCopy<'_> {
        LogCopy {
            format: LogFormat::Tcg,
            bytes: &self.container,
            first: self.first,
            next: self.next,
        }
    }

    /// The log. Opening it was tried once already.
    pub fn open(&self) -> Result<Log<'_>> {
        Log::open(&self.container, self.first, self.next)
            .map_err(|error| no_log(&self.container, self.first, error))
    }
}

/// Judges a log for itself: replay, coverage and the checks that look at nothing but the log. All
/// other checks are unknown, and so says the verdict nothing.
pub fn judge(log: LogCopy<'_>) -> Box<Judgement> {
    const NOT_HERE: &str = "only the log is looked at";
    let facts = Facts {
        log: Evidence::Read(LogSet::single(log)),
        ..Facts::unread(&Registers::UNREADABLE, NOT_HERE)
    };
    let mut judged = Box::new(Judgement::NONE);
    launchguard_pure::verify::judge(
        &facts,
        &Policy::EMPTY,
        None,
        false,
        &HostHasher,
        &mut judged,
    );
    judged
}

/// Where the records that start at `first` end, for a container without a heap that would say so.
///
/// Behind the last record SINIT's container is zero, and zeros read as records without digest and
/// data. A log that breaks off elsewhere reaches to the end of the file, where decoding it reports
/// the error.
fn end_of_records(container: &[u8], first: u32) -> Result<u32> {
    let size = u32::try_from(container.len()).context("a log is smaller than 4 GiB")?;
    let log = Log::open(container, first, size).map_err(|error| no_log(container, first, error))?;
    let padding = container.iter().rposition(|byte| *byte != 0);
    let padding = padding.map_or(0, |last| last + 1);
    for event in log.events() {
        let Ok(event) = event else { break };
        let end = event.offset + event.bytes.len();
        let cut = [event.offset, end].into_iter().find(|cut| *cut >= padding);
        if let Some(cut) = cut {
            return u32::try_from(cut).context("a log is smaller than 4 GiB");
        }
    }
    Ok(size)
}

/// Says what a file is that holds no crypto-agile log.
fn no_log(container: &[u8], first: u32, error: LogError) -> Error {
    let foreign = match error.kind {
        LogErrorKind::HeaderType(_) | LogErrorKind::HeaderSignature => {
            foreign_format(container, first)
        }
        _ => None,
    };
    match foreign {
        Some(format) => anyhow!("{format}: this format is not supported yet"),
        None => anyhow!("no event log in the crypto-agile format: {error}"),
    }
}

fn foreign_format(container: &[u8], first: u32) -> Option<&'static str> {
    if container.starts_with(TPM12_SIGNATURE) {
        return Some("TPM 1.2 event log container");
    }
    let records = Bytes::new(container).from(usize::try_from(first).ok()?)?;
    let data = records.from(LEGACY_HEADER);
    let has_header = data.is_some_and(|data| data.as_slice().starts_with(LEGACY_SIGNATURE));
    // The SHA-1 log of this format has no header at all: only its events' types tell it.
    if has_header || LAUNCH_TYPES.contains(&records.u32(4)?) {
        return Some("TPM 2.0 event log in the legacy format");
    }
    None
}
