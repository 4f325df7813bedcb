// SPDX-License-Identifier: GPL-2.0

//! Event logs in files.

use crate::cli::{Alg, LogFile};
use crate::input;
use anyhow::{anyhow, bail, Context, Result};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{Log, LogFormat};
use launchguard_pure::decode::registers::Registers;
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::facts::{Evidence, Facts, LogCopy, LogSet};
use launchguard_pure::verify::judgement::Judgement;
use launchguard_pure::verify::policy::Policy;

/// A descriptor that a legacy log of another algorithm than SHA-1 opens with, up to its signature:
/// PCR 0, type 3, a digest of zeros, 28 bytes of data (SDG G.2.2).
const DESCRIPTOR: &[u8] = b"\0\0\0\0\x03\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0FRMT ID EVENT00\0";

/// One log in a file.
#[derive(Clone, Copy, Debug)]
struct Part {
    format: LogFormat,
    /// Offset of the first record.
    first: u32,
    /// Offset behind the last record.
    next: u32,
}

/// A file's bytes, and which logs stand where in it: one, or several of the legacy format one behind
/// the other, as the module exports them.
#[derive(Clone, Debug)]
pub struct LogBytes {
    container: Vec<u8>,
    parts: Vec<Part>,
}

impl LogBytes {
    /// Reads `file`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, holds no log, or one with a record that cannot be read: what a
    /// log that breaks off leads to says nothing.
    pub fn read(file: &LogFile) -> Result<Self> {
        let container = input::read(&file.file)?;
        let read = || {
            let log = Self::find(container, file.first, file.next, file.alg)?;
            log.logs().try_for_each(|log| whole(&log))?;
            Ok::<_, anyhow::Error>(log)
        };
        read().with_context(|| file.file.display().to_string())
    }

    /// Finds the logs in `container`, from `first` to `next` or to where nothing but zeros follows.
    /// `alg` is the algorithm of a legacy log that does not say it itself.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(
        container: Vec<u8>,
        first: u32,
        next: Option<u32>,
        alg: Option<Alg>,
    ) -> Result<Self> {
        let size = u32::try_from(container.len()).context("a log is smaller than 4 GiB")?;
        if first > next.unwrap_or(size) || next.is_some_and(|next| next > size) {
            let next = next.unwrap_or(size);
            bail!("records from {first} to {next} do not lie in a file of {size} bytes");
        }
        let format = alg.map_or_else(
            || LogFormat::detect(&container, first),
            |alg| {
                let alg = HashAlg::from(alg).tpm_id();
                Some(LogFormat::Legacy { alg })
            },
        );
        let format = format.ok_or_else(|| {
            anyhow!(
                "no event log: neither a TPM 1.2 container, nor a crypto-agile log, nor records of \
                 a legacy log at offset {first}"
            )
        })?;
        let parts = match format {
            LogFormat::Legacy { .. } => legacy_parts(&container, format, first, next)?,
            _ => vec![Part {
                format,
                first,
                next: match next {
                    Some(next) => next,
                    None => end_of_records(&container, format, first, size)?,
                },
            }],
        };
        let log = Self { container, parts };
        for copy in log.copies() {
            copy.open().map_err(|error| no_log(copy.format, &error))?;
        }
        Ok(log)
    }

    /// The format of all of them.
    pub fn format(&self) -> LogFormat {
        self.parts
            .first()
            .map_or(LogFormat::Tcg, |part| part.format)
    }

    /// The logs as evidence.
    pub fn copies(&self) -> impl Iterator<Item = LogCopy<'_>> {
        self.parts.iter().map(|part| LogCopy {
            format: part.format,
            bytes: &self.container,
            first: part.first,
            next: part.next,
        })
    }

    /// The logs. Opening them was tried once already.
    pub fn logs(&self) -> impl Iterator<Item = Log<'_>> {
        self.copies().filter_map(|copy| copy.open().ok())
    }

    /// The logs as one set.
    pub fn set(&self) -> LogSet<'_> {
        let mut set = LogSet {
            logs: [None; HashAlg::ALL.len()],
        };
        for (slot, copy) in set.logs.iter_mut().zip(self.copies()) {
            *slot = Some(copy);
        }
        set
    }
}

/// Whether every record of a log can be read.
///
/// # Errors
///
/// The first that cannot, and how to leave it out.
fn whole(log: &Log<'_>) -> Result<()> {
    let mut before = None;
    for event in log.events() {
        match event {
            Ok(event) => before = Some(event.offset + event.bytes.len()),
            Err(error) => {
                // A TPM 1.2 container says itself where its records end.
                let hint = before
                    .filter(|_| log.format() != LogFormat::Tpm12Container)
                    .map(|end| format!(" (--next {end} leaves out what cannot be read)"));
                bail!("{error}{}", hint.unwrap_or_default());
            }
        }
    }
    Ok(())
}

/// Judges logs for themselves: replay, coverage and the checks that look at nothing but the log. All
/// other checks are unknown, and so says the verdict nothing.
pub fn judge(logs: LogSet<'_>) -> Box<Judgement> {
    const NOT_HERE: &str = "only the log is looked at";
    let facts = Facts {
        log: Evidence::Read(logs),
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

/// The legacy logs from `first` on, each up to the descriptor of the one behind it.
fn legacy_parts(
    container: &[u8],
    format: LogFormat,
    first: u32,
    next: Option<u32>,
) -> Result<Vec<Part>> {
    let end = match next {
        Some(next) => next as usize,
        None => container.len(),
    };
    let range = container.get(first as usize..end).unwrap_or_default();
    let mut starts: Vec<usize> = range
        .windows(DESCRIPTOR.len())
        .enumerate()
        .filter(|(offset, bytes)| *offset > 0 && *bytes == DESCRIPTOR)
        .map(|(offset, _)| offset + first as usize)
        .collect();
    starts.insert(0, first as usize);
    let mut parts = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let first = u32::try_from(*start).context("a log is smaller than 4 GiB")?;
        let format = if index == 0 {
            format
        } else {
            LogFormat::detect(container, first).unwrap_or(format)
        };
        let next = match starts.get(index + 1) {
            Some(behind) => u32::try_from(*behind).context("a log is smaller than 4 GiB")?,
            None => match next {
                Some(next) => next,
                None => end_of_records(container, format, first, u32::try_from(end)?)?,
            },
        };
        parts.push(Part {
            format,
            first,
            next,
        });
    }
    if parts.len() > HashAlg::ALL.len() {
        bail!("{} logs, one for each algorithm is possible", parts.len());
    }
    Ok(parts)
}

/// Where the records that start at `first` end, for a log without a heap that would say so.
///
/// Behind the last record SINIT's container is zero, and zeros read as records without digest and
/// data. A log that breaks off elsewhere reaches to the end of the file, where decoding it reports
/// the error.
fn end_of_records(container: &[u8], format: LogFormat, first: u32, size: u32) -> Result<u32> {
    let log =
        Log::open_as(format, container, first, size).map_err(|error| no_log(format, &error))?;
    if format == LogFormat::Tpm12Container {
        // It says so itself.
        return Ok(size);
    }
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

/// Says that a file holds no log of the format that it looked like.
fn no_log(format: LogFormat, error: &impl std::fmt::Display) -> anyhow::Error {
    let name = match format {
        LogFormat::Tcg => "crypto-agile format",
        LogFormat::Legacy { .. } => "legacy format of a TPM 2.0",
        LogFormat::Tpm12Container => "TPM 1.2 format",
    };
    anyhow!("no event log in the {name}: {error}")
}
