// SPDX-License-Identifier: GPL-2.0

//! Words, numbers and labels of the policy language at their limits.

use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::policy::{OnFailure, Policy, References};

fn is_policy(statements: &str) -> bool {
    Policy::parse(format!("version 1\n{statements}\n").as_bytes()).is_ok()
}

#[test]
fn each_word_of_on_failure_comes_back() {
    for (word, value) in [
        ("log", OnFailure::Log),
        ("quarantine", OnFailure::Quarantine),
        ("panic", OnFailure::Panic),
    ] {
        let text = format!("version 1\non-failure {word}\n");
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(policy.on_failure(), value);
        assert_eq!(value.word(), word);
        assert!(!policy.seal());
    }
    let sealed = Policy::parse(b"version 1\nseal\n").unwrap();
    assert!(sealed.seal());
}

/// Not in the order of the catalogue, in which the set of them is.
#[test]
fn what_is_required_comes_in_the_order_of_the_text() {
    let text = "version 1\nrequire TPM-05\nwaive HEAP-05 \"x\"\n\nrequire ACM-01\nrequire TXT-07\n";
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let required: Vec<_> = policy.requires_in_order().collect();
    assert_eq!(required, [CheckId::Tpm05, CheckId::Acm01, CheckId::Txt07]);
    let lines: Vec<_> = policy.places("require").map(|place| place.line).collect();
    assert_eq!(lines, [2, 5, 6]);
}

/// Four digits, or more without a leading zero.
#[test]
fn a_segment_is_written_in_one_way() {
    for (segment, good) in [
        ("0000", true),
        ("0abc", true),
        ("ffff", true),
        ("10000", true),
        ("fffff", true),
        ("00000", false),
        ("01234", false),
        ("000", false),
        ("123", false),
        ("1", false),
        ("", false),
    ] {
        let text = format!("compartment c {{\ndevice {segment}:03:00.0\n}}");
        assert_eq!(is_policy(&text), good, "{segment}");
    }
    for (address, good) in [
        ("0000:ff:1f.7", true),
        ("0000:ff:20.0", false),
        ("0000:ff:1f.8", false),
        ("0000:100:00.0", false),
        ("0000:0f:0.0", false),
    ] {
        let text = format!("compartment c {{\ndevice {address}\n}}");
        assert_eq!(is_policy(&text), good, "{address}");
    }
}

#[test]
fn a_label_has_32_bytes_at_most() {
    for (size, good) in [(1, true), (31, true), (32, true), (33, false)] {
        let label = "a".repeat(size);
        assert_eq!(
            is_policy(&format!("region {label} 4096 + 1M")),
            good,
            "{size}"
        );
    }
}

#[test]
fn launches_pin_the_pcrs_of_a_launch() {
    for pcr in 0..32u32 {
        let value = "a1".repeat(32);
        let text = format!("version 1 references\nlaunch \"x\" {{ pcr {pcr} sha256 {value} }}\n");
        let references = References::parse(text.as_bytes());
        assert_eq!(references.is_ok(), (17..23).contains(&pcr), "{pcr}");
        let Ok(references) = references else { continue };
        let launch = references.launches().next().expect("a launch");
        let pins: Vec<_> = launch.pins().map(|pin| pin.pcr).collect();
        assert_eq!(pins, [pcr]);
    }
}
