// SPDX-License-Identifier: GPL-2.0

//! Corrupt heaps and registers: what is changed is found by the check that looks at it.

use launchguard_host_tests::fixture::{Machine, HEAP_SIZE};
use launchguard_pure::decode::registers::{Reg, Width};
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

/// Each bit of each table's size, and changes that leave the next size plausible. A size that cuts
/// an element or the MDR table in two cannot be told from a part that is too large.
#[test]
fn a_change_of_any_byte_of_a_heap_size_is_found() {
    let good = Machine::launched();
    let tables = good.tables();
    for table in 0..4 {
        let field = tables.size_field(table);
        for byte in 0..8 {
            let bits = (0..8).map(|bit| 1u8 << bit);
            for flip in bits.chain([0xff, 0xf4, 0x0c]) {
                let mut machine = good.clone();
                machine.heap.as_mut().expect("a heap")[field + byte] ^= flip;
                let judgement = machine.judge("", None);
                let found = failing(&judgement);
                assert!(
                    found
                        .iter()
                        .any(|check| [Heap02, Heap04, Heap06].contains(check)),
                    "size of table {table}, byte {byte} ^ {flip:#x}: {found:?}"
                );
                assert_eq!(judgement.verdict, Verdict::Failed);
            }
        }
    }
    assert!(tables.size_field(3) < HEAP_SIZE as usize);
}

/// SDG appendix C, with corpus 01: TPM 1.2 with OsSinitData 7; TPM 2.0 needs 7 and 9.
#[test]
fn table_versions_go_with_each_other_and_with_the_tpm() {
    use launchguard_pure::verify::facts::TpmFamily::{self, *};
    let cases: &[(u8, u8, u8, TpmFamily, Outcome, Outcome)] = &[
        (6, 7, 9, Tpm20, Outcome::Pass, Outcome::Pass),
        (3, 7, 9, Tpm20, Outcome::Pass, Outcome::Pass),
        (6, 7, 8, Tpm12, Outcome::Pass, Outcome::Pass),
        (2, 4, 6, Tpm12, Outcome::Pass, Outcome::Pass),
        (6, 6, 9, Tpm20, Outcome::Fail, Outcome::Fail),
        (6, 7, 8, Tpm20, Outcome::Pass, Outcome::Fail),
        (6, 7, 9, Tpm12, Outcome::Pass, Outcome::Fail),
        (1, 7, 9, Tpm20, Outcome::Fail, Outcome::Pass),
        (6, 3, 8, Tpm12, Outcome::Fail, Outcome::Pass),
        (6, 8, 9, Tpm20, Outcome::Fail, Outcome::Pass),
        (6, 7, 5, Tpm12, Outcome::Fail, Outcome::Pass),
        (6, 7, 10, Tpm20, Outcome::Fail, Outcome::Pass),
    ];
    for (bios, os, sinit, family, heap03, tpm01) in cases {
        let mut machine = Machine::launched();
        machine.change_tables(|tables| {
            tables.bios_data[0] = *bios;
            tables.os_sinit_data[0] = *os;
            tables.sinit_mle_data[0] = *sinit;
        });
        machine.tpm_mut().family = *family;
        if *family == Tpm12 {
            // The fixture's log is that of a TPM 2.0.
            machine.log = None;
        }
        let judgement = machine.judge("", None);
        let found = (judgement.outcome(Heap03), judgement.outcome(Tpm01));
        assert_eq!(found, (*heap03, *tpm01), "{bios} {os} {sinit} {family:?}");
    }
}

/// What is reserved in SinitMleData 9 is in use in 8.
#[test]
fn reserved_bytes_are_those_of_the_newest_sinit_mle_data() {
    let mut machine = Machine::launched();
    machine.change_tables(|tables| tables.sinit_mle_data[0] = 8);
    assert_eq!(
        machine.judge("", None).outcome(Heap05),
        Outcome::NotApplicable
    );
}

/// The registers that a check reads, and bits of theirs that decide something; reserved ones do not.
#[test]
fn a_change_of_each_register_is_found_by_its_check() {
    let cases: &[(Reg, u64, CheckId)] = &[
        (Reg::Sts, 1 << 0, Txt01),
        (Reg::Sts, 1 << 1, Txt02),
        (Reg::Ests, 1, Txt06),
        (Reg::ErrorCode, 0x80, Txt08),
        (Reg::VerQpiif, 1 << 31, Txt09),
        (Reg::DidVid, 1, Txt10),
        (Reg::DidVid, 1 << 16, Txt10),
        (Reg::DidVid, 1 << 40, Txt10),
        (Reg::SinitBase, 1 << 12, Txt12),
        (Reg::SinitSize, 1 << 12, Txt12),
        (Reg::HeapBase, 1 << 12, Txt12),
        (Reg::HeapSize, 1 << 12, Txt12),
        (Reg::Dpr, 1, Map01),
        (Reg::Dpr, 0x80 << 4, Map01),
        (Reg::Dpr, 1 << 20, Map02),
        (Reg::Dpr, 1 << 31, Map02),
        (Reg::E2sts, 2, Txt07),
    ];
    for (reg, bit, check) in cases {
        let mut machine = Machine::launched();
        machine.change(*reg, |value| value ^ bit);
        let judgement = machine.judge("", None);
        if (*reg, *bit) == (Reg::Dpr, 0x80 << 4) {
            // A larger protected range is no fault as long as it is locked.
            assert_eq!(judgement.outcome(*check), Outcome::Pass);
            continue;
        }
        assert_eq!(
            judgement.outcome(*check),
            Outcome::Fail,
            "{} ^ {bit:#x}",
            reg.name()
        );
    }
    // Bits that real machines set though the SDG reserves them.
    for (reg, bits) in [(Reg::Sts, 0x4010), (Reg::Sts, 1 << 6), (Reg::E2sts, 0xc)] {
        for value in [0, bits] {
            let mut machine = Machine::launched();
            machine.change(reg, |old| old & !bits | value);
            let verdict = machine.judge("", None).verdict;
            assert_eq!(verdict, Verdict::Unpinned, "{} {value:#x}", reg.name());
        }
    }
    assert_eq!(Reg::Ests.width(), Width::Byte);
}

#[test]
fn error_codes_that_follow_good_launches_pass() {
    for (code, outcome) in [
        (0, Outcome::Pass),
        (0xc000_0001, Outcome::Pass),
        (0xc000_0009, Outcome::Pass),
        (0x8000_0005, Outcome::Fail),
        (0xc006_0000, Outcome::Fail),
        (0xc000_8002, Outcome::Fail),
    ] {
        let mut machine = Machine::launched();
        machine.set(Reg::ErrorCode, code);
        let judgement = machine.judge("", None);
        assert_eq!(judgement.outcome(Txt08), outcome, "{code:#x}");
        assert!(detail(&judgement, Txt08).contains(&format!("{code:#010x}")));
    }
}
