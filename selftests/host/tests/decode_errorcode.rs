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
        (0xc000_2861, "0xc0002861: SINIT, class 0x6, major 0xa, minor 0x0: launch control policy: platform supplier's policy is missing (the SDG's numbers)"),
        (0xc123_0441, "0xc1230441: SINIT, class 0x4, major 0x1, minor 0x123: TPM returned the error code in the minor field (the SDG's numbers)"),
        (0xc000_2860, "0xc0002860: BIOS ACM, class 0x6, major 0xa, minor 0x0: class of a module whose numbers are not documented"),
        (0xc006_0000, "0xc0060000: BIOS ACM, class 0x0, major 0x0, minor 0x6: progress of the module, not an error class"),
        (0xc000_7051, "0xc0007051: SINIT, class 0x5, major 0x1c, minor 0x0: error class that is not documented"),
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

/// SDG table I-4, and what falls between its lines: a class without a number of its own, then the
/// classes that the table does not have.
#[test]
fn every_class_of_the_specification_has_words() {
    let policy = "launch control policy";
    let words = [
        (0x0, 0x0, "progress of the module, not an error class"),
        (0x0, 0x1f, "progress of the module, not an error class"),
        (0x1, 0x0, "entry to the module"),
        (
            0x1,
            0x3,
            "entry: server module on a client platform or the reverse",
        ),
        (0x1, 0x9, "entry: module is revoked"),
        (0x2, 0x0, "rules for the MTRRs"),
        (0x2, 0x9, "rules for the MTRRs"),
        (0x3, 0x1, "error class that is not documented"),
        (0x4, 0x0, "TPM"),
        (0x4, 0x1, "TPM returned the error code in the minor field"),
        (0x4, 0x2, "TPM"),
        (0x5, 0x1, "error class that is not documented"),
        (0x6, 0x0, policy),
        (
            0x6,
            0x2,
            "launch control policy: SINIT is older than it asks for",
        ),
        (0x6, 0x3, policy),
        (
            0x6,
            0x4,
            "launch control policy: no match for the element in the minor field",
        ),
        (
            0x6,
            0x7,
            "launch control policy: integrity of the platform owner's policy",
        ),
        (
            0x6,
            0x8,
            "launch control policy: integrity of the platform supplier's policy",
        ),
        (
            0x6,
            0x9,
            "launch control policy: pre-production module is not allowed",
        ),
        (
            0x6,
            0xa,
            "launch control policy: platform supplier's policy is missing",
        ),
        (0x6, 0xb, policy),
        (0x9, 0x0, "heap"),
        (
            0x9,
            0x1,
            "heap: computed size does not match a table's size",
        ),
        (0x9, 0x2, "heap"),
        (0x9, 0x3, "heap: low protected region is not aligned"),
        (0x9, 0x4, "heap: high protected region is not aligned"),
        (0x9, 0x5, "heap: MLE lies above 4 GiB"),
        (0x9, 0x7, "heap"),
        (0x9, 0x8, "heap: extended data element"),
        (0x9, 0xa, "heap: extended data element"),
        (0x9, 0xb, "heap: event log pointer"),
        (0x9, 0xc, "heap"),
        (0xa, 0x3, "ACPI and DMAR tables"),
        (0xa, 0x4, "ACPI: DMAR table is missing"),
        (0xa, 0x5, "ACPI: DMAR table is invalid"),
        (0xb, 0x4, "error class that is not documented"),
        (0xc, 0x4, "ACPI: DMAR table is missing"),
        (0xc, 0x5, "ACPI: DMAR table is invalid"),
        (0xc, 0x6, "ACPI and DMAR tables"),
        (0xd, 0x1, "error class that is not documented"),
        (0xe, 0x0, "protected memory regions"),
        (
            0xe,
            0x1,
            "protected memory regions: DMA remapping is already on",
        ),
        (0xf, 0x1, "MLE header"),
        (0x10, 0x1, "MLE page tables"),
        (0x11, 0x1, "error class that is not documented"),
        (0x14, 0x1, "event log"),
        (0x3f, 0x1, "error class that is not documented"),
    ];
    for (class, major, text) in words {
        // The minor number does not change the words, nor does a revocation module.
        for (module, minor) in [(1, 1), (9, 0xfff)] {
            let code = acm(module, class, major, minor);
            assert_eq!(code.text(), text, "class {class:#x}, major {major:#x}");
        }
        // The table is SINIT's: of the numbers of other modules nothing is known but class 0.
        for module in [0, 8, 5] {
            let code = acm(module, class, major, 1);
            let text = if class == 0 {
                "progress of the module, not an error class"
            } else {
                "class of a module whose numbers are not documented"
            };
            assert_eq!(code.text(), text, "module {module}, class {class:#x}");
        }
    }
}

#[test]
fn each_source_and_each_module_has_its_name() {
    for (value, word) in [
        (0x8000_0005, "cpu"),
        (0xc000_0011, "acm"),
        (0xc000_8011, "mle"),
    ] {
        let source = ErrorCode::decode(value).source();
        assert_eq!(source.word(), word);
        assert_eq!(source.to_string(), word);
    }
    for (module, name, words) in [
        (0, "bios", "BIOS ACM"),
        (1, "sinit", "SINIT"),
        (8, "bios-revocation", "BIOS revocation ACM"),
        (9, "sinit-revocation", "SINIT revocation ACM"),
        (7, "unknown", "unknown module 7"),
    ] {
        let module = acm(module, 1, 1, 1).module();
        assert_eq!(module.name(), name);
        assert_eq!(module.to_string(), words);
    }
    let revoked = ErrorCode::decode(0xc000_0009);
    assert_eq!(revoked.text(), "SINIT revocation ACM ended without error");
}

/// Table I-4 is of a SINIT's errors: neither of what a processor or an MLE says, nor of other modules,
/// nor of a code that is not valid (bit 31) or says that all is well.
#[test]
fn only_a_sinits_error_has_the_numbers_of_the_sdg() {
    for (code, numbered) in [
        (0xc000_2861, true),
        (0xc000_2869, true),
        (0xc000_2860, false),
        (0xc000_7051, false),
        (0xc006_0001, false),
        (0x4000_2861, false),
        (0x8000_2861, false),
        (0xc000_a861, false),
        (0, false),
        (0xc000_0001, false),
        (0xc000_0009, false),
    ] {
        let found = ErrorCode::decode(code).is_numbered_by_sdg();
        assert_eq!(found, numbered, "{code:#010x}");
    }
}
