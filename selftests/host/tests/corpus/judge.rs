// SPDX-License-Identifier: GPL-2.0

//! Judgements of real machines' registers and logs: what was good must pass, what was none must not.
//!
//! No case states everything that a judgement looks at. What it does not state is the fixture's.

use launchguard_host_tests::corpus::{Case, Corpus};
use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::log::{encode_container, Record};
use launchguard_host_tests::fixture::{launch, Machine};
use launchguard_host_tests::harness::Test;
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::digest::{Digest, HashAlg, Hasher};
use launchguard_pure::decode::eventlog::LogFormat;
use launchguard_pure::decode::registers::{Reg, PUBLIC_KEY_NAME};
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::facts::{MemoryRange, PcrBank, TpmFacts, DRTM_PCRS};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};
use serde_json::Value;

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
    ("judge_failed_launches_fail", failed_launches),
    ("judge_27_is_a_launch_without_log", case_27),
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
    // The window's second view is not stated: where it is open (bit 7) the chipset answers as in the
    // first, else nothing does.
    let is_open = machine.registers.get(Reg::Sts).expect("STS") & (1 << 7) != 0;
    let identity = machine.registers.get(Reg::DidVid).expect("DIDVID");
    machine.registers.private_didvid = Some(if is_open { identity } else { 0 });
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

/// What a case prints as a number: decimal, or hexadecimal behind 0x.
fn number(value: &Value) -> u64 {
    let text = value.as_str().expect("a number");
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).expect("hex"),
        None => text.parse().expect("a number"),
    }
}

/// BiosData as the case prints it (SDG table C-1).
fn bios_data(printed: &Value) -> Vec<u8> {
    let mut bytes = (number(&printed["version"]) as u32).to_le_bytes().to_vec();
    bytes.extend((number(&printed["bios_sinit_size"]) as u32).to_le_bytes());
    bytes.extend(number(&printed["lcp_pd_base"]).to_le_bytes());
    bytes.extend(number(&printed["lcp_pd_size"]).to_le_bytes());
    bytes.extend((number(&printed["num_logical_procs"]) as u32).to_le_bytes());
    bytes.extend(number(&printed["flags"]).to_le_bytes());
    for element in printed["ext_data_elts"].as_array().into_iter().flatten() {
        let mut data = Vec::new();
        let kind: u32 = if element["name"] == "BIOS_SPEC_VER" {
            for name in ["major", "minor", "rev"] {
                data.extend((number(&element[name]) as u16).to_le_bytes());
            }
            1
        } else {
            data.extend((number(&element["num_acms"]) as u32).to_le_bytes());
            data.extend(number(&element["acm_addrs[0]"]).to_le_bytes());
            2
        };
        bytes.extend(kind.to_le_bytes());
        bytes.extend((data.len() as u32 + 8).to_le_bytes());
        bytes.extend(data);
    }
    if printed["ext_data_elts"].is_array() {
        bytes.extend([0, 0, 0, 0, 8, 0, 0, 0]);
    }
    bytes
}

/// OsSinitData as the case prints it, without elements (SDG table C-4).
fn os_sinit_data(printed: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in ["version", "flags"] {
        bytes.extend((number(&printed[name]) as u32).to_le_bytes());
    }
    for name in [
        "mle_ptab",
        "mle_size",
        "mle_hdr_base",
        "vtd_pmr_lo_base",
        "vtd_pmr_lo_size",
        "vtd_pmr_hi_base",
        "vtd_pmr_hi_size",
        "lcp_po_base",
        "lcp_po_size",
    ] {
        bytes.extend(number(&printed[name]).to_le_bytes());
    }
    bytes.extend((number(&printed["capabilities"]) as u32).to_le_bytes());
    bytes.extend(number(&printed["efi_rsdt_ptr"]).to_le_bytes());
    bytes
}

/// The fixture's heap with the tables that the case prints, in the sizes that it prints.
fn with_heap(case: &Case, mut machine: Machine) -> Machine {
    let heap = &case.json["heap"];
    machine.change_tables(|tables| {
        // The element that points at the log stands behind the fixed part.
        let pointer = tables.os_sinit_data.split_off(92);
        tables.bios_data = bios_data(&heap["bios_data"]);
        tables.os_sinit_data = os_sinit_data(&heap["os_sinit_data"]);
        if heap["os_sinit_data"]["ext_data_elts"].is_array() {
            tables.os_sinit_data.extend(pointer);
        }
        // Case 10 points at its log in the way of the legacy format, which takes 8 bytes more.
        let legacy = heap["os_sinit_data"]["ext_data_elts"][0]["size"] == "36";
        let more = if legacy { 8 } else { 0 };
        for (name, size) in [
            ("bios_data", tables.bios_data.len()),
            ("os_sinit_data", tables.os_sinit_data.len() + more),
        ] {
            let printed = number(&heap[name]["_size_field"]);
            assert_eq!(printed, size as u64 + 8, "{name}");
        }
    });
    machine
}

