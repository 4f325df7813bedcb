// SPDX-License-Identifier: GPL-2.0

//! The command on evidence of real machines.

mod common;

use common::{directory, file, run};
use launchguard_host_tests::corpus::{Case, Corpus};
use launchguard_host_tests::harness::{self, Test};
use serde_json::json;
use std::process::ExitCode;

const TESTS: &[Test] = &[
    ("ctl_replays_every_format", replays_every_format),
    (
        "ctl_says_what_stands_behind_the_end",
        events_behind_the_end_are_said,
    ),
    ("ctl_decodes_a_register_dump", decodes_registers),
    ("ctl_decodes_modules", decodes_modules),
    ("ctl_predicts_from_real_logs", predicts),
];

/// Each log ends in the values that its description gives for it, with the padding that it has.
fn replays_every_format(corpus: &Corpus) {
    let place = directory();
    for (number, format) in [
        ("01", "tpm12"),
        ("02", "tcg2"),
        ("05", "tpm2-legacy"),
        ("16", "tcg2"),
        ("18", "tcg2"),
        ("20", "tcg2"),
    ] {
        let case = corpus.case(number);
        let path = file(&place, number, case.log.as_deref().expect("a log"));
        let path = path.to_str().expect("UTF-8");
        let replayed = run(&["replay", "--json", path]);
        assert_eq!(replayed.status, Some(0), "case {number}: {replayed:?}");
        let found = replayed.json();
        assert_eq!(found["format"], format, "case {number}");
        assert_eq!(found["banks"], case.json["replay_values"], "case {number}");
        let events = case.json["event_log"]["events"].as_array().map(Vec::len);
        assert_eq!(found["events"].as_u64(), events.map(|count| count as u64));
        assert_eq!(found["problems"], json!([]), "case {number}");
        decodes_its_events(&case, path);
    }
    // Two machines glued together: what it leads to is not what its TPM had.
    let case = corpus.case("20");
    let quoted = case.pcr("sha256", 17).expect("a quote");
    assert_ne!(case.json["replay_values"]["sha256"]["17"], quoted);
}

/// `decode eventlog` shows each event that the description lists.
fn decodes_its_events(case: &Case, path: &str) {
    let decoded = run(&["decode", "eventlog", "--json", path]).json();
    let listed = case.json["event_log"]["events"].as_array().expect("events");
    for (index, event) in listed.iter().enumerate() {
        let found = &decoded["events"][index];
        for field in ["pcr", "type", "digests", "data"] {
            assert_eq!(found[field], event[field], "{path}, event {index}");
        }
    }
}

/// The offset that the heap printed before tboot added its own events: they stand behind it.
fn events_behind_the_end_are_said(corpus: &Corpus) {
    let place = directory();
    let case = corpus.case("05");
    let path = file(&place, "05", case.log.as_deref().expect("a log"));
    let path = path.to_str().expect("UTF-8");
    let next = case.json["event_log"]["printed_offsets"][1].to_string();
    let replayed = run(&["replay", "--json", "--next", &next, path]);
    assert_eq!(replayed.status, Some(1), "{replayed:?}");
    assert_eq!(replayed.json()["events"], 16);
    let problems = replayed.json()["problems"].to_string();
    assert!(problems.contains("4 records stand behind"), "{problems}");
}

/// tboot's events of real launches are known, or refused by name.
fn predicts(corpus: &Corpus) {
    let place = directory();
    let next = file(&place, "next", "another initrd");
    let next = next.to_str().expect("UTF-8");
    let predict = |number: &str| {
        let case = corpus.case(number);
        let path = file(&place, number, case.log.as_deref().expect("a log"));
        let path = path.to_str().expect("UTF-8");
        let answer = run(&["predict", "--json", "--log", path, "--initrd", next]);
        (case, answer)
    };
    // tboot 1.10.5 with its default, and two of tboot 1.9 with extpol=embedded.
    for (number, banks) in [("02", 1), ("16", 1), ("18", 1)] {
        let (case, answer) = predict(number);
        assert_eq!(answer.status, Some(0), "case {number}: {answer:?}");
        let predicted = answer.json();
        let changes = predicted["changes"].as_array().expect("changes");
        assert_eq!(changes.len(), banks, "case {number}: {predicted:#}");
        // The second module: policy, kernel, initrd.
        let listed = case.json["event_log"]["events"].as_array().expect("events");
        let mut tboot = listed.iter().filter(|event| {
            event["pcr"] == 17 && (event["type"] == "0x501" || event["type"] == 0x501)
        });
        let initrd = tboot.nth(2).expect("an initrd");
        assert_eq!(
            changes[0]["old"], initrd["digests"]["sha256"],
            "case {number}"
        );
        assert_eq!(
            predicted["banks"]["sha256"]["18"], case.json["replay_values"]["sha256"]["18"],
            "case {number}: nothing that changes is in PCR 18"
        );
    }
    // The events of 05 were printed with zeros in the middle; 20 is two machines.
    for (number, why) in [
        ("01", "TPM 1.2"),
        ("05", "TBOOT_MEASUREMENT in PCR 17: tboot follows a policy"),
        ("20", "TBOOT_MEASUREMENT: 0 stand in PCR 17"),
    ] {
        let (_, answer) = predict(number);
        assert_eq!(answer.status, Some(1), "case {number}: {answer:?}");
        assert!(answer.stderr.contains(why), "case {number}: {answer:?}");
    }
}

fn decodes_registers(corpus: &Corpus) {
    let place = directory();
    let dump = file(
        &place,
        "dump",
        corpus.binary("chipsec-txt-public-space.bin"),
    );
    let decoded = run(&[
        "decode",
        "registers",
        "--json",
        dump.to_str().expect("UTF-8"),
    ]);
    assert_eq!(decoded.status, Some(0), "{decoded:?}");
    assert_eq!(decoded.json()["launched"], false);
    assert_eq!(decoded.json()["registers"]["TXT.STS"], "0x2");
    assert_eq!(decoded.json()["registers"]["TXT.HEAP.BASE"], "0x0");
}

fn decodes_modules(corpus: &Corpus) {
    let place = directory();
    for (name, kind) in [("bios_acm.bin", "BIOS ACM"), ("sinit_acm.bin", "SINIT")] {
        let module = file(&place, name, corpus.binary(name));
        let decoded = run(&["decode", "acm", "--json", module.to_str().expect("UTF-8")]);
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        assert_eq!(decoded.json()["info"]["kind"], kind);
        assert_eq!(decoded.json()["header"]["vendor"], "0x8086");
    }
}

fn main() -> ExitCode {
    harness::main(TESTS.iter())
}
