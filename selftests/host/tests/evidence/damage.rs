// SPDX-License-Identifier: GPL-2.0

//! Bytes that are not what was written.

use super::Case;
use launchguard_evidence::{Snapshot, What};
use launchguard_host_tests::exercise::evidence::{read, seal, Source};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::eventlog::LogFormat;
use launchguard_pure::verify::facts::{Evidence, Facts, LogCopy, LogSet};
use proptest::prelude::*;

/// Small evidence: nothing but registers was read.
fn small() -> Vec<u8> {
    let machine = Machine::launched();
    Case::of(Facts::unread(&machine.registers, "not read")).bytes()
}

fn error(bytes: &[u8]) -> String {
    match Snapshot::read(bytes) {
        Ok(_) => panic!("damaged evidence was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_truncation_is_told() {
    let bytes = small();
    for size in 0..bytes.len() {
        let error = error(&bytes[..size]);
        let expected = match size {
            0..8 => "this is no evidence of launchguard",
            8..24 => "the bytes end in it",
            _ => "bytes said",
        };
        assert!(error.contains(expected), "{size} bytes: {error}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        error(&longer),
        format!(
            "offset 0x10, header, total size: {} bytes said, {} there",
            bytes.len(),
            longer.len()
        )
    );
}

#[test]
fn every_flipped_bit_is_told() {
    let bytes = small();
    for offset in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[offset] ^= 1 << (offset % 8);
        let error = error(&flipped);
        let expected = match offset {
            0..8 => "offset 0x0, header, magic",
            8..10 => "offset 0x8, header, major version: version ",
            12..16 => "header, size of the header",
            16..24 => "offset 0x10, header, total size",
            _ => "end, SHA-256: the bytes are not those that were written",
        };
        // A header that only seems to be longer fails by its digest.
        let fits =
            error.contains(expected) || ((12..16).contains(&offset) && error.contains("SHA"));
        assert!(fits, "offset {offset}: {error}");
    }
}

#[test]
fn an_error_names_place_and_field() {
    let bytes = small();
    // The section of the latched registers: tag 17, 1 byte, "not there".
    let section = [17, 0, 0, 0, 1, 0, 0, 0, 0];
    let at = bytes
        .windows(section.len())
        .position(|window| window == section)
        .expect("the section");
    let mut wrong = bytes.clone();
    wrong[at + 8] = 9;
    seal(&mut wrong);
    assert_eq!(
        error(&wrong),
        format!("offset {:#x}, latched, latched: it cannot be 0x9", at + 8)
    );
    let mut wrong = bytes.clone();
    wrong[at + 8] = 1;
    seal(&mut wrong);
    assert_eq!(
        error(&wrong),
        format!(
            "offset {:#x}, latched, heap base: the bytes end in it",
            at + 9
        )
    );
    // A section twice, none, and one that nobody knows.
    let mut twice = bytes.clone();
    twice.splice(at..at, section);
    seal(&mut twice);
    assert_eq!(
        error(&twice),
        format!(
            "offset {:#x}, sections, latched: there a second time",
            at + section.len()
        )
    );
    let mut missing = bytes.clone();
    missing.drain(at..at + section.len());
    seal(&mut missing);
    assert!(error(&missing).ends_with("sections, latched: not there"));
    let mut unknown = bytes.clone();
    unknown[at] = 200;
    unknown.splice(at..at, section);
    seal(&mut unknown);
    let read = Snapshot::read(&unknown).expect("an unknown section is passed over");
    let machine = Machine::launched();
    let facts = Facts::unread(&machine.registers, "not read");
    assert_eq!(format!("{:?}", read.facts()), format!("{facts:?}"));
}

/// A header has room for its own fields, and the end of the bytes for the digest.
#[test]
fn a_header_of_no_possible_size_is_told() {
    let bytes = small();
    let end = bytes.len() as u32 - 32;
    for size in [0, 31, end + 1, end + 32, u32::MAX] {
        let mut wrong = bytes.clone();
        wrong[12..16].copy_from_slice(&size.to_le_bytes());
        seal(&mut wrong);
        let expected = format!("offset 0xc, header, size of the header: it cannot be {size:#x}");
        assert_eq!(error(&wrong), expected);
    }
    // Nothing between header and digest is possible, and no evidence.
    let mut empty = bytes;
    empty[12..16].copy_from_slice(&end.to_le_bytes());
    seal(&mut empty);
    assert!(error(&empty).ends_with(": not there"));
}

/// There are as many places for logs as algorithms, and one log for each.
#[test]
fn two_logs_do_not_share_a_place() {
    let machine = Machine::launched();
    let log = |alg| LogCopy {
        format: LogFormat::Legacy { alg },
        bytes: &[1, 2, 3],
        first: 0,
        next: 3,
    };
    let mut set = LogSet::single(log(4));
    set.logs[3] = Some(log(11));
    let mut facts = Facts::unread(&machine.registers, "not read");
    facts.log = Evidence::Read(set);
    let bytes = Case::of(facts).bytes();
    // Place, format, algorithm, first, next.
    let record = [3, 1, 11, 0, 0, 0, 0, 0, 3, 0, 0, 0];
    let mut windows = bytes.windows(record.len());
    let at = windows.position(|window| window == record);
    let at = at.expect("the second log");
    for place in [0, 5, 255] {
        let mut wrong = bytes.clone();
        wrong[at] = place;
        seal(&mut wrong);
        let expected = format!(", log, place: it cannot be {place:#x}");
        assert!(error(&wrong).ends_with(&expected), "place {place}");
    }
}

/// A minor version adds fields at the end of records and sections: an older reader passes over.
#[test]
fn fields_of_newer_versions_are_passed_over() {
    let bytes = small();
    let section = [17, 0, 0, 0, 1, 0, 0, 0, 0];
    let at = bytes
        .windows(section.len())
        .position(|window| window == section)
        .expect("the section");
    let mut newer = bytes.clone();
    newer[10] = 3;
    newer.splice(
        at..at + section.len(),
        [17, 0, 0, 0, 4, 0, 0, 0, 0, 1, 2, 3],
    );
    seal(&mut newer);
    let read = Snapshot::read(&newer).expect("a newer minor version");
    assert_eq!((read.minor, read.latched), (3, None));
    let mut major = bytes;
    major[8] = 2;
    seal(&mut major);
    match Snapshot::read(&major) {
        Err(error) => assert_eq!(error.what, What::Version(2)),
        Ok(_) => panic!("another major version was read"),
    }
}

/// Minor version 0 ended section 28 with two truths, version 1 with the TPRs: what came later was not read.
#[test]
fn what_an_older_version_did_not_write_is_not_read() {
    let bytes = small();
    let unread = [&[1, 8, 0], b"not read".as_slice()].concat();
    let body = [unread.repeat(3), vec![2, 2], unread.repeat(4)].concat();
    let at = bytes
        .windows(body.len())
        .position(|window| window == body)
        .expect("the section");
    for (minor, added) in [(0, 4), (1, 3)] {
        let mut older = bytes.clone();
        older[10] = minor;
        let size = body.len() - added * unread.len();
        older[at - 4..at].copy_from_slice(&(size as u32).to_le_bytes());
        older.drain(at + size..at + body.len());
        seal(&mut older);
        let read = Snapshot::read(&older).expect("an older minor version");
        let dma = read.facts().dma;
        let why = "who made the evidence did not read it";
        assert_eq!(dma.windows, Evidence::Unreadable(why));
        assert!(matches!(dma.faults, Evidence::Unreadable(given) if given == why));
        assert_eq!(dma.direct, Evidence::Unreadable(why));
        let tprs = if minor == 0 { why } else { "not read" };
        assert_eq!(dma.tprs, Evidence::Unreadable(tprs));
        assert_eq!(dma.command_line, Evidence::Unreadable("not read"));
    }
}

/// Minor version 1 ended section 23 before rescue.
#[test]
fn an_older_version_did_not_know_rescue() {
    let mut machine = Machine::launched();
    machine.kernel.rescue = Some(true);
    let bytes = Case::of(machine.facts()).bytes();
    assert_eq!(
        Snapshot::read(&bytes).expect("whole").kernel.rescue,
        Some(true)
    );
    let kernel = [
        &[23, 0, 0, 0, 17, 0, 0, 0][..],
        &[1, 0x00, 0x20, 0x47, 0x02, 0, 0, 0, 0],
        &[1, 0xff, 0, 0, 0],
        &[1, 0, 1],
    ]
    .concat();
    let at = bytes
        .windows(kernel.len())
        .position(|window| window == kernel);
    let at = at.expect("the section");
    let mut older = bytes;
    older[10] = 1;
    older[at + 4] = 16;
    older.remove(at + kernel.len() - 1);
    seal(&mut older);
    let read = Snapshot::read(&older).expect("an older minor version");
    assert_eq!(read.kernel.rescue, None);
    assert_eq!(read.kernel.resumed_from_image, Some(false));
}

#[test]
fn a_reason_that_no_module_writes_is_refused() {
    let machine = Machine::launched();
    let long: &'static str = "long ".repeat(60).leak();
    // The writer cuts, so that its own reader takes it.
    let bytes = Case::of(Facts::unread(&machine.registers, long)).bytes();
    let read = Snapshot::read(&bytes).expect("cut");
    assert!(format!("{:?}", read.facts()).contains(&long[..255]));
    assert!(!format!("{:?}", read.facts()).contains(&long[..256]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damage_never_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..4000),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut evidence = Case::of(Source::new(&bytes).snapshot().facts()).bytes();
        for (index, value) in damage {
            let index = index.index(evidence.len());
            evidence[index] = value;
        }
        read(&evidence);
        read(&bytes);
    }

    #[test]
    fn damaged_lengths_never_panic(
        place in any::<prop::sample::Index>(),
        value in any::<u32>(),
    ) {
        let mut evidence = small();
        let at = place.index(evidence.len() - 4);
        evidence[at..at + 4].copy_from_slice(&value.to_le_bytes());
        read(&evidence);
    }
}
