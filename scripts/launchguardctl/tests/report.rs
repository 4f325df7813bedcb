// SPDX-License-Identifier: GPL-2.0

//! `report`, from evidence in a file and from the running module.

mod common;

use common::{directory, file, run, sysfs, with_sysfs};
use launchguard_evidence::to_bytes;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::evidence::Contents;
use launchguard_pure::verify::notes::Notes;
use std::fs;

/// Evidence of `machine`, judged by the given references.
fn evidence(machine: &Machine, references: Option<&str>, notes: Notes) -> Vec<u8> {
    let judgement = machine.judge("", references);
    to_bytes(&Contents {
        generation: 7,
        kernel_release: "7.3.4+deb13-amd64",
        version: "0.1.0",
        facts: &machine.facts(),
        policy: None,
        references: references.map(str::as_bytes),
        awaiting: false,
        notes,
        verdict: notes.verdict(judgement.verdict),
        judgement: &judgement,
    })
}

fn references(machine: &Machine) -> String {
    machine.references(HashAlg::Sha256, &[17, 18])
}

#[test]
fn the_page_of_a_good_launch() {
    let machine = Machine::launched();
    let directory = directory();
    let bytes = evidence(&machine, Some(&references(&machine)), Notes::default());
    let path = file(&directory, "machine.evidence", &bytes);
    let page = run(&["report".as_ref(), path.as_os_str()]);
    assert_eq!(page.status, Some(0), "{}", page.stderr);
    assert!(page.stdout.starts_with("<!DOCTYPE html>"));
    assert!(page.stdout.ends_with("</html>\n"));
    for part in [
        "<h1>verified</h1>",
        "7.3.4+deb13-amd64",
        "number 7 since",
        "machine.evidence",
    ] {
        assert!(page.stdout.contains(part), "{part}");
    }
    // sha256sum of the file.
    let hash = format!("{:x}", <sha2::Sha256 as sha2::Digest>::digest(&bytes));
    assert!(page.stdout.contains(&hash));
}

#[test]
fn the_status_is_that_of_the_verdict() {
    let directory = directory();
    let mut failed = Machine::launched();
    failed.set(Reg::Ests, 1);
    let mut unread = Machine::launched();
    unread.tpm = None;
    for (name, machine, expected) in [
        ("unpinned", Machine::launched(), 0),
        ("failed", failed, 1),
        ("unknown", unread, 1),
        ("absent", Machine::never_launched(), 1),
    ] {
        let path = file(&directory, name, evidence(&machine, None, Notes::default()));
        let page = run(&["report".as_ref(), path.as_os_str()]);
        assert_eq!(page.status, Some(expected), "{name}: {}", page.stderr);
        assert!(page.stdout.contains(&format!("<h1>{name}</h1>")), "{name}");
        let data = run(&["report".as_ref(), path.as_os_str(), "--json".as_ref()]);
        assert_eq!(data.status, Some(expected));
        assert_eq!(data.json()["headline"]["verdict"], name);
        assert_eq!(data.json()["about"]["generation"], 7);
    }
}

#[test]
fn what_cannot_be_read_is_no_page() {
    let directory = directory();
    let mut bytes = evidence(&Machine::launched(), None, Notes::default());
    let good = file(&directory, "good", &bytes);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = file(&directory, "damaged", &bytes);
    let missing = directory.path().join("missing");
    let policy = file(&directory, "policy", "version 1\nwaive everything\n");
    for arguments in [
        vec!["report".as_ref(), damaged.as_os_str()],
        vec!["report".as_ref(), missing.as_os_str()],
        vec![
            "report".as_ref(),
            good.as_os_str(),
            "--policy".as_ref(),
            policy.as_os_str(),
        ],
        vec!["--sysfs".as_ref(), missing.as_os_str(), "report".as_ref()],
    ] {
        let page = run(&arguments);
        assert_eq!(page.status, Some(2), "{arguments:?}");
        assert_eq!(page.stdout, "", "{arguments:?}");
        assert!(!page.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn other_texts_give_another_verdict_and_the_page_says_so() {
    let machine = Machine::launched();
    let directory = directory();
    let bytes = evidence(&machine, None, Notes::default());
    let path = file(&directory, "evidence", bytes);
    let pins = file(&directory, "references", references(&machine));
    let page = run(&[
        "report".as_ref(),
        path.as_os_str(),
        "--references".as_ref(),
        pins.as_os_str(),
    ]);
    assert_eq!(page.status, Some(0), "{}", page.stderr);
    assert!(page.stdout.contains("<h1>verified</h1>"));
    assert!(page
        .stdout
        .contains("Judged by references given for this page"));
    assert!(page
        .stdout
        .contains("On the machine the verdict was “unpinned”"));
}

/// A module whose references' file could not be read says unknown, and so does the page.
#[test]
fn circumstances_count_as_they_did_on_the_machine() {
    let directory = directory();
    let notes = Notes {
        references_file: true,
        ..Notes::default()
    };
    let bytes = evidence(&Machine::launched(), None, notes);
    let path = file(&directory, "evidence", bytes);
    let page = run(&["report".as_ref(), path.as_os_str()]);
    assert_eq!(page.status, Some(1), "{}", page.stderr);
    assert!(page.stdout.contains("<h1>unknown</h1>"));
    assert!(page.stdout.contains("file with the references"));
}

#[test]
fn the_running_module_is_the_default_and_a_file_takes_the_page() {
    let machine = Machine::launched();
    let device = sysfs(&machine);
    file(
        &device,
        "evidence",
        evidence(&machine, None, Notes::default()),
    );
    let output = device.path().join("page.html");
    let name = output.to_str().expect("a path that is text");
    let answer = run(&with_sysfs(&device, &["report", "-o", name]));
    assert_eq!(answer.status, Some(0), "{}", answer.stderr);
    assert_eq!(answer.stdout, format!("{name}: unpinned\n"));
    let page = fs::read_to_string(&output).expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("the running module"));
    let answer = run(&with_sysfs(&device, &["report", "--json", "-o", name]));
    assert_eq!(answer.json()["verdict"], "unpinned");
    let data = fs::read_to_string(&output).expect("data");
    let data: serde_json::Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(data["headline"]["verdict"], "unpinned");
}
