// SPDX-License-Identifier: GPL-2.0

//! The replay against the PCR values that the logs' sources state or imply.

use crate::Test;
use launchguard_host_tests::corpus::{Case, Corpus};
use launchguard_host_tests::fixture::log::hash;
use launchguard_host_tests::hex;
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::digest::{Digest, HashAlg, Hasher};
use launchguard_pure::decode::eventlog::{EventType, Log, LogFormat};
use launchguard_pure::decode::heap::SinitMleData;
use launchguard_pure::verify::replay::{extend, replay_pcr, Start};

/// The tests, by name.
pub const TESTS: &[Test] = &[
    ("replay_16_ends_in_its_quote", ends_in_its_quote),
    ("replay_18_ends_in_its_stated_pcr_18", ends_in_its_pcr_18),
    ("replay_20_differs_from_its_quote", differs_from_its_quote),
    (
        "replay_02_ends_in_what_its_log_implies",
        ends_in_what_it_implies,
    ),
    (
        "replay_02_digests_are_those_of_their_data",
        digests_recompute,
    ),
    ("replay_stops_where_the_heap_says", padding_is_not_replayed),
    ("replay_01_starts_with_sinit_hash", tpm12_container),
    ("replay_05_is_a_legacy_log", legacy_log),
    ("replay_27_from_the_heap_alone", heap_alone),
];

/// PCR `pcr` after the events that the case lists, by hand: `start` is the value behind HASH_START,
/// `None` when that event is extended as all others are.
fn by_hand(case: &Case, pcr: u64, start: Option<Vec<u8>>) -> String {
    let resulting = start.is_some();
    let mut value = start.unwrap_or_else(|| vec![0; 20]);
    let events = case.json["event_log"]["events"].as_array();
    for event in events.expect("events") {
        let kind = event["type"].as_str().expect("a type");
        let skipped = kind == "0x401" || (resulting && kind == "0x402");
        if event["pcr"].as_u64() != Some(pcr) || skipped {
            continue;
        }
        let digest = event["digests"]["sha1"].as_str().expect("a digest");
        value = hash(HashAlg::Sha1, &[&value, &bytes(digest)]);
    }
    hex(&value)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A field of the case's SinitMleData, hex without prefix.
fn sinit_field(case: &Case, name: &str) -> Vec<u8> {
    let text = case.json["heap"]["sinit_mle_data"][name].as_str();
    bytes(text.expect("a field"))
}

/// What the log leads to is what the heap's SinitHash and the listed events lead to.
fn tpm12_container(corpus: &Corpus) {
    let case = corpus.case("01");
    let container = case.log.as_deref().expect("a log");
    assert_eq!(
        LogFormat::detect(container, 0),
        Some(LogFormat::Tpm12Container)
    );
    let log = Log::open_as(LogFormat::Tpm12Container, container, 0, 0).expect("a log");
    for pcr in [17, 18, 19] {
        let start = (pcr == 17).then(|| sinit_field(&case, "sinit_hash"));
        let expected = by_hand(&case, pcr.into(), start);
        let found = replay_pcr(&log, pcr, HashAlg::Sha1, &HostHasher);
        assert_eq!(
            found.map(|found| found.to_string()),
            Some(expected),
            "{pcr}"
        );
    }
    // SINIT's part alone, by the heap as the case's author computed it.
    let after = case.json["heap_vs_log"]["pcr17_after_sinit_from_heap"].as_str();
    let start = Start::from_heap(&sinit_mle_data(&case), 0x402, &HostHasher).expect("version 8");
    let found = start.after_sinit(17).map(|value| value.to_string());
    assert_eq!(found.as_deref(), after);
}

fn legacy_log(corpus: &Corpus) {
    let case = corpus.case("05");
    let (container, next) = container(&case);
    let format = LogFormat::Legacy { alg: 4 };
    assert_eq!(LogFormat::detect(container, 0), Some(format));
    let log = Log::open_as(format, container, 0, next).expect("a log");
    for pcr in [17, 18] {
        let expected = by_hand(&case, pcr.into(), None);
        let found = replay_pcr(&log, pcr, HashAlg::Sha1, &HostHasher);
        assert_eq!(
            found.map(|found| found.to_string()),
            Some(expected),
            "{pcr}"
        );
    }
}

/// SinitMleData as the case prints it, up to the fields that a replay needs.
fn sinit_mle_data(case: &Case) -> SinitMleData<'static> {
    let number = |name: &str| {
        let text = case.json["heap"]["sinit_mle_data"][name].as_str();
        let text = text.expect("a field");
        match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).expect("hex"),
            None => text.parse().expect("a number"),
        }
    };
    let mut table = (number("version") as u32).to_le_bytes().to_vec();
    table.extend(sinit_field(case, "bios_acm_id"));
    table.extend((number("edx_senter_flags") as u32).to_le_bytes());
    table.extend(number("mseg_valid").to_le_bytes());
    for name in ["sinit_hash", "mle_hash", "stm_hash", "lcp_policy_hash"] {
        table.extend(sinit_field(case, name));
    }
    table.extend((number("lcp_policy_control") as u32).to_le_bytes());
    table.resize(148, 0);
    SinitMleData::decode(Bytes::new(table.leak())).expect("a table")
}

