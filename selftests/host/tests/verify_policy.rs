// SPDX-License-Identifier: GPL-2.0

//! The policy language: what it accepts, and where and why it refuses.

use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::{CheckId, CheckId::*};
use launchguard_pure::verify::policy::{
    Arrivals, Exception, FaultBudget, OnFailure, Policy, References, Unbound, MAX_ENTRIES,
    MAX_LINES, MAX_NAME, MAX_REASON, MAX_STATEMENTS, MAX_TEXT,
};
use proptest::prelude::*;

const GUARD: &str = "# what this machine needs
version 1
require TPM-05   # by name
require TXT-07

waive HEAP-05 \"the vendor's SINIT writes there, ticket 12\"
waive TXT-10 \"no #comment, {no} braces\"
on-failure log
";

fn references() -> String {
    let (a, b) = ("a1".repeat(32), "B2".repeat(32));
    let c = "c3".repeat(48);
    format!(
        "version 1 references
launch \"kernel 7.3.4\" {{ pcr 17 sha256 {a}  pcr 18 sha256 {b} }}
launch \"kernel 7.3.5\" {{
    pcr 17 sha384 {c} # two banks
    pcr 18 sha384 {c}
    pcr 17 sha256 {b}
}}
sinit sha256 {a}
mle sha256 {a}
mle sha384 {c}
"
    )
}

#[test]
fn a_policy_says_what_its_text_says() {
    let policy = Policy::parse(GUARD.as_bytes()).unwrap();
    let required: Vec<CheckId> = policy.required().iter().collect();
    assert_eq!(required, [Txt07, Tpm05]);
    let waivers: Vec<(CheckId, &str)> = policy.waivers().collect();
    assert_eq!(
        waivers,
        [
            (Heap05, "the vendor's SINIT writes there, ticket 12"),
            (Txt10, "no #comment, {no} braces")
        ]
    );
    assert!(policy.waives(Heap05) && !policy.waives(Tpm05));
    assert!(policy.requires(Tpm05) && policy.expects_launch());
    assert_eq!(policy.on_failure(), OnFailure::Log);
}

/// The example of the design, with a name that is a keyword and a statement more.
const DEVICES: &str = "version 1
on-failure quarantine                   # log | quarantine | panic
arrivals quarantine
unbound quarantine
allow path 0000:00:1c.0/00.0
allow 8086:10d3
fault-budget 16 per 10s
region shared 0x10000000 + 64M
region window 4096 + 1M
compartment guest-b {

    window 0x10000000 + 16M rw at 0x0
    window 0x12000000 + 64K r   # seen only
    device 0000:03:00.0
}
compartment region {
    device 0001:0A:1f.7
    device 0001:0b:00.0
}
extend-pcr 14
seal
";

