// SPDX-License-Identifier: GPL-2.0

//! TPM-02 to TPM-15: what is compared where banks are missing or could not be read.

use super::{try_all, Case};
use launchguard_host_tests::fixture::log::{encode_legacy, Record};
use launchguard_host_tests::fixture::{launch, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{self, Fail, NotApplicable, Pass, Unknown};

/// All ones in `banks`.
fn ones(machine: &mut Machine, banks: &[HashAlg]) {
    for alg in banks {
        machine.set_all_pcrs(*alg, &vec![0xff; alg.size()]);
    }
}

/// The TPM has no bank of SHA-384.
fn without_sha384(machine: &mut Machine) {
    let bank = HashAlg::Sha384.index();
    let tpm = machine.tpm_mut();
    tpm.allocated[bank] = false;
    tpm.first[bank] = [None; 6];
    tpm.second[bank] = [None; 6];
}

/// Events in PCR 19 and 20, both extended.
fn further(machine: &mut Machine) {
    machine.change_launch(|records| {
        for pcr in [19, 20] {
            records.push(Record::measured(pcr, launch::TBOOT, &BANKS, b"more", &[]));
        }
    });
}

const CASES: &[Case] = &[
    (
        Tpm02,
        Pass,
        "=banks that cover the launch: sha256; that do not: sha1,sha384",
        |_| {},
    ),
    (Tpm02, Fail, "TBOOT_MEASUREMENT at", |m| {
        *m = Machine::with_records(&BANKS, launch::records(&BANKS, &[HashAlg::Sha1]));
    }),
    (Tpm02, Fail, "has no sha256 digest", |m| {
        *m = Machine::with_records(&BANKS, launch::records(&BANKS, &[HashAlg::Sha1]));
    }),
    // No register to contradict it: it only says that there was no launch.
    (Tpm03, Unknown, "PCR 17 sha1 is all ones", |m| {
        m.registers.set(Reg::Sts, None);
        ones(m, &BANKS);
    }),
    (Tpm03, Fail, "PCR 17 sha1 is all ones", |m| {
        m.registers.set(Reg::Sts, None);
        ones(m, &[HashAlg::Sha1]);
    }),
    (Tpm03, Fail, "PCR 17 sha1 is all ones", |m| ones(m, &BANKS)),
    (Tpm04, Pass, "", without_sha384),
    (Tpm04, Unknown, "sha384", |m| {
        m.set_pcr(HashAlg::Sha384, 17, None)
    }),
    (Tpm04, Pass, "", further),
    (Tpm04, Fail, "PCR 19 sha256 is ", |m| {
        further(m);
        m.set_pcr(HashAlg::Sha256, 19, Some(&[7; 32]));
    }),
    (Tpm04, Fail, "PCR 20 sha256 is ", |m| {
        further(m);
        m.set_pcr(HashAlg::Sha256, 20, Some(&[7; 32]));
    }),
    // PCR 22 has no events: it is not compared.
    (Tpm04, Pass, "", |m| {
        m.set_pcr(HashAlg::Sha256, 22, Some(&[7; 32]))
    }),
    // Two events of PCR 17 stand there twice, the others once.
    (
        Tpm04,
        Fail,
        "equal if 2 events logged twice count once",
        |m| {
            m.change_log(|records| {
                let again = records[18..].to_vec();
                records.extend(again);
            });
        },
    ),
    // No log, which only a TPM 1.2 may do without; or one that could not be read.
    (Tpm04, Unknown, "=OsSinitData points at no event log", |m| {
        m.log = None;
        m.log_absent = true;
    }),
    (Tpm04, Unknown, "=the event log could not be mapped", |m| {
        m.log = None
    }),
    (Tpm07, Unknown, "=the event log could not be mapped", |m| {
        m.log = None
    }),
    (
        Tpm07,
        Unknown,
        "=the event log is malformed (TPM-06)",
        |m| {
            m.log.as_mut().expect("a log")[4] = 9;
        },
    ),
    (Tpm04, Unknown, "=no TPM", |m| m.tpm = None),
    (Tpm15, Pass, "=18 PCRs, each read twice, are equal", |_| {}),
    (Tpm15, Unknown, "no PCR could be read", |m| {
        m.tpm_mut().allocated = [false; HashAlg::ALL.len()];
    }),
    (
        Tpm15,
        Unknown,
        "PCR 22 sha256 could not be read twice",
        |m| {
            m.tpm_mut().second[HashAlg::Sha256.index()][5] = None;
        },
    ),
    (Tpm15, Fail, "PCR 22 sha256 changed while", |m| {
        let other = m.pcr(HashAlg::Sha256, 17);
        m.tpm_mut().second[HashAlg::Sha256.index()][5] = Some(other);
    }),
    (Txt11, Fail, "=TXT.PUBLIC.KEY is all zero", |m| {
        m.registers.public_key = Some([0; 32]);
    }),
    (Txt11, Fail, "=TXT.PUBLIC.KEY is all ones", |m| {
        m.registers.public_key = Some([0xff; 32]);
    }),
    (Txt11, Fail, "is not the sha1 of TXT.PUBLIC.KEY", |m| {
        let mut key = [0; 32];
        key[31] = 0xff;
        m.registers.public_key = Some(key);
    }),
];

/// Takes the digest of `alg` away from the records of `kind` in `pcr`.
fn without_digest(machine: &mut Machine, kind: u32, pcr: u32, alg: HashAlg) {
    machine.change_launch(|records| {
        let wanted = records
            .iter_mut()
            .filter(|record| record.kind == kind && record.pcr == pcr);
        for record in wanted {
            record.digests.retain(|(other, _)| *other != alg);
        }
    });
}

/// Gives every record a digest of a bank that nobody here can compute.
fn with_sm3(machine: &mut Machine) {
    let mut records = machine.records.clone();
    for record in &mut records {
        record.digests.push((HashAlg::Sm3, vec![7; 32]));
    }
    let banks = [&BANKS[..], &[HashAlg::Sm3]].concat();
    machine.set_log(&banks, records);
}

/// What an event measured and what can be read: 0x410 stands in PCR 18, 0x40f in both.
const MEASURED: &[Case] = &[
    (
        Txt11,
        Pass,
        "=event SINIT_PUBKEY_HASH is the hash of TXT.PUBLIC.KEY in sha1 sha256 sha384",
        |_| {},
    ),
    (
        Txt11,
        Pass,
        "TXT.PUBLIC.KEY in sha1 sha256; not compared in sha384",
        |m| without_digest(m, 0x410, 18, HashAlg::Sha384),
    ),
    (
        Txt11,
        Pass,
        "TXT.PUBLIC.KEY in sha1 sha256 sha384; not compared in sm3",
        with_sm3,
    ),
    (Txt11, Unknown, "no event SINIT_PUBKEY_HASH", |m| {
        m.change_launch(|records| records.retain(|record| record.kind != 0x410));
    }),
    (Txt11, Unknown, "no event SINIT_PUBKEY_HASH", |m| {
        for alg in BANKS {
            without_digest(m, 0x410, 18, alg);
        }
    }),
    (
        Txt11,
        Fail,
        "is not the sha384 of TXT.PUBLIC.KEY: 0707070707070707, ",
        |m| {
            m.change_launch(|records| {
                let event = records.iter_mut().find(|record| record.kind == 0x410);
                event.expect("a key").digests[2].1 = vec![7; 48];
            });
        },
    ),
    (
        Tpm11,
        Pass,
        "=capabilities 0x602 are those measured in sha1 sha256 sha384; EDX of SENTER is 0",
        |_| {},
    ),
    // The other of its two events has the digest.
    (
        Tpm11,
        Pass,
        "measured in sha1 sha384; not compared in sha256",
        |m| without_digest(m, 0x40f, 18, HashAlg::Sha256),
    ),
    (
        Tpm11,
        Fail,
        "are not what SINIT measured: sha256 at ",
        |m| {
            m.change_launch(|records| {
                let mut events = records.iter_mut().filter(|record| record.kind == 0x40f);
                events.nth(1).expect("the second").digests[1].1 = vec![7; 32];
            });
        },
    ),
    (
        Tpm11,
        Unknown,
        "in sha1 sha256 sha384; the log does not hold EDX of SENTER",
        |m| m.change_launch(|records| records[0].data.clear()),
    ),
];

#[test]
fn measured_bytes_are_compared_bank_by_bank() {
    try_all(Machine::launched, MEASURED);
}

/// Legacy logs carry one bank each: all of them are asked.
#[test]
fn measured_bytes_are_compared_log_by_log() {
    try_all(
        Machine::launched_with_legacy_logs,
        &[
            (Txt11, Pass, "in sha1 sha256 sha384", |_| {}),
            (
                Txt11,
                Pass,
                "TXT.PUBLIC.KEY in sha1 sha256; not compared in sha384",
                |m| {
                    let records = m.records.clone();
                    let log = &mut m.further_logs[1];
                    let kept: Vec<Record> = records
                        .into_iter()
                        .filter(|record| record.kind != 0x410)
                        .collect();
                    let bytes = encode_legacy(HashAlg::Sha384, &kept);
                    log.next = bytes.len() as u32;
                    log.bytes[..bytes.len()].copy_from_slice(&bytes);
                },
            ),
        ],
    );
}

#[test]
fn banks_and_pcrs() {
    try_all(Machine::launched, CASES);
}

/// Nobody computes SM3 here: its bank is named, the others are compared.
#[test]
fn a_bank_of_sm3_is_not_computed() {
    let banks = [HashAlg::Sha1, HashAlg::Sha256, HashAlg::Sm3];
    let strong = &banks[1..2];
    let mut records = launch::records(&banks[..2], strong);
    for record in &mut records {
        record.digests.push((HashAlg::Sm3, vec![7; 32]));
    }
    let mut machine = Machine::with_records(&banks[..2], records.clone());
    machine.set_log(&banks, records);
    machine.tpm_mut().allocated[HashAlg::Sm3.index()] = true;
    machine.set_all_pcrs(HashAlg::Sm3, &[3; 32]);
    let judgement = machine.judge("", None);
    for (check, pcr) in [(Tpm04, 17), (Tpm05, 18)] {
        let finding = judgement.finding(check);
        let words = format!("the replay equals PCR {pcr} in 2 banks; not computed: sm3");
        assert_eq!((finding.outcome, finding.detail.as_str()), (Pass, &*words));
    }
}

/// Registers that claim nothing: PCR 17 tells, in all banks or in none.
const NOT_CLAIMED: &[Case] = &[
    (
        Tpm03,
        NotApplicable,
        "=no measured launch took place",
        |_| {},
    ),
    (Tpm03, Fail, "PCR 17 sha256 is zero", |m| {
        m.set_pcr(HashAlg::Sha256, 17, Some(&[0; 32]))
    }),
    (Tpm03, Fail, "PCR 17 sha1 is all ones", |m| {
        m.set_pcr(HashAlg::Sha256, 17, Some(&[7; 32]));
    }),
    (Tpm03, Fail, "is zero", |m| {
        for alg in BANKS {
            m.set_pcr(alg, 17, Some(&vec![0; alg.size()]));
        }
    }),
    // Another maker's chipset has no such registers to be judged.
    (Txt09, Pass, "production-fused", |_| {}),
    (
        Txt09,
        NotApplicable,
        "=no measured launch took place",
        |m| m.set(Reg::DidVid, 0x1022),
    ),
];

#[test]
fn without_a_claim_pcr_17_tells() {
    try_all(Machine::never_launched, NOT_CLAIMED);
}

/// References of launches, each with PCRs that it pins: bank, PCR, and whether as they are.
fn launches(machine: &Machine, entries: &[&[(HashAlg, u32, bool)]]) -> String {
    let mut text = String::from("version 1 references\n");
    for (number, pins) in entries.iter().enumerate() {
        text += &format!("launch \"{number}\" {{\n");
        for (bank, pcr, right) in *pins {
            let value = match right {
                true => machine.pcr(*bank, *pcr).to_string(),
                false => "07".repeat(bank.size()),
            };
            text += &format!("pcr {pcr} {bank} {value}\n");
        }
        text += "}\n";
    }
    text
}

fn said(machine: &Machine, references: &str) -> (Outcome, String) {
    let judgement = machine.judge("", Some(references));
    let finding = judgement.finding(Tpm10);
    (finding.outcome, finding.detail.to_string())
}

#[test]
fn a_launch_that_could_not_be_compared_leaves_it_open() {
    const BANK: HashAlg = HashAlg::Sha256;
    let good = Machine::launched();
    let wrong: &[_] = &[(BANK, 17, false)];
    let unread: &[_] = &[(BANK, 17, true), (BANK, 18, true)];
    let mut machine = good.clone();
    machine.set_pcr(BANK, 18, None);
    for (entries, outcome, words) in [
        (&[wrong][..], Fail, "\"0\" expects PCR 17 sha256"),
        (&[wrong, wrong], Fail, "none of 2 launches; \"0\" expects"),
        (
            &[unread],
            Unknown,
            "\"0\" pins PCR 18 sha256, which could not be read",
        ),
        (
            &[unread, wrong],
            Unknown,
            "none of 2 launches; \"0\" pins PCR 18",
        ),
        (
            &[wrong, unread],
            Unknown,
            "none of 2 launches; \"0\" expects",
        ),
        (
            &[unread, unread],
            Unknown,
            "none of 2 launches; \"0\" pins PCR 18",
        ),
        (
            &[unread, wrong, unread],
            Unknown,
            "none of 3 launches; \"0\" pins",
        ),
    ] {
        let found = said(&machine, &launches(&good, entries));
        assert_eq!(found.0, outcome, "{}", found.1);
        assert!(found.1.starts_with(words), "{}", found.1);
    }
}

#[test]
fn half_a_pin_has_words_for_its_family() {
    let good = Machine::launched();
    let half = launches(&good, &[&[(HashAlg::Sha256, 17, true)]]);
    let words = "\"0\" pins PCR 17 and 18 in no bank of 256 bits that covers the launch";
    assert_eq!(said(&good, &half), (Fail, words.to_owned()));
    let tpm12 = Machine::launched_with_tpm12();
    let half = launches(&tpm12, &[&[(HashAlg::Sha1, 17, true)]]);
    let words = "\"0\" does not pin both PCR 17 and 18 sha1";
    assert_eq!(said(&tpm12, &half), (Fail, words.to_owned()));
}
