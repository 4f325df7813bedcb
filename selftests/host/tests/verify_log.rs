// SPDX-License-Identifier: GPL-2.0

//! Corrupt event logs, byte by byte: what is changed is found, and the detail says what it was.

use launchguard_host_tests::fixture::log::{hash, Record};
use launchguard_host_tests::fixture::{launch, slrt, Machine, BANKS};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};

fn failing(judgement: &Judgement) -> Vec<CheckId> {
    CheckId::ALL
        .into_iter()
        .filter(|check| judgement.outcome(*check) == Outcome::Fail)
        .collect()
}

fn detail(judgement: &Judgement, check: CheckId) -> String {
    judgement.finding(check).detail.as_str().to_owned()
}

/// Where PCR_MAPPING's digests stand: it is never extended and real firmware leaves junk there.
fn junk(machine: &Machine) -> std::ops::Range<usize> {
    let log = machine.log.as_deref().expect("a log");
    let used = &log[..machine.log_next as usize];
    let start = used
        .windows(8)
        .position(|window| window == [0xff, 0, 0, 0, 0x01, 0x04, 0, 0])
        .expect("the fixture has a PCR_MAPPING");
    let digests: usize = BANKS.iter().map(|alg| alg.size() + 2).sum();
    start + 12..start + 12 + digests
}

/// What of the header says nothing that could be wrong: client or server, and the errata number.
fn is_indifferent(offset: usize, value: u8) -> bool {
    (offset == 48 && value == 1) || offset == 54
}

#[test]
fn a_change_of_any_byte_of_the_log_is_found() {
    let good = Machine::launched();
    let junk = junk(&good);
    for offset in 0..good.log_next as usize {
        // Each bit of each eight bytes: the whole log eight times over would take minutes.
        let flip = 1u8 << (offset % 8);
        let mut machine = good.clone();
        let byte = &mut machine.log.as_mut().expect("a log")[offset];
        *byte ^= flip;
        if is_indifferent(offset, *byte) {
            continue;
        }
        let judgement = machine.judge("", None);
        let place = format!("byte {offset} of the log ^ {flip:#x}");
        // The algorithm before each junk digest is checked like any other.
        if junk.contains(&offset) && judgement.verdict == Verdict::Unpinned {
            continue;
        }
        assert_eq!(judgement.verdict, Verdict::Failed, "{place}");
        let log_checks = [
            Acm04, Txt11, Tpm02, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09, Tpm11, Tpm13, Lcp03,
            Lcp04,
        ];
        let found = failing(&judgement);
        assert!(
            found.iter().all(|check| log_checks.contains(check)),
            "{place} is blamed on {found:?}"
        );
    }
}

#[test]
fn a_changed_digest_is_found_in_its_bank_and_pcr() {
    for (bank, alg) in BANKS.into_iter().enumerate() {
        for (record, check, pcr) in [(8, Tpm04, 17), (14, Tpm05, 18)] {
            let mut machine = Machine::launched();
            machine.change_log(|records| records[record].digests[bank].1[0] ^= 1);
            // The authorities' data is measured, so its digest is wrong in two ways.
            let judgement = machine.judge("", None);
            assert!(failing(&judgement).contains(&check), "{alg} {pcr}");
            let detail = detail(&judgement, check);
            assert!(detail.contains(&format!("PCR {pcr} {alg} is")), "{detail}");
            assert!(detail.contains("a digest was changed"), "{detail}");
        }
    }
}

#[test]
fn a_log_cut_short_says_so_wherever_it_is_cut() {
    let good = Machine::launched();
    let mut ends = vec![];
    let mut end = launchguard_host_tests::fixture::log::header(&BANKS).len();
    for record in &good.records {
        ends.push(end);
        end += record.encode().len();
    }
    for next in 0..good.log_next {
        let mut machine = good.clone();
        machine.log_next = next;
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Failed, "cut at {next}");
        let found = failing(&judgement);
        if ends.contains(&(next as usize)) {
            // A record's end: well-formed, but the PCRs hold more. The records still stand behind.
            assert!(
                found.contains(&Tpm04) || found.contains(&Tpm05),
                "cut at {next}: {found:?}"
            );
            let details = detail(&judgement, Tpm04) + &detail(&judgement, Tpm05);
            let details = details + &detail(&judgement, Tpm08);
            assert!(details.contains("cut short"), "cut at {next}: {details}");
        } else {
            assert_eq!(found, [Tpm06], "cut at {next}");
        }
    }
}

#[test]
fn a_cut_whose_records_are_still_behind_it_counts_them() {
    let mut machine = Machine::launched();
    let last = machine.records.last().expect("records").encode().len() as u32;
    machine.log_next -= last;
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm04]);
    let words = detail(&judgement, Tpm04);
    assert!(
        words.contains("log cut short: equal with 1 records behind its end"),
        "{words}"
    );
}