#[test]
fn devices_and_memory_are_what_the_text_says() {
    let policy = Policy::parse(DEVICES.as_bytes()).unwrap();
    assert_eq!(policy.on_failure(), OnFailure::Quarantine);
    assert_eq!(policy.arrivals(), Arrivals::Quarantine);
    assert_eq!(policy.unbound(), Unbound::Quarantine);
    assert_eq!(
        policy.fault_budget(),
        Some(FaultBudget {
            faults: 16,
            seconds: 10
        })
    );
    assert_eq!(policy.extend_pcr(), Some(14));
    assert!(policy.seal() && !policy.expects_launch());
    let allows: Vec<String> = policy
        .allows()
        .map(|allow| match allow.exception {
            Exception::Path(path) => format!("{} {path}", allow.place.line),
            Exception::Ids(vendor, device) => {
                format!("{} {vendor:04x}:{device:04x}", allow.place.line)
            }
        })
        .collect();
    assert_eq!(allows, ["5 0000:00:1c.0/00.0", "6 8086:10d3"]);
    let regions: Vec<_> = policy
        .regions()
        .map(|region| {
            (
                region.name,
                region.base,
                region.size,
                region.size_place.column,
            )
        })
        .collect();
    assert_eq!(
        regions,
        [
            ("shared", 0x1000_0000, 64 << 20, 28),
            ("window", 4096, 1 << 20, 22)
        ]
    );
    let compartments: Vec<_> = policy.compartments().collect();
    assert_eq!(compartments.len(), 2);
    assert_eq!(compartments[0].name, "guest-b");
    assert_eq!(compartments[1].name, "region");
    let windows: Vec<_> = compartments[0]
        .windows()
        .map(|w| {
            (
                w.base,
                w.size,
                w.writable,
                w.iova,
                w.iova_place.line,
                w.iova_place.column,
            )
        })
        .collect();
    assert_eq!(
        windows,
        [
            (0x1000_0000, 16 << 20, true, 0, 12, 35),
            (0x1200_0000, 64 << 10, false, 0x1200_0000, 13, 12),
        ]
    );
    let devices = |index: usize| -> Vec<String> {
        compartments[index]
            .devices()
            .map(|device| device.address.to_string())
            .collect()
    };
    assert_eq!(devices(0), ["0000:03:00.0"]);
    assert_eq!(devices(1), ["0001:0a:1f.7", "0001:0b:00.0"]);
    assert_eq!(compartments[1].windows().count(), 0);
    assert_eq!(
        policy
            .places("seal")
            .map(|place| place.line)
            .collect::<Vec<_>>(),
        [21]
    );
}

#[test]
fn numbers_are_exact() {
    for (word, value) in [
        ("0", 0u64),
        ("4096", 4096),
        ("0xfFf", 0xfff),
        ("1K", 1024),
        ("0x10K", 0x4000),
        ("3M", 3 << 20),
        ("2G", 2 << 30),
        ("18446744073709551615", u64::MAX),
        ("0xffffffffffffffff", u64::MAX),
        ("17179869183G", 17_179_869_183 << 30),
    ] {
        let text = format!("version 1\nregion a {word} + {word}");
        let policy = Policy::parse(text.as_bytes()).expect(word);
        let region = policy.regions().next().expect(word);
        assert_eq!((region.base, region.size), (value, value), "{word}");
    }
}

#[test]
fn the_number_of_statements_is_limited() {
    let regions = |count: usize| {
        let lines: Vec<String> = (0..count).map(|n| format!("region r{n} 0 + 4K")).collect();
        format!("version 1\n{}\n", lines.join("\n"))
    };
    assert!(Policy::parse(regions(MAX_STATEMENTS).as_bytes()).is_ok());
    assert_eq!(
        guard_error(&regions(MAX_STATEMENTS + 1)),
        "line 258, column 1: more than 256 region statements"
    );
    // All compartments together.
    let windows = |count: usize| {
        let window = "window 0 + 4K r\n";
        let (one, two) = (window.repeat(count / 2), window.repeat(count - count / 2));
        format!(
            "version 1\ncompartment a {{\n{one}device 0000:00:01.0\n}}\n\
             compartment b {{\n{two}device 0000:00:02.0\n}}\n"
        )
    };
    assert!(Policy::parse(windows(MAX_LINES).as_bytes()).is_ok());
    assert!(guard_error(&windows(MAX_LINES + 1)).ends_with("more than 1024 window statements"));
}

#[test]
fn references_say_what_their_text_says() {
    let text = references();
    let references = References::parse(text.as_bytes()).unwrap();
    let launches: Vec<_> = references.launches().collect();
    assert_eq!(launches.len(), 2);
    assert_eq!(launches[0].name, "kernel 7.3.4");
    assert_eq!(launches[1].name, "kernel 7.3.5");
    let pins = |index: usize| -> Vec<(u32, HashAlg, String)> {
        launches[index]
            .pins()
            .map(|pin| (pin.pcr, pin.digest.alg(), pin.digest.to_string()))
            .collect()
    };
    assert_eq!(
        pins(0),
        [
            (17, HashAlg::Sha256, "a1".repeat(32)),
            (18, HashAlg::Sha256, "b2".repeat(32))
        ]
    );
    assert_eq!(
        pins(1),
        [
            (17, HashAlg::Sha384, "c3".repeat(48)),
            (18, HashAlg::Sha384, "c3".repeat(48)),
            (17, HashAlg::Sha256, "b2".repeat(32))
        ]
    );
    let hex = |digest: launchguard_pure::decode::digest::Digest| digest.to_string();
    assert_eq!(
        references.sinits().map(hex).collect::<Vec<_>>(),
        ["a1".repeat(32)]
    );
    let mles: Vec<String> = references.mles().map(hex).collect();
    assert_eq!(mles, ["a1".repeat(32), "c3".repeat(48)]);
}

