// SPDX-License-Identifier: GPL-2.0

//! How the format of a log is told, and what the containers and descriptors of the older ones say (SDG
//! G.1, G.2.2).

use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{Log, LogFormat, Tpm12Header};

/// A record's PCR, type and what follows.
fn record(kind: u32, rest: &[u8]) -> Vec<u8> {
    let mut bytes = 17u32.to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend(rest);
    bytes
}

/// The record that a legacy log opens with, for DIGEST_ALG_ID `id` with digests of `size` bytes.
fn descriptor(signature: &[u8; 16], id: u32, size: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend(3u32.to_le_bytes());
    bytes.extend([0; 20]);
    bytes.extend(28u32.to_le_bytes());
    bytes.extend(signature);
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(id.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes
}

const SIGNATURE: &[u8; 16] = b"FRMT ID EVENT00\0";

#[test]
fn the_first_record_tells_the_format() {
    let sha1 = Some(LogFormat::Legacy { alg: 4 });
    for (kind, format) in [
        (0, None),
        (2, None),
        (3, Some(LogFormat::Tcg)),
        (4, None),
        (0x3ff, None),
        (0x400, sha1),
        (0x402, sha1),
        (0x501, sha1),
        (0x5ff, sha1),
        (0x600, None),
    ] {
        let bytes = record(kind, &[0; 24]);
        assert_eq!(LogFormat::detect(&bytes, 0), format, "type {kind:#x}");
        let moved = [vec![0xff; 48], bytes].concat();
        assert_eq!(LogFormat::detect(&moved, 48), format, "type {kind:#x}");
    }
    assert_eq!(LogFormat::detect(&record(3, &[])[..7], 0), None);
    assert_eq!(LogFormat::detect(&record(3, &[]), 9), None);
    let container = [b"TXT Event Container\0".as_slice(), &[0; 28]].concat();
    for first in [0, 48, 4096] {
        let found = LogFormat::detect(&container, first);
        assert_eq!(found, Some(LogFormat::Tpm12Container));
    }
    for (format, word, is_tpm2) in [
        (LogFormat::Tcg, "tcg2", true),
        (LogFormat::Legacy { alg: 11 }, "tpm2-legacy", true),
        (LogFormat::Tpm12Container, "tpm12", false),
    ] {
        assert_eq!((format.word(), format.is_tpm2()), (word, is_tpm2));
    }
}

/// Numbers of algorithms are the descriptor's own; 5 is tboot's.
#[test]
fn a_descriptor_names_its_algorithm() {
    for (id, alg) in [
        (1, HashAlg::Sha1),
        (2, HashAlg::Sha256),
        (3, HashAlg::Sha384),
        (4, HashAlg::Sha512),
        (5, HashAlg::Sm3),
    ] {
        let bytes = descriptor(SIGNATURE, id, alg.size() as u32);
        let format = LogFormat::Legacy { alg: alg.tpm_id() };
        assert_eq!(LogFormat::detect(&bytes, 0), Some(format), "{alg}");
        let log = Log::open_as(format, &bytes, 0, bytes.len() as u32).unwrap();
        assert!(log.banks().contains(alg) && log.banks().len() == 1, "{alg}");
        assert!(!log.banks().is_empty());
        assert_eq!(log.events().count(), 0);
    }
    for id in [0, 6] {
        let bytes = descriptor(SIGNATURE, id, 20);
        assert_eq!(LogFormat::detect(&bytes, 0), Some(LogFormat::Tcg), "{id}");
    }
    // Another signature is another record, as is another type with this one.
    let other = descriptor(b"FRMT ID EVENT01\0", 2, 32);
    assert_eq!(LogFormat::detect(&other, 0), Some(LogFormat::Tcg));
    let mut other = descriptor(SIGNATURE, 2, 32);
    other[4..8].copy_from_slice(&0x402u32.to_le_bytes());
    let sha1 = LogFormat::Legacy { alg: 4 };
    assert_eq!(LogFormat::detect(&other, 0), Some(sha1));
}

#[test]
fn a_container_says_where_its_records_are() {
    let container = |version: u32, size: u32, first: u32, next: u32| {
        let mut bytes = b"TXT Event Container\0".to_vec();
        bytes.extend([0; 12]);
        for value in [version, size, first, next] {
            bytes.extend(value.to_le_bytes());
        }
        bytes
    };
    for (version, size, first, next, good) in [
        (0x0001_0001, 4096, 48, 48, true),
        (0x0001_0001, 4096, 48, 4096, true),
        (0x0001_0001, 4096, 4096, 4096, true),
        (0x0001_0001, 48, 48, 48, true),
        (0x0001_0001, 4096, 47, 48, false),
        (0x0001_0001, 4096, 0, 4096, false),
        (0x0001_0001, 4096, 49, 48, false),
        (0x0001_0001, 4096, 100, 99, false),
        (0x0001_0001, 4096, 48, 4097, false),
        (0x0001_0001, 47, 48, 48, false),
        // Minor versions may be any.
        (0x7f01_7f01, 4096, 48, 48, true),
        (0x0001_0002, 4096, 48, 48, false),
        (0x0002_0001, 4096, 48, 48, false),
    ] {
        let bytes = container(version, size, first, next);
        let found = Tpm12Header::read(&bytes);
        let words = format!("{version:#x} {size} {first} {next}");
        assert_eq!(found.is_ok(), good, "{words}");
        if let Ok(header) = found {
            assert_eq!(
                (header.size, header.first, header.next),
                (size, first, next)
            );
        }
        assert!(Tpm12Header::read(&bytes[..47]).is_err(), "{words}");
    }
}
