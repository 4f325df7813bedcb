// SPDX-License-Identifier: GPL-2.0

//! The event log's decoder against logs laid out by hand (TCG PC Client PFP 10.2, SDG G.2.3).

use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{Bank, EventType, Log, LogErrorKind, NO_PCR};
use proptest::prelude::*;

const SHA1: (u16, usize) = (4, 20);
const SHA256: (u16, usize) = (11, 32);
/// An algorithm that nobody knows, with digests of 5 bytes.
const OTHER: (u16, usize) = (0x7777, 5);

/// The body of the header: Spec ID Event03, version 2.0.
fn spec_id(banks: &[(u16, usize)], vendor: &[u8]) -> Vec<u8> {
    let mut body = b"Spec ID Event03\0".to_vec();
    body.extend([0, 0, 0, 0, 0, 2, 0, 1]);
    body.extend((banks.len() as u32).to_le_bytes());
    for (id, size) in banks {
        body.extend(id.to_le_bytes());
        body.extend((*size as u16).to_le_bytes());
    }
    body.push(vendor.len() as u8);
    body.extend(vendor);
    body
}

fn header_record(body: &[u8]) -> Vec<u8> {
    let mut record = vec![0; 32];
    record[4] = 3;
    record[28..32].copy_from_slice(&(body.len() as u32).to_le_bytes());
    record.extend(body);
    record
}

fn header(banks: &[(u16, usize)]) -> Vec<u8> {
    header_record(&spec_id(banks, &[]))
}

/// A record whose digests are filled with `fill`.
fn record(pcr: u32, kind: u32, banks: &[(u16, usize)], fill: u8, data: &[u8]) -> Vec<u8> {
    let mut record = vec![];
    for word in [pcr, kind, banks.len() as u32] {
        record.extend(word.to_le_bytes());
    }
    for (id, size) in banks {
        record.extend(id.to_le_bytes());
        record.extend(vec![fill; *size]);
    }
    record.extend((data.len() as u32).to_le_bytes());
    record.extend(data);
    record
}

const BANKS: [(u16, usize); 3] = [SHA1, SHA256, OTHER];

/// The records of a launch, in short: the mapping record, one with fewer digests, one without data.
fn records() -> [Vec<u8>; 5] {
    [
        record(17, 0x402, &BANKS, 0xa1, &[7; 36]),
        record(255, 0x401, &BANKS, 0xa2, &[1, 0, 0, 0]),
        record(18, 0x410, &BANKS, 0xa3, &[]),
        record(17, 0x503, &BANKS, 0xa4, &[]),
        record(17, 0x501, &[SHA256], 0xa5, &[]),
    ]
}

fn log() -> Vec<u8> {
    [header(&BANKS), records().concat()].concat()
}

fn open(bytes: &[u8]) -> Result<Log<'_>, LogErrorKind> {
    Log::open(bytes, 0, bytes.len() as u32).map_err(|error| error.kind)
}

/// The error that ends the walk over `bytes`, and its place.
fn last_error(bytes: &[u8]) -> (usize, LogErrorKind) {
    let log = Log::open(bytes, 0, bytes.len() as u32).unwrap();
    let error = log.events().last().unwrap().unwrap_err();
    (error.offset, error.kind)
}

#[test]
fn a_log_gives_its_banks_and_records() {
    let bytes = log();
    let log = open(&bytes).unwrap();
    let banks: Vec<_> = log.banks().iter().collect();
    assert_eq!(banks.len(), 3);
    assert_eq!(
        banks[2],
        Bank {
            id: 0x7777,
            size: 5
        }
    );
    assert_eq!(banks[1].alg(), Some(HashAlg::Sha256));
    assert_eq!(banks[2].alg(), None);
    assert!(log.banks().contains(HashAlg::Sha1));
    assert!(!log.banks().contains(HashAlg::Sha384));

    let events: Vec<_> = log.events().map(Result::unwrap).collect();
    assert_eq!(events.len(), 5);
    let mut offset = header(&BANKS).len();
    for (event, bytes) in events.iter().zip(records()) {
        assert_eq!(event.offset, offset);
        assert_eq!(event.bytes, bytes);
        offset += bytes.len();
    }
    assert_eq!(events[0].pcr, 17);
    assert_eq!(events[0].kind, EventType::HashStart);
    assert_eq!(events[0].data, [7; 36]);
    assert_eq!(
        events[0].digest(HashAlg::Sha1).unwrap().as_bytes(),
        [0xa1; 20]
    );
    assert_eq!(
        events[0].digest(HashAlg::Sha256).unwrap().as_bytes(),
        [0xa1; 32]
    );
    assert_eq!(events[0].digest(HashAlg::Sha384), None);
    let logged: Vec<_> = events[0].digests().collect();
    assert_eq!(logged.len(), 3);
    assert_eq!(
        (logged[2].bank.id, logged[2].bytes),
        (0x7777, &[0xa1; 5][..])
    );
    assert_eq!(logged[2].digest(), None);
    assert_eq!(events[1].pcr, NO_PCR);
    assert_eq!(events[4].digests().count(), 1);
    assert_eq!(events[4].digest(HashAlg::Sha1), None);
    let extended: Vec<_> = events.iter().map(|event| event.is_extended()).collect();
    assert_eq!(extended, [true, false, true, false, true]);
}

