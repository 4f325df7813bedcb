// SPDX-License-Identifier: GPL-2.0

//! Judgements of real machines' registers and logs: what was good must pass, what was none must not.
//!
//! No case states everything that a judgement looks at. What it does not state is the fixture's.

use launchguard_host_tests::corpus::{Case, Corpus};
use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::Machine;
use launchguard_host_tests::harness::Test;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::LogFormat;
use launchguard_pure::decode::registers::{Reg, PUBLIC_KEY_NAME};
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::facts::{PcrBank, TpmFacts, DRTM_PCRS};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};

/// The tests, by name.
pub const TESTS: &[Test] = &[
    ("judge_registers_of_good_launches_pass", good_registers),
    ("judge_registers_without_launch_are_absent", no_launch),
    ("judge_16_log_and_quote_agree", case_16),
    ("judge_18_log_explains_pcr_18", case_18),
    ("judge_20_is_refused", case_20),
    ("judge_02_log_is_that_of_a_launch", case_02),
    ("judge_16_was_signed_with_the_key_of_24", key_of_24),
    ("judge_01_is_a_launch_with_a_tpm12", case_01),
    ("judge_05_is_a_launch_with_a_legacy_log", case_05),
    ("judge_error_codes_of_failed_launches_fail", failed_launches),
];

/// Replaces the fixture's registers by those that the case states.
fn with_registers(case: &Case, mut machine: Machine) -> Machine {
    let stated = case.json["registers"].as_object().expect("registers");
    for reg in Reg::ALL {
        if let Some(text) = stated.get(reg.name()).and_then(|value| value.as_str()) {
            let digits = text.trim_start_matches("0x");
            machine.set(reg, u64::from_str_radix(digits, 16).expect("hex"));
        }
    }
    if let Some(key) = stated.get(PUBLIC_KEY_NAME).and_then(|key| key.as_str()) {
        machine.registers.public_key = Some(bytes_of(key));
    }
    // The window's second view is not stated.
    machine.registers.private_didvid = Some(0);
    machine.latched = None;
    machine
}

fn bytes_of(hex: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).expect("hex");
    }
    bytes
}

/// Replaces the fixture's log by the case's, and its TPM by one that holds `pcr` of the case, or
/// what the log implies where the case states nothing.
fn with_log(case: &Case, banks: &[HashAlg], key: &str) -> Machine {
    let mut machine = Machine::launched();
    let used = &case.json["event_log"]["binary"]["used_bytes"];
    machine.log.clone_from(&case.log);
    machine.log_next = used.as_u64().expect("used_bytes") as u32;
    let mut tpm: TpmFacts = *machine.tpm_mut();
    tpm.allocated = [false; HashAlg::ALL.len()];
    for alg in banks {
        tpm.allocated[alg.index()] = true;
        let bank: &mut PcrBank = &mut tpm.first[alg.index()];
        *bank = [None; DRTM_PCRS];
        for (pcr, slot) in (17..).zip(bank.iter_mut()) {
            let value = &case.json[key][alg.name()][pcr.to_string()];
            *slot = Some(match value.as_str() {
                Some(hex) => {
                    launchguard_pure::decode::digest::Digest::from_hex(*alg, hex).expect("hex")
                }
                None => launchguard_pure::decode::digest::Digest::zero(*alg),
            });
        }
        tpm.second = tpm.first;
    }
    *machine.tpm_mut() = tpm;
    machine
}

#[track_caller]
fn all_pass(judgement: &Judgement, checks: &[CheckId], case: &str) {
    for check in checks {
        exercised::expect(judgement, *check, Outcome::Pass, Origin::Recorded(case));
    }
}

const REGISTER_CHECKS: [CheckId; 15] = [
    Txt01, Txt02, Txt03, Txt04, Txt05, Txt06, Txt07, Txt08, Txt09, Txt10, Txt12, Heap01, Map01,
    Map02, Txt13,
];

fn good_registers(corpus: &Corpus) {
    for number in ["01", "24"] {
        let case = corpus.case(number);
        let judgement = with_registers(&case, Machine::launched()).judge("", None);
        all_pass(&judgement, &REGISTER_CHECKS, number);
    }
}

fn no_launch(corpus: &Corpus) {
    for number in ["12", "14"] {
        let case = corpus.case(number);
        let absent = with_registers(&case, Machine::never_launched());
        let judgement = absent.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Absent, "case {number}");
        let mut no_tpm = absent.clone();
        no_tpm.tpm = None;
        assert_eq!(no_tpm.judge("", None).verdict, Verdict::Unknown);
        // The same registers beside a PCR 17 that is alive.
        let contradiction = with_registers(&case, Machine::launched());
        assert_eq!(contradiction.judge("", None).verdict, Verdict::Failed);
    }
}

fn case_16(corpus: &Corpus) {
    let case = corpus.case("16");
    let banks = [HashAlg::Sha1, HashAlg::Sha256];
    let judgement = with_log(&case, &banks, "pcrs").judge("", None);
    all_pass(
        &judgement,
        &[
            Tpm02, Tpm03, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09, Tpm15,
        ],
        "16",
    );
    assert_eq!(judgement.covered, [true, true, false, false, false]);
}

fn case_18(corpus: &Corpus) {
    let case = corpus.case("18");
    let banks = [HashAlg::Sha1, HashAlg::Sha256];
    let judgement = with_log(&case, &banks, "pcrs").judge("", None);
    all_pass(&judgement, &[Tpm05, Tpm06, Tpm07, Tpm08, Tpm09], "18");
}

