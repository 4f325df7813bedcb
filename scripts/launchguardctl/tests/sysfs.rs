// SPDX-License-Identifier: GPL-2.0

//! `status`, `enroll`, `load` and `lint`, over a directory that looks like the module's.

mod common;

use common::{directory, evidence, fifo, file, get, run, set, sysfs, with_sysfs, Run};
use launchguard_evidence::to_bytes;
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::digest::{HashAlg, Hasher};
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::evidence::{Contents, VERSION};
use launchguard_pure::verify::judgement::{Outcome, Verdict};
use launchguard_pure::verify::notes::Notes;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn status_is_the_verdict() {
    let device = sysfs(&Machine::launched());
    let status = run(&with_sysfs(&device, &["status"]));
    assert_eq!(status.status, Some(0), "{status:?}");
    assert!(status.stdout.contains("unpinned"), "{status:?}");
    for (verdict, expected) in [
        ("verified", 0),
        ("unpinned", 0),
        ("failed", 1),
        ("unknown", 1),
        ("absent", 1),
        ("pending", 1),
        ("no such word", 1),
    ] {
        set(&device, "verdict", verdict);
        let status = run(&with_sysfs(&device, &["status", "--json"]));
        assert_eq!(status.status, Some(expected), "{status:?}");
        assert_eq!(status.json()["verdict"], verdict);
        assert_eq!(status.json()["generation"], 7);
    }
    set(&device, "verdict", "failed");
    set(&device, "reason", "TXT-02 TPM-04");
    set(&device, "checks/TPM-04", "fail");
    set(&device, "references_serial", "18446744073709551615");
    let status = run(&with_sysfs(&device, &["status"]));
    assert!(status.stdout.contains("TPM-04 fail"), "{status:?}");
    let json = run(&with_sysfs(&device, &["status", "--json"])).json();
    assert_eq!(json["reason"], json!(["TXT-02", "TPM-04"]));
    assert_eq!(json["checks"]["TPM-04"], "fail");
    assert!(
        status.stdout.contains("serial 18446744073709551615"),
        "{status:?}"
    );
    assert_eq!(json["references_serial"], u64::MAX);
}

#[test]
fn status_has_what_the_guard_has_in_force() {
    let device = sysfs(&Machine::launched());
    for (name, value) in [
        ("groups", "12"),
        ("blocked", "3"),
        ("confined", "1"),
        ("exposed", "2"),
        ("exposed_devices", "0000:00:02.0\n0000:03:00.0"),
        ("faults", "14"),
        ("faults_unattributed", "unknown"),
    ] {
        set(&device, &format!("dma/{name}"), value);
    }
    let status = run(&with_sysfs(&device, &["status"]));
    let line =
        "groups 12: blocked 3, confined 1; devices exposed 2; faults 14, unattributed unknown";
    assert!(status.stdout.contains(line), "{status:?}");
    assert!(status.stdout.contains("exposed 0000:03:00.0"), "{status:?}");
    let json = run(&with_sysfs(&device, &["status", "--json"])).json();
    let expected = json!({
        "groups": 12,
        "blocked": 3,
        "confined": 1,
        "exposed": 2,
        "exposed_devices": ["0000:00:02.0", "0000:03:00.0"],
        "faults": 14,
        "faults_unattributed": null,
    });
    assert_eq!(json["dma"], expected);
    let metrics = run(&with_sysfs(&device, &["status", "--format", "prometheus"])).stdout;
    assert!(
        metrics.contains("\nlaunchguard_dma_blocked 3\n"),
        "{metrics}"
    );
    assert!(
        !metrics.contains("unattributed"),
        "no number is no metric: {metrics}"
    );
}

