// SPDX-License-Identifier: GPL-2.0

//! TXT.ERRORCODE against the bit layout of SDG B.1.3 and the meanings of its appendix I.

use launchguard_pure::decode::errorcode::{ErrorCode, Module, Source};

/// An ACM's code put together from its fields.
fn acm(module: u32, class: u32, major: u32, minor: u32) -> ErrorCode {
    ErrorCode::decode(0xc000_0000 | module | (class << 4) | (major << 10) | (minor << 16))
}

#[test]
fn only_three_values_are_healthy() {
    for value in [0, 0xc000_0001, 0xc000_0009] {
        assert!(ErrorCode::decode(value).healthy(), "{value:#x}");
        for bit in 0..32 {
            let other = value ^ (1 << bit);
            // The two ACM values differ in one bit, module SINIT and SINIT revocation.
            let healthy = matches!(other, 0xc000_0001 | 0xc000_0009);
            assert_eq!(ErrorCode::decode(other).healthy(), healthy, "{other:#x}");
        }
    }
    assert!(!ErrorCode::decode(0).valid());
    assert!(ErrorCode::decode(0xc000_0001).valid());
}

#[test]
fn fields_lie_where_the_specification_puts_them() {
    for module in 0..16 {
        for (class, major, minor) in [
            (0, 0, 0),
            (0x3f, 0, 0),
            (0, 0x1f, 0),
            (0, 0, 0xfff),
            (0x15, 0xa, 0x5a5),
        ] {
            let code = acm(module, class, major, minor);
            assert!(code.valid());
            assert_eq!(code.source(), Source::Acm);
            assert_eq!(u32::from(code.class()), class);
            assert_eq!(u32::from(code.major()), major);
            assert_eq!(u32::from(code.minor()), minor);
        }
    }
    assert_eq!(acm(0, 1, 1, 1).module(), Module::Bios);
    assert_eq!(acm(1, 1, 1, 1).module(), Module::Sinit);
    assert_eq!(acm(8, 1, 1, 1).module(), Module::BiosRevocation);
    assert_eq!(acm(9, 1, 1, 1).module(), Module::SinitRevocation);
    assert_eq!(acm(5, 1, 1, 1).module(), Module::Unknown(5));
    assert_eq!(ErrorCode::decode(0xc000_8001).source(), Source::Mle);
    assert_eq!(ErrorCode::decode(0x8000_8001).source(), Source::Cpu);
    assert_eq!(ErrorCode::decode(0x8000_7fff).cpu_type(), 0x7fff);
}

#[test]
fn words_name_source_fields_and_meaning() {
    for (value, text) in [
        (0, "0x00000000: no error recorded"),
        (0xc000_0001, "0xc0000001: SINIT ended without error"),
        (0x4000_0001, "0x40000001: the code is not marked valid"),
        (0x8000_0007, "0x80000007: processor shutdown, type 0x7: authentication of the ACM failed"),
        (0xc000_2861, "0xc0002861: SINIT, class 0x6, major 0xa, minor 0x0: launch control policy: platform supplier's policy is missing"),
        (0xc123_0441, "0xc1230441: SINIT, class 0x4, major 0x1, minor 0x123: TPM returned the error code in the minor field"),
        (0xc000_8002, "0xc0008002: recorded by the measured launch environment, by its own numbers"),
    ] {
        assert_eq!(ErrorCode::decode(value).to_string(), text);
    }
}

#[test]
fn every_processor_type_of_the_specification_has_words() {
    let unknown = ErrorCode::decode(0x8000_0001).text();
    let known = [
        0x0, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x10,
    ];
    for kind in 0..0x40 {
        let text = ErrorCode::decode(0x8000_0000 | kind).text();
        assert_eq!(text != unknown, known.contains(&kind), "{kind:#x}: {text}");
    }
}
