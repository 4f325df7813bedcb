// SPDX-License-Identifier: GPL-2.0

//! No byte string makes a decoder or a judgement panic, hang or contradict itself.
//!
//! The fuzz targets do the same for longer and with better aim.

use launchguard_host_tests::exercise::{self, Evidence};
use launchguard_host_tests::fixture::dmar::{encode, seal};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::judgement::Verdict;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Byte strings that look like structures: small numbers and zeros are as likely as noise.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let skew = |byte: u8| match byte {
        0..=95 => 0,
        96..=159 => byte - 96,
        other => other,
    };
    vec(any::<u8>(), 0..most).prop_map(move |bytes| bytes.into_iter().map(skew).collect())
}

/// Texts made of the language's own words.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("version 1"),
        Just("version 1 references"),
        Just("require TXT-01"),
        Just("waive TPM-04 \"why\""),
        Just("waive"),
        Just("on-failure log"),
        Just("launch \"a\" {"),
        Just("launch"),
        Just("pcr 17 sha256"),
        Just("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        Just("}"),
        Just("sinit sha256"),
        Just("\""),
        Just("#"),
        Just("\n"),
        Just("\n"),
        Just("\t"),
        Just("\u{e9}"),
        Just("\0"),
    ];
    vec(word, 0..24).prop_map(|words| words.join(" "))
}

/// A launched machine with references made from it.
fn launched() -> Evidence {
    let machine = Machine::launched();
    let mut evidence = Evidence::of(&machine);
    evidence.references = machine.references(HashAlg::Sha256, &[17, 18]).into();
    evidence
}

fn verdict(evidence: &Evidence) -> Verdict {
    exercise::judge(&evidence.to_bytes()).verdict
}

/// What is changed below, and what fuzzing starts from, is a good launch.
#[test]
fn evidence_survives_being_written_and_read() {
    let evidence = launched();
    assert_eq!(Evidence::from_bytes(&evidence.to_bytes()), evidence);
    assert_eq!(verdict(&evidence), Verdict::Verified);
    let references = Vec::new();
    let unpinned = Evidence {
        references,
        ..evidence
    };
    assert_eq!(verdict(&unpinned), Verdict::Unpinned);
    let never = Evidence::of(&Machine::never_launched());
    assert_eq!(verdict(&never), Verdict::Absent);
}

/// Byte strings behind the first bytes of a structure, where there is anything to find.
fn behind(front: Vec<u8>, most: usize) -> impl Strategy<Value = Vec<u8>> {
    bytes(most).prop_map(move |bytes| [front.clone(), bytes].concat())
}

proptest! {
    #[test]
    fn policies_and_their_data_survive(
        plain in bytes(200),
        two in behind(vec![2, 2], 80),
        three in behind(vec![0, 3, 0x0b, 0], 120),
        data in behind([&b"Intel(R) TXT LCP_POLICY_DATA\0\0\0\0"[..], &[0, 0, 0, 1, 1, 2, 0x10, 0]].concat(), 200)
    ) {
        for input in [plain, two, three, data] {
            exercise::lcp(&input);
        }
    }

    #[test]
    fn indices_and_answers_survive(
        plain in bytes(120),
        event in behind(vec![1], 120),
        answer in behind(vec![0x80, 1, 0, 0, 0, 40, 0, 0, 0, 0], 60),
        old in behind(vec![0, 0xc4, 0, 0, 0, 40, 0, 0, 0, 0], 60)
    ) {
        for input in [plain, event, answer, old] {
            exercise::nv(&input);
        }
    }

    #[test]
    fn resource_tables_and_mle_headers_survive(
        plain in bytes(100),
        table in behind(b"MTRD\x01\0\x01\0\x60\0\0\0\0\x10\0\0".to_vec(), 120),
        header in behind(vec![0x5a, 0xac, 0x82, 0x90, 0x6f, 0x47, 0xa7, 0x74, 0x0f, 0x5c, 0x55, 0xa2, 0xcb, 0x51, 0xb6, 0x42], 60)
    ) {
        exercise::slrt(&plain);
        exercise::slrt(&table);
        exercise::mle(&plain);
        exercise::mle(&header);
    }
}

proptest! {
    #[test]
    fn judge(bytes in bytes(4096)) {
        exercise::judge(&bytes);
    }

    #[test]
    fn judge_changed_launch(
        part in 0usize..7,
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        length in 1usize..9,
        flags in 0u32..1024,
    ) {
        static LAUNCHED: LazyLock<Evidence> = LazyLock::new(launched);
        let mut evidence = LAUNCHED.clone();
        evidence.flags = flags;
        let part = match part {
            0 => &mut evidence.registers,
            1 => &mut evidence.heap,
            2 => &mut evidence.log,
            3 => &mut evidence.sinit,
            4 => &mut evidence.pcrs,
            5 => &mut evidence.dmar,
            _ => &mut evidence.references,
        };
        let start = at.index(part.len());
        let end = part.len().min(start + length);
        part[start..end].fill(value);
        exercise::judge(&evidence.to_bytes());
    }

    #[test]
    fn heap(bytes in bytes(1024)) {
        exercise::heap(&bytes);
    }

    #[test]
    fn dmar(bytes in bytes(512), sealed in any::<bool>(), flags in any::<u8>()) {
        exercise::dmar(&bytes);
        exercise::unit(&bytes);
        // Most of the decoder lies behind a header that holds.
        let mut table = encode(38, flags, &[]);
        table.extend(bytes);
        if sealed {
            seal(&mut table);
        }
        exercise::dmar(&table);
    }

    #[test]
    fn eventlog(bytes in bytes(1024)) {
        exercise::eventlog(&bytes);
    }

    #[test]
    fn acm(bytes in bytes(2048)) {
        exercise::acm(&bytes);
    }

    #[test]
    fn errorcode(bytes in vec(any::<u8>(), 64)) {
        exercise::errorcode(&bytes);
    }

    #[test]
    fn registers(bytes in bytes(4096)) {
        exercise::registers(&bytes);
    }

    #[test]
    fn policy(text in text()) {
        exercise::policy(text.as_bytes());
        exercise::references(text.as_bytes());
    }

    #[test]
    fn texts(bytes in bytes(256)) {
        exercise::policy(&bytes);
        exercise::references(&bytes);
    }
}