/// The module publishes while the files are read: what is shown is all of one publication.
#[test]
fn status_is_of_one_generation() {
    for more in [&["--json"][..], &["--format", "prometheus"]] {
        let device = sysfs(&Machine::launched());
        let path = device.path().to_owned();
        // Read behind everything else that status reads.
        fifo(&device, "dma/exposed_devices", move |reading| {
            if reading == 0 {
                for (name, value) in [
                    ("verdict", "failed"),
                    ("reason", "TXT-02"),
                    ("checks/TXT-02", "fail"),
                    ("generation", "8"),
                ] {
                    fs::write(path.join(name), value).expect("a file can be written");
                }
            }
            Vec::new()
        });
        let status = run(&with_sysfs(&device, &[&["status"], more].concat()));
        assert_eq!(status.status, Some(1), "{status:?}");
        if more == ["--json"] {
            let json = status.json();
            assert_eq!(json["verdict"], "failed");
            assert_eq!(json["generation"], 8);
            assert_eq!(json["checks"]["TXT-02"], "fail");
        } else {
            let line = "launchguard_verdict{verdict=\"failed\"} 1";
            assert!(status.stdout.contains(line), "{status:?}");
        }
    }
    // A module that never stops: nothing is shown that does not belong together.
    let device = sysfs(&Machine::launched());
    let generation = device.path().join("generation");
    fifo(&device, "dma/exposed_devices", move |reading| {
        fs::write(&generation, format!("{}", reading + 8)).expect("a file can be written");
        Vec::new()
    });
    let status = run(&with_sysfs(&device, &["status"]));
    assert_eq!(status.status, Some(2), "{status:?}");
    assert_eq!(status.stdout, "");
}

/// Evidence is longer than one read, and the module may publish between two of them.
#[test]
fn evidence_is_of_one_publication() {
    let machine = Machine::launched();
    let whole = evidence(&machine, None, None);
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle] ^= 1;
    for command in ["enroll", "report"] {
        let device = sysfs(&machine);
        let readings = [torn.clone(), whole.clone()];
        fifo(&device, "evidence", move |reading| {
            readings[reading.min(1)].clone()
        });
        let answer = run(&with_sysfs(&device, &["--json", command]));
        assert_eq!(answer.status, Some(0), "{command}: {answer:?}");
    }
}

#[test]
fn a_module_that_is_not_there_is_unreadable() {
    let empty = directory();
    for command in ["status", "enroll"] {
        let answer = run(&with_sysfs(&empty, &[command]));
        assert_eq!(answer.status, Some(2), "{answer:?}");
        assert!(
            answer.stderr.contains("is launchguard loaded?"),
            "{answer:?}"
        );
    }
}

