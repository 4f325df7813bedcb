// SPDX-License-Identifier: GPL-2.0

//! Every check has a case that fails when that check is switched off.

mod acm;
mod cpu;
mod dma;
mod kernel;
mod lcp;
mod map;
mod tpm;

use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::heap::{SINIT_MDR_COUNT, SINIT_RESERVED};
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::{acm as module, launch, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::facts::TpmFamily;
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};
use std::fmt::Write;
use CheckId::*;
use Outcome::{Fail, Unknown};

/// One thing that is not as it should be on an otherwise good machine.
struct Case {
    /// The check that must notice.
    check: CheckId,
    /// What it must say.
    outcome: Outcome,
    /// The verdict without a policy: advisory checks do not change it.
    verdict: Verdict,
    /// Other checks that the same change cannot but touch.
    also: &'static [CheckId],
    /// A part of the detail that names what is wrong.
    words: &'static str,
    /// The change.
    change: fn(&mut Machine),
    /// References that the machine is judged by.
    references: Option<fn(&Machine) -> String>,
}

/// A case that fails a required check and nothing else.
const fn fails(check: CheckId, words: &'static str, change: fn(&mut Machine)) -> Case {
    Case {
        check,
        outcome: Fail,
        verdict: Verdict::Failed,
        also: &[],
        words,
        change,
        references: None,
    }
}

/// A case that fails an advisory check.
const fn warns(check: CheckId, words: &'static str, change: fn(&mut Machine)) -> Case {
    let mut case = fails(check, words, change);
    case.verdict = Verdict::Unpinned;
    case
}

impl Case {
    const fn also(mut self, also: &'static [CheckId]) -> Self {
        self.also = also;
        self
    }

    const fn ending(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }
}

/// OsMleData of a launcher that is not known.
fn unknown_launcher(machine: &mut Machine) {
    machine.change_tables(|tables| tables.os_mle_data[0] = 99);
}

fn wrong_references(machine: &Machine) -> String {
    let mut other = machine.clone();
    other.set_pcr(HashAlg::Sha256, 17, Some(&[7; 32]));
    other.references(HashAlg::Sha256, &[17, 18])
}

/// The cases of all families.
fn all_cases() -> impl Iterator<Item = &'static Case> {
    [
        CASES,
        acm::CASES,
        cpu::CASES,
        dma::CASES,
        kernel::CASES,
        lcp::CASES,
        map::CASES,
        tpm::CASES,
    ]
    .into_iter()
    .flatten()
}

/// Whether the check is still to be written.
fn is_draft(check: CheckId) -> bool {
    check.entry().title == "-"
}

