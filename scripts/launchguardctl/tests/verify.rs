// SPDX-License-Identifier: GPL-2.0

//! `verify`: keys and signatures here were made by minisign 0.12.

mod common;

use common::{directory, file, get, run, set, sysfs, with_sysfs, Run, KEY};
use launchguard_host_tests::fixture::Machine;
use std::path::PathBuf;
use tempfile::TempDir;

/// Somebody else's.
const OTHER_KEY: &str = "untrusted comment: minisign public key C83631B29D5B1D42\n\
    RWRCHVudsjE2yCFdQJfy0vEk17xVmfbaYEl1W11i49+hxkYdqrPFBcWG\n";
/// The owner's signature of [`text`].
const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
    RUSZnRIcEsrBwt+vCH1mBcKoM7q6OiGZYeG3lsan0tGWBDW0VlR2mPyWBlFKAhCeZEG6pPLNcMB2iwn+5mkefzkAShBxLLgmlAE=\n\
    trusted comment: references of 30 November\n\
    K4ag7m5H++G8PaTKZkIgPtVsHkfRg0WnFRluWf+1LIKfLpULNheyTcC4bdLJg5uQ4XT+/wU4xbcmIa2z0RJ9Bw==\n";
/// The same as minisign made it long ago (`-l`): of the text, not of its hash.
const LEGACY: &str = "untrusted comment: signature from minisign secret key\n\
    RWSZnRIcEsrBwomwwuSCsD71GXcUZgm7YoG/Z/c9VxEgReMmVmg6hypbn20tWP1Y6wRAFN59D8Eyh1Yij/8EZBMmJUox96Dk8gg=\n\
    trusted comment: timestamp:1796050022\tfile:references\n\
    myaDTrfNPb6zXXlH5WCUDsqV0IN1AUn0etlggRcIKnXlCd4gHAzpQ1IWJajuvznuxDYBBYXGPDXaTI6Ppl6uCw==\n";
/// The owner's signature of [`MALFORMED`].
const OF_MALFORMED: &str = "untrusted comment: signature from minisign secret key\n\
    RUSZnRIcEsrBwhVmkBWW2XGvA7ACgAv50BZOoh5X3dKxL3+SU+5RyUG3EA7QYUROK+cDY7IrSody27ksnZN0FrQzy7wzUFCxqgs=\n\
    trusted comment: x\n\
    7AQCQ5EP+na16i6Sn/PJ/Q91nLmN5ZhKg/uB9X2uSfC1whqaIzQVGH2l9ndJzQBGMXvHZbR0TuZniv4EXO15AQ==\n";
/// Text that is signed, and no references.
const MALFORMED: &str = "version 1 references\nserial seven\n";

fn text() -> String {
    let pin = "ab".repeat(32);
    format!(
        "version 1 references\nserial 7\nlaunch \"a\" {{ pcr 17 sha256 {pin} pcr 18 sha256 {pin} }}\n"
    )
}

struct Place {
    folder: TempDir,
    references: PathBuf,
}

impl Place {
    fn new(text: &str, signature: &str, key: &str) -> Self {
        let folder = directory();
        file(&folder, "references.minisig", signature);
        file(&folder, "key", key);
        let references = file(&folder, "references", text);
        Self { folder, references }
    }

    fn verify(&self, more: &[&str]) -> Run {
        let key = self.folder.path().join("key");
        let paths = [&self.references, &key].map(|path| path.to_str().expect("UTF-8"));
        run(&[&["--json", "verify", paths[0], "--key", paths[1]], more].concat())
    }
}

