// SPDX-License-Identifier: GPL-2.0

//! TPM-06 and TPM-07: what an event log may hold, and what of it is measured (SDG tables E-5, E-6).

use super::{try_all, Case};
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass};

fn header(machine: &mut Machine, offset: usize, value: u8) {
    machine.log.as_mut().expect("a log")[offset] = value;
}

/// The header record holds a TCG_EfiSpecIDEvent at 32: platform class at 48, minor version at 52, size
/// of UINTN at 55.
const HEADER: &[Case] = &[
    (Tpm06, Pass, "20 events in 3 banks, ", |_| {}),
    (Tpm06, Pass, "bytes, format tcg2", |_| {}),
    (Tpm06, Fail, "the header's PCR index is not", |m| {
        header(m, 0, 1)
    }),
    (Tpm06, Fail, "the header's PCR index is not", |m| {
        header(m, 3, 1)
    }),
    (Tpm06, Fail, "the header's digest is not", |m| {
        header(m, 8, 1)
    }),
    (Tpm06, Fail, "the header's digest is not", |m| {
        header(m, 27, 1)
    }),
    (Tpm06, Pass, "20 events", |m| header(m, 48, 0)),
    (Tpm06, Pass, "20 events", |m| header(m, 48, 1)),
    (Tpm06, Fail, "the header's platform class is not", |m| {
        header(m, 48, 2)
    }),
    (Tpm06, Fail, "the header's minor version is not", |m| {
        header(m, 52, 1)
    }),
    (Tpm06, Fail, "the header's size of UINTN is not", |m| {
        header(m, 55, 0)
    }),
    (Tpm06, Pass, "20 events", |m| header(m, 55, 1)),
    (Tpm06, Pass, "20 events", |m| header(m, 55, 2)),
    (Tpm06, Fail, "the header's size of UINTN is not", |m| {
        header(m, 55, 3)
    }),
];

/// An event that extends nothing (EV_NO_ACTION).
fn note(machine: &mut Machine, pcr: u32) {
    machine.change_log(|records| {
        records.push(Record {
            pcr,
            kind: 3,
            digests: BANKS.map(|alg| (alg, vec![0; alg.size()])).to_vec(),
            data: b"a note".to_vec(),
        });
    });
}

const PLACES: &[Case] = &[
    (Tpm06, Pass, "21 events", |m| note(m, 0)),
    (Tpm06, Pass, "21 events", |m| note(m, 255)),
    (Tpm06, Pass, "21 events", |m| note(m, 17)),
    (Tpm06, Pass, "21 events", |m| note(m, 22)),
    (Tpm06, Fail, "foreign event at", |m| note(m, 1)),
    (Tpm06, Fail, "foreign event at", |m| note(m, 16)),
    (Tpm06, Fail, "foreign event at", |m| note(m, 23)),
    (Tpm06, Fail, "foreign event at", |m| note(m, 254)),
    (Tpm06, Fail, "foreign event at", |m| {
        m.change_log(|records| records[1].pcr = 17);
    }),
    (Tpm06, Fail, "foreign event at", |m| {
        m.change_log(|records| records[3].pcr = 255);
    }),
    (Tpm06, Fail, "foreign event at", |m| {
        m.change_log(|records| records[3].pcr = 23);
    }),
];

/// Of the twenty events twelve have data that was measured, in three banks: all but PCR_MAPPING, the
/// one byte of STM_HASH, MLE_HASH, SINIT_PUBKEY_HASH and tboot's four, which log no data.
const DATA: &[Case] = &[(
    Tpm07,
    Pass,
    "=36 digests are those of their data; 8 events have none",
    |_| {},
)];

#[test]
fn the_header_is_covered_by_no_digest() {
    try_all(Machine::launched, HEADER);
}

#[test]
fn events_name_pcrs_that_they_can_have() {
    try_all(Machine::launched, PLACES);
}

#[test]
fn digests_of_data_are_counted() {
    try_all(Machine::launched, DATA);
}