/// What is enrolled makes the same launch verified, and holds no bank that would not see it all.
#[test]
fn enrolled_references_verify_the_launch() {
    // tboot extended sha256 only.
    let machine = Machine::launched();
    let device = sysfs(&machine);
    let enrolled = run(&with_sysfs(&device, &["enroll", "--name", "now"]));
    assert_eq!(enrolled.status, Some(0), "{enrolled:?}");
    let judged = machine.judge("", Some(&enrolled.stdout));
    assert_eq!(judged.verdict, Verdict::Verified);
    assert_eq!(
        judged.launch.map(|name| name.to_string()).as_deref(),
        Some("now")
    );
    assert!(enrolled.stdout.contains("\nserial 1\n"), "{enrolled:?}");
    assert!(!enrolled.stdout.contains("sha1"), "{enrolled:?}");
    assert!(!enrolled.stdout.contains("sha384"), "{enrolled:?}");
    let json = run(&with_sysfs(&device, &["enroll", "--json"])).json();
    let value = machine.pcr(HashAlg::Sha256, 18).to_string();
    assert_eq!(json["banks"]["sha256"]["18"], value);
    assert!(json["name"]
        .as_str()
        .is_some_and(|name| name.starts_with("kernel ")));

    // It replaces what is in force.
    set(&device, "references_serial", "41");
    let enrolled = run(&with_sysfs(&device, &["enroll"]));
    assert!(enrolled.stdout.contains("\nserial 42\n"), "{enrolled:?}");
    for (serial, words) in [
        ("18446744073709551615", "no serial number behind"),
        ("many", "references_serial"),
    ] {
        set(&device, "references_serial", serial);
        let refused = run(&with_sysfs(&device, &["enroll"]));
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    fs::remove_file(device.path().join("references_serial")).expect("removed");
    let enrolled = run(&with_sysfs(&device, &["enroll"]));
    assert!(enrolled.stdout.contains("\nserial 1\n"), "{enrolled:?}");

    // A launcher that extends all banks.
    let records = launchguard_host_tests::fixture::launch::records(&BANKS, &BANKS);
    let machine = Machine::with_records(&BANKS, records);
    let enrolled = run(&with_sysfs(&sysfs(&machine), &["enroll"]));
    assert_eq!(
        machine.judge("", Some(&enrolled.stdout)).verdict,
        Verdict::Verified
    );
    assert!(enrolled.stdout.contains("sha256") && enrolled.stdout.contains("sha384"));
    assert!(!enrolled.stdout.contains("sha1 "), "{enrolled:?}");
}

/// With a TPM 1.2 there is nothing but SHA-1 to pin; the launch stays unpinned all the same.
#[test]
fn a_launch_with_a_tpm12_is_enrolled_in_sha1() {
    for machine in [
        Machine::launched_with_tpm12(),
        Machine::launched_with_tpm12_details(),
    ] {
        let enrolled = run(&with_sysfs(&sysfs(&machine), &["enroll", "--name", "old"]));
        assert_eq!(enrolled.status, Some(0), "{enrolled:?}");
        assert!(enrolled.stdout.contains("pcr 17 sha1 "), "{enrolled:?}");
        let judged = machine.judge("", Some(&enrolled.stdout));
        assert_eq!(judged.outcome(CheckId::Tpm10), Outcome::Pass);
        assert_eq!(judged.verdict, Verdict::Unpinned);
    }
}

#[test]
fn a_launch_with_legacy_logs_is_enrolled_in_what_covers_it() {
    let machine = Machine::launched_with_legacy_logs();
    let enrolled = run(&with_sysfs(&sysfs(&machine), &["enroll", "--name", "now"]));
    assert_eq!(enrolled.status, Some(0), "{enrolled:?}");
    assert!(!enrolled.stdout.contains("sha384"), "{enrolled:?}");
    let judged = machine.judge("", Some(&enrolled.stdout));
    assert_eq!(judged.verdict, Verdict::Verified);
}

/// Enrols at `machine` as it is with `references` and `notes`; what its module says of it, too.
fn enroll_under(machine: &Machine, references: Option<&str>, notes: Notes) -> (Run, Verdict) {
    let device = sysfs(machine);
    let judged = machine.judge("", references);
    let evidence = to_bytes(&Contents {
        generation: 7,
        kernel_release: "7.3.4",
        version: VERSION,
        facts: &machine.facts(),
        policy: None,
        references: references.map(str::as_bytes),
        awaiting: false,
        notes,
        verdict: notes.verdict(judged.verdict),
        judgement: &judged,
    });
    file(&device, "evidence", evidence);
    let enrolled = run(&with_sysfs(&device, &["enroll", "--name", "now"]));
    (enrolled, notes.verdict(judged.verdict))
}

/// Whatever is wrong with the references in force, new ones are the remedy.
#[test]
fn a_launch_that_only_its_references_refuse_is_enrolled() {
    let machine = Machine::launched();
    let digest = "ab".repeat(32);
    let none = Notes::default();
    let missing = Notes {
        references_file: true,
        ..none
    };
    let other_alg = HashAlg::Sha384;
    let identity = |kind: &str| {
        let digest = "ab".repeat(other_alg.size());
        format!("version 1 references\n{kind} {other_alg} {digest}\n")
    };
    for (references, notes, expected) in [
        // An updated kernel under the old references.
        (Some(pins(&[HashAlg::Sha256])), none, Verdict::Failed),
        // A bank that does not see tboot's own events.
        (
            Some(machine.references(HashAlg::Sha384, &[17, 18])),
            none,
            Verdict::Failed,
        ),
        (
            Some(format!("version 1 references\nmle sha256 {digest}\n")),
            none,
            Verdict::Failed,
        ),
        // The log holds SINIT in sha256 only.
        (Some(identity("sinit")), none, Verdict::Unknown),
        (None, missing, Verdict::Unknown),
    ] {
        let references = references.as_deref();
        let (enrolled, before) = enroll_under(&machine, references, notes);
        assert_eq!(before, expected, "{references:?}");
        assert_eq!(enrolled.status, Some(0), "{references:?}: {enrolled:?}");
        let judged = machine.judge("", Some(&enrolled.stdout));
        assert_eq!(judged.verdict, Verdict::Verified);
    }
}

#[test]
fn only_a_good_launch_is_enrolled() {
    let good = Machine::launched();
    let pinned = pins(&[HashAlg::Sha256]);
    let none = Notes::default();
    let asleep = Notes {
        sleeping: true,
        ..none
    };
    let no_policy = Notes {
        policy_file: true,
        ..none
    };
    let mut claimed = good.clone();
    claimed.set(Reg::Sts, 0);
    let mut blind = good.clone();
    for pcr in 17..=22 {
        blind.set_pcr(HashAlg::Sha256, pcr, None);
    }
    // A log that does not lead to the TPM's value vouches for nothing.
    let mut other = good.clone();
    other.set_pcr(HashAlg::Sha256, 17, Some(&[0xab; 32]));
    for (machine, notes, words) in [
        (&claimed, none, "failed: "),
        (&blind, none, "TPM-"),
        (&other, none, "TPM-"),
        (&Machine::never_launched(), none, "absent: TXT-01"),
        (&good, asleep, "pending: suspend"),
        (&good, no_policy, "policy-file"),
    ] {
        for references in [None, Some(pinned.as_str())] {
            let (refused, _) = enroll_under(machine, references, notes);
            assert_eq!(refused.status, Some(1), "{words}: {refused:?}");
            assert_eq!(refused.stdout, "");
            assert!(refused.stderr.contains(words), "{words}: {refused:?}");
        }
    }
    // The policy in force decides what is good.
    let mut bare = good.clone();
    bare.tpm_mut().hmac = Some(false);
    let device = sysfs(&bare);
    for (policy, status) in [("version 1\n", 0), ("version 1\nrequire TPM-14\n", 1)] {
        file(&device, "evidence", evidence(&bare, Some(policy), None));
        let enrolled = run(&with_sysfs(&device, &["enroll"]));
        assert_eq!(enrolled.status, Some(status), "{policy}: {enrolled:?}");
    }
}

#[test]
fn a_name_that_the_language_cannot_hold_is_refused() {
    let device = sysfs(&Machine::launched());
    for name in ["with \" quote", &"long".repeat(30), "two\nlines"] {
        let refused = run(&with_sysfs(&device, &["enroll", "--name", name]));
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn load_stages_the_text_and_commits_its_digest() {
    let device = sysfs(&Machine::launched());
    let place = directory();
    // Longer than a page, so that it takes more than one write.
    let comments = "# nothing\n".repeat(600);
    for (kind, statement) in [
        ("policy", "version 1\nrequire TXT-05\n"),
        ("references", "  version 1 references # of this machine\n"),
    ] {
        let text = format!("{comments}{statement}{comments}");
        let path = file(&place, kind, &text);
        let path = path.to_str().expect("UTF-8");
        let loaded = run(&with_sysfs(&device, &["load", path, "--json"]));
        assert_eq!(loaded.status, Some(0), "{loaded:?}");
        assert_eq!(get(&device, kind), text);
        let digest = HostHasher.digest(HashAlg::Sha256, &[text.as_bytes()]);
        let digest = digest.expect("SHA-256").to_string();
        assert_eq!(get(&device, "commit"), digest);
        let expected = json!({
            "kind": kind,
            "sha256": digest,
            "error": null,
            "verdict": "unpinned",
        });
        assert_eq!(loaded.json(), expected);
    }
}

#[test]
fn a_refused_commit_says_why() {
    let device = sysfs(&Machine::launched());
    let commit = device.path().join("commit");
    fs::remove_file(&commit).expect("removed");
    // A file that refuses every write.
    symlink("/dev/full", &commit).expect("a link");
    let place = directory();
    let path = file(&place, "policy", "version 1\nrequire NONSENSE\n");
    let path = path.to_str().expect("UTF-8");
    set(
        &device,
        "policy_error",
        "line 2, column 9: expected a check",
    );
    let refused = run(&with_sysfs(&device, &["load", path]));
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.stdout.contains("line 2, column 9"), "{refused:?}");
    set(&device, "policy_error", "");
    let refused = run(&with_sysfs(&device, &["load", path, "--json"]));
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.json()["error"].is_string());
}

#[test]
fn a_text_that_does_not_say_what_it_is_needs_help() {
    let device = sysfs(&Machine::launched());
    let place = directory();
    let path = file(&place, "comment", "# nothing\n");
    let path = path.to_str().expect("UTF-8");
    let refused = run(&with_sysfs(&device, &["load", path]));
    assert_eq!(refused.status, Some(2), "{refused:?}");
    let loaded = run(&with_sysfs(&device, &["load", "--as", "policy", path]));
    assert_eq!(loaded.status, Some(0), "{loaded:?}");
    let empty = file(&place, "empty", "");
    let empty = empty.to_str().expect("UTF-8");
    let refused = run(&with_sysfs(&device, &["load", "--as", "policy", empty]));
    assert_eq!(refused.status, Some(2), "{refused:?}");
}

/// What is well-formed and still surprises is said, with its line, and counts with --strict only.
#[test]
fn lint_warns() {
    let place = directory();
    let lint = |text: &str, more: &[&str]| {
        let path = file(&place, "text", text);
        run(&[&["lint", "--json", path.to_str().expect("UTF-8")], more].concat())
    };
    let digest = "ab".repeat(32);
    let one = |text: &str, line: u64, words: &str| {
        let loose = lint(text, &[]);
        assert_eq!(loose.status, Some(0), "{text}: {loose:?}");
        let warnings = loose.json()["warnings"].as_array().expect("a list").clone();
        let found = warnings.iter().any(|warning| {
            warning["line"] == json!(line)
                && warning["what"]
                    .as_str()
                    .is_some_and(|what| what.contains(words))
        });
        assert!(found, "{text}: {warnings:?}");
        let strict = lint(text, &["--strict"]);
        assert_eq!(strict.status, Some(1), "{text}: {strict:?}");
    };
    one(
        "version 1\n\nwaive TXT-01 \"x\"\n",
        3,
        "nothing is ever verified",
    );
    one(
        "version 1\nwaive TPM-09 \"x\"\n",
        2,
        "while TPM-09 does not pass, nothing is verified",
    );
    one("version 1\non-failure panic\n", 2, "will not stay up");
    one(
        "version 1\non-failure quarantine\n",
        2,
        "what a driver has is not blocked",
    );
    one("version 1\nextend-pcr 10\n", 2, "IMA extends this PCR");
    one("version 1\nseal\n", 2, "references cannot be changed");
    one(
        "version 1\ncompartment a {\ndevice 0000:03:00.0\n}\n",
        2,
        "reach nothing",
    );
    let elsewhere = "version 1\nregion r 0x1000 + 4K\nregion other 0x2000 + 4K\ncompartment a {\n\
                     device 0000:03:00.0\nwindow 0x1000 + 4K r\n}\n";
    one(elsewhere, 3, "no window lies in this region");
    one("version 1\nfault-budget 16 per 10s\n", 2, "no compartment");
    let launch = |pins: &str| format!("version 1 references\n\nlaunch \"a\" {{\n{pins}\n}}\n");
    one(
        &launch(&format!("pcr 17 sha256 {digest}")),
        3,
        "never verified",
    );
    one(
        &launch(&format!("pcr 17 sha1 {}", &digest[..40])),
        3,
        "less than 256 bits",
    );

    let quiet = lint(
        "version 1\nrequire TXT-07\nwaive HEAP-05 \"x\"\n",
        &["--strict"],
    );
    assert_eq!(quiet.status, Some(0), "{quiet:?}");
    // Statements about devices are carried out: to write them down surprises nobody.
    let devices =
        "version 1\narrivals quarantine\nunbound quarantine\nallow path 0000:00:1c.0/00.0\n\
                   fault-budget 16 per 10s\nregion r 0x1000 + 8K\ncompartment a {\n\
                   window 0x2000 + 4K rw\ndevice 0000:03:00.0\n}\n";
    let quiet = lint(devices, &["--strict"]);
    assert_eq!(quiet.status, Some(0), "{quiet:?}");
    assert_eq!(quiet.json()["warnings"], json!([]));
    let enrolled = Machine::launched().references(HashAlg::Sha256, &[17, 18]);
    assert_eq!(lint(&enrolled, &["--strict"]).status, Some(0));
    // A plan that no machine could carry out is an error, not a warning.
    let planned = lint("version 1\nregion a 1 + 4K\n", &[]);
    assert_eq!(planned.status, Some(1));
    assert_eq!(planned.json()["error"]["column"], json!(10));
}

/// `require` does not turn these checks into what it says: on a machine where every other check could
/// be required, they say n/a or fail whatever was launched.
#[test]
fn lint_warns_of_checks_that_cannot_be_required() {
    for (check, words) in [
        ("ACM-09", "n/a without a sinit entry"),
        ("CPU-10", "judges nothing"),
        ("TPM-14", "fails with every TPM 2.0"),
    ] {
        let found = warnings(&format!("version 1\nrequire {check}\n"), &[]);
        assert_eq!(found.len(), 1, "{check}: {found:?}");
        assert!(found[0].starts_with(check), "{found:?}");
        assert!(found[0].contains(words), "{found:?}");
    }
    // It is so: the first two change nothing, the third is what the module reads of a TPM 2.0.
    let mut machine = Machine::launched();
    for check in ["ACM-09", "CPU-10"] {
        let policy = format!("version 1\nrequire {check}\n");
        let judged = machine.judge(&policy, None);
        assert_eq!(judged.verdict, Verdict::Unpinned, "{check}");
        let id = CheckId::from_name(check).expect("a check");
        assert_eq!(judged.outcome(id), Outcome::NotApplicable);
    }
    machine.tpm_mut().hmac = Some(false);
    let judged = machine.judge("version 1\nrequire TPM-14\n", None);
    assert_eq!(judged.verdict, Verdict::Failed);
}

/// Lints `text`; the warnings.
fn warnings(text: &str, more: &[&str]) -> Vec<String> {
    let place = directory();
    let path = file(&place, "text", text);
    let linted = run(&[&["lint", "--json", path.to_str().expect("UTF-8")], more].concat());
    assert_eq!(linted.status, Some(0), "{linted:?}");
    let warnings = linted.json()["warnings"].clone();
    let all = warnings.as_array().expect("a list");
    all.iter()
        .map(|warning| warning["what"].as_str().expect("words").to_owned())
        .collect()
}

/// Whoever brings a device chooses its ids: that is said wherever an exception for ids lets something
/// be what would be blocked.
#[test]
fn lint_warns_of_exceptions_that_an_attacker_can_claim() {
    for (said, words) in [
        (
            "arrivals quarantine",
            "counts only for what is there at boot",
        ),
        (
            "unbound quarantine",
            "when the machine boots is not blocked",
        ),
        (
            "arrivals quarantine\nunbound quarantine",
            "when the machine boots is not blocked",
        ),
        (
            "arrivals allow\nunbound leave",
            "this exception is for nothing",
        ),
        ("on-failure log", "this exception is for nothing"),
    ] {
        let found = warnings(&format!("version 1\n{said}\nallow 8086:10d3\n"), &[]);
        assert_eq!(found.len(), 1, "{said}: {found:?}");
        assert!(found[0].contains(words), "{said}: {found:?}");
        let names_ids = found[0].contains("chooses its ids");
        assert_eq!(names_ids, said.contains("quarantine"), "{said}: {found:?}");
    }
    // A path is a place, and nobody can claim that.
    for said in ["arrivals quarantine", "unbound quarantine"] {
        let text = format!("version 1\n{said}\nallow path 0000:00:1c.0/00.0\n");
        assert_eq!(warnings(&text, &[]), Vec::<String>::new(), "{said}");
    }
    let path = "version 1\nallow path 0000:00:1c.0/00.0\n";
    assert!(warnings(path, &[])[0].contains("for nothing"));
}

/// References that pin PCR 17 and 18 in `banks`.
fn pins(banks: &[HashAlg]) -> String {
    let mut text = "version 1 references\nlaunch \"a\" {\n".to_owned();
    for alg in banks {
        let digest = "ab".repeat(alg.size());
        text.push_str(&format!("pcr 17 {alg} {digest}\npcr 18 {alg} {digest}\n"));
    }
    text + "}\n"
}

/// A bank that covers too little is found by comparison with a launch, else by what tboot does when
/// nobody tells it otherwise (tboot, policy.c: extpol fixed to sha256).
#[test]
fn lint_warns_of_a_bank_that_covers_too_little() {
    use HashAlg::{Sha1, Sha256, Sha384};
    let none = directory();
    let none = none.path().to_str().expect("UTF-8").to_owned();
    let alone = |banks: &[HashAlg]| warnings(&pins(banks), &["--sysfs", &none]);
    assert_eq!(alone(&[Sha256]), Vec::<String>::new());
    for banks in [&[Sha384][..], &[Sha256, Sha384]] {
        let found = alone(banks);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("pins sha384: tboot's default"),
            "{found:?}"
        );
    }
    // SHA-1 beside a strong bank is no covered bank either; alone it is that of a TPM 1.2.
    assert_eq!(alone(&[Sha1, Sha256]).len(), 2);
    assert!(!alone(&[Sha1]).iter().any(|what| what.contains("tboot")));

    let machines = [
        (Machine::launched(), vec![Sha256]),
        (
            Machine::with_records(
                &BANKS,
                launchguard_host_tests::fixture::launch::records(&BANKS, &BANKS),
            ),
            BANKS.to_vec(),
        ),
    ];
    for (machine, covered) in machines {
        let device = sysfs(&machine);
        let here = device.path().to_str().expect("UTF-8");
        let evidence = device.path().join("evidence");
        let evidence = evidence.to_str().expect("UTF-8");
        for more in [
            &["--sysfs", here][..],
            &["--sysfs", none.as_str(), "--evidence", evidence],
        ] {
            for alg in [Sha256, Sha384] {
                let found = warnings(&pins(&[alg]), more);
                assert_eq!(found.is_empty(), covered.contains(&alg), "{alg}: {found:?}");
                // What the module would say: the same machine under these pins.
                let judged = machine.judge("", Some(&pins(&[alg])));
                let fails = judged.outcome(CheckId::Tpm02) == Outcome::Fail;
                assert_eq!(found.is_empty(), !fails, "{alg}: {found:?}");
                for what in &found {
                    assert!(what.contains("does not cover the launch of"), "{what}");
                    assert!(what.contains("what does: sha256)"), "{what}");
                }
            }
        }
    }
    // A machine that was not launched has nothing to compare with.
    let device = sysfs(&Machine::never_launched());
    let here = device.path().to_str().expect("UTF-8");
    let found = warnings(&pins(&[Sha384]), &["--sysfs", here]);
    assert!(found[0].contains("tboot's default"), "{found:?}");
    let evidence = device.path().join("evidence");
    let place = directory();
    let text = file(&place, "text", pins(&[Sha256]));
    let policy = file(&place, "policy", "version 1\n");
    for (text, evidence) in [(&text, &evidence), (&text, &text), (&policy, &evidence)] {
        let refused = run(&[
            "lint".as_ref(),
            text.as_os_str(),
            "--evidence".as_ref(),
            evidence.as_os_str(),
        ]);
        assert_eq!(refused.status, Some(2), "{refused:?}");
    }
}