/// The registers and the tables that the failed launches printed, beside what the fixture has.
fn failed_launches(corpus: &Corpus) {
    use Outcome::{Fail, Pass};
    // 06 gave a SINIT that wants version 7 an OsSinitData of version 5, and a low PMR that does not
    // begin at 0; the tables of 09 and 10 are as the SDG has them.
    for (number, code, heap_03, dma_01, says) in [
        ("06", "type 0xc", Fail, Fail, "PMR 0x10000000 + 0xd200000"),
        (
            "09",
            "class 0x5, major 0x1c",
            Pass,
            Pass,
            "0x0 + 0x5d400000",
        ),
        ("10", "class 0x5, major 0xd", Pass, Pass, "0x0 + 0x7a200000"),
    ] {
        let case = corpus.case(number);
        let machine = with_heap(&case, with_registers(&case, Machine::launched()));
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Failed, "case {number}");
        for (check, expected) in [
            (Txt08, Fail),
            (Heap02, Pass),
            (Heap03, heap_03),
            (Heap04, Pass),
            (Dma01, dma_01),
        ] {
            exercised::expect(&judgement, check, expected, Origin::Recorded(number));
        }
        for (check, words) in [(Txt08, code), (Dma01, says)] {
            let detail = judgement.finding(check).detail.to_string();
            assert!(detail.contains(words), "case {number}: {detail}");
        }
    }
    // SINIT refused the PMRs of 10 as invalid. The memory that they had to cover is not printed: with a
    // page behind the high one it is what SINIT said.
    let case = corpus.case("10");
    let mut machine = with_heap(&case, with_registers(&case, Machine::launched()));
    let printed = &case.json["heap"]["os_sinit_data"];
    let behind = number(&printed["vtd_pmr_hi_base"]) + number(&printed["vtd_pmr_hi_size"]);
    let map = machine.chipset.memory_map.as_mut().expect("a memory map");
    map.push(MemoryRange {
        base: behind,
        size: 0x1000,
        kind: 1,
    });
    let judgement = machine.judge("", None);
    assert_eq!(judgement.outcome(Dma01), Fail);
    let detail = judgement.finding(Dma01).detail.to_string();
    assert!(detail.contains("leaves memory above 4 GiB out"), "{detail}");
}

/// A launch before SINIT kept a log: the heap says what SINIT measured, and tboot's own
/// measurements, as it printed them, stand in a log of its own or nowhere.
fn case_27(corpus: &Corpus) {
    let case = corpus.case("27");
    let printed = &case.json["heap"]["sinit_mle_data"];
    let mut machine = Machine::launched_with_tpm12();
    machine.change_tables(|tables| {
        let data = &mut tables.sinit_mle_data;
        for (offset, name) in [
            (4, "bios_acm_id"),
            (36, "sinit_hash"),
            (56, "mle_hash"),
            (76, "stm_hash"),
            (96, "lcp_policy_hash"),
        ] {
            let text = printed[name].as_str().expect("a field");
            let value = Digest::from_hex(HashAlg::Sha1, text).expect("20 bytes");
            data[offset..offset + 20].copy_from_slice(value.as_bytes());
        }
        for (offset, name) in [
            (0, "version"),
            (24, "edx_senter_flags"),
            (116, "lcp_policy_control"),
        ] {
            let value = number(&printed[name]) as u32;
            data[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        }
        data[28..36].copy_from_slice(&number(&printed["mseg_valid"]).to_le_bytes());
    });
    for pcr in [17, 18] {
        let value = Digest::from_hex(HashAlg::Sha1, case.pcr("sha1", pcr).expect("stated"));
        machine.set_pcr(HashAlg::Sha1, pcr, Some(value.expect("SHA-1").as_bytes()));
    }
    let events = case.json["event_log"]["events"].as_array().expect("events");
    let digests = |pcr: u64, vl: bool| {
        let of = move |event: &&Value| event["pcr"] == pcr && (event["type"] == "VL") == vl;
        events.iter().filter(of).map(|event| {
            let hex = event["digests"]["sha1"].as_str().expect("a digest");
            Digest::from_hex(HashAlg::Sha1, hex).expect("SHA-1")
        })
    };

    // No log at all: what tboot extended is not known, so nothing passes and nothing fails.
    let mut silent = machine.clone();
    silent.log = None;
    silent.log_absent = true;
    let judgement = silent.judge("", None);
    for (check, pcr) in [(Tpm04, 17), (Tpm05, 18)] {
        exercised::expect(&judgement, check, Outcome::Unknown, Origin::Recorded("27"));
        let zero = Digest::zero(HashAlg::Sha1);
        let after = digests(pcr, false).fold(zero, |value, digest| {
            let sum = HostHasher.digest(HashAlg::Sha1, &[value.as_bytes(), digest.as_bytes()]);
            sum.expect("SHA-1")
        });
        let detail = judgement.finding(check).detail.to_string();
        let stated = case.pcr("sha1", pcr as u32).expect("stated");
        let words = format!(
            "SINIT left {}.. in PCR {pcr} by the heap, it is {}..",
            &after.to_string()[..16],
            &stated[..16]
        );
        assert!(detail.contains(&words), "{detail}, not {words}");
        // Right after SINIT the PCR held just that.
        let mut early = silent.clone();
        early.set_pcr(HashAlg::Sha1, pcr as u32, Some(after.as_bytes()));
        let early = early.judge("", None);
        assert_eq!(early.outcome(check), Outcome::Pass, "PCR {pcr}");
    }
    all_pass(&judgement, &[Tpm01, Tpm03, Tpm15], "27");
    assert_eq!(judgement.verdict, Verdict::Unknown);

    // tboot's measurements in a container that SINIT knows nothing of: they lead to the stated PCRs.
    let record = |pcr: u32, digest: Digest| Record {
        pcr,
        kind: launch::TBOOT,
        digests: vec![(HashAlg::Sha1, digest.as_bytes().to_vec())],
        data: Vec::new(),
    };
    let records: Vec<Record> = [17, 18]
        .into_iter()
        .flat_map(|pcr| digests(pcr.into(), true).map(move |digest| record(pcr, digest)))
        .collect();
    let mut logged = machine;
    logged.log = Some(encode_container(&records, 4096));
    let judgement = logged.judge("", None);
    all_pass(&judgement, &[Tpm04, Tpm05], "27");
}
