// SPDX-License-Identifier: GPL-2.0

//! TPM-08: which events a launch has, how often, and in which PCR (SDG tables E-5 and E-6); TPM-06 and
//! TPM-07 of the older formats.

use super::{try_all, Case};
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::tpm12::SINIT_HASH;
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

/// A record more behind all others.
fn more(machine: &mut Machine, pcr: u32, kind: u32) {
    machine.change_log(|records| records.push(Record::of_data(pcr, kind, &BANKS, b"more")));
}

/// The data of the record of `kind`.
fn data(machine: &mut Machine, kind: u32, data: &[u8]) {
    machine.change_log(|records| {
        let record = records.iter_mut().find(|record| record.kind == kind);
        record.expect("a record").data = data.to_vec();
    });
}

const TPM2: &[Case] = &[
    (
        Tpm08,
        Pass,
        "=every event of a launch (TPM 2.0), in its PCR",
        |_| {},
    ),
    (Tpm08, Fail, "=HASH_START is not the first event", |m| {
        m.change_log(|records| records.swap(0, 2));
    }),
    (
        Tpm08,
        Fail,
        "unknown type 0x600 in PCR 17: no launcher writes this type",
        |m| {
            more(m, 17, 0x600);
        },
    ),
    (Tpm08, Fail, "in PCR 17: the launcher is tboot", |m| {
        more(m, 17, 0x502)
    }),
    (Tpm08, Fail, "in PCR 17: the launcher is tboot", |m| {
        more(m, 17, 0x503)
    }),
    (Tpm08, Pass, "every event", |m| more(m, 17, 0x501)),
    (
        Tpm08,
        Fail,
        "COMBINED_HASH in PCR 17: only a TPM 1.2 launch has this type",
        |m| {
            more(m, 17, 0x403);
        },
    ),
    (
        Tpm08,
        Fail,
        "ELEMENTS_HASH in PCR 17: only a TPM 1.2 launch has this type",
        |m| {
            more(m, 17, 0x40d);
        },
    ),
    (
        Tpm08,
        Fail,
        "LCP_HASH in PCR 18: only a TPM 1.2 launch has this type",
        |m| {
            more(m, 18, 0x411);
        },
    ),
    (
        Tpm08,
        Fail,
        "a TPM 2.0 launch maps to details and authorities: data 1",
        |m| {
            data(m, 0x401, &[0, 0, 0, 0]);
        },
    ),
    (
        Tpm08,
        Fail,
        "a TPM 2.0 launch maps to details and authorities: data 1",
        |m| {
            data(m, 0x401, &[1]);
        },
    ),
    (
        Tpm08,
        Fail,
        "=MLE_HASH stands 0 times in PCR 17, expected 1: missing, or the log was cut short",
        |m| {
            m.change_log(|records| records.retain(|record| record.kind != 0x404));
        },
    ),
    (
        Tpm08,
        Fail,
        "=MLE_HASH stands 1 times in PCR 18, expected 0: wrong PCR or foreign",
        |m| more(m, 18, 0x404),
    ),
    (
        Tpm08,
        Fail,
        "=MLE_HASH stands 2 times in PCR 17, expected 1: logged more than once, or foreign",
        |m| more(m, 17, 0x404),
    ),
    (
        Tpm08,
        Fail,
        "=MLE_HASH stands 1 times in PCR 22, expected 0: wrong PCR or foreign",
        |m| more(m, 22, 0x404),
    ),
    (Tpm07, Fail, "1 bytes of STM_HASH at", |m| {
        data(m, 0x40e, &[1])
    }),
    (
        Tpm07,
        Pass,
        "=33 digests are those of their data; 9 events have none",
        |m| data(m, 0x413, &[]),
    ),
    // A pointer that is there and contradicts itself: the records end behind the container.
    (
        Tpm06,
        Fail,
        "event log pointer: records from 0 to 4294967295",
        |m| {
            m.log = None;
            m.change_tables(|tables| tables.os_sinit_data[116..120].fill(0xff));
        },
    ),
];

const DETAILS: &[Case] = &[
    (
        Tpm08,
        Pass,
        "=every event of a launch (TPM 1.2, details and authorities), in its PCR",
        |_| {},
    ),
    // Where the processors could not be asked, one STM_HASH or none is right, in PCR 17.
    (Tpm08, Pass, "every event", |m| m.cpus.list = None),
    (Tpm08, Pass, "every event", |m| {
        m.cpus.list = None;
        more(m, 17, 0x40e);
    }),
    (
        Tpm08,
        Fail,
        "STM_HASH stands 2 times in PCR 17, expected 1",
        |m| {
            m.cpus.list = None;
            more(m, 17, 0x40e);
            more(m, 17, 0x40e);
        },
    ),
    (
        Tpm08,
        Fail,
        "STM_HASH stands 1 times in PCR 18, expected 0",
        |m| {
            m.cpus.list = None;
            more(m, 17, 0x40e);
            more(m, 18, 0x40e);
        },
    ),
    (
        Tpm08,
        Fail,
        "STM_HASH stands 1 times in PCR 17, expected 0",
        |m| more(m, 17, 0x40e),
    ),
    (Tpm07, Fail, "96 bytes of ELEMENTS_HASH at", |m| {
        data(m, 0x40d, &[1; 96])
    }),
];