#[test]
fn what_stands_around_the_log_is_not_looked_at() {
    let log = log();
    let container = [vec![0xee; 10], log.clone(), vec![0xdd; 50]].concat();
    let opened = Log::open(&container, 10, 10 + log.len() as u32).unwrap();
    assert_eq!(opened.as_bytes(), log);
    assert!(opened.events().all(|event| event.is_ok()));
    let first = opened.events().next().unwrap().unwrap();
    assert_eq!(first.offset, 10 + header(&BANKS).len());
}

#[test]
fn what_tpm2_eventlog_gets_is_the_header_and_the_extends() {
    let bytes = log();
    let records = records();
    let expected = [&header(&BANKS)[..], &records[0], &records[2], &records[4]].concat();
    let slices: Vec<_> = open(&bytes).unwrap().tcg_slices().collect();
    assert_eq!(slices.concat(), expected);

    // A broken record and all behind it stay as they are.
    let broken = [&bytes[..], &[0xff; 40], &records[1]].concat();
    let slices: Vec<_> = open(&broken).unwrap().tcg_slices().collect();
    assert_eq!(
        slices.concat(),
        [&expected[..], &[0xff; 40], &records[1]].concat()
    );
}

#[test]
fn the_range_must_lie_in_the_container() {
    let bytes = log();
    let len = bytes.len() as u32;
    for (first, next) in [
        (1, 0),
        (0, len + 1),
        (len + 1, len + 1),
        (u32::MAX, u32::MAX),
        (0, u32::MAX),
    ] {
        let error = Log::open(&bytes, first, next).unwrap_err();
        assert_eq!(
            error.kind,
            LogErrorKind::Range {
                first,
                next,
                container: bytes.len()
            }
        );
    }
    for place in [0, 5, len] {
        let error = Log::open(&bytes, place, place).unwrap_err();
        assert_eq!(
            (error.offset, error.kind),
            (place as usize, LogErrorKind::Empty)
        );
    }
    assert!(matches!(
        Log::open(&[], 0, 0).unwrap_err().kind,
        LogErrorKind::Empty
    ));
}

#[test]
fn a_log_cut_anywhere_is_refused_unless_between_records() {
    let bytes = log();
    let mut ends = vec![header(&BANKS).len()];
    for record in records() {
        ends.push(ends.last().unwrap() + record.len());
    }
    for end in 1..=bytes.len() {
        let whole = Log::open(&bytes, 0, end as u32)
            .is_ok_and(|log| log.events().all(|event| event.is_ok()));
        assert_eq!(whole, ends.contains(&end), "{end}");
    }
}

#[test]
fn an_error_ends_the_walk_and_names_its_place() {
    let start = log();
    let place = start.len();
    let with = |record: Vec<u8>| [start.clone(), record].concat();

    let mut many = record(17, 0x501, &BANKS, 1, &[]);
    many[8] = 4;
    assert_eq!(
        last_error(&with(many)),
        (place + 8, LogErrorKind::DigestCount { count: 4, banks: 3 })
    );
    let mut endless = record(17, 0x501, &[], 1, &[]);
    endless[8..12].fill(0xff);
    assert_eq!(
        last_error(&with(endless)),
        (
            place + 8,
            LogErrorKind::DigestCount {
                count: u32::MAX,
                banks: 3
            }
        )
    );
    assert_eq!(
        last_error(&with(record(17, 0x501, &[SHA1, (12, 48)], 1, &[]))),
        (place + 12 + 22, LogErrorKind::DigestUnlisted(12))
    );
    assert_eq!(
        last_error(&with(record(17, 0x501, &[SHA256, SHA1, SHA256], 1, &[]))),
        (place + 12 + 34 + 22, LogErrorKind::DigestTwice(11))
    );
    let mut long = record(17, 0x501, &[SHA1], 1, &[1, 2, 3]);
    long[34..38].copy_from_slice(&4_u32.to_le_bytes());
    assert_eq!(
        last_error(&with(long.clone())),
        (
            place + 38,
            LogErrorKind::Truncated {
                field: "event data",
                needed: 4,
                left: 3
            }
        )
    );
    long[34..38].fill(0xff);
    let bytes = with(long);
    let events: Vec<_> = open(&bytes).unwrap().events().collect();
    assert_eq!(events.len(), 6);
    assert_eq!(
        events[5].unwrap_err().to_string(),
        format!(
            "event log offset {}: event data takes 4294967295 bytes, 3 are left",
            place + 38
        )
    );
}

#[test]
fn a_record_of_no_pcr_extends_nothing() {
    let stray = record(NO_PCR, 0x404, &[SHA1], 0, &[]);
    let bytes = [header(&[SHA1]), stray].concat();
    let log = open(&bytes).unwrap();
    assert!(!log.events().next().unwrap().unwrap().is_extended());
    assert_eq!(
        log.tcg_slices().collect::<Vec<_>>().concat(),
        header(&[SHA1])
    );
}

