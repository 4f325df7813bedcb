// SPDX-License-Identifier: GPL-2.0

//! The command on evidence of real machines.

mod common;

use common::{directory, file, run};
use launchguard_host_tests::corpus::Corpus;
use launchguard_host_tests::harness::{self, Test};
use serde_json::json;
use std::process::ExitCode;

const TESTS: &[Test] = &[
    ("ctl_replays_agile_logs", replays_agile_logs),
    ("ctl_refuses_other_formats", refuses_other_formats),
    ("ctl_decodes_a_register_dump", decodes_registers),
    ("ctl_decodes_modules", decodes_modules),
];

/// Each log ends in the values that its description gives for it, with the padding that it has.
fn replays_agile_logs(corpus: &Corpus) {
    let place = directory();
    for number in ["02", "16", "18", "20"] {
        let case = corpus.case(number);
        let path = file(&place, number, case.log.as_deref().expect("a log"));
        let replayed = run(&["replay", "--json", path.to_str().expect("UTF-8")]);
        assert_eq!(replayed.status, Some(0), "case {number}: {replayed:?}");
        let found = replayed.json();
        assert_eq!(found["banks"], case.json["replay_values"], "case {number}");
        let events = case.json["event_log"]["events"].as_array().map(Vec::len);
        assert_eq!(found["events"].as_u64(), events.map(|count| count as u64));
        assert_eq!(found["problems"], json!([]), "case {number}");
    }
    // Two machines glued together: what it leads to is not what its TPM had.
    let case = corpus.case("20");
    let quoted = case.pcr("sha256", 17).expect("a quote");
    assert_ne!(case.json["replay_values"]["sha256"]["17"], quoted);
}

fn refuses_other_formats(corpus: &Corpus) {
    let place = directory();
    for (number, format) in [("01", "TPM 1.2"), ("05", "legacy")] {
        let case = corpus.case(number);
        let path = file(&place, number, case.log.as_deref().expect("a log"));
        let path = path.to_str().expect("UTF-8");
        for arguments in [&["replay", path][..], &["decode", "eventlog", path]] {
            let refused = run(arguments);
            assert_eq!(refused.status, Some(2), "{refused:?}");
            assert!(refused.stderr.contains(format), "{refused:?}");
            assert!(refused.stderr.contains("not supported yet"), "{refused:?}");
        }
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