#[test]
fn what_the_owner_signed_is_verified() {
    let place = Place::new(&text(), SIGNATURE, KEY);
    let answer = place.verify(&[]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
    let json = answer.json();
    assert_eq!(json["good"], true);
    assert_eq!(json["serial"], 7);
    assert_eq!(json["comment"], "references of 30 November");
    assert!(json["floor"].is_null() && json["error"].is_null());
    // The signature may be elsewhere.
    let elsewhere = file(&place.folder, "signature", SIGNATURE);
    std::fs::remove_file(place.folder.path().join("references.minisig")).expect("removed");
    let answer = place.verify(&["--signature", elsewhere.to_str().expect("UTF-8")]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
    assert_eq!(place.verify(&[]).status, Some(2));
}

#[test]
fn whatever_else_is_refused_with_its_reason() {
    let text = text();
    let (first, comment) = SIGNATURE.split_at(SIGNATURE.find("trusted comment: r").expect("it"));
    let other_comment = first.to_owned() + &comment.replacen("30 November", "31 November", 1);
    let cut = SIGNATURE.lines().take(3).collect::<Vec<_>>().join("\n");
    let mixed =
        first.to_owned() + &OF_MALFORMED[OF_MALFORMED.find("trusted comment: x").expect("it")..];
    for (text, signature, key, why) in [
        (
            text.replace('7', "8"),
            SIGNATURE,
            KEY,
            "the signature is not that of this text",
        ),
        (
            text.clone() + "\n",
            SIGNATURE,
            KEY,
            "the signature is not that of this text",
        ),
        (
            String::new(),
            SIGNATURE,
            KEY,
            "the signature is not that of this text",
        ),
        (
            text.clone(),
            OF_MALFORMED,
            KEY,
            "the signature is not that of this text",
        ),
        (
            text.clone(),
            other_comment.as_str(),
            KEY,
            "the signature is not that of this text",
        ),
        (
            text.clone(),
            mixed.as_str(),
            KEY,
            "the signature is not that of this text",
        ),
        (
            text.clone(),
            SIGNATURE,
            OTHER_KEY,
            "it is signed with another key",
        ),
        (
            text.clone(),
            LEGACY,
            KEY,
            "its signature is of a kind that is not taken",
        ),
        (text.clone(), "", KEY, "its signature is none of minisign's"),
        (
            text.clone(),
            cut.as_str(),
            KEY,
            "its signature is none of minisign's",
        ),
        (
            text.clone(),
            KEY,
            KEY,
            "its signature is none of minisign's",
        ),
        (
            MALFORMED.to_owned(),
            OF_MALFORMED,
            KEY,
            "it is signed, and not well-formed: see lint",
        ),
    ] {
        let answer = Place::new(&text, signature, key).verify(&[]);
        assert_eq!(answer.status, Some(1), "{why}: {answer:?}");
        let json = answer.json();
        assert_eq!(json["error"], why, "{text:?} {signature:?}");
        assert_eq!(json["good"], false);
        assert!(json["serial"].is_null() && json["comment"].is_null());
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for key in [
        "",
        "untrusted comment: x\n",
        "untrusted comment: x\nRWQ\n",
        SIGNATURE,
    ] {
        let answer = Place::new(&text(), SIGNATURE, key).verify(&[]);
        assert_eq!(answer.status, Some(2), "{answer:?}");
        assert!(
            answer.stderr.contains("no minisign public key"),
            "{answer:?}"
        );
    }
    let place = Place::new(&text(), SIGNATURE, KEY);
    // A TPM that is not there; what is no index.
    let answer = place.verify(&["--nv-index", "0x180c001", "--tpm", "/nonexistent"]);
    assert_eq!(answer.status, Some(2), "{answer:?}");
    assert!(answer.stderr.contains("/nonexistent"), "{answer:?}");
    for index in ["180c001", "0x180c0", "0x81000001", "0x00000180c001", "0xx"] {
        let answer = place.verify(&["--nv-index", index]);
        assert_eq!(answer.status, Some(2), "{index}: {answer:?}");
    }
}

/// What is committed is what was verified, and nothing is staged of anything else.
#[test]
fn only_what_is_signed_is_loaded() {
    let device = sysfs(&Machine::launched());
    let load = |place: &Place, more: &[&str]| {
        let key = place.folder.path().join("key");
        let paths = [&place.references, &key].map(|path| path.to_str().expect("UTF-8"));
        let arguments = [&["--json", "load", paths[0], "--key", paths[1]], more].concat();
        run(&with_sysfs(&device, &arguments))
    };
    let loaded = load(&Place::new(&text(), SIGNATURE, KEY), &[]);
    assert_eq!(loaded.status, Some(0), "{loaded:?}");
    assert_eq!(get(&device, "references"), text());
    for name in ["references", "commit"] {
        set(&device, name, "untouched");
    }
    let refused = load(&Place::new(&text(), SIGNATURE, OTHER_KEY), &[]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert_eq!(refused.json()["error"], "it is signed with another key");
    // A policy is not signed, and a counter is nothing without a signature.
    let policy = Place::new("version 1\n", SIGNATURE, KEY);
    assert_eq!(load(&policy, &[]).status, Some(2));
    let unsigned = [
        "load",
        policy.references.to_str().expect("UTF-8"),
        "--nv-index",
        "0x180c001",
    ];
    assert_eq!(run(&with_sysfs(&device, &unsigned)).status, Some(2));
    for name in ["references", "commit"] {
        assert_eq!(get(&device, name), "untouched\n");
    }
}