/// MsegValid and the hash of the STM in SinitMleData 8 (SDG 1.10, table C-4).
const MSEG_VALID: usize = 28;
const STM_HASH: usize = 76;

const LEGACY: &[Case] = &[
    (
        Tpm08,
        Pass,
        "=every event of a launch (TPM 1.2, legacy mapping), in its PCR",
        |_| {},
    ),
    (
        Tpm13,
        Pass,
        "=SINIT measured no STM, as 4 processors say",
        |_| {},
    ),
    (
        Tpm13,
        Fail,
        "=CPU 0: SINIT measured an STM, it has none: IA32_SMM_MONITOR_CTL (0x0)",
        |m| {
            m.change_tables(|tables| tables.sinit_mle_data[MSEG_VALID] = 1);
        },
    ),
    (
        Tpm13,
        Fail,
        "=CPU 0: SINIT measured an STM, it has none: IA32_SMM_MONITOR_CTL (0x0)",
        |m| {
            m.change_tables(|tables| tables.sinit_mle_data[STM_HASH + 19] = 1);
        },
    ),
    (Tpm07, Fail, "COMBINED_HASH at", |m| {
        data(m, 0x403, &[1; 64])
    }),
    // Without data there is nothing to compare.
    (Tpm07, Pass, "", |m| data(m, 0x403, &[])),
    (
        Tpm07,
        Fail,
        "is not that of SinitMleData (SinitHash)",
        |m| {
            m.change_tables(|tables| tables.sinit_mle_data[SINIT_HASH] ^= 1);
        },
    ),
    (
        Tpm07,
        Fail,
        "is not that of SinitMleData (SinitHash)",
        |m| {
            m.change_tables(|tables| {
                tables.sinit_mle_data[0] = 7;
                tables.sinit_mle_data[SINIT_HASH] ^= 1;
            });
        },
    ),
    // Before version 7 SINIT's own hash stands there.
    (Tpm07, Pass, "", |m| {
        data(m, 0x403, &[]);
        m.change_tables(|tables| {
            tables.sinit_mle_data[0] = 6;
            tables.sinit_mle_data[SINIT_HASH] ^= 1;
        });
    }),
];

/// One log for each bank: the place says which. A log of another algorithm than SHA-1 has a header.
const SEVERAL: &[Case] = &[
    (Tpm08, Fail, " of the sha1 log: unknown type 0x600", |m| {
        more(m, 17, 0x600)
    }),
    (
        Tpm08,
        Fail,
        "HASH_START is not the first event of the sha1 log",
        |m| {
            m.change_log(|records| records.swap(0, 2));
        },
    ),
    (Tpm06, Pass, "in 3 banks, ", |_| {}),
    (Tpm06, Pass, "format tpm2-legacy", |_| {}),
    (Tpm06, Fail, "the header's PCR index is not", |m| {
        m.further_logs[0].bytes[0] = 1
    }),
    (Tpm06, Fail, "the header's digest is not", |m| {
        m.further_logs[1].bytes[8] = 1
    }),
    (Tpm06, Fail, "the header's digest is not", |m| {
        m.further_logs[1].bytes[27] = 1
    }),
    (
        Tpm02,
        Fail,
        "; the sha256 log has fewer events than others",
        |m| {
            m.change_log(|records| {
                for record in records.iter_mut().filter(|record| record.kind == 0x501) {
                    *record = Record::measured(record.pcr, 0x501, &[HashAlg::Sha1], b"x", &[]);
                }
            });
        },
    ),
];

#[test]
fn a_tpm_2_launch_has_each_event_in_its_pcr() {
    try_all(Machine::launched, TPM2);
}

#[test]
fn a_tpm_12_launch_follows_its_mapping() {
    try_all(Machine::launched_with_tpm12_details, DETAILS);
    try_all(Machine::launched_with_tpm12, LEGACY);
}

#[test]
fn of_several_logs_the_one_is_named() {
    try_all(Machine::launched_with_legacy_logs, SEVERAL);
}

/// A launch that no register and no TPM tells of is not waited for.
#[test]
fn without_a_tpm_nothing_is_confirmed() {
    let mut machine = Machine::never_launched();
    machine.tpm = None;
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Tpm04), Unknown);
    assert_eq!(judgement.finding(Tpm04).detail.as_str(), "no TPM");
    let words = judgement.finding(Lcp03).detail.to_string();
    assert_eq!(words, "the registers claim no launch");
}