#[test]
fn a_record_without_digests_is_a_record() {
    let bytes = [header(&[SHA1]), record(17, 0x501, &[], 0, &[9])].concat();
    let event = open(&bytes).unwrap().events().next().unwrap().unwrap();
    assert_eq!(event.digests().count(), 0);
    assert_eq!(event.data, [9]);
}

#[test]
fn a_header_must_be_a_header() {
    let reject = |bytes: Vec<u8>| open(&bytes).unwrap_err();
    let mut other_type = header(&BANKS);
    other_type[4] = 4;
    assert_eq!(reject(other_type), LogErrorKind::HeaderType(4));
    let mut other_signature = header(&BANKS);
    other_signature[46] = b'2';
    assert_eq!(reject(other_signature), LogErrorKind::HeaderSignature);
    let mut other_version = header(&BANKS);
    other_version[32 + 21] = 1;
    assert_eq!(
        reject(other_version),
        LogErrorKind::HeaderVersion { major: 1, minor: 0 }
    );
    assert_eq!(
        reject(header_record(&[spec_id(&BANKS, &[]), vec![0]].concat())),
        LogErrorKind::HeaderLength {
            announced: 42,
            content: 41
        }
    );
    let short = spec_id(&BANKS, &[]);
    assert!(matches!(
        reject(header_record(&short[..40])),
        LogErrorKind::Truncated { .. } | LogErrorKind::HeaderLength { .. }
    ));
    assert_eq!(reject(header(&[])), LogErrorKind::BankCount(0));
    let many: Vec<_> = (0..17).map(|index| (0x100 + index, 5)).collect();
    assert_eq!(reject(header(&many)), LogErrorKind::BankCount(17));
    assert!(open(&header(&many[..16])).is_ok());
    assert_eq!(
        reject(header(&[SHA1, SHA256, SHA1])),
        LogErrorKind::BankTwice(4)
    );
    assert_eq!(
        reject(header(&[(11, 20)])),
        LogErrorKind::BankSize { id: 11, size: 20 }
    );
    assert_eq!(
        reject(header(&[(0x7777, 0)])),
        LogErrorKind::BankSize {
            id: 0x7777,
            size: 0
        }
    );
    let with_vendor = header_record(&spec_id(&BANKS, &[1, 2, 3]));
    assert!(open(&with_vendor).is_ok());
}

#[test]
fn types_have_the_specifications_values() {
    for (value, name, extended) in [
        (0x003, "NO_ACTION", false),
        (0x401, "PCR_MAPPING", false),
        (0x402, "HASH_START", true),
        (0x403, "COMBINED_HASH", true),
        (0x404, "MLE_HASH", true),
        (0x40a, "BIOSAC_REG_DATA", true),
        (0x40b, "CPU_SCRTM_STAT", true),
        (0x40c, "LCP_CONTROL_HASH", true),
        (0x40d, "ELEMENTS_HASH", true),
        (0x40e, "STM_HASH", true),
        (0x40f, "OSSINITDATA_CAP_HASH", true),
        (0x410, "SINIT_PUBKEY_HASH", true),
        (0x411, "LCP_HASH", true),
        (0x412, "LCP_DETAILS_HASH", true),
        (0x413, "LCP_AUTHORITIES_HASH", true),
        (0x414, "NV_INFO_HASH", true),
        (0x416, "KM_HASH", true),
        (0x417, "BPM_HASH", true),
        (0x41a, "BOOT_POL_HASH", true),
        (0x4ff, "CAP_VALUE", true),
        (0x501, "TBOOT_MEASUREMENT", true),
        (0x502, "SLAUNCH", true),
        (0x503, "SLAUNCH_START", false),
        (0x504, "SLAUNCH_END", false),
        (0x405, "unknown", true),
        (u32::MAX, "unknown", true),
    ] {
        let kind = EventType::from_value(value);
        assert_eq!(kind.value(), value);
        assert_eq!(kind.name(), name);
        assert_eq!(kind.is_extended(), extended, "{name}");
    }
    assert_eq!(
        EventType::from_value(0x405).to_string(),
        "unknown type 0x405"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        first in any::<u32>(),
        next in any::<u32>()
    ) {
        let _ = Log::open(&bytes, first, next).map(|log| log.events().count());
        let _ = Log::open(&bytes, 0, bytes.len() as u32).map(|log| log.events().count());
    }

    #[test]
    fn the_export_never_holds_more_than_the_log(
        changes in prop::collection::vec((0..2000_usize, any::<u8>()), 0..6)
    ) {
        let mut bytes = log();
        for (offset, value) in changes {
            let offset = offset % bytes.len();
            bytes[offset] = value;
        }
        if let Ok(log) = open(&bytes) {
            let count = log.events().count();
            prop_assert!(count <= bytes.len() / 16);
            let exported: usize = log.tcg_slices().map(<[u8]>::len).sum();
            prop_assert!(exported <= bytes.len());
            let read: usize = log.events().flatten().map(|event| event.bytes.len()).sum();
            let broken = log.events().any(|event| event.is_err());
            prop_assert!(broken || read + header(&BANKS).len() == bytes.len());
        }
    }
}