#[test]
fn references_have_the_number_that_their_text_says() {
    let of = |line: &str| {
        let text = format!("version 1 references\n{line}");
        let references = References::parse(text.as_bytes()).unwrap();
        (references.serial(), references.has_serial())
    };
    assert_eq!(of(""), (0, false));
    assert_eq!(of("serial 0\n"), (0, true));
    assert_eq!(of("serial 0012 # twelve\n"), (12, true));
    assert_eq!(of("serial 18446744073709551615\n"), (u64::MAX, true));
    // Wherever it stands, and a launch of that name is none.
    let pin = "ab".repeat(32);
    let launch = format!("launch \"serial 9\" {{ pcr 17 sha256 {pin} }}\n");
    assert_eq!(of(&launch), (0, false));
    assert_eq!(of(&format!("{launch}serial 7\n")), (7, true));
    // A number is no launch: nothing is expected by it.
    assert!(References::parse(b"version 1 references\nserial 3\n")
        .unwrap()
        .is_empty());
}

#[test]
fn blank_texts_are_empty() {
    for text in [
        "",
        "\n",
        "  \t\r\n\n",
        "# nothing\n",
        "# nothing",
        "\n\n  # x\n",
    ] {
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert!(
            !policy.expects_launch() && policy.waived().is_empty(),
            "{text:?}"
        );
        assert!(
            References::parse(text.as_bytes()).unwrap().is_empty(),
            "{text:?}"
        );
    }
    assert!(References::parse(b"version 1 references")
        .unwrap()
        .is_empty());
}

#[test]
fn every_check_can_be_required_and_waived() {
    for check in CheckId::ALL {
        let text = format!("version 1\nrequire {check}\n");
        assert!(Policy::parse(text.as_bytes()).unwrap().requires(check));
        let text = format!("version 1\nwaive {check} \"x\"");
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(policy.waivers().collect::<Vec<_>>(), [(check, "x")]);
    }
}

/// What a refused text says: "line, column: words".
fn guard_error(text: &str) -> String {
    Policy::parse(text.as_bytes()).expect_err(text).to_string()
}

fn references_error(text: &str) -> String {
    References::parse(text.as_bytes())
        .expect_err(text)
        .to_string()
}

