// SPDX-License-Identifier: GPL-2.0

//! What the fixtures encode from the specification, the decoders read back; and a replay depends on
//! nothing but the records.

use launchguard_host_tests::fixture::heap::{LogArea, Tables};
use launchguard_host_tests::fixture::log::{
    encode, encode_container, encode_legacy, hash, pcr_after, Record,
};
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::Log;
use launchguard_pure::decode::heap::{event_log_pointer, Chain, LogFormat, OsSinitData};
use launchguard_pure::verify::replay::replay_pcr;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Banks that a log can have and whose hash the fixtures compute.
const BANKS: [HashAlg; 4] = [
    HashAlg::Sha1,
    HashAlg::Sha256,
    HashAlg::Sha384,
    HashAlg::Sha512,
];
/// Event types: extended ones, and the three of a launch that are not. HASH_START, whose digest can have
/// two meanings, has a property of its own.
const KINDS: [u32; 9] = [
    0x401, 0x404, 0x40b, 0x414, 0x4ff, 0x501, 0x502, 0x503, 0x7ff,
];

/// A record that has digests in some of `banks`.
fn record(banks: Vec<HashAlg>) -> impl Strategy<Value = Record> {
    let count = banks.len();
    let digests = subsequence(banks, 0..=count);
    (
        17u32..23,
        select(&KINDS[..]),
        digests,
        vec(any::<u8>(), 0..40),
    )
        .prop_map(|(pcr, kind, banks, data)| Record::measured(pcr, kind, &banks, &data, &data))
}

/// A log's banks and records.
fn log() -> impl Strategy<Value = (Vec<HashAlg>, Vec<Record>)> {
    subsequence(BANKS.to_vec(), 1..=BANKS.len())
        .prop_flat_map(|banks| (Just(banks.clone()), vec(record(banks), 0..12)))
}

/// The formats, and how a log of one algorithm is written in each.
fn single(format: LogFormat, alg: HashAlg, records: &[Record]) -> Vec<u8> {
    match format {
        LogFormat::Tcg => encode(&[alg], records),
        LogFormat::Legacy { .. } => encode_legacy(alg, records),
        LogFormat::Tpm12Container => encode_container(records, 0),
    }
}

/// A format with one bank, and records that each have a digest of it.
fn single_log() -> impl Strategy<Value = (LogFormat, HashAlg, Vec<Record>)> {
    let choice = select(&BANKS[..]).prop_flat_map(|alg| {
        let legacy = LogFormat::Legacy { alg: alg.tpm_id() };
        prop_oneof![
            Just((LogFormat::Tcg, alg)),
            Just((legacy, alg)),
            Just((LogFormat::Tpm12Container, HashAlg::Sha1)),
        ]
    });
    choice.prop_flat_map(|(format, alg)| {
        let record = (17u32..23, select(&KINDS[..]), vec(any::<u8>(), 0..40))
            .prop_map(move |(pcr, kind, data)| Record::of_data(pcr, kind, &[alg], &data));
        (Just(format), Just(alg), vec(record, 1..12))
    })
}

/// The log in `bytes`, which are all of it.
fn open(format: LogFormat, bytes: &[u8]) -> Log<'_> {
    Log::open_as(format, bytes, 0, bytes.len() as u32).expect("well-formed")
}

/// PCR 17 to 22 of one bank.
fn replay_all(log: &Log<'_>, alg: HashAlg) -> Vec<Option<Digest>> {
    (17..23)
        .map(|pcr| replay_pcr(log, pcr, alg, &HostHasher))
        .collect()
}

/// Bytes of a table behind its size field.
fn table() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