/// No log in memory that early: the heap's fields and what tboot printed of its own measurements
/// lead to the PCRs that the machine stated.
fn heap_alone(corpus: &Corpus) {
    let case = corpus.case("27");
    // The capabilities that tboot asked for do not count: four zero bytes are hashed.
    for capabilities in [0, 2] {
        let start = Start::from_heap(&sinit_mle_data(&case), capabilities, &HostHasher);
        let start = start.expect("version 6");
        for pcr in [17u32, 18] {
            let mut value = start.after_sinit(pcr).expect("PCR 17 or 18");
            let events = case.json["event_log"]["events"].as_array();
            for event in events.expect("events") {
                if event["type"] != "VL" || event["pcr"] != pcr {
                    continue;
                }
                let digest = event["digests"]["sha1"].as_str().expect("a digest");
                let digest = Digest::from_hex(HashAlg::Sha1, digest).expect("SHA-1");
                value = extend(&value, &digest, &HostHasher).expect("SHA-1");
            }
            assert_eq!(Some(value.to_string().as_str()), case.pcr("sha1", pcr));
        }
    }
}

/// The container of a case and the offset behind its last record, as the case's description says.
fn container(case: &Case) -> (&[u8], u32) {
    let bytes = case.log.as_deref().expect("the case has a log");
    let used = &case.json["event_log"]["binary"]["used_bytes"];
    let used = used.as_u64().expect("the case says how long its log is");
    (bytes, u32::try_from(used).expect("a log is small"))
}

fn replay(case: &Case, pcr: u32, alg: HashAlg) -> String {
    let (bytes, next) = container(case);
    let log = Log::open(bytes, 0, next).unwrap_or_else(|error| panic!("{error}"));
    let value = replay_pcr(&log, pcr, alg, &HostHasher);
    value.expect("the bank can be replayed").to_string()
}

fn ends_in_its_quote(corpus: &Corpus) {
    let case = corpus.case("16");
    for alg in [HashAlg::Sha1, HashAlg::Sha256] {
        for pcr in [17, 18] {
            let stated = case.pcr(alg.name(), pcr);
            assert_eq!(
                Some(replay(&case, pcr, alg).as_str()),
                stated,
                "{pcr} {alg}"
            );
        }
    }
}

fn ends_in_its_pcr_18(corpus: &Corpus) {
    let case = corpus.case("18");
    for alg in [HashAlg::Sha1, HashAlg::Sha256] {
        assert_eq!(
            Some(replay(&case, 18, alg).as_str()),
            case.pcr(alg.name(), 18)
        );
    }
}

fn differs_from_its_quote(corpus: &Corpus) {
    let case = corpus.case("20");
    for pcr in [17, 18] {
        let stated = case.pcr("sha256", pcr).expect("the case states its PCRs");
        assert_ne!(replay(&case, pcr, HashAlg::Sha256), stated, "PCR {pcr}");
    }
}

fn ends_in_what_it_implies(corpus: &Corpus) {
    for number in ["02", "16", "18", "20"] {
        let case = corpus.case(number);
        let banks = case.json["replay_values"].as_object();
        for (bank, values) in banks.expect("the case has replay values") {
            let alg = HashAlg::from_name(bank).expect("a known bank");
            for pcr in [17, 18] {
                let implied = values[pcr.to_string()].as_str();
                let value = replay(&case, pcr, alg);
                assert_eq!(Some(value.as_str()), implied, "case {number}, {pcr} {bank}");
            }
        }
    }
}

/// README, "every digest that has data recomputes": all but PCR_MAPPING, which is not extended.
fn digests_recompute(corpus: &Corpus) {
    let case = corpus.case("02");
    let (bytes, next) = container(&case);
    let log = Log::open(bytes, 0, next).unwrap_or_else(|error| panic!("{error}"));
    let mut compared = 0;
    for event in log.events().map(|event| event.expect("a sound log")) {
        if event.data.is_empty() || event.kind == EventType::PcrMapping {
            continue;
        }
        for alg in [HashAlg::Sha1, HashAlg::Sha256] {
            let computed = HostHasher.digest(alg, &[event.data]);
            assert_eq!(event.digest(alg), computed, "{} {alg}", event.kind);
            compared += 1;
        }
    }
    // 13 events with data that the source lists as H(data), in two banks.
    let listed = case.json["digest_check"].as_array().map(|checks| {
        let recomputed = checks.iter().filter(|check| check[3] == "H(data)");
        recomputed.count()
    });
    assert_eq!(Some(compared), listed);
}

/// Zeros behind the log's end are no records of it, with any size of container.
fn padding_is_not_replayed(corpus: &Corpus) {
    for number in ["02", "16", "18", "20"] {
        let case = corpus.case(number);
        let (bytes, next) = container(&case);
        let bytes = &bytes[..next as usize];
        let values = |container: &[u8]| -> Vec<Option<Digest>> {
            let log = Log::open(container, 0, next).unwrap_or_else(|error| panic!("{error}"));
            let pcrs = [17, 18].into_iter();
            pcrs.flat_map(|pcr| HashAlg::ALL.map(|alg| replay_pcr(&log, pcr, alg, &HostHasher)))
                .collect()
        };
        let exact = values(bytes);
        for padding in [1, 15, 16, 17, 4096] {
            let padded = [bytes, &vec![0; padding]].concat();
            assert_eq!(values(&padded), exact, "case {number}, {padding} bytes");
        }
    }
}
