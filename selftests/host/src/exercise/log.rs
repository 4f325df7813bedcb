// SPDX-License-Identifier: GPL-2.0

//! The event log.

use super::message;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{Event, Log, MAX_BANKS};

/// `decode::eventlog`: `bytes` is a container. The log is opened over all of it, and over the range
/// that its last eight bytes name.
pub fn eventlog(bytes: &[u8]) {
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    walk(bytes, 0, size);
    let Some((container, range)) = bytes.split_last_chunk::<8>() else {
        return;
    };
    let [a, b, c, d, e, f, g, h] = *range;
    walk(
        container,
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    );
}

fn walk(container: &[u8], first: u32, next: u32) {
    let log = match Log::open(container, first, next) {
        Ok(log) => log,
        Err(error) => return message(&error),
    };
    let (start, end) = (first as usize, next as usize);
    assert_eq!(Some(log.as_bytes()), container.get(start..end));
    let banks = log.banks();
    assert!((1..=MAX_BANKS).contains(&banks.len()));
    assert_eq!(banks.len(), banks.iter().count());

    let mut count = 0;
    let mut broken = false;
    for event in log.events() {
        assert!(!broken, "an error ends the walk");
        match event {
            Ok(event) => check(&event, end),
            Err(error) => {
                assert!(error.offset <= end, "{error:?}");
                message(&error);
                broken = true;
            }
        }
        count += 1;
    }
    assert!(count <= (end - start) / 16, "a record takes 16 bytes");
    for slice in log.tcg_slices() {
        assert!(!slice.is_empty() || log.as_bytes().is_empty());
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
    let known = HashAlg::ALL
        .into_iter()
        .filter(|alg| event.digest(*alg).is_some());
    assert!(known.count() <= event.digests().count());
    if event.is_extended() {
        assert!(event.kind.is_extended());
    }
}