proptest! {
    #[test]
    fn records_of_one_digest_are_read_as_they_were_written((format, alg, records) in single_log()) {
        let bytes = single(format, alg, &records);
        let log = open(format, &bytes);
        prop_assert_eq!(log.format(), format);
        let banks: Vec<_> = log.banks().iter().map(|bank| bank.alg()).collect();
        prop_assert_eq!(banks, [Some(alg)]);
        let read: Vec<Record> = log
            .events()
            .map(|event| {
                let event = event.expect("well-formed");
                let digest = event.digest(alg).expect("a digest");
                Record {
                    pcr: event.pcr,
                    kind: event.kind.value(),
                    digests: vec![(alg, digest.as_bytes().to_vec())],
                    data: event.data.to_vec(),
                }
            })
            .collect();
        prop_assert_eq!(read, records);
    }

    #[test]
    fn a_replay_of_any_format_ends_in_what_the_records_extend(
        (format, alg, records) in single_log(),
        behind in vec(any::<u8>(), 0..100),
    ) {
        let bytes = single(format, alg, &records);
        let expected: Vec<_> = (17..23)
            .map(|pcr| Digest::new(alg, &pcr_after(alg, pcr, &records)))
            .collect();
        prop_assert_eq!(replay_all(&open(format, &bytes), alg), expected.clone());
        // Neither what stands behind the end matters ...
        let dirty = [bytes.as_slice(), &behind].concat();
        let log = Log::open_as(format, &dirty, 0, bytes.len() as u32).expect("well-formed");
        prop_assert_eq!(replay_all(&log, alg), expected);
    }

    #[test]
    fn records_that_extend_nothing_do_not_matter(
        (format, alg, records) in single_log(),
        at in any::<prop::sample::Index>(),
        junk in vec(any::<u8>(), 64),
        other in 17u32..23,
    ) {
        let log_of = |records: &[Record]| single(format, alg, records);
        let plain = log_of(&records);
        let before = replay_all(&open(format, &plain), alg);
        // ... nor a mapping with a digest of junk ...
        let mut mapped = records.clone();
        let mapping = Record {
            pcr: 0xff,
            kind: 0x401,
            digests: vec![(alg, junk[..alg.size()].to_vec())],
            data: vec![1, 0, 0, 0],
        };
        mapped.insert(at.index(records.len() + 1), mapping);
        let bytes = log_of(&mapped);
        prop_assert_eq!(&replay_all(&open(format, &bytes), alg), &before);
        // ... nor, for all PCRs but its own, a record of another.
        let mut more = records.clone();
        let record = Record::of_data(other, 0x501, &[alg], &junk);
        more.insert(at.index(records.len() + 1), record);
        let bytes = log_of(&more);
        let after = replay_all(&open(format, &bytes), alg);
        for (pcr, (before, after)) in (17..).zip(before.iter().zip(&after)) {
            prop_assert_eq!(before == after, pcr != other, "{}", pcr);
        }
    }

    /// HASH_START's digest is H(data) or what PCR 17 holds after it, H(0 | H(data)); the data tells
    /// which, and the replay is the same (SDG appendix G; the microcode extends PCR 17 once).
    #[test]
    fn a_replay_starts_alike_with_both_meanings_of_hash_start(
        (format, alg, records) in single_log(),
        short in any::<bool>(),
        data in vec(any::<u8>(), 36),
    ) {
        // SHA-1 of SINIT, or SHA-256, and EDX.
        let data = if short { &data[..24] } else { &data[..] };
        let measured = hash(alg, &[data]);
        let start = |digest: Vec<u8>| {
            let start = Record {
                pcr: 17,
                kind: 0x402,
                digests: vec![(alg, digest)],
                data: data.to_vec(),
            };
            [&[start][..], &records].concat()
        };
        let extended = start(measured.clone());
        let resulting = start(hash(alg, &[&vec![0; alg.size()], &measured]));
        let expected: Vec<_> = (17..23)
            .map(|pcr| Digest::new(alg, &pcr_after(alg, pcr, &extended)))
            .collect();
        for records in [extended, resulting] {
            let bytes = single(format, alg, &records);
            prop_assert_eq!(&replay_all(&open(format, &bytes), alg), &expected);
        }
    }

    #[test]
    fn a_log_of_one_digest_cut_in_a_record_has_no_replay(
        (format, alg, records) in single_log(),
        cut in 1usize..12,
    ) {
        let bytes = single(format, alg, &records);
        let next = bytes.len() - cut;
        match Log::open_as(format, &bytes[..next], 0, next as u32) {
            // A container says where its records end: not in these bytes.
            Err(_) => prop_assert_eq!(format, LogFormat::Tpm12Container),
            Ok(log) => {
                prop_assert!(log.events().any(|event| event.is_err()));
                prop_assert_eq!(replay_all(&log, alg), [None; 6]);
            }
        }
    }

    #[test]
    fn records_are_read_as_they_were_written((banks, records) in log()) {
        let bytes = encode(&banks, &records);
        let log = Log::open(&bytes, 0, bytes.len() as u32).expect("well-formed");
        let listed: Vec<_> = log.banks().iter().filter_map(|bank| bank.alg()).collect();
        prop_assert_eq!(&listed, &banks);
        let mut written = records.iter();
        for event in log.events() {
            let event = event.expect("well-formed");
            let record = written.next().expect("no event more than was written");
            prop_assert_eq!(event.pcr, record.pcr);
            prop_assert_eq!(event.kind.value(), record.kind);
            prop_assert_eq!(event.data, record.data.as_slice());
            prop_assert_eq!(event.bytes.to_vec(), record.encode());
            let digests: Vec<_> = event
                .digests()
                .map(|logged| (logged.bank.alg(), logged.bytes.to_vec()))
                .collect();
            let expected: Vec<_> = record
                .digests
                .iter()
                .map(|(alg, digest)| (Some(*alg), digest.clone()))
                .collect();
            prop_assert_eq!(digests, expected);
        }
        prop_assert!(written.next().is_none(), "an event was left out");
    }

    #[test]
    fn a_replay_ends_in_what_the_records_extend((banks, records) in log(), pcr in 17u32..23) {
        let bytes = encode(&banks, &records);
        let log = Log::open(&bytes, 0, bytes.len() as u32).expect("well-formed");
        for alg in HashAlg::ALL {
            let replayed = replay_pcr(&log, pcr, alg, &HostHasher);
            let replayed = replayed.map(|digest| digest.as_bytes().to_vec());
            let expected = banks.contains(&alg).then(|| pcr_after(alg, pcr, &records));
            prop_assert_eq!(replayed, expected, "{}", alg);
        }
    }

    #[test]
    fn a_replay_never_sees_what_stands_around_the_log(
        (banks, records) in log(),
        before in vec(any::<u8>(), 0..40),
        zeros in 0usize..100,
        behind in vec(any::<u8>(), 0..100),
    ) {
        let bytes = encode(&banks, &records);
        let plain = Log::open(&bytes, 0, bytes.len() as u32).expect("well-formed");
        let container = [&before, &bytes, &vec![0; zeros], &behind].map(Vec::as_slice).concat();
        let first = before.len() as u32;
        let next = first + bytes.len() as u32;
        let padded = Log::open(&container, first, next).expect("well-formed");
        for alg in banks {
            for pcr in 17..23 {
                prop_assert_eq!(
                    replay_pcr(&padded, pcr, alg, &HostHasher),
                    replay_pcr(&plain, pcr, alg, &HostHasher)
                );
            }
        }
    }

    #[test]
    fn a_log_that_ends_elsewhere_has_no_replay(
        (banks, records) in log(),
        cut in 1usize..12,
        pcr in 17u32..23,
    ) {
        prop_assume!(!records.is_empty());
        let bytes = encode(&banks, &records);
        // Less than a record is cut, so the end is no longer between two.
        let next = bytes.len() - cut;
        let log = Log::open(&bytes, 0, next as u32).expect("the header is whole");
        prop_assert!(log.events().any(|event| event.is_err()));
        for alg in banks {
            prop_assert_eq!(replay_pcr(&log, pcr, alg, &HostHasher), None);
        }
    }

    #[test]
    fn tables_are_found_where_they_were_written(
        bios_data in table(),
        os_mle_data in table(),
        os_sinit_data in table(),
        sinit_mle_data in table(),
        spare in 0usize..64,
    ) {
        let tables = Tables { bios_data, os_mle_data, os_sinit_data, sinit_mle_data };
        let all = [
            &tables.bios_data,
            &tables.os_mle_data,
            &tables.os_sinit_data,
            &tables.sinit_mle_data,
        ];
        let used: usize = all.iter().map(|table| table.len() + 8).sum();
        let heap = tables.encode(used + spare);
        let chain = Chain::split(&heap).expect("well-formed");
        prop_assert_eq!(chain.end, used);
        for (index, (found, written)) in chain.tables().into_iter().zip(all).enumerate() {
            prop_assert_eq!(found.bytes.as_slice(), written.as_slice());
            prop_assert_eq!(found.offset, tables.size_field(index) + 8);
        }
        // One byte less than the tables take.
        prop_assert!(Chain::split(&heap[..used - 1]).is_err());
    }

    #[test]
    fn the_log_pointer_is_read_as_it_was_written(
        capabilities in any::<u32>(),
        address in 1u64..1 << 52,
        (first, next, allocated) in (0u32..4096, 0u32..4096, 0u32..4096),
    ) {
        let area = LogArea {
            address,
            first,
            next: first + next,
            allocated: first + next + allocated,
        };
        let tables = Tables::of_tboot(capabilities, area);
        let heap = tables.encode(0x2_0000);
        let chain = Chain::split(&heap).expect("well-formed");
        let data = OsSinitData::decode(chain.os_sinit_data.bytes).expect("well-formed");
        prop_assert_eq!(data.capabilities, capabilities);
        let pointer = event_log_pointer(&data).expect("there is one");
        prop_assert_eq!(pointer.format, LogFormat::Tcg);
        let found = (pointer.address, pointer.allocated, pointer.first, pointer.next);
        prop_assert_eq!(found, (area.address, area.allocated, area.first, area.next));
    }
}
