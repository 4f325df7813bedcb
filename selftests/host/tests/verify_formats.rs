// SPDX-License-Identifier: GPL-2.0

//! Launches whose log is not crypto-agile: with a TPM 1.2 in both mappings, and with legacy logs.

use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::heap::OS_SINIT_CAPABILITIES;
use launchguard_host_tests::fixture::log::{hash, Record};
use launchguard_host_tests::fixture::{launch, sinit_hash, tpm12, Machine};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};

const TPM_CHECKS: [CheckId; 13] = [
    Tpm01, Tpm03, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09, Tpm15, Txt11, Heap03, Heap04, Heap06,
];

fn failing(judgement: &Judgement) -> Vec<CheckId> {
    CheckId::ALL
        .into_iter()
        .filter(|check| judgement.outcome(*check) == Outcome::Fail)
        .collect()
}

fn detail(judgement: &Judgement, check: CheckId) -> String {
    judgement.finding(check).detail.to_string()
}

#[track_caller]
fn all_pass(judgement: &Judgement) {
    for check in TPM_CHECKS {
        exercised::expect(judgement, check, Outcome::Pass, Origin::Injected);
    }
    assert_eq!(failing(judgement), []);
}

fn tpm12_machines() -> [Machine; 2] {
    [
        Machine::launched_with_tpm12(),
        Machine::launched_with_tpm12_details(),
    ]
}

#[test]
fn a_good_launch_with_a_tpm12_is_unpinned() {
    for machine in tpm12_machines() {
        let judgement = machine.judge("", None);
        all_pass(&judgement);
        assert_eq!(judgement.outcome(Tpm02), Outcome::NotApplicable);
        assert_eq!(judgement.verdict, Verdict::Unpinned);
        assert_eq!(judgement.covered, [true, false, false, false, false]);
    }
}

/// The one bank has less than 256 bits: what is pinned and holds stays unpinned, and TPM-02 says
/// why. What does not hold fails.
#[test]
fn pins_of_a_tpm12_hold_or_fail_but_never_verify() {
    for machine in tpm12_machines() {
        let references = machine.references(HashAlg::Sha1, &[17, 18]);
        let judgement = machine.judge("", Some(&references));
        assert_eq!(judgement.outcome(Tpm10), Outcome::Pass);
        assert_eq!(judgement.verdict, Verdict::Unpinned);
        assert_eq!(judgement.reasons().collect::<Vec<_>>(), [Tpm02]);
        assert!(detail(&judgement, Tpm02).contains("too weak"));
        assert!(judgement.launch.is_some());

        // Another kernel.
        let mut other = machine.clone();
        let mut records = machine.records.clone();
        let last = records.last_mut().expect("a record");
        *last = Record::measured(17, launch::TBOOT, &[HashAlg::Sha1], b"another kernel", &[]);
        other.set_log(&[HashAlg::Sha1], records);
        other.follow_log();
        let judgement = other.judge("", Some(&references));
        assert_eq!(failing(&judgement), [Tpm10]);
        assert_eq!(judgement.verdict, Verdict::Failed);

        // One PCR alone is no pin of a launch.
        let half = machine.references(HashAlg::Sha1, &[17]);
        assert_eq!(failing(&machine.judge("", Some(&half))), [Tpm10]);
    }
}

/// The MLE of the legacy mapping stands in PCR 18; SINIT's own hash in the data of HASH_START.
#[test]
fn the_measurements_of_a_tpm12_are_those_of_its_log() {
    for machine in tpm12_machines() {
        let judgement = machine.judge("", None);
        let mle = hash(HashAlg::Sha1, &[launch::MLE]);
        assert_eq!(judgement.mle, Digest::new(HashAlg::Sha1, &mle));
        let sinit = Digest::new(HashAlg::Sha256, &sinit_hash());
        assert_eq!(judgement.sinit, sinit);
    }
}

/// A change of the launch's records, with PCRs that agree: only the events themselves are wrong.
fn changed(machine: &Machine, change: impl Fn(&mut Vec<Record>)) -> Box<Judgement> {
    let mut machine = machine.clone();
    let mut records = machine.records.clone();
    change(&mut records);
    machine.set_log(&[HashAlg::Sha1], records);
    machine.follow_log();
    machine.judge("", None)
}

/// Every event of SINIT, once in its PCR; tboot's policy in PCR 17, and with details and authorities
/// in PCR 18. The mapping need not be there, and where modules go is the owner's affair.
#[test]
fn each_event_of_a_tpm12_launch_is_missed() {
    for (machine, optional) in [
        (Machine::launched_with_tpm12(), [1, 5, 6].as_slice()),
        (Machine::launched_with_tpm12_details(), &[1, 13, 15]),
    ] {
        for index in 0..machine.records.len() {
            let judgement = changed(&machine, |records| drop(records.remove(index)));
            let missed = judgement.outcome(Tpm08) == Outcome::Fail;
            let words = detail(&judgement, Tpm08);
            assert_eq!(missed, !optional.contains(&index), "{index}: {words}");
            let twice = changed(&machine, |records| {
                records.insert(index, records[index].clone());
            });
            let is_sinit = machine.records[index].kind < 0x500 && index != 1;
            assert_eq!(twice.outcome(Tpm08) == Outcome::Fail, is_sinit, "{index}");
        }
    }
}