const CASES: &[Case] = &[
    fails(Txt01, "SENTER.DONE is clear", |m| {
        m.change(Reg::Sts, |sts| sts & !1)
    })
    .also(&[Txt13]),
    fails(Txt02, "SEXIT.DONE is set", |m| {
        m.change(Reg::Sts, |sts| sts | 2)
    }),
    // Never fails, as good machines differ: what it can say beside a value is that there is none.
    Case {
        check: Txt03,
        outcome: Unknown,
        verdict: Verdict::Unknown,
        also: &[Txt01, Txt02, Txt04, Txt05, Txt13],
        words: "could not be read",
        change: |m| m.registers.set(Reg::Sts, None),
        references: None,
    },
    warns(Txt04, "private space is open; launcher unknown", |m| {
        unknown_launcher(m);
        m.change(Reg::Sts, |sts| sts & !(3 << 15));
    })
    .also(&[Krn01])
    .ending(Verdict::Unknown),
    warns(Txt05, "locality 2 open; launcher unknown", |m| {
        unknown_launcher(m);
        m.change(Reg::Sts, |sts| sts & !(1 << 7) & !(1 << 15));
    })
    .also(&[Krn01])
    .ending(Verdict::Unknown),
    fails(Txt06, "TXT_RESET.STS is set", |m| m.set(Reg::Ests, 1)),
    warns(Txt07, "0x4: SECRETS.STS is clear", |m| m.set(Reg::E2sts, 4)),
    fails(Txt08, "0xc0007051: SINIT, class 0x5, major 0x1c", |m| {
        m.set(Reg::ErrorCode, 0xc000_7051);
    }),
    fails(Txt09, "debug-fused", |m| {
        m.change(Reg::VerQpiif, |value| value & !(1 << 31))
    }),
    fails(Txt10, "in the private window 0x1b0068087", |m| {
        m.registers.private_didvid = Some(0x1_b006_8087);
    }),
    fails(Txt11, "is not the sha1 of TXT.PUBLIC.KEY", |m| {
        m.registers.public_key = Some([0x5b; 32]);
    }),
    fails(Txt12, "TXT.SINIT.BASE is 0x7ec10000, was 0x7ec20000", |m| {
        m.latched.as_mut().expect("latched").sinit_base = 0x7ec2_0000;
    }),
    fails(Txt13, "all ones: no D-RTM event", |m| {
        for alg in BANKS {
            m.set_pcr(alg, 17, Some(&vec![0xff; alg.size()]));
        }
    })
    .also(&[Tpm03, Tpm04]),
    fails(Acm05, "vendor 0x8087", |m| {
        m.sinit.as_mut().expect("SINIT")[module::VENDOR] = 0x87;
    }),
    fails(Acm06, "0x4000: pre-production", |m| {
        m.sinit.as_mut().expect("SINIT")[module::FLAGS + 1] |= 0x40;
    }),
    fails(Heap01, "no range below 4 GiB", |m| {
        m.latched = None;
        m.set(Reg::HeapSize, 0x1_0000_0000);
    })
    .also(&[Map02, Map07]),
    // A size that leaves no room for the table's fixed part; whose table it is cannot be told either.
    fails(Heap02, "OsMleData", |m| {
        m.change_tables(|tables| tables.os_mle_data.truncate(2));
    })
    .also(&[Txt04, Txt05, Krn01]),
    fails(Heap03, "BiosData 1,", |m| {
        m.change_tables(|tables| tables.bios_data[0] = 1);
    }),
    fails(Heap04, "with size 0", |m| {
        m.change_tables(|tables| tables.bios_data[36 + 4] = 0);
    }),
    warns(Heap05, "byte 4 is not zero", |m| {
        m.change_tables(|tables| tables.sinit_mle_data[SINIT_RESERVED] = 1);
    }),
    fails(Heap06, "MDR table at", |m| {
        m.change_tables(|tables| tables.sinit_mle_data[SINIT_MDR_COUNT + 3] = 0x80);
    })
    .also(&[Map09]),
    fails(Heap07, "the SINIT region: is System RAM", |m| {
        m.memory.sinit_is_ram = Some(true);
    }),
    warns(Heap08, "differ", |m| m.heap_stable = Some(false)),
    fails(Map01, "not locked, 4 MiB", |m| {
        m.change(Reg::Dpr, |dpr| dpr & !1)
    })
    .also(&[Map03]),
    fails(Map02, "does not contain the SINIT region", |m| {
        m.set(Reg::Dpr, 0x7f00_0031);
    })
    .also(&[Map03]),
    fails(
        Tpm01,
        "TPM 1.2 with OsSinitData 7 and SinitMleData 9",
        |m| {
            m.tpm_mut().family = TpmFamily::Tpm12;
        },
    )
    // A TPM 1.2 has other indices, and none of them is defined.
    .also(&[Lcp03]),
    fails(Tpm02, "cover the launch: sha1; that do not: sha256", |m| {
        *m = Machine::with_records(&BANKS, launch::records(&BANKS, &[HashAlg::Sha1]));
    }),
    fails(Tpm03, "PCR 17 sha1 is zero", |m| {
        for alg in BANKS {
            m.set_pcr(alg, 17, Some(&vec![0; alg.size()]));
        }
    })
    .also(&[Tpm04]),
    fails(Tpm04, "PCR 17 sha256 is", |m| {
        m.set_pcr(HashAlg::Sha256, 17, Some(&[7; 32]));
    }),
    fails(Tpm05, "PCR 18 sha384 is", |m| {
        m.set_pcr(HashAlg::Sha384, 18, Some(&[7; 48]));
    }),
    fails(Tpm06, "header's digest", |m| {
        m.log.as_mut().expect("a log")[8] = 1;
    }),
    fails(Tpm07, "CPU_SCRTM_STAT at", |m| {
        m.change_log(|records| records[3].data[0] = 0);
    })
    .also(&[Acm04]),
    fails(Tpm08, "unknown type 0x600 in PCR 17", |m| {
        m.change_launch(|records| records.push(Record::of_data(17, 0x600, &BANKS, b"x")));
    }),
    fails(Tpm09, "the TPM has bank sha512", |m| {
        m.tpm_mut().allocated[HashAlg::Sha512.index()] = true;
        m.set_all_pcrs(HashAlg::Sha512, &[7; 64]);
    }),
    Case {
        check: Tpm10,
        outcome: Fail,
        verdict: Verdict::Failed,
        also: &[],
        words: "\"now\" expects PCR 17 sha256 0707070707070707",
        change: |_| {},
        references: Some(wrong_references),
    },
    fails(Tpm15, "PCR 18 sha256 changed", |m| {
        m.tpm_mut().second[HashAlg::Sha256.index()][1] = None;
        let second = m.pcr(HashAlg::Sha256, 17);
        m.tpm_mut().second[HashAlg::Sha256.index()][1] = Some(second);
    }),
    fails(Krn01, "loaded by kexec (loader type 0xd0)", |m| {
        m.kernel.loader_type = Some(0xd0);
    }),
];

