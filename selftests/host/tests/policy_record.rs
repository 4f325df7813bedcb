// SPDX-License-Identifier: GPL-2.0

//! The log of extended policies: byte by byte as the TCG lays it out, and as a log is read.

use launchguard_host_tests::fixture::log::hash;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::Log;
use launchguard_pure::verify::policy::{write_header, write_record};

const TEXT: &[u8] = b"version 1\nextend-pcr 14\n";

/// sha1 and sha256.
const BANKS: [bool; HashAlg::ALL.len()] = [true, true, false, false, false];

fn written() -> Vec<u8> {
    let mut digests = [None; HashAlg::ALL.len()];
    for (slot, alg) in digests.iter_mut().zip(HashAlg::ALL).take(2) {
        *slot = Digest::new(alg, &hash(alg, &[TEXT]));
    }
    let mut bytes = Vec::new();
    let mut write = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok::<(), ()>(())
    };
    write_header(&BANKS, &mut write).unwrap();
    write_record(14, &digests, TEXT, &mut write).unwrap();
    bytes
}

/// TCG PC Client Platform Firmware Profile 1.06: TCG_EfiSpecIdEvent in a TCG_PCClientPCREvent, then
/// TCG_PCR_EVENT2.
#[test]
fn the_bytes_are_those_of_the_profile() {
    let mut expected = vec![0, 0, 0, 0, 3, 0, 0, 0];
    expected.extend([0; 20]);
    expected.extend([37, 0, 0, 0]);
    expected.extend(b"Spec ID Event03\0");
    expected.extend([0, 0, 0, 0, 0, 2, 0, 2]);
    expected.extend([2, 0, 0, 0, 4, 0, 20, 0, 0x0b, 0, 32, 0, 0]);
    expected.extend([14, 0, 0, 0, 0x0d, 0, 0, 0, 2, 0, 0, 0, 4, 0]);
    expected.extend(hash(HashAlg::Sha1, &[TEXT]));
    expected.extend([0x0b, 0]);
    expected.extend(hash(HashAlg::Sha256, &[TEXT]));
    expected.extend([24, 0, 0, 0]);
    expected.extend(TEXT);
    assert_eq!(written(), expected);
}

#[test]
fn the_log_reads_back() {
    let bytes = written();
    let log = Log::open(&bytes, 0, bytes.len() as u32).expect("well-formed");
    let events: Vec<_> = log.events().map(|event| event.expect("sound")).collect();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].pcr, events[0].data), (14, TEXT));
    assert_eq!(
        events[0].digest(HashAlg::Sha256).unwrap().as_bytes(),
        hash(HashAlg::Sha256, &[TEXT])
    );
}

/// What cannot be written whole is an error, not a log cut short.
#[test]
fn a_write_that_fails_is_an_error() {
    let mut room = 40usize;
    let mut write = |piece: &[u8]| {
        room = room.checked_sub(piece.len()).ok_or("full")?;
        Ok(())
    };
    assert_eq!(write_header(&BANKS, &mut write), Err("full"));
}
