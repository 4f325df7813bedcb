// SPDX-License-Identifier: GPL-2.0

//! `judge`: the module's judgement, repeated from its evidence.

mod common;

use common::{directory, evidence, file, run, Run};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::judgement::Outcome;
use serde_json::json;
use std::path::Path;

fn judge(path: &Path, more: &[&str]) -> Run {
    let mut arguments = vec!["judge", path.to_str().expect("UTF-8"), "--json"];
    arguments.extend(more);
    run(&arguments)
}

/// A machine whose TPM holds another kernel than the log says.
fn tampered() -> Machine {
    let mut machine = Machine::launched();
    machine.set_pcr(HashAlg::Sha256, 18, Some(&[7; 32]));
    machine
}

#[test]
fn the_verdict_is_the_machines_own() {
    let place = directory();
    let good = Machine::launched();
    let pins = good.references(HashAlg::Sha256, &[17, 18]);
    for (machine, policy, references, verdict, status) in [
        (&good, None, None, "unpinned", 0),
        (&good, None, Some(pins.as_str()), "verified", 0),
        (&tampered(), None, Some(pins.as_str()), "failed", 1),
        (
            &good,
            Some("version 1\nwaive TXT-01 \"a test\"\n"),
            Some(pins.as_str()),
            "unpinned",
            0,
        ),
        (&Machine::never_launched(), None, None, "absent", 1),
    ] {
        let path = file(&place, "evidence", evidence(machine, policy, references));
        let judged = judge(&path, &[]);
        assert_eq!(judged.status, Some(status), "{judged:?}");
        let found = judged.json();
        assert_eq!(found["verdict"], verdict);
        assert_eq!(found["generation"], 7);
        assert_eq!(found["kernel"], "7.3.4");
        assert_eq!(found["recorded"]["same"], true, "{}", found["recorded"]);
        let expected = machine.judge(policy.unwrap_or_default(), references);
        for check in CheckId::ALL {
            let finding = expected.finding(check);
            let entry = &found["checks"][check.name()];
            assert_eq!(entry["outcome"], finding.outcome.word(), "{check}");
            assert_eq!(entry["detail"], finding.detail.as_str(), "{check}");
        }
        let text = run(&["judge", "--all", path.to_str().expect("UTF-8")]);
        assert_eq!(text.status, Some(status));
        assert!(text.stdout.contains(verdict), "{text:?}");
        assert!(text.stdout.contains("TXT-01   critical"), "{text:?}");
        // Without --all, only what somebody must look at.
        let short = run(&["judge", path.to_str().expect("UTF-8")]);
        for check in CheckId::ALL {
            let outcome = expected.outcome(check);
            let waived = policy.is_some_and(|text| text.contains(check.name()));
            let loud = waived || matches!(outcome, Outcome::Fail | Outcome::Unknown);
            let listed = short.stdout.contains(&format!("\n{:<8} ", check.name()));
            assert_eq!(listed, loud, "{check}: {outcome} in {short:?}");
        }
        // No colours where no terminal is.
        assert!(!text.stdout.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn other_texts_can_be_judged_by() {
    let place = directory();
    let machine = Machine::launched();
    let path = file(&place, "evidence", evidence(&machine, None, None));
    let pins = file(
        &place,
        "pins",
        machine.references(HashAlg::Sha256, &[17, 18]),
    );
    let pins = pins.to_str().expect("UTF-8");
    let judged = judge(&path, &["--references", pins]);
    assert_eq!(judged.status, Some(0), "{judged:?}");
    assert_eq!(judged.json()["verdict"], "verified");
    assert_eq!(judged.json()["launch"], "now");
    assert_eq!(judged.json()["references"], "file");
    assert_eq!(judged.json()["policy"], "none");
    // The module did not judge by these: there is nothing to compare.
    assert_eq!(judged.json()["recorded"]["same"], json!(null));
    let other = tampered().references(HashAlg::Sha256, &[17, 18]);
    let other = file(&place, "other", other);
    let judged = judge(&path, &["--references", other.to_str().expect("UTF-8")]);
    assert_eq!(judged.status, Some(1), "{judged:?}");
    assert_eq!(judged.json()["reason"], json!(["TPM-10"]));
    let broken = file(&place, "broken", "version 1\nrequire NONSENSE\n");
    let refused = judge(&path, &["--policy", broken.to_str().expect("UTF-8")]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("line 2, column 9"), "{refused:?}");
}

/// What the module said is compared, and never believed.
#[test]
fn a_record_that_lies_is_told() {
    let place = directory();
    let mut machine = Machine::launched();
    let honest = evidence(&machine, None, None);
    machine.set(Reg::Ests, 1);
    let failed = evidence(&machine, None, None);
    // The evidence of the failure with the record of the good launch.
    let sections = |bytes: &[u8]| {
        let mut found = Vec::new();
        let mut rest = &bytes[32..bytes.len() - 32];
        while let Some((head, behind)) = rest.split_first_chunk::<8>() {
            let tag = u32::from_le_bytes(*head.first_chunk().expect("four bytes"));
            let size = u32::from_le_bytes(*head.last_chunk().expect("four bytes"));
            let (body, behind) = behind.split_at(size as usize);
            found.push((tag, [head.as_slice(), body].concat()));
            rest = behind;
        }
        found
    };
    let record = sections(&honest).into_iter().find(|(tag, _)| *tag == 2);
    let record = record.expect("the record").1;
    let mut lying = failed[..32].to_vec();
    for (tag, bytes) in sections(&failed) {
        lying.extend(if tag == 2 { record.clone() } else { bytes });
    }
    lying.extend([0; 32]);
    launchguard_host_tests::exercise::evidence::seal(&mut lying);
    let path = file(&place, "lying", lying);
    let judged = judge(&path, &[]);
    assert_eq!(judged.status, Some(1), "{judged:?}");
    let found = judged.json();
    assert_eq!(found["verdict"], "failed");
    assert_eq!(found["recorded"]["verdict"], "unpinned");
    assert_eq!(found["recorded"]["same"], false);
    let differences = found["recorded"]["differences"].as_array().expect("a list");
    assert_eq!(differences[0]["what"], "verdict");
    let failing = machine.judge("", None);
    let failing = failing.reasons().next().expect("a reason").name();
    assert!(differences.iter().any(|found| found["what"] == failing));
}

#[test]
fn what_is_no_evidence_is_unreadable() {
    let place = directory();
    let whole = evidence(&Machine::launched(), None, None);
    let mut flipped = whole.clone();
    flipped[4000] ^= 1;
    for (bytes, error) in [
        (Vec::new(), "offset 0x0, header, magic"),
        (
            b"not evidence, but a text".to_vec(),
            "no evidence of launchguard",
        ),
        (whole[..20].to_vec(), "offset 0x10, header, total size"),
        (whole[..whole.len() - 1].to_vec(), "bytes said"),
        (flipped, "end, SHA-256"),
    ] {
        let path = file(&place, "evidence", bytes);
        let refused = judge(&path, &[]);
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert_eq!(refused.stdout, "");
        assert!(refused.stderr.contains(error), "{refused:?}");
    }
    let refused = judge(Path::new("/nonexistent/evidence"), &[]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
}
