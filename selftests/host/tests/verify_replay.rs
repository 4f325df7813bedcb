// SPDX-License-Identifier: GPL-2.0

//! What replays and coverage rest on, event by event: the two meanings of HASH_START, mappings, and
//! which bank sees what.

use launchguard_host_tests::fixture::log::{encode, hash, pcr_after, Record};
use launchguard_host_tests::fixture::{launch, Machine, BANKS};
use launchguard_pure::decode::digest::{Digest, HashAlg, Hasher};
use launchguard_pure::decode::eventlog::{EventType, Log};
use launchguard_pure::decode::heap::LogFormat;
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::facts::{loader_type, DRTM_PCRS};
use launchguard_pure::verify::judgement::Verdict;
use launchguard_pure::verify::logs::{Logs, Mapping};
use launchguard_pure::verify::notes::Notes;
use launchguard_pure::verify::replay::{
    has_launcher_event, hash_start, replay_banks, slot, uncovered_event, HashStart, PcrBanks, Start,
};

const SHA1: HashAlg = HashAlg::Sha1;

/// Opens the logs of `machine` and hands them to `look`.
fn with_logs<T>(machine: &Machine, look: impl FnOnce(&Logs<'_>) -> T) -> T {
    let facts = machine.facts();
    let set = facts.log.read().expect("a log");
    look(&Logs::open(&set).expect("sound logs"))
}

#[test]
fn pcrs_of_a_launch_have_slots() {
    for (pcr, expected) in [
        (0, None),
        (16, None),
        (17, Some(0)),
        (18, Some(1)),
        (22, Some(5)),
        (23, None),
        (u32::MAX, None),
    ] {
        assert_eq!(slot(pcr), expected, "PCR {pcr}");
    }
}

/// 36 bytes of data are SINIT's SHA-256 and EDX, 24 its SHA-1 and EDX (SDG E.1.1); others say nothing.
#[test]
fn hash_start_is_told_by_its_data() {
    use HashStart::{Extended, Resulting, Wrong};
    let tpm2 = Machine::launched();
    let tpm12 = Machine::launched_with_tpm12();
    for (size, wrong) in [
        (36, true),
        (24, true),
        (35, false),
        (37, false),
        (20, false),
    ] {
        let data = vec![0x5a; size];
        let plain = hash(SHA1, &[&data]);
        let result = hash(SHA1, &[&[0; 20], &plain]);
        for (digest, in_tpm2, in_tpm12) in [
            (plain, Extended, Extended),
            (result, Resulting, Resulting),
            (
                vec![7; 20],
                if wrong { Wrong } else { Extended },
                if wrong { Wrong } else { Resulting },
            ),
        ] {
            for (machine, expected) in [(&tpm2, in_tpm2), (&tpm12, in_tpm12)] {
                let mut machine = machine.clone();
                machine.change_log(|records| {
                    records[0].data = data.clone();
                    records[0].digests[0].1 = digest.clone();
                });
                let found = with_logs(&machine, |logs| {
                    let mut events = logs.events();
                    let event = events.find(|event| event.kind == EventType::HashStart);
                    hash_start(&event.expect("HASH_START"), SHA1, &HostHasher)
                });
                assert_eq!(
                    found,
                    expected,
                    "{size} bytes, {}",
                    machine.log_format.word()
                );
            }
        }
    }
}

#[test]
fn a_mapping_is_told_by_its_event_else_by_others() {
    let mapping = |machine: &Machine, change: fn(&mut Vec<Record>)| {
        let mut machine = machine.clone();
        machine.change_log(change);
        with_logs(&machine, |logs| {
            let (log, _) = logs.iter().next().expect("a log");
            Mapping::of(&log)
        })
    };
    let details = Machine::launched_with_tpm12_details();
    let legacy = Machine::launched_with_tpm12();
    type Change = fn(&mut Vec<Record>);
    let cases: [(&Machine, Change, Mapping); 9] = [
        (&details, |_| {}, Mapping::Details),
        (&legacy, |_| {}, Mapping::Legacy),
        (&details, |r| r[1].data = vec![0, 0, 0, 0], Mapping::Legacy),
        (&details, |r| r[1].data = vec![2, 1, 1, 1], Mapping::Legacy),
        (&legacy, |r| r[1].data = vec![3, 0, 0, 0], Mapping::Details),
        // Data that is no number says nothing.
        (&details, |r| r[1].data = vec![0], Mapping::Details),
        (&legacy, |r| r[1].data = vec![1], Mapping::Legacy),
        (&details, |r| drop(r.remove(1)), Mapping::Details),
        (&legacy, |r| drop(r.remove(1)), Mapping::Legacy),
    ];
    for (number, (machine, change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(mapping(machine, change), expected, "case {number}");
    }
    for kind in [0x40a, 0x40d, 0x410, 0x411] {
        let mut machine = legacy.clone();
        machine.change_log(|records| {
            records.remove(1);
            records.push(Record::measured(17, kind, &[SHA1], b"x", &[]));
        });
        let found = with_logs(&machine, |logs| {
            let (log, _) = logs.iter().next().expect("a log");
            Mapping::of(&log)
        });
        assert_eq!(found, Mapping::Details, "type {kind:#x}");
    }
    assert_eq!(mapping(&Machine::launched(), |_| {}), Mapping::Tpm2);
    for (mapping, name, mle, tboot) in [
        (Mapping::Tpm2, "TPM 2.0", 17, &[17, 18][..]),
        (Mapping::Legacy, "TPM 1.2, legacy mapping", 18, &[17]),
        (
            Mapping::Details,
            "TPM 1.2, details and authorities",
            17,
            &[17, 18],
        ),
    ] {
        assert_eq!((mapping.name(), mapping.mle_pcr()), (name, mle));
        assert_eq!(mapping.tboot_pcrs(), tboot);
    }
}

/// The same launch in every bank, and one record more.
fn all_and(record: Record, legacy: bool) -> Machine {
    let mut records = launch::records(&BANKS, &BANKS);
    records.push(record);
    let mut machine = Machine::launched();
    if legacy {
        machine.log_format = LogFormat::Legacy { alg: 4 };
    }
    machine.set_log(&BANKS, records);
    machine
}

/// Of legacy logs, one that lacks an event of PCR 17 or 18 does not see the launch.
#[test]
fn a_legacy_log_misses_what_another_has() {
    for (pcr, kind, missed) in [
        (17, 0x501, true),
        (18, 0x501, true),
        (19, 0x501, false),
        (22, 0x501, false),
        // Never extended.
        (17, 3, false),
        (18, 0x503, false),
    ] {
        let record = Record::measured(pcr, kind, &[HashAlg::Sha256], b"x", &[]);
        let machine = all_and(record, true);
        with_logs(&machine, |logs| {
            assert!(logs.are_several());
            assert_eq!(logs.format(), Some(LogFormat::Legacy { alg: 4 }));
            for alg in BANKS {
                let (log, _) = logs.of(alg).expect("a log");
                let expected = missed && alg != HashAlg::Sha256;
                assert_eq!(
                    logs.misses_events(&log),
                    expected,
                    "{alg} PCR {pcr} {kind:#x}"
                );
            }
        });
    }
}

#[test]
fn an_event_without_a_digest_counts_in_pcr_17_and_18() {
    for (pcr, kind, uncovered) in [
        (17, 0x501, true),
        (18, 0x501, true),
        (19, 0x501, false),
        (17, 3, false),
        (18, 0x504, false),
    ] {
        let record = Record::measured(pcr, kind, &[HashAlg::Sha256], b"x", &[]);
        let machine = all_and(record, false);
        with_logs(&machine, |logs| {
            let (log, _) = logs.of(SHA1).expect("a log");
            assert_eq!(
                uncovered_event(&log, SHA1).is_some(),
                uncovered,
                "{pcr} {kind:#x}"
            );
            assert!(uncovered_event(&log, HashAlg::Sha256).is_none());
        });
    }
}

#[test]
fn a_launchers_event_is_that_of_its_pcr_and_bank() {
    for (pcr, kind, is_one) in [
        (17, 0x501, true),
        (18, 0x501, true),
        (17, 0x502, true),
        (17, 0x503, false),
        (17, 0x404, false),
    ] {
        let mut records = launch::records(&BANKS, &[]);
        records.retain(|record| record.kind != 0x501);
        records.push(Record::measured(pcr, kind, &[SHA1], b"x", &[]));
        let mut machine = Machine::launched();
        machine.set_log(&BANKS, records);
        with_logs(&machine, |logs| {
            let (log, _) = logs.of(SHA1).expect("a log");
            for other in [17, 18] {
                let expected = is_one && other == pcr;
                let words = format!("{kind:#x} in PCR {pcr}, asked for {other}");
                assert_eq!(has_launcher_event(&log, other, SHA1), expected, "{words}");
                assert!(!has_launcher_event(&log, other, HashAlg::Sha256), "{words}");
            }
        });
    }
}

/// Documentation/arch/x86/boot.rst: type_of_loader holds id and version, 0xe an id in another field.
#[test]
fn a_loaders_id_may_be_extended() {
    for (kind, extended, expected) in [
        (0x72, 0, 0x72),
        (0xff, 5, 0xff),
        (0xd1, 9, 0xd1),
        (0xe3, 0, 0x103),
        (0xe3, 5, 0x153),
        (0xef, 0xff, 0x10ff),
    ] {
        assert_eq!(
            loader_type(kind, extended),
            expected,
            "{kind:#x} {extended:#x}"
        );
    }
}

#[test]
fn notes_say_what_holds_and_take_away_what_is_good() {
    use Verdict::{Absent, Failed, Pending, Unknown, Unpinned, Verified};
    for bits in 0..8 {
        let notes = Notes {
            sleeping: bits & 1 != 0,
            policy_file: bits & 2 != 0,
            references_file: bits & 4 != 0,
        };
        let expected: &[&str] = match bits {
            0 => &[],
            2 => &["policy-file"],
            4 => &["references-file"],
            6 => &["policy-file", "references-file"],
            _ => &["suspend"],
        };
        assert_eq!(notes.words().collect::<Vec<_>>(), expected);
        for verdict in [Verified, Unpinned, Failed, Unknown, Absent, Pending] {
            let published = match (bits, verdict) {
                (1 | 3 | 5 | 7, _) => Pending,
                (2 | 4 | 6, Verified | Unpinned) => Unknown,
                (_, verdict) => verdict,
            };
            assert_eq!(notes.verdict(verdict), published, "{notes:?} {verdict:?}");
        }
    }
}

/// The fixture works the PCRs out one by one, from the records that it wrote.
#[test]
fn all_pcrs_of_all_banks_come_from_one_walk() {
    let mut records = launch::records(&BANKS, &[HashAlg::Sha256]);
    records.push(Record::of_data(22, launch::TBOOT, &BANKS, b"a later PCR"));
    records.push(Record::of_data(
        23,
        launch::TBOOT,
        &BANKS,
        b"no PCR of a launch",
    ));
    let bytes = encode(&BANKS, &records);
    let mut carried = [false; HashAlg::ALL.len()];
    let mut replayed = |bytes: &[u8], first: bool, out: &mut PcrBanks| {
        if first {
            carried = [false; HashAlg::ALL.len()];
        }
        let log = Log::open(bytes, 0, bytes.len() as u32).expect("a log");
        replay_banks(&log, &Start::ZERO, &HostHasher, &mut carried, out);
    };
    let nothing: PcrBanks = [[None; DRTM_PCRS]; HashAlg::ALL.len()];

    let mut out = nothing;
    replayed(&bytes, true, &mut out);
    for alg in HashAlg::ALL {
        for (pcr, value) in (17..).zip(&out[alg.index()]) {
            let value = value.map(|value| value.as_bytes().to_vec());
            let expected = BANKS.contains(&alg).then(|| pcr_after(alg, pcr, &records));
            assert_eq!(value, expected, "PCR {pcr} {alg}");
        }
    }

    // Of several logs the first that carries a bank counts.
    let other = encode(&BANKS, &records[..3]);
    let before = out;
    replayed(&other, false, &mut out);
    assert_eq!(out, before);
    let mut sha1 = nothing;
    replayed(&encode(&[SHA1], &[]), true, &mut sha1);
    assert_eq!(sha1[0], [Some(Digest::zero(SHA1)); DRTM_PCRS]);
    replayed(&bytes, false, &mut sha1);
    assert_eq!(sha1[0], [Some(Digest::zero(SHA1)); DRTM_PCRS]);
    assert_eq!(sha1[1..], out[1..]);

    // What breaks off says nothing of any bank, takes nothing away, and is not made up for by another log.
    let broken = &bytes[..bytes.len() - 1];
    replayed(&bytes, true, &mut nothing.clone());
    replayed(broken, false, &mut out);
    assert_eq!(out, before);
    let mut unread = nothing;
    replayed(broken, true, &mut unread);
    assert_eq!(unread, nothing);
    replayed(&bytes, false, &mut unread);
    assert_eq!(unread, nothing);
}

/// A bank whose hash cannot be computed is none that was replayed, with events and without.
#[test]
fn a_bank_without_its_hash_is_not_replayed() {
    struct NoSha1;
    impl Hasher for NoSha1 {
        fn digest(&self, alg: HashAlg, parts: &[&[u8]]) -> Option<Digest> {
            (alg != SHA1).then(|| HostHasher.digest(alg, parts))?
        }
    }
    for records in [Vec::new(), launch::records(&BANKS, &BANKS)] {
        let bytes = encode(&BANKS, &records);
        let log = Log::open(&bytes, 0, bytes.len() as u32).expect("a log");
        let mut out: PcrBanks = [[None; DRTM_PCRS]; HashAlg::ALL.len()];
        let mut carried = [false; HashAlg::ALL.len()];
        replay_banks(&log, &Start::ZERO, &NoSha1, &mut carried, &mut out);
        assert_eq!(out[SHA1.index()], [None; DRTM_PCRS]);
        assert!(out[HashAlg::Sha256.index()].iter().all(Option::is_some));
    }
}
