// SPDX-License-Identifier: GPL-2.0

//! The event log.

use super::message;
use crate::HostHasher;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{Event, Log, LogFormat, Tpm12Header, MAX_BANKS};
use launchguard_pure::verify::facts::LogCopy;
use launchguard_pure::verify::logs::Mapping;
use launchguard_pure::verify::replay::{records_behind, replay_pcr};

/// `decode::eventlog`: `bytes` is a container. A log of each format is opened over all of it, and
/// over the range that its last eight bytes name.
pub fn eventlog(bytes: &[u8]) {
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    for format in formats() {
        walk(format, bytes, 0, size);
    }
    detect(bytes);
    let Some((container, range)) = bytes.split_last_chunk::<8>() else {
        return;
    };
    let [a, b, c, d, e, f, g, h] = *range;
    for format in formats() {
        walk(
            format,
            container,
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
        );
    }
}

/// Every format; the legacy one of each algorithm, and of one that is not known.
fn formats() -> impl Iterator<Item = LogFormat> {
    let algs = HashAlg::ALL.map(HashAlg::tpm_id).into_iter().chain([0x27]);
    [LogFormat::Tcg, LogFormat::Tpm12Container]
        .into_iter()
        .chain(algs.map(|alg| LogFormat::Legacy { alg }))
}

/// What is taken for a container starts as one, and its header leads nowhere else.
fn detect(bytes: &[u8]) {
    let header = Tpm12Header::read(bytes);
    match LogFormat::detect(bytes, 0) {
        Some(LogFormat::Tpm12Container) => assert!(bytes.starts_with(b"TXT Event Container\0")),
        _ => assert!(header.is_err()),
    }
    match header {
        Ok(header) => {
            assert!(Tpm12Header::SIZE <= header.first && header.first <= header.next);
            assert!(header.next <= header.size);
        }
        Err(error) => message(&error),
    }
}

/// The range that the log's records lie in.
fn range(format: LogFormat, container: &[u8], first: u32, next: u32) -> (usize, usize) {
    match (format, Tpm12Header::read(container)) {
        (LogFormat::Tpm12Container, Ok(header)) => (header.first as usize, header.next as usize),
        _ => (first as usize, next as usize),
    }
}

fn walk(format: LogFormat, container: &[u8], first: u32, next: u32) {
    let log = match Log::open_as(format, container, first, next) {
        Ok(log) => log,
        Err(error) => return message(&error),
    };
    let (start, end) = range(format, container, first, next);
    let from = match format {
        LogFormat::Tpm12Container => 0,
        _ => start,
    };
    assert_eq!(Some(log.as_bytes()), container.get(from..end));
    assert_eq!(log.format(), format);
    let banks = log.banks();
    assert!((1..=MAX_BANKS).contains(&banks.len()));
    assert_eq!(banks.len(), banks.iter().count());

    let mut count = 0;
    let mut broken = false;
    for event in log.events() {
        assert!(!broken, "an error ends the walk");
        match event {
            Ok(event) => {
                check(&event, end);
                count += 1;
            }
            Err(error) => {
                assert!(error.offset <= end, "{error:?}");
                message(&error);
                broken = true;
            }
        }
    }
    assert!(count <= (end - start) / 16, "a record takes 16 bytes");
    for slice in log.tcg_slices() {
        assert!(!slice.is_empty() || log.as_bytes().is_empty());
    }
    let copy = LogCopy {
        format,
        bytes: container,
        first,
        next,
    };
    assert!(records_behind(&log, &copy) <= 16);
    let mapping = Mapping::of(&log);
    assert_eq!(mapping == Mapping::Tpm2, format.is_tpm2());
    for alg in HashAlg::ALL {
        let value = replay_pcr(&log, 17, alg, &HostHasher);
        assert!(value.is_none() || (banks.contains(alg) && !broken));
    }
}

fn check(event: &Event<'_>, end: usize) {
    assert!(event.offset + 16 + event.data.len() <= end);
    message(&event.kind);
    for logged in event.digests() {
        assert_eq!(logged.bytes.len(), usize::from(logged.bank.size));
        let Some(alg) = logged.bank.alg() else {
            continue;
        };
        assert_eq!(event.digest(alg), logged.digest());
        assert!(logged.digest().is_some());
    }
    if event.format != LogFormat::Tcg {
        assert_eq!(event.digests().count(), 1);
    }
    let known = HashAlg::ALL
        .into_iter()
        .filter(|alg| event.digest(*alg).is_some());
    assert!(known.count() <= event.digests().count());
    if event.is_extended() {
        assert!(event.kind.is_extended());
    }
}
