// SPDX-License-Identifier: GPL-2.0

//! Cases of TPM-11 to TPM-14.

use super::{fails, warns, Case};
use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::heap::OS_SINIT_CAPABILITIES;
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::{tpm12, Machine, BANKS};
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::judgement::{Outcome, Verdict};

/// Sets IA32_SMM_MONITOR_CTL of one processor.
fn set_monitor(machine: &mut Machine, index: usize, value: Option<u64>) {
    let cpus = machine.cpus.list.as_mut().expect("processors");
    cpus[index].msrs[Msr::SmmMonitorCtl.index()] = value;
}

pub(super) fn with_stm(records: &mut [Record]) {
    for record in records.iter_mut().filter(|record| record.kind == 0x40e) {
        *record = Record::measured(17, 0x40e, &BANKS, b"an STM", &[0]);
    }
}

pub(super) const CASES: &[Case] = &[
    fails(Tpm11, "capabilities 0x603 in OsSinitData are not", |m| {
        m.change_tables(|tables| tables.os_sinit_data[OS_SINIT_CAPABILITIES] ^= 1);
    }),
    fails(Tpm11, "EDX of SENTER was 0x1", |m| {
        m.change_launch(|records| {
            let mut data = records[0].data.clone();
            data[32] = 1;
            records[0] = Record::of_data(17, 0x402, &BANKS, &data);
        });
    }),
    warns(Tpm12, "in SinitMleData", |m| {
        *m = Machine::launched_with_tpm12();
        m.change_tables(|tables| tables.sinit_mle_data[tpm12::MLE_HASH] ^= 1);
    })
    // What a TPM 1.2 does not tell, and the log beside the heap.
    .also(&[Tpm07, Acm04, Lcp03])
    .ending(Verdict::Failed),
    fails(Tpm13, "CPU 1: SINIT measured no STM, it has one", |m| {
        set_monitor(m, 1, Some(0x7f00_0001));
    })
    .also(&[Cpu08]),
    fails(Tpm13, "CPU 0: SINIT measured an STM, it has none", |m| {
        m.change_launch(|records| with_stm(records));
    }),
    warns(Tpm14, "without an HMAC", |m| {
        m.tpm_mut().hmac = Some(false);
    }),
];

fn outcome(machine: &Machine, check: CheckId) -> Outcome {
    machine.judge("", None).outcome(check)
}

/// An STM that was measured, on processors that all have it.
#[test]
fn a_measured_stm_agrees_with_the_processors() {
    let mut machine = Machine::launched();
    machine.change_launch(|records| with_stm(records));
    let count = machine.cpus.list.as_ref().expect("processors").len();
    for index in 0..count {
        set_monitor(&mut machine, index, Some(0x7f00_0001));
    }
    assert_eq!(outcome(&machine, Tpm13), Outcome::Pass);
    // Each has to answer; one that answers otherwise outweighs one that does not.
    set_monitor(&mut machine, 0, None);
    assert_eq!(outcome(&machine, Tpm13), Outcome::Unknown);
    set_monitor(&mut machine, 3, Some(0));
    assert_eq!(outcome(&machine, Tpm13), Outcome::Fail);
    machine.cpus.list = None;
    assert_eq!(outcome(&machine, Tpm13), Outcome::Unknown);
}

/// With a TPM 1.2 the heap, or the event itself, tells of an STM.
#[test]
fn a_tpm12_launch_tells_of_its_stm() {
    let mut legacy = Machine::launched_with_tpm12();
    assert_eq!(outcome(&legacy, Tpm13), Outcome::Pass);
    set_monitor(&mut legacy, 0, Some(1));
    assert_eq!(outcome(&legacy, Tpm13), Outcome::Fail);

    let mut details = Machine::launched_with_tpm12_details();
    assert_eq!(outcome(&details, Tpm13), Outcome::Pass);
    let count = details.cpus.list.as_ref().expect("processors").len();
    for index in 0..count {
        set_monitor(&mut details, index, Some(1));
    }
    // An STM without its event, and then with it.
    assert_eq!(outcome(&details, Tpm13), Outcome::Fail);
    assert_eq!(outcome(&details, Tpm08), Outcome::Fail);
    let mut records = details.records.clone();
    let sha1 = &BANKS[..1];
    records.insert(5, Record::of_data(17, 0x40e, sha1, b"an STM"));
    details.set_log(sha1, records);
    details.follow_log();
    assert_eq!(outcome(&details, Tpm13), Outcome::Pass);
    assert_eq!(outcome(&details, Tpm08), Outcome::Pass);
}

#[test]
fn what_a_tpm12_does_not_have_does_not_apply() {
    for machine in [
        Machine::launched_with_tpm12(),
        Machine::launched_with_tpm12_details(),
    ] {
        let judgement = machine.judge("", None);
        for (check, expected) in [(Tpm12, Outcome::Pass), (Tpm14, Outcome::NotApplicable)] {
            exercised::expect(&judgement, check, expected, Origin::Injected);
        }
    }
    let legacy = Machine::launched_with_tpm12();
    assert_eq!(outcome(&legacy, Tpm11), Outcome::NotApplicable);
    let details = Machine::launched_with_tpm12_details();
    assert_eq!(outcome(&details, Tpm11), Outcome::Pass);
}

#[test]
fn a_transport_that_is_not_known_is_unknown() {
    let mut machine = Machine::launched();
    machine.tpm_mut().hmac = None;
    assert_eq!(outcome(&machine, Tpm14), Outcome::Unknown);
    assert_eq!(machine.judge("", None).verdict, Verdict::Unpinned);
}

/// Data that was not exported does not matter: the digest is what was measured.
#[test]
fn the_capabilities_are_those_of_the_digest() {
    let mut machine = Machine::launched();
    machine.change_launch(|records| {
        for record in records.iter_mut().filter(|record| record.kind == 0x40f) {
            record.data.clear();
        }
    });
    assert_eq!(outcome(&machine, Tpm11), Outcome::Pass);
    machine.change_launch(|records| records.retain(|record| record.kind != 0x40f));
    assert_eq!(outcome(&machine, Tpm11), Outcome::Unknown);
}