#[test]
fn a_refused_policy_says_where_and_why() {
    let cases = [
        ("require TXT-01", "line 1, column 1: expected \"version 1\" as the first statement, found \"require\""),
        ("\n  # x\n version", "line 3, column 9: expected the version number 1, found the end of the text"),
        ("version one", "line 1, column 9: expected the version number 1, found \"one\""),
        ("version 2", "line 1, column 9: expected version 1, found version 2: not supported by this version"),
        ("version 1 references", "line 1, column 11: these are references, not a guard policy"),
        ("version 1 require TXT-01", "line 1, column 11: expected the end of the line, found \"require\""),
        ("version 1\nversion 1", "line 2, column 1: version is said twice"),
        ("version 1\nrequire", "line 2, column 8: expected the id of a check, found the end of the text"),
        ("version 1\nrequire \"TXT-01\"", "line 2, column 9: expected the id of a check, found \"TXT-01\""),
        ("version 1\nrequire TXT-14", "line 2, column 9: expected the id of a check of this version (TXT-01, TPM-04, ...), found \"TXT-14\""),
        ("version 1\nrequire txt-01", "line 2, column 9: expected the id of a check of this version (TXT-01, TPM-04, ...), found \"txt-01\""),
        ("version 1\nrequire TXT-01 TXT-02", "line 2, column 16: expected the end of the line, found \"TXT-02\""),
        ("version 1\nrequire TXT-01\n\trequire TXT-01", "line 3, column 10: TXT-01 is already required"),
        ("version 1\nwaive TXT-01 \"x\"\nrequire TXT-01", "line 3, column 9: TXT-01 is already waived"),
        ("version 1\nrequire TXT-01\nwaive TXT-01 \"x\"", "line 3, column 7: TXT-01 is already required"),
        ("version 1\nwaive TXT-01 \"x\"\nwaive TXT-01 \"y\"", "line 3, column 7: TXT-01 is already waived"),
        ("version 1\nwaive TXT-01", "line 2, column 13: expected a reason in double quotes, found the end of the text"),
        ("version 1\nwaive TXT-01\n", "line 2, column 13: expected a reason in double quotes, found the end of the line"),
        ("version 1\nwaive TXT-01 because", "line 2, column 14: expected a reason in double quotes, found \"because\""),
        ("version 1\nwaive TXT-01 \" \"", "line 2, column 14: expected a reason in double quotes, found an empty one"),
        ("version 1\nwaive TXT-01 \"x\n", "line 2, column 14: expected a reason in double quotes, found a double quote that is not closed on its line"),
        ("version 1\nwaive TXT-01 \"x\" y", "line 2, column 18: expected the end of the line, found \"y\""),
        ("version 1\nwaive TXT-01 \"a\u{7}b\"", "line 2, column 14: expected a reason in double quotes, found the control character 0x07"),
        ("version 1\non-failure", "line 2, column 11: expected \"log\", \"quarantine\" or \"panic\", found the end of the text"),
        ("version 1\non-failure ignore", "line 2, column 12: expected \"log\", \"quarantine\" or \"panic\", found \"ignore\""),
        ("version 1\non-failure log\non-failure log", "line 3, column 1: on-failure is said twice"),
        ("version 1\narrivals", "line 2, column 9: expected \"allow\" or \"quarantine\", found the end of the text"),
        ("version 1\narrivals block", "line 2, column 10: expected \"allow\" or \"quarantine\", found \"block\""),
        ("version 1\narrivals allow\narrivals allow", "line 3, column 1: arrivals is said twice"),
        ("version 1\nunbound allow", "line 2, column 9: expected \"leave\" or \"quarantine\", found \"allow\""),
        ("version 1\nunbound leave\nunbound leave", "line 3, column 1: unbound is said twice"),
        ("version 1\nallow", "line 2, column 6: expected \"path\" or vendor and device id (8086:10d3), found the end of the text"),
        ("version 1\nallow 8086:10d", "line 2, column 7: expected \"path\" or vendor and device id (8086:10d3), found \"8086:10d\""),
        ("version 1\nallow path", "line 2, column 11: expected a path from the root port (0000:00:1c.0/00.0), found the end of the text"),
        ("version 1\nallow path 0000:00:1c.0/", "line 2, column 12: expected a path from the root port (0000:00:1c.0/00.0), found \"0000:00:1c.0/\""),
        ("version 1\nallow path 00:1c.0", "line 2, column 12: expected a path from the root port (0000:00:1c.0/00.0), found \"00:1c.0\""),
        ("version 1\nallow path 0000:00:20.0", "line 2, column 12: expected a path from the root port (0000:00:1c.0/00.0), found \"0000:00:20.0\""),
        ("version 1\nallow path 0000:00:1c.8", "line 2, column 12: expected a path from the root port (0000:00:1c.0/00.0), found \"0000:00:1c.8\""),
        ("version 1\nfault-budget 0 per 10s", "line 2, column 14: expected a number of faults from 1 to 1000000, found \"0\""),
        ("version 1\nfault-budget +1 per 10s", "line 2, column 14: expected a number of faults from 1 to 1000000, found \"+1\""),
        ("version 1\nfault-budget 16 in 10s", "line 2, column 17: expected \"per\", found \"in\""),
        ("version 1\nfault-budget 16 per 10", "line 2, column 21: expected a time from 1s to 3600s, found \"10\""),
        ("version 1\nfault-budget 16 per 3601s", "line 2, column 21: expected a time from 1s to 3600s, found \"3601s\""),
        ("version 1\nfault-budget 1 per 1s\nfault-budget 1 per 1s", "line 3, column 1: fault-budget is said twice"),
        ("version 1\nregion", "line 2, column 7: expected a region's name (letters, digits, '-', '_', '.'), found the end of the text"),
        ("version 1\nregion a/b 0 + 4K", "line 2, column 8: expected a region's name (letters, digits, '-', '_', '.'), found \"a/b\""),
        ("version 1\nregion aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0 + 4K", "line 2, column 8: expected a region's name of at most 32 bytes, found one of 33"),
        ("version 1\nregion a x", "line 2, column 10: expected an address (1048576, 0x100000, 1M), found \"x\""),
        ("version 1\nregion a 0x", "line 2, column 10: expected an address (1048576, 0x100000, 1M), found \"0x\""),
        ("version 1\nregion a 16T + 4K", "line 2, column 10: expected an address (1048576, 0x100000, 1M), found \"16T\""),
        ("version 1\nregion a -1 + 4K", "line 2, column 10: expected an address (1048576, 0x100000, 1M), found \"-1\""),
        ("version 1\nregion a 0x10000000000000000 + 4K", "line 2, column 10: expected an address (1048576, 0x100000, 1M), found \"0x10000000000000000\""),
        ("version 1\nregion a 17179869184G + 4K", "line 2, column 10: expected an address (1048576, 0x100000, 1M), found \"17179869184G\""),
        ("version 1\nregion a 0x1000 - 4K", "line 2, column 17: expected \"+\", found \"-\""),
        ("version 1\nregion a 0x1000 +", "line 2, column 18: expected a size (1048576, 0x100000, 1M), found the end of the text"),
        ("version 1\nregion a 0x1000 + 4K x", "line 2, column 22: expected the end of the line, found \"x\""),
        ("version 1\ncompartment", "line 2, column 12: expected a compartment's name (letters, digits, '-', '_', '.'), found the end of the text"),
        ("version 1\ncompartment a", "line 2, column 14: expected \"{\", found the end of the text"),
        ("version 1\ncompartment a { device", "line 2, column 17: expected the end of the line, found \"device\""),
        ("version 1\ncompartment a {", "line 2, column 16: expected the end of the line, found the end of the text"),
        ("version 1\ncompartment a {\n", "line 3, column 1: expected \"window\", \"device\" or \"}\", found the end of the text"),
        ("version 1\ncompartment a {\n}", "line 3, column 1: the compartment names no device"),
        ("version 1\ncompartment a {\nregion", "line 3, column 1: expected \"window\", \"device\" or \"}\", found \"region\""),
        ("version 1\ncompartment a {\nwindow 0 + 4K", "line 3, column 14: expected \"r\" or \"rw\", found the end of the text"),
        ("version 1\ncompartment a {\nwindow 0 + 4K w", "line 3, column 15: expected \"r\" or \"rw\", found \"w\""),
        ("version 1\ncompartment a {\nwindow 0 + 4K r on", "line 3, column 17: expected \"at\" or the end of the line, found \"on\""),
        ("version 1\ncompartment a {\nwindow 0 + 4K r at", "line 3, column 19: expected an address (1048576, 0x100000, 1M), found the end of the text"),
        ("version 1\ncompartment a {\ndevice 00:03.0", "line 3, column 8: expected the address of a PCI function (0000:03:00.0), found \"00:03.0\""),
        ("version 1\ncompartment a {\ndevice 0000:03:00.0 }", "line 3, column 21: expected the end of the line, found \"}\""),
        ("version 1\nseal now", "line 2, column 6: expected the end of the line, found \"now\""),
        ("version 1\nseal\nseal", "line 3, column 1: seal is said twice"),
        ("version 1\nextend-pcr", "line 2, column 11: expected a PCR from 8 to 15, found the end of the text"),
        ("version 1\nextend-pcr x", "line 2, column 12: expected a PCR from 8 to 15, found \"x\""),
        ("version 1\nextend-pcr 014", "line 2, column 12: expected a PCR from 8 to 15, found \"014\""),
        ("version 1\nextend-pcr 24", "line 2, column 12: expected a PCR from 8 to 15, found \"24\""),
        ("version 1\nextend-pcr 7", "line 2, column 12: expected a PCR from 8 to 15, found 7: the firmware's log could not explain it any more"),
        ("version 1\nextend-pcr 17", "line 2, column 12: expected a PCR from 8 to 15, found 17: locality 0, from which a kernel talks, cannot extend it"),
        ("version 1\nextend-pcr 23", "line 2, column 12: expected a PCR from 8 to 15, found 23: anyone can reset it"),
        ("version 1\nextend-pcr 14\nextend-pcr 14", "line 3, column 1: extend-pcr is said twice"),
        ("version 1\nlaunch \"x\" {", "line 2, column 1: statement \"launch\" belongs into the references: a pin in a text that it covers has no fixed point"),
        ("version 1\nrequires TXT-01", "line 2, column 1: expected a statement (require, waive, region, ...), found \"requires\""),
        ("version 1\n}", "line 2, column 1: expected a statement, found \"}\""),
        ("version 1\n\u{0}", "line 2, column 1: expected a statement, found the control character 0x00"),
        ("version 1\n# \u{1b}[2J", "line 2, column 3: expected a statement, found the control character 0x1b"),
        ("version 1\n# \u{e4}\u{f6}\n\u{fc}ber", "line 3, column 1: expected a statement (require, waive, region, ...), found \"\u{fc}ber\""),
        ("version 1\nwaive TXT-01 \"\u{e4}\" x", "line 2, column 18: expected the end of the line, found \"x\""),
        ("version 1\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "line 2, column 1: expected a statement (require, waive, region, ...), found \"aaaaaaaaaaaaaaaaaaaaaaaa...\""),
    ];
    for (text, expected) in cases {
        assert_eq!(guard_error(text), expected, "{text:?}");
    }
}

