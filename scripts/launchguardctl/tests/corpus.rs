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