/// A policy that waives `waived` and requires `required`.
fn policy(waived: &[CheckId], required: Option<CheckId>) -> String {
    let mut text = String::from("version 1\n");
    for check in waived {
        let _ = writeln!(text, "waive {check} \"switched off\"");
    }
    if let Some(check) = required {
        let _ = writeln!(text, "require {check}");
    }
    text
}

fn reasons(judgement: &Judgement) -> Vec<CheckId> {
    judgement.reasons().collect()
}

/// The checks that neither pass nor say that they do not apply.
fn not_good(judgement: &Judgement) -> Vec<CheckId> {
    CheckId::ALL
        .into_iter()
        .filter(|check| matches!(judgement.outcome(*check), Fail | Unknown))
        .collect()
}

/// What says nothing on the good machine: it has no references and no TPRs, and Kaby Lake no
/// IA_UNTRUSTED; SMX is never judged, and nothing is left to compare the MLE of a TPM 2.0 launch with.
const NOT_APPLICABLE: [CheckId; 6] = [Acm09, Tpm10, Tpm12, Cpu05, Cpu10, Dma02];

#[test]
fn a_good_launch_passes_every_check() {
    let judgement = Machine::launched().judge("", None);
    for check in CheckId::ALL.into_iter().filter(|check| !is_draft(*check)) {
        let finding = judgement.finding(check);
        let expected = if NOT_APPLICABLE.contains(&check) {
            Outcome::NotApplicable
        } else {
            Outcome::Pass
        };
        exercised::expect(&judgement, check, expected, Origin::Injected);
        assert!(!finding.detail.is_empty(), "{check} has no detail");
    }
    assert_eq!(judgement.verdict, Verdict::Unpinned);
}

#[test]
fn every_check_has_a_case() {
    for check in CheckId::ALL.into_iter().filter(|check| !is_draft(*check)) {
        let cases = all_cases().filter(|case| case.check == check).count();
        assert!(cases > 0, "{check} has no case");
    }
}

#[test]
fn each_case_is_noticed_by_its_check() {
    for case in all_cases() {
        let (check, judgement) = (case.check, judged(case, ""));
        let finding = judgement.finding(check);
        exercised::expect(&judgement, check, case.outcome, Origin::Injected);
        assert!(
            finding.detail.as_str().contains(case.words),
            "{check}: {:?} does not say {:?}",
            finding.detail,
            case.words
        );
        let mut expected: Vec<CheckId> = [&[check], case.also].concat();
        expected.sort();
        assert_eq!(not_good(&judgement), expected, "{check}");
        assert_eq!(judgement.verdict, case.verdict, "{check}");
    }
}

fn judged(case: &Case, policy: &str) -> Box<Judgement> {
    let mut machine = Machine::launched();
    (case.change)(&mut machine);
    let references = case.references.map(|make| make(&Machine::launched()));
    machine.judge(policy, references.as_deref())
}

/// The mechanism: on, the check alone decides; off, the same machine is not found out.
#[test]
fn each_check_switched_off_lets_its_case_through() {
    for case in all_cases() {
        let check = case.check;
        let on = judged(case, &policy(case.also, Some(check)));
        let expected = match case.outcome {
            Fail => Verdict::Failed,
            _ => Verdict::Unknown,
        };
        assert_eq!(on.verdict, expected, "{check} switched on");
        assert_eq!(reasons(&on), [check], "{check} switched on");

        let off = judged(case, &policy(&[&[check], case.also].concat(), None));
        assert_eq!(off.verdict, Verdict::Unpinned, "{check} switched off");
        assert_eq!(
            off.outcome(check),
            case.outcome,
            "a waiver must not hide the result of {check}"
        );
    }
}