#[test]
fn refused_references_say_where_and_why() {
    let h = "ab".repeat(32);
    let v = "version 1 references\n";
    let cases = [
        ("version 1".to_owned(), "line 1, column 10: expected \"references\", found the end of the text"),
        ("version 1\nrequire TXT-01".to_owned(), "line 1, column 10: expected \"references\", found the end of the line"),
        (format!("{v}require TXT-01"), "line 2, column 1: expected a statement (serial, launch, sinit, mle), found \"require\""),
        (format!("{v}launch"), "line 2, column 7: expected a name in double quotes, found the end of the text"),
        (format!("{v}launch x {{"), "line 2, column 8: expected a name in double quotes, found \"x\""),
        (format!("{v}launch \"\" {{"), "line 2, column 8: expected a name in double quotes, found an empty one"),
        (format!("{v}launch \"x\""), "line 2, column 11: expected \"{\", found the end of the text"),
        (format!("{v}launch \"x\"\n{{"), "line 2, column 11: expected \"{\", found the end of the line"),
        (format!("{v}launch \"x\" {{"), "line 2, column 13: expected \"pcr\", found the end of the text"),
        (format!("{v}launch \"x\" {{ }}"), "line 2, column 14: expected \"pcr\", found \"}\""),
        (format!("{v}launch \"x\" {{ pcr 16"), "line 2, column 18: expected a PCR from 17 to 22, found \"16\""),
        (format!("{v}launch \"x\" {{ pcr 017"), "line 2, column 18: expected a PCR from 17 to 22, found \"017\""),
        (format!("{v}launch \"x\" {{ pcr 17 md5"), "line 2, column 21: expected a bank (sha1, sha256, sha384, sha512, sm3), found \"md5\""),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 }}"), "line 2, column 28: expected 64 hex digits for sha256, found \"}\""),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 abc"), "line 2, column 28: expected 64 hex digits for sha256, found 3"),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 xyz"), "line 2, column 28: expected 64 hex digits for sha256, found the character 'x'"),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 {h}"), "line 2, column 92: expected \"pcr\" or \"}\", found the end of the text"),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 {h}\npcr 17 sha256 {h} }}"), "line 3, column 1: pcr 17 sha256 is already pinned in this launch"),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 {h} }} x"), "line 2, column 95: expected the end of the line, found \"x\""),
        (format!("{v}launch \"x\" {{ pcr 17 sha256 {h} }}\nlaunch \"x\" {{"), "line 3, column 8: there is already a launch \"x\""),
        (format!("{v}sinit sha1 x"), "line 2, column 7: expected a bank of at least 256 bits (sha256, sha384, sha512, sm3), found \"sha1\""),
        (format!("{v}mle sha256 {h}\nmle sha256 {h}"), "line 3, column 5: this mle is already there"),
        (format!("{v}mle sha256 {h} {h}"), "line 2, column 77: expected the end of the line, found \"abababababababababababab...\""),
        (format!("{v}version 1"), "line 2, column 1: version is said twice"),
        (format!("{v}serial 1\nserial 1\n"), "line 3, column 1: serial is said twice"),
        (format!("{v}serial"), "line 2, column 7: expected a decimal number from 0 to 18446744073709551615, found the end of the text"),
        (format!("{v}serial 18446744073709551616\n"), "line 2, column 8: expected a decimal number from 0 to 18446744073709551615, found \"18446744073709551616\""),
        (format!("{v}serial 0x1\n"), "line 2, column 8: expected a decimal number from 0 to 18446744073709551615, found \"0x1\""),
        (format!("{v}serial +1\n"), "line 2, column 8: expected a decimal number from 0 to 18446744073709551615, found \"+1\""),
        (format!("{v}serial 1"), "line 2, column 9: expected the end of the line, found the end of the text"),
        (format!("{v}serial 1 2\n"), "line 2, column 10: expected the end of the line, found \"2\""),
    ];
    for (text, expected) in cases {
        assert_eq!(references_error(&text), expected, "{text:?}");
    }
    // One measurement can be that of two things.
    assert!(References::parse(format!("{v}mle sha256 {h}\nsinit sha256 {h}").as_bytes()).is_ok());
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let error = Policy::parse(b"version 1\nwaive \xff").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 7: byte 16 is not UTF-8 text"
    );
    let error = References::parse(b"\xc3").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 1: byte 0 is not UTF-8 text"
    );
}

