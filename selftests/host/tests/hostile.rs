// SPDX-License-Identifier: GPL-2.0

//! No byte string makes a decoder or a judgement panic, hang or contradict itself.
//!
//! The fuzz targets do the same for longer and with better aim.

use launchguard_host_tests::exercise;
use proptest::collection::vec;
use proptest::prelude::*;

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

proptest! {
    #[test]
    fn heap(bytes in bytes(1024)) {
        exercise::heap(&bytes);
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