/// Where the MLE's page tables lie (OsSinitData, bytes 8 to 15): in the DPR, above the low PMR.
const IN_DPR: [u8; 8] = 0x7ed0_0000u64.to_le_bytes();

/// The launcher asks for a high PMR (OsSinitData, bytes 48 to 63) of 2 GiB from 4 GiB on, which is
/// where the fixture's high memory lies.
fn high_region(machine: &mut Machine) {
    machine.change_tables(|tables| {
        tables.os_sinit_data[48..56].copy_from_slice(&0x1_0000_0000u64.to_le_bytes());
        tables.os_sinit_data[56..64].copy_from_slice(&0x8000_0000u64.to_le_bytes());
    });
}

/// Input by input: what is not there is unknown to every check that looks at it.
#[test]
fn what_cannot_be_read_is_unknown() {
    type Removal = (&'static str, fn(&mut Machine), &'static [CheckId]);
    let removals: &[Removal] = &[
        ("ESTS", |m| m.registers.set(Reg::Ests, None), &[Txt06]),
        ("E2STS", |m| m.registers.set(Reg::E2sts, None), &[Txt07]),
        (
            "ERRORCODE",
            |m| m.registers.set(Reg::ErrorCode, None),
            &[Txt08],
        ),
        ("FSBIF", |m| m.registers.set(Reg::VerFsbif, None), &[Txt09]),
        ("QPIIF", |m| m.registers.set(Reg::VerQpiif, None), &[Txt09]),
        (
            "DIDVID",
            |m| m.registers.set(Reg::DidVid, None),
            &[Txt10, Txt13, Acm07],
        ),
        (
            "private DIDVID",
            |m| m.registers.private_didvid = None,
            &[Txt10],
        ),
        ("PUBLIC.KEY", |m| m.registers.public_key = None, &[Txt11]),
        (
            "DPR",
            |m| m.registers.set(Reg::Dpr, None),
            &[Map01, Map02, Map03, Map04, Map07],
        ),
        (
            "HEAP.BASE",
            |m| m.registers.set(Reg::HeapBase, None),
            &[Txt12, Txt13, Heap01, Map02, Map07],
        ),
        (
            "HEAP.SIZE",
            |m| m.registers.set(Reg::HeapSize, None),
            &[Txt12, Txt13, Heap01, Map02, Map07],
        ),
        (
            "SINIT.BASE",
            |m| m.registers.set(Reg::SinitBase, None),
            &[Txt12, Map02, Map07],
        ),
        (
            "SINIT.SIZE",
            |m| m.registers.set(Reg::SinitSize, None),
            &[Txt12, Acm05, Acm06, Acm07, Acm08, Acm10, Map02, Map07],
        ),
        (
            "SINIT",
            |m| m.sinit = None,
            &[Acm05, Acm06, Acm07, Acm08, Acm10, Cpu07],
        ),
        (
            "SPAD",
            |m| m.registers.set(Reg::BootStatus, None),
            &[Acm01, Acm02],
        ),
        (
            "ACM_STATUS",
            |m| m.registers.set(Reg::AcmStatus, None),
            &[Acm03],
        ),
        (
            "NV indices",
            |m| m.nv.list = None,
            &[Acm08, Lcp01, Lcp02, Lcp03, Lcp04],
        ),
        (
            "AUX's contents",
            |m| m.nv.change(|indices| indices[0].data = None),
            &[Acm08],
        ),
        (
            "information table",
            |m| m.sinit.as_mut().expect("SINIT").truncate(512),
            &[Acm05, Acm07, Acm08, Acm10],
        ),
        (
            "heap",
            |m| m.heap = None,
            &[
                Acm04, Heap02, Heap03, Heap04, Heap05, Heap06, Heap08, Tpm01, Txt04, Txt05, Krn01,
                Cpu11, Map09, Map10, Dma01, Dma02, Dma04, Dma05, Tpm11,
            ],
        ),
        ("second copy", |m| m.heap_stable = None, &[Heap08]),
        ("resource map", |m| m.memory.tpm_is_ram = None, &[Heap07]),
        (
            "log",
            |m| m.log = None,
            &[
                Acm04, Txt11, Tpm02, Tpm04, Tpm05, Tpm06, Tpm07, Tpm08, Tpm09, Tpm11, Tpm13, Lcp03,
                Lcp04,
            ],
        ),
        (
            "TPM",
            |m| m.tpm = None,
            &[
                Txt13, Tpm01, Tpm02, Tpm03, Tpm04, Tpm05, Tpm09, Tpm14, Tpm15,
            ],
        ),
        (
            "PCR 17",
            |m| m.set_pcr(HashAlg::Sha256, 17, None),
            &[Tpm03, Tpm04, Tpm15],
        ),
        (
            "PCR 18",
            |m| m.set_pcr(HashAlg::Sha1, 18, None),
            &[Tpm05, Tpm15],
        ),
        (
            "second reading",
            |m| m.tpm_mut().second[HashAlg::Sha384.index()][5] = None,
            &[Tpm15],
        ),
        ("tboot_addr", |m| m.kernel.tboot_addr = None, &[Krn01]),
        ("tboot's page", |m| m.kernel.tboot_page = None, &[Krn01]),
        ("loader type", |m| m.kernel.loader_type = None, &[Krn01]),
        ("rescue", |m| m.kernel.rescue = None, &[Krn03]),
        ("resume", |m| m.kernel.resumed_from_image = None, &[Krn01]),
        (
            "host bridge",
            |m| m.chipset.host_bridge = None,
            &[
                Cpu04, Cpu05, Cpu09, Map03, Map04, Map05, Map06, Map07, Map08,
            ],
        ),
        ("memory map", |m| m.chipset.memory_map = None, &[Map09]),
        (
            "memory map, of which a PMR is to cover the high part",
            |m| {
                high_region(m);
                m.chipset.memory_map = None;
            },
            &[Map09, Dma01],
        ),
        (
            "DPR, in which the MLE lies",
            |m| {
                m.change_tables(|tables| tables.os_sinit_data[8..16].copy_from_slice(&IN_DPR));
                m.registers.set(Reg::Dpr, None);
            },
            &[Map01, Map02, Map03, Map04, Map07, Dma01],
        ),
        ("DMAR", |m| m.firmware.dmar = None, &[Dma05]),
        ("the kernel's ECAM", |m| m.chipset.ecam = None, &[Map09]),
        ("MCFG", |m| m.firmware.mcfg = None, &[Map09, Map10]),
        ("MADT", |m| m.firmware.madt = None, &[Cpu11]),
    ];
    for (what, remove, checks) in removals {
        let mut machine = Machine::launched();
        remove(&mut machine);
        let judgement = machine.judge("", None);
        let mut expected = checks.to_vec();
        expected.sort();
        assert_eq!(not_good(&judgement), expected, "without {what}");
        let required = checks.iter().any(|check| check.required_by_default());
        // Without the heap the launcher is unknown, and open localities are then unexplained.
        let advisory = [Txt04, Txt05, Txt07, Txt10, Heap05, Heap08];
        for check in checks.iter().filter(|check| !advisory.contains(check)) {
            assert_eq!(judgement.outcome(*check), Unknown, "{check} without {what}");
            exercised::note(*check, Unknown, Origin::Injected);
        }
        let verdict = if required {
            Verdict::Unknown
        } else {
            Verdict::Unpinned
        };
        assert_eq!(judgement.verdict, verdict, "without {what}");
    }
}

/// Nothing at all to look at: nothing passes.
#[test]
fn nothing_passes_on_no_evidence() {
    let mut machine = Machine::launched();
    machine.registers = launchguard_pure::decode::registers::Registers::UNREADABLE;
    machine.heap = None;
    machine.log = None;
    machine.sinit = None;
    machine.tpm = None;
    machine.memory = Default::default();
    machine.kernel = Default::default();
    machine.nv = Default::default();
    machine.cpus = Default::default();
    machine.chipset = Default::default();
    machine.firmware = Default::default();
    machine.dma = Default::default();
    let judgement = machine.judge("", None);
    for check in CheckId::ALL {
        let finding = judgement.finding(check);
        assert!(
            matches!(finding.outcome, Unknown | Outcome::NotApplicable),
            "{check} is {}: {}",
            finding.outcome,
            finding.detail
        );
    }
    assert_eq!(judgement.verdict, Verdict::Unknown);
}