fn case_20(corpus: &Corpus) {
    let case = corpus.case("20");
    let judgement = with_log(&case, &[HashAlg::Sha256], "pcrs").judge("", None);
    assert_eq!(judgement.verdict, Verdict::Failed);
    for check in [Tpm04, Tpm05] {
        exercised::expect(&judgement, check, Outcome::Fail, Origin::Recorded("20"));
    }
}

fn case_02(corpus: &Corpus) {
    let case = corpus.case("02");
    let banks = [HashAlg::Sha1, HashAlg::Sha256];
    let machine = with_log(&case, &banks, "replay_values");
    let judgement = machine.judge("", None);
    all_pass(
        &judgement,
        &[Tpm02, Tpm03, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09],
        "02",
    );
    // tboot's default: its own events stand in sha256 only.
    assert_eq!(judgement.covered, [false, true, false, false, false]);
    let pinned = machine.references(HashAlg::Sha1, &[17, 18]);
    let judgement = machine.judge("", Some(&pinned));
    assert_eq!(judgement.outcome(Tpm02), Outcome::Fail);
}

/// The log and the heap's fields are those of one launch. Its PCRs are not stated: they are what the
/// log implies.
fn case_01(corpus: &Corpus) {
    let case = corpus.case("01");
    let mut machine = Machine::launched_with_tpm12();
    machine.change_tables(|tables| {
        let field = |name: &str| {
            let text = case.json["heap"]["sinit_mle_data"][name].as_str();
            let text = text.expect("a field");
            let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
            (0..text.len()).step_by(2).map(byte).collect::<Vec<u8>>()
        };
        for (offset, name) in [
            (4, "bios_acm_id"),
            (36, "sinit_hash"),
            (56, "mle_hash"),
            (76, "stm_hash"),
            (96, "lcp_policy_hash"),
        ] {
            let value = field(name);
            tables.sinit_mle_data[offset..offset + value.len()].copy_from_slice(&value);
        }
        // MsegValid, PolicyControl and ProcessorSCRTMStatus are zero.
        tables.sinit_mle_data[28..36].fill(0);
        tables.sinit_mle_data[116..120].fill(0);
        tables.sinit_mle_data[144..148].fill(0);
    });
    machine.log.clone_from(&case.log);
    for pcr in [17, 18, 19] {
        let value = case.json["replay_values"]["sha1"][pcr.to_string()].as_str();
        let value = Digest::from_hex(HashAlg::Sha1, value.expect("a value")).expect("SHA-1");
        machine.set_pcr(HashAlg::Sha1, pcr, Some(value.as_bytes()));
    }
    let judgement = machine.judge("", None);
    all_pass(
        &judgement,
        &[
            Tpm01, Tpm03, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09, Tpm15,
        ],
        "01",
    );
    assert_eq!(judgement.verdict, Verdict::Unpinned);
    assert_eq!(judgement.mle.map(|mle| mle.to_string()).as_deref(), {
        case.json["heap"]["sinit_mle_data"]["mle_hash"].as_str()
    });
    // What it measured first is what the heap says: another SinitHash is another launch.
    let mut other = machine;
    other.heap.as_mut().expect("a heap").reverse();
    assert_ne!(other.judge("", None).verdict, Verdict::Unpinned);
}

fn case_05(corpus: &Corpus) {
    let case = corpus.case("05");
    let mut machine = with_log(&case, &[HashAlg::Sha1], "replay_values");
    machine.log_format = LogFormat::Legacy { alg: 4 };
    let judgement = machine.judge("", None);
    all_pass(
        &judgement,
        &[
            Tpm01, Tpm03, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09, Tpm15,
        ],
        "05",
    );
    assert_eq!(judgement.covered, [true, false, false, false, false]);
    // tboot was told to use SHA-1 only: no bank can vouch for it.
    assert_eq!(judgement.outcome(Tpm02), Outcome::Fail);
    // The offset that the heap printed before tboot added its own four events.
    machine.log_next = 801;
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Tpm04), Outcome::Fail);
    let detail = judgement.finding(Tpm04).detail.to_string();
    assert!(detail.contains("equal with 4 records behind"), "{detail}");
}

/// checks.md, TXT-11: the register of one machine against the log of another with the same SINIT.
fn key_of_24(corpus: &Corpus) {
    let banks = [HashAlg::Sha1, HashAlg::Sha256];
    let mut machine = with_log(&corpus.case("16"), &banks, "pcrs");
    let key = corpus.case("24").json["registers"][PUBLIC_KEY_NAME].clone();
    machine.registers.public_key = Some(bytes_of(key.as_str().expect("a key")));
    all_pass(&machine.judge("", None), &[Txt11], "24");
    let other = corpus.case("01").json["registers"][PUBLIC_KEY_NAME].clone();
    machine.registers.public_key = Some(bytes_of(other.as_str().expect("a key")));
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Txt11), Outcome::Fail);
}

fn failed_launches(corpus: &Corpus) {
    for number in ["06", "09", "10"] {
        let case = corpus.case(number);
        let judgement = with_registers(&case, Machine::launched()).judge("", None);
        exercised::expect(&judgement, Txt08, Outcome::Fail, Origin::Recorded(number));
        assert_eq!(judgement.verdict, Verdict::Failed, "case {number}");
    }
}