#[test]
fn limits_are_exact() {
    let waive = |len: usize| format!("version 1\nwaive TXT-01 \"{}\"", "x".repeat(len));
    assert!(Policy::parse(waive(MAX_REASON).as_bytes()).is_ok());
    assert_eq!(
        guard_error(&waive(MAX_REASON + 1)),
        "line 2, column 14: expected a reason in double quotes of at most 200 bytes, found one of 201"
    );
    let digest = "00".repeat(32);
    let launch = |name: &str| format!("launch \"{name}\" {{ pcr 17 sha256 {digest} }}\n");
    let version = "version 1 references\n".to_owned();
    let text = version.clone() + &launch(&"n".repeat(MAX_NAME));
    assert!(References::parse(text.as_bytes()).is_ok());
    assert!(
        references_error(&(version.clone() + &launch(&"n".repeat(MAX_NAME + 1))))
            .contains("of at most 64 bytes, found one of 65")
    );
    let many = |count: usize| {
        (0..count)
            .map(|n| launch(&n.to_string()))
            .collect::<String>()
    };
    let text = version.clone() + &many(MAX_ENTRIES);
    assert!(References::parse(text.as_bytes()).is_ok());
    assert_eq!(
        references_error(&(version + &many(MAX_ENTRIES + 1))),
        "line 66, column 8: more than 64 launch entries"
    );
    let mut text = "#".repeat(MAX_TEXT);
    assert!(Policy::parse(text.as_bytes()).is_ok());
    text.push('#');
    assert_eq!(
        guard_error(&text),
        "line 1, column 1: the text has 65537 bytes, more than 65536"
    );
}

