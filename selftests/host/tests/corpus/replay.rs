// SPDX-License-Identifier: GPL-2.0

//! The replay against the PCR values that the logs' sources state or imply.

use crate::Test;
use launchguard_host_tests::corpus::{Case, Corpus};
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::digest::{Digest, HashAlg, Hasher};
use launchguard_pure::decode::eventlog::{EventType, Log};
use launchguard_pure::verify::replay::replay_pcr;

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
];

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