#[test]
fn a_foreign_event_is_named_with_its_place() {
    for (position, kind) in [(20, launch::TBOOT), (10, launch::TBOOT), (3, 0x416)] {
        let mut machine = Machine::launched();
        let banks = [HashAlg::Sha256];
        machine.change_log(|records| {
            records.insert(
                position,
                Record::measured(17, kind, &banks, b"foreign", &[]),
            );
        });
        let judgement = machine.judge("", None);
        assert!(failing(&judgement).contains(&Tpm04), "{kind:#x}");
        let mut offset = launchguard_host_tests::fixture::log::header(&BANKS).len();
        for record in &machine.records[..position] {
            offset += record.encode().len();
        }
        let words = detail(&judgement, Tpm04);
        assert!(
            words.contains(&format!("equal without the foreign event at {offset} (")),
            "{words}"
        );
    }
}

#[test]
fn an_event_of_another_pcr_or_type_has_its_own_words() {
    let mut machine = Machine::launched();
    machine.change_log(|records| records.push(Record::of_data(5, 0x501, &BANKS, b"x")));
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm06]);
    let words = detail(&judgement, Tpm06);
    assert!(words.starts_with("foreign event at "), "{words}");
    assert!(words.contains("in PCR 5"), "{words}");

    let mut machine = Machine::launched();
    machine.change_log(|records| records.push(Record::of_data(19, 0x600, &BANKS, b"x")));
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm04, Tpm08]);
    assert!(detail(&judgement, Tpm08).starts_with("foreign event at "));
    assert!(detail(&judgement, Tpm04).contains("PCR 19 sha1"));
}

#[test]
fn events_logged_twice_are_told_from_other_changes() {
    // One record after the other, and the whole list twice over.
    let doubled: [fn(&mut Vec<Record>); 2] = [
        |records| {
            *records = records
                .iter()
                .flat_map(|r| [r.clone(), r.clone()])
                .collect()
        },
        |records| {
            let again = records.clone();
            records.extend(again);
        },
    ];
    for double in doubled {
        let mut machine = Machine::launched();
        machine.change_log(double);
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Failed);
        assert_eq!(failing(&judgement), [Tpm04, Tpm05, Tpm08]);
        let (pcr17, pcr18) = (detail(&judgement, Tpm04), detail(&judgement, Tpm05));
        assert!(pcr17.contains("events logged twice count once"), "{pcr17}");
        assert!(pcr18.contains("events logged twice count once"), "{pcr18}");
        assert_eq!(detail(&judgement, Tpm08), "every event is logged twice");
    }
}

#[test]
fn one_event_logged_twice_is_named() {
    let mut machine = Machine::launched();
    machine.change_log(|records| records.insert(9, records[8].clone()));
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm04, Tpm08]);
    let words = detail(&judgement, Tpm08);
    assert!(
        words.contains("MLE_HASH stands 2 times in PCR 17"),
        "{words}"
    );
}

#[test]
fn a_missing_mle_event_is_named() {
    let mut machine = Machine::launched();
    machine.change_log(|records| {
        records.remove(8);
    });
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm04, Tpm08]);
    let words = detail(&judgement, Tpm08);
    assert!(words.contains("MLE_HASH stands 0 times"), "{words}");
}

/// HASH_START as the TPM 1.2 container and Broadwell log it: the value that PCR 17 has afterwards.
#[test]
fn both_meanings_of_hash_start_replay() {
    let mut machine = Machine::launched();
    machine.change_log(|records| {
        for (alg, digest) in &mut records[0].digests {
            let zero = vec![0; alg.size()];
            *digest = hash(*alg, &[&zero, digest]);
        }
    });
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), []);
    assert_eq!(judgement.verdict, Verdict::Unpinned);
}

/// A HASH_START behind other events cannot wipe them out, whatever its digest says.
#[test]
fn a_late_hash_start_does_not_start_anew() {
    let mut machine = Machine::launched();
    let mut start = machine.records[0].clone();
    for (alg, digest) in &mut start.digests {
        *digest = hash(*alg, &[&vec![0; alg.size()], digest]);
        machine.set_pcr(*alg, 17, Some(digest));
    }
    machine.change_log(|records| records.push(start));
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm04, Tpm08]);
}

/// An event of SINIT without a digest in a bank: that bank does not see it, in PCR 18 as in 17.
#[test]
fn a_bank_that_misses_one_event_does_not_cover() {
    for missing in [8, 14] {
        let mut machine = Machine::with_records(&BANKS, launch::records(&BANKS, &BANKS));
        assert_eq!(
            machine.judge("", None).covered,
            [true, true, true, false, false]
        );
        machine.change_launch(|records| {
            records[missing].digests.pop();
        });
        let judgement = machine.judge("", None);
        assert_eq!(judgement.covered, [true, true, false, false, false]);
    }
}

