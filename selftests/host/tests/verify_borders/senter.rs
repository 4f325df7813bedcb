// SPDX-License-Identifier: GPL-2.0

//! TPM-11: where EDX of SENTER stands, and when that counts (SDG 1.10, tables C-5 and E-5).

use super::{try_all, Case};
use launchguard_host_tests::fixture::log::{encode_legacy, hash, Record};
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::CheckId::Tpm11;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

/// Offset of EDX in the data of HASH_START, behind SINIT's SHA-256.
const LOGGED: usize = 32;
/// Offset of EDX in SinitMleData up to version 8; reserved in version 9.
const FIELD: usize = 24;

fn field(machine: &mut Machine, edx: u8) {
    machine.change_tables(|tables| tables.sinit_mle_data[FIELD] = edx);
}

/// HASH_START's data with this EDX, the digests as before.
fn claimed(records: &mut [Record], edx: u8) {
    records[0].data[LOGGED] = edx;
}

/// The same with the digest that a TPM 1.2 logs: PCR 17 after the extend.
fn measured_12(machine: &mut Machine, edx: u8) {
    machine.change_log(|records| {
        claimed(records, edx);
        let data = hash(HashAlg::Sha1, &[&records[0].data]);
        records[0].digests[0].1 = hash(HashAlg::Sha1, &[&[0; 20], &data]);
    });
}

const TPM2: &[Case] = &[
    (
        Tpm11,
        Pass,
        "=capabilities 0x602 are those measured in sha1 sha256 sha384; EDX of SENTER is 0",
        |_| {},
    ),
    (Tpm11, Fail, "EDX of SENTER was 0x3, every bit", |m| {
        m.change_launch(|records| {
            claimed(records, 3);
            records[0] = Record::of_data(17, 0x402, &BANKS, &records[0].data);
        });
    }),
    // What was not measured says nothing, nor does data of another kind.
    (Tpm11, Unknown, "the log does not hold EDX of SENTER", |m| {
        m.change_log(|records| claimed(records, 3));
    }),
    (Tpm11, Unknown, "the log does not hold EDX of SENTER", |m| {
        m.change_launch(|records| records[0] = Record::of_data(17, 0x402, &BANKS, &[3; 24]));
    }),
    (Tpm11, Pass, "EDX of SENTER is 0", |m| field(m, 3)),
];

const DETAILS: &[Case] = &[
    (Tpm11, Pass, "EDX of SENTER is 0", |_| {}),
    (Tpm11, Fail, "EDX of SENTER was 0x3", |m| field(m, 3)),
    (Tpm11, Fail, "EDX of SENTER was 0x3", |m| measured_12(m, 3)),
    (Tpm11, Fail, "EDX of SENTER was 0x3", |m| {
        measured_12(m, 3);
        field(m, 5);
    }),
    (Tpm11, Fail, "EDX of SENTER was 0x5", |m| {
        m.change_log(|records| claimed(records, 3));
        field(m, 5);
    }),
];

#[test]
fn edx_of_senter_is_that_which_was_measured() {
    try_all(Machine::launched, TPM2);
}

#[test]
fn with_a_tpm_12_either_place_tells() {
    try_all(Machine::launched_with_tpm12_details, DETAILS);
}

/// A second log of a bank that another one carries, without the events of the capabilities.
fn second_log(machine: &mut Machine) {
    let mut silent = machine.records.clone();
    silent.retain(|record| record.kind != 0x40f);
    let mut bytes = encode_legacy(HashAlg::Sha256, &silent);
    let log = &mut machine.further_logs[1];
    assert_eq!(log.alg, HashAlg::Sha384.tpm_id());
    log.alg = HashAlg::Sha256.tpm_id();
    log.next = bytes.len() as u32;
    bytes.resize(log.bytes.len(), 0);
    log.bytes = bytes;
}

const LOGS: &[Case] = &[
    (
        Tpm11,
        Pass,
        "those measured in sha1 sha256 sha384; EDX of SENTER is 0",
        |_| {},
    ),
    // One of the two says nothing: the bank was not compared.
    (
        Tpm11,
        Pass,
        "those measured in sha1; not compared in sha256; EDX of SENTER is 0",
        second_log,
    ),
];

#[test]
fn a_bank_in_two_logs_is_compared_in_both() {
    try_all(Machine::launched_with_legacy_logs, LOGS);
}