#[test]
fn events_of_another_mapping_are_foreign() {
    for (machine, kind) in [
        (Machine::launched_with_tpm12(), 0x412),
        (Machine::launched_with_tpm12(), 0x40f),
        (Machine::launched_with_tpm12_details(), 0x403),
        (Machine::launched_with_tpm12_details(), 0x414),
        (Machine::launched_with_tpm12_details(), 0x416),
    ] {
        let judgement = changed(&machine, |records| {
            records.push(Record::of_data(17, kind, &[HashAlg::Sha1], b"x"));
        });
        assert!(
            detail(&judgement, Tpm08).contains("foreign event"),
            "{kind:#x}: {}",
            detail(&judgement, Tpm08)
        );
    }
}

#[test]
fn a_tpm12_log_that_contradicts_the_heap_fails() {
    let machine = Machine::launched_with_tpm12();
    for offset in [tpm12::SINIT_HASH, tpm12::MLE_HASH, 4, 28, 76, 96] {
        let mut changed = machine.clone();
        changed.change_tables(|tables| tables.sinit_mle_data[offset] ^= 1);
        let judgement = changed.judge("", None);
        assert!(
            detail(&judgement, Tpm07).contains("SinitMleData"),
            "{offset}: {}",
            detail(&judgement, Tpm07)
        );
    }
}

/// Only SinitHash tells what a HASH_START without data measured: its digest is the PCR.
#[test]
fn a_tpm12_start_without_data_is_the_pcr() {
    let machine = Machine::launched_with_tpm12();
    let judgement = changed(&machine, |records| records[0].data.clear());
    all_pass(&judgement);
    let judgement = changed(&machine, |records| {
        records[0].data.clear();
        records[0].digests[0].1 = vec![9; 20];
    });
    assert_eq!(failing(&judgement), [Tpm07]);
}

/// The first SINITs wrote no log. The heap tells what they extended; what the launcher did behind
/// them only a log can tell.
#[test]
fn a_tpm12_launch_without_log_is_told_from_the_heap() {
    let mut machine = Machine::launched_with_tpm12();
    let records = machine.records.clone();
    let (sinit, launcher): (Vec<Record>, Vec<Record>) =
        records.into_iter().partition(|record| record.kind < 0x500);
    // The container holds what tboot did, and nothing of SINIT.
    machine.set_log(&[HashAlg::Sha1], launcher);
    let judgement = machine.judge("", None);
    all_pass(&judgement);
    machine.set_pcr(HashAlg::Sha1, 18, Some(&[7; 20]));
    assert_eq!(failing(&machine.judge("", None)), [Tpm05]);

    // Without any launcher behind SINIT, the heap leads to the PCRs.
    machine.records = sinit;
    machine.follow_log();
    machine.log = None;
    machine.change_tables(|tables| {
        tables.os_sinit_data.truncate(92);
        tables.os_sinit_data.extend([0, 0, 0, 0, 8, 0, 0, 0]);
    });
    machine.log_absent = true;
    let judgement = machine.judge("", None);
    for check in [Tpm04, Tpm05] {
        assert_eq!(judgement.outcome(check), Outcome::Pass, "{check}");
    }
    for check in [Tpm06, Tpm07, Tpm08, Tpm09] {
        assert_eq!(judgement.outcome(check), Outcome::NotApplicable, "{check}");
    }
    assert_eq!(judgement.verdict, Verdict::Unpinned);
    machine.set_pcr(HashAlg::Sha1, 17, Some(&[7; 20]));
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Tpm04), Outcome::Unknown);
    assert_eq!(judgement.verdict, Verdict::Unknown);
    // A TPM 2.0 launch always has a log.
    let mut tpm2 = Machine::launched();
    tpm2.log = None;
    tpm2.log_absent = true;
    let judgement = tpm2.judge("", None);
    assert_eq!(judgement.outcome(Tpm06), Outcome::Unknown);
}