/// A cut text is refused, or says a part of what the whole says and nothing else: what a commit's
/// SHA-256 protects against is the loss, never a change of meaning.
#[test]
fn a_cut_text_never_says_anything_new() {
    let whole = Policy::parse(GUARD.as_bytes()).unwrap();
    let waivers: Vec<_> = whole.waivers().collect();
    let mut refused = 0;
    for end in 0..GUARD.len() {
        match Policy::parse(&GUARD.as_bytes()[..end]) {
            Err(_) => refused += 1,
            Ok(policy) => {
                assert!(policy.required().iter().all(|check| whole.requires(check)));
                let kept: Vec<_> = policy.waivers().collect();
                assert!(waivers.starts_with(&kept), "cut at {end}");
            }
        }
    }
    assert!(refused > GUARD.len() / 2);

    let text = references().replacen('\n', "\nserial 1234\n", 1);
    let whole = References::parse(text.as_bytes()).unwrap();
    for end in 0..text.len() {
        let Ok(cut) = References::parse(&text.as_bytes()[..end]) else {
            continue;
        };
        assert!([0, whole.serial()].contains(&cut.serial()), "cut at {end}");
        for (cut, whole) in cut.launches().zip(whole.launches()) {
            assert_eq!(cut.name, whole.name);
            assert!(cut.pins().eq(whole.pins()), "cut at {end}");
        }
        assert!(cut
            .mles()
            .zip(whole.mles())
            .all(|(cut, whole)| cut == whole));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Policy::parse(&bytes);
        let _ = References::parse(&bytes);
    }

    /// Texts close to the language: an error lies inside the text, an accepted text reads back.
    #[test]
    fn near_texts_are_parsed_or_refused(
        words in proptest::collection::vec(
            prop_oneof![
                Just("version 1\n"), Just("version 1 references\n"), Just("require "),
                Just("TXT-01"), Just("TPM-04"), Just("waive "), Just("\"x\""), Just("\""),
                Just("\n"), Just(" "), Just("{"), Just("}"), Just("#"), Just("launch "),
                Just("pcr 17 sha1 "), Just("00000000000000000000"), Just("on-failure log"),
                Just("mle sha256 "), Just("serial "), Just("7\n"), Just("\u{e4}"), Just("\u{0}"),
                Just("region a 0x1000 + 4K\n"), Just("compartment b {\n"), Just("}\n"),
                Just("device 0000:00:04.0\n"), Just("window 0x1000 + 4K rw at 0\n"),
                Just("allow path 0000:00:1c.0/00.0\n"), Just("seal\n"), Just("extend-pcr 14\n"),
            ],
            0..24,
        )
    ) {
        let text = words.concat();
        let lines = text.split('\n').count() as u32;
        for error in [
            Policy::parse(text.as_bytes()).err(),
            References::parse(text.as_bytes()).err(),
        ].into_iter().flatten() {
            prop_assert!((1..=lines).contains(&error.line));
            let line = text.split('\n').nth(error.line as usize - 1).unwrap();
            prop_assert!(error.column as usize <= line.chars().count() + 1);
            prop_assert!(!error.what.is_empty());
        }
        if let Ok(policy) = Policy::parse(text.as_bytes()) {
            prop_assert_eq!(policy.waivers().count(), policy.waived().iter().count());
            let lines_with = |word: &str| {
                text.lines().filter(|line| line.trim_start().starts_with(word)).count()
            };
            prop_assert_eq!(policy.regions().count(), lines_with("region a"));
            prop_assert_eq!(policy.compartments().count(), lines_with("compartment b"));
            let devices: usize = policy.compartments().map(|one| one.devices().count()).sum();
            prop_assert!(devices >= policy.compartments().count());
        }
    }
}
