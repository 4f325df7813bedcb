// SPDX-License-Identifier: GPL-2.0

//! Records that stand behind a log's end: how many there are, and which of them explain a PCR.

use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::{launch, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::CheckId::{Tpm04, Tpm05};
use launchguard_pure::verify::judgement::Outcome::Fail;
use launchguard_pure::verify::logs::Logs;
use launchguard_pure::verify::replay::records_behind;

/// How many stand behind the end of the first log of `machine`.
fn behind(machine: &Machine) -> usize {
    let facts = machine.facts();
    let set = facts.log.read().expect("a log");
    let logs = Logs::open(&set).expect("sound logs");
    let (log, copy) = logs.iter().next().expect("a log");
    records_behind(&log, copy)
}

/// Ends the log in front of its last `count` records, which stay where they are.
fn end_before(machine: &mut Machine, count: usize) {
    let kept = machine.records.len() - count;
    let sizes = machine.records[kept..]
        .iter()
        .map(|record| record.encode().len() as u32);
    machine.log_next -= sizes.sum::<u32>();
}

#[test]
fn at_most_16_records_are_counted() {
    let records = Machine::launched().records.len();
    assert_eq!(records, 20);
    for count in 0..=records {
        let mut machine = Machine::launched();
        end_before(&mut machine, count);
        assert_eq!(behind(&machine), count.min(16), "{count} records");
    }
}

/// What no launch logs ends the count: those behind it are not looked at.
#[test]
fn only_records_of_a_launch_count() {
    for (kind, expected) in [(launch::TBOOT, 3), (0x503, 3), (0x600, 1), (3, 1)] {
        let mut machine = Machine::launched();
        machine.change_log(|records| {
            for kind in [launch::TBOOT, kind, launch::TBOOT] {
                records.push(Record::of_data(17, kind, &BANKS, b"more"));
            }
        });
        end_before(&mut machine, 3);
        assert_eq!(behind(&machine), expected, "type {kind:#x}");
    }
}

/// A container has its own field for where it ends, at 44 (SDG table G-1).
#[test]
fn a_container_says_where_it_ends() {
    for count in 0..=2 {
        let mut machine = Machine::launched_with_tpm12();
        let kept = machine.records.len() - count;
        let sizes = machine.records[kept..]
            .iter()
            .filter_map(|record| record.encode_single(HashAlg::Sha1));
        let size: usize = sizes.map(|record| record.len()).sum();
        let end = machine.log_next - size as u32;
        let log = machine.log.as_mut().expect("a log");
        log[44..48].copy_from_slice(&end.to_le_bytes());
        assert_eq!(behind(&machine), count, "{count} records");
    }
}

/// A PCR's replay goes on with its own records behind the end: those of the other PCR, and those that
/// extend none, are counted and change nothing.
#[test]
fn a_cut_is_explained_by_the_pcrs_own_records() {
    let mut machine = Machine::launched();
    machine.change_launch(|records| {
        records.push(Record::of_data(18, launch::TBOOT, &BANKS, b"of 18"));
        records.push(Record::of_data(17, 0x503, &BANKS, b"a marker"));
        records.push(Record::of_data(17, launch::TBOOT, &BANKS, b"of 17"));
        records.push(Record::of_data(17, 0x504, &BANKS, b"a marker"));
    });
    end_before(&mut machine, 4);
    let judgement = machine.judge("", None);
    for (check, records) in [(Tpm04, 3), (Tpm05, 1)] {
        let finding = judgement.finding(check);
        assert_eq!(finding.outcome, Fail);
        let words = format!("log cut short: equal with {records} records behind its end");
        let detail = finding.detail.as_str();
        assert!(detail.ends_with(&words), "{check}: {detail}");
    }
}