#[test]
fn lint_names_the_place_of_an_error() {
    let place = directory();
    let lint = |text: &str| {
        let path = file(&place, "text", text);
        run(&["lint", "--json", path.to_str().expect("UTF-8")])
    };
    let good = lint("version 1\nrequire TXT-05\nwaive HEAP-05 \"old firmware\"\n");
    assert_eq!(good.status, Some(0), "{good:?}");
    assert_eq!(good.json()["kind"], "policy");
    assert_eq!(good.json()["holds"]["require"], json!(["TXT-05"]));
    assert_eq!(good.json()["holds"]["waive"], json!(["HEAP-05"]));
    let references = Machine::launched().references(HashAlg::Sha256, &[17, 18]);
    let good = lint(&references);
    assert_eq!(good.status, Some(0), "{good:?}");
    assert_eq!(good.json()["holds"]["launches"], json!(["now"]));
    assert_eq!(good.json()["holds"]["serial"], json!(null));
    let good = lint("version 1 references\nserial 18446744073709551615\n");
    assert_eq!(good.json()["holds"]["serial"], u64::MAX);
    for (text, line, column) in [
        ("version 1\nrequire NONSENSE\n", 2, 9),
        ("version 1\n\n  sealed\n", 3, 3),
        ("version 1 references\nlaunch \"a\" {\n", 3, 1),
    ] {
        let bad = lint(text);
        assert_eq!(bad.status, Some(1), "{bad:?}");
        let error = &bad.json()["error"];
        assert_eq!(
            (&error["line"], &error["column"]),
            (&json!(line), &json!(column)),
            "{error}"
        );
    }
}