/// tboot extends both PCRs with its policy, whatever that says: without an event of it the log is not
/// the whole log, even if it replays.
#[test]
fn a_launch_by_tboot_has_its_events_in_both_pcrs() {
    for pcr in [17, 18] {
        let mut machine = Machine::launched();
        machine.change_launch(|records| {
            records.retain(|record| record.kind != launch::TBOOT || record.pcr != pcr);
        });
        let judgement = machine.judge("", None);
        assert_eq!(failing(&judgement), [Tpm02, Tpm08]);
        let words = detail(&judgement, Tpm08);
        assert!(
            words.contains(&format!("no event of tboot in PCR {pcr}")),
            "{words}"
        );
    }
}

/// Secure Launch's markers of late extends change no PCR, digest or not.
#[test]
fn markers_are_not_extended() {
    let mut machine = Machine::launched();
    machine.change_launch(|records| {
        for record in records.iter_mut().filter(|r| r.kind == launch::TBOOT) {
            record.kind = 0x502;
        }
        records.push(Record::of_data(17, 0x503, &BANKS, b"start"));
        records.push(Record::of_data(18, 0x504, &BANKS, b"end"));
    });
    machine.change_tables(|tables| {
        tables.os_mle_data = vec![0; 104];
        tables.os_mle_data[0] = 1;
    });
    machine.slrt = Some(slrt::wide(true));
    assert_eq!(failing(&machine.judge("", None)), []);
    // What tboot writes is foreign there, as the reverse is in a launch by tboot.
    machine.set_log(&BANKS, Machine::launched().records);
    machine.change_tables(|tables| {
        tables.os_mle_data = vec![0; 104];
        tables.os_mle_data[0] = 1;
    });
    assert_eq!(failing(&machine.judge("", None)), [Tpm08]);
}

/// A launch without the NV event is one of an older SINIT; with it in one PCR only it is none.
#[test]
fn the_nv_event_is_in_both_pcrs_or_in_none() {
    let nv = |record: &Record| record.kind == 0x414;
    let mut machine = Machine::launched();
    machine.change_launch(|records| records.retain(|record| !nv(record)));
    assert_eq!(machine.judge("", None).verdict, Verdict::Unpinned);

    let mut machine = Machine::launched();
    machine.change_launch(|records| records.retain(|r| !(nv(r) && r.pcr == 18)));
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm08]);
}

#[test]
fn a_capped_bank_fails() {
    for kind in [0x4ff, 0x4fe] {
        let mut machine = Machine::launched();
        machine.change_launch(|records| records.push(Record::of_data(17, kind, &BANKS, &[1])));
        // A bank that is capped does not see the launch either.
        let judgement = machine.judge("", None);
        assert_eq!(failing(&judgement), [Tpm02, Tpm09], "{kind:#x}");
    }
}

/// What follows the launch in PCR 19 to 22 is replayed where it is logged, and left alone where not.
#[test]
fn further_pcrs_are_compared_where_the_log_holds_events() {
    let mut machine = Machine::launched();
    machine.change_launch(|records| records.push(Record::of_data(19, 0x501, &BANKS, b"module")));
    assert_eq!(machine.judge("", None).verdict, Verdict::Unpinned);
    machine.set_pcr(HashAlg::Sha384, 19, Some(&[9; 48]));
    let judgement = machine.judge("", None);
    assert_eq!(failing(&judgement), [Tpm04]);
    assert!(detail(&judgement, Tpm04).contains("PCR 19 sha384"));

    let mut machine = Machine::launched();
    machine.set_pcr(HashAlg::Sha256, 22, Some(&[9; 32]));
    assert_eq!(machine.judge("", None).verdict, Verdict::Unpinned);
}

#[test]
fn measurements_are_those_of_the_log() {
    let judgement = Machine::launched().judge("", None);
    let hex = |bytes: &[u8]| {
        let digest = Digest::new(HashAlg::Sha256, bytes).expect("SHA-256");
        digest.to_string()
    };
    assert_eq!(
        judgement.sinit.map(|digest| digest.to_string()),
        Some(hex(&launchguard_host_tests::fixture::sinit_hash()))
    );
    let mle = hash(HashAlg::Sha256, &[launch::MLE]);
    assert_eq!(
        judgement.mle.map(|digest| digest.to_string()),
        Some(hex(&mle))
    );
    for alg in BANKS {
        for pcr in 17..23 {
            let machine = Machine::launched();
            let replayed = judgement.replayed(alg, pcr).copied();
            assert_eq!(replayed, Some(machine.pcr(alg, pcr)), "{pcr} {alg}");
        }
    }
    assert_eq!(judgement.covered, [false, true, false, false, false]);
}