/// SinitMleData 6 holds SINIT's own hash, which with EDX of SENTER leads to PCR 17; 7 and 8 hold PCR 17
/// behind that extend, and 8 adds the status of the static root of trust (SDG 1.10.1, table C-5). Bit 2
/// of PolicyControl adds the capabilities (SDG 3.2.2), bit 5 of which says that it all went otherwise.
#[test]
fn each_version_of_the_heap_leads_to_the_pcrs_in_its_way() {
    use Outcome::{Pass, Unknown};
    const SINIT: [u8; 20] = [0x51; 20];
    const EDX: [u8; 4] = [0; 4];
    let sha1 = |parts: &[&[u8]]| hash(HashAlg::Sha1, parts);
    for (version, control, capabilities, expected) in [
        (6u8, 0u8, 0x402u32, Pass),
        (7, 0, 0x402, Pass),
        (8, 0, 0x402, Pass),
        (8, 4, 0x402, Pass),
        (8, !4, 0x402, Pass),
        (8, 0, 0x422, Unknown),
        (8, 4, 0x422, Unknown),
        // Other versions do not say what SINIT extended.
        (5, 0, 0x402, Unknown),
        (9, 0, 0x402, Unknown),
    ] {
        let mut machine = Machine::launched_with_tpm12();
        machine.log = None;
        machine.log_absent = true;
        let mut data = Vec::new();
        let asked = capabilities.to_le_bytes();
        machine.change_tables(|tables| {
            tables.os_sinit_data[OS_SINIT_CAPABILITIES..][..4].copy_from_slice(&asked);
            tables.os_sinit_data.truncate(92);
            tables.os_sinit_data.extend([0, 0, 0, 0, 8, 0, 0, 0]);
            tables.sinit_mle_data[0] = version;
            tables.sinit_mle_data[116] = control;
            tables.sinit_mle_data[tpm12::SINIT_HASH..][..20].copy_from_slice(&SINIT);
            data.clone_from(&tables.sinit_mle_data);
        });
        let first = match version {
            6 => sha1(&[&[0; 20], &sha1(&[&SINIT, &EDX])]),
            _ => SINIT.to_vec(),
        };
        let asked = if control & 4 != 0 { asked } else { [0; 4] };
        // BiosAcmID, MsegValid, StmHash, PolicyControl, LcpPolicyHash, capabilities.
        let mut combined = vec![&data[4..24], &data[28..36], &data[76..96]];
        combined.extend([&data[116..120], &data[96..116], &asked]);
        if version >= 8 {
            combined.push(&data[144..148]);
        }
        let pcr17 = sha1(&[&first, &sha1(&combined)]);
        let pcr18 = sha1(&[&[0; 20], &data[tpm12::MLE_HASH..][..20]]);
        machine.set_pcr(HashAlg::Sha1, 17, Some(&pcr17));
        machine.set_pcr(HashAlg::Sha1, 18, Some(&pcr18));
        let judgement = machine.judge("", None);
        for check in [Tpm04, Tpm05] {
            let words = detail(&judgement, check);
            let case = format!("{version} {control} {capabilities:#x}: {words}");
            assert_eq!(judgement.outcome(check), expected, "{case}");
        }
    }
}

#[test]
fn a_good_launch_with_legacy_logs_can_be_verified() {
    let machine = Machine::launched_with_legacy_logs();
    let judgement = machine.judge("", None);
    all_pass(&judgement);
    assert_eq!(judgement.outcome(Tpm02), Outcome::Pass);
    // tboot's default: its events are in the SHA-256 log alone.
    assert_eq!(judgement.covered, [false, true, false, false, false]);
    assert_eq!(judgement.verdict, Verdict::Unpinned);
    let pinned = machine.references(HashAlg::Sha256, &[17, 18]);
    assert_eq!(machine.judge("", Some(&pinned)).verdict, Verdict::Verified);
    for alg in [HashAlg::Sha1, HashAlg::Sha384] {
        let pinned = machine.references(alg, &[17, 18]);
        let judgement = machine.judge("", Some(&pinned));
        assert_eq!(judgement.outcome(Tpm02), Outcome::Fail, "{alg}");
    }
}

#[test]
fn what_one_legacy_log_hides_another_shows() {
    let good = Machine::launched_with_legacy_logs();
    // A log that lost its last record: its bank differs, and no longer covers.
    let mut cut = good.clone();
    let log = &mut cut.further_logs[0];
    log.next -= 32 + 12;
    let judgement = cut.judge("", None);
    assert!(failing(&judgement).contains(&Tpm04));
    assert!(
        detail(&judgement, Tpm04).contains("sha256"),
        "{}",
        detail(&judgement, Tpm04)
    );
    assert!(detail(&judgement, Tpm04).contains("cut short"));
    // A bank of the TPM that no log tells of.
    let mut missing = good.clone();
    missing.further_logs.remove(1);
    assert_eq!(failing(&missing.judge("", None)), [Tpm09]);
    // A descriptor of another algorithm.
    let mut other = good;
    other.further_logs[0].bytes[52] = 3;
    assert_eq!(failing(&other.judge("", None)), [Tpm06]);
}

#[test]
fn a_log_of_another_family_is_not_taken() {
    let mut machine = Machine::launched_with_tpm12();
    machine.tpm_mut().family = launchguard_pure::verify::facts::TpmFamily::Tpm20;
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Tpm01), Outcome::Fail);
    assert_ne!(judgement.verdict, Verdict::Unpinned);
}
