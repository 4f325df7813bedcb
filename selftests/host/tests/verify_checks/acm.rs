// SPDX-License-Identifier: GPL-2.0

//! Cases of ACM-01 to ACM-10.

use super::{fails, warns, Case};
use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::acm::{CHIPSETS, DATE, INFO, PROCESSORS};
use launchguard_host_tests::fixture::{lcp, Machine};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::facts::{Cpu, MTRR_RANGES};
use launchguard_pure::verify::judgement::Outcome::{self, Fail, NotApplicable, Pass, Unknown};

fn sinit(machine: &mut Machine) -> &mut Vec<u8> {
    machine.sinit.as_mut().expect("SINIT")
}

fn another_sinit(machine: &Machine) -> String {
    let pins = machine.references(HashAlg::Sha256, &[17, 18]);
    pins + "sinit sha256 " + &"07".repeat(32) + "\n"
}

pub(super) const CASES: &[Case] = &[
    warns(Acm01, "the startup ACM did not succeed", |m| {
        m.change(Reg::BootStatus, |value| value & !(1 << 63));
    }),
    warns(Acm01, "reports an error", |m| {
        m.change(Reg::BootStatus, |value| value | (1 << 62));
    }),
    warns(Acm01, "disabled by the policy", |m| {
        m.change(Reg::BootStatus, |value| value | (1 << 60));
    }),
    warns(Acm02, "does not trust the BIOS", |m| {
        m.change(Reg::BootStatus, |value| value & !(1 << 59));
    }),
    warns(Acm03, "type 0x1, class 0x6, major 0x4, minor 0x123", |m| {
        m.set(Reg::AcmStatus, 0x8123_1061);
    }),
    warns(Acm04, "0x0 in the heap, 0x1 in the log", |m| {
        m.change_tables(|tables| tables.sinit_mle_data[144] = 0);
    }),
    warns(Acm07, "not made for chipset 8086:b006 revision 0x1", |m| {
        sinit(m)[CHIPSETS + 4 + 6] = 0x07;
    }),
    // The revision is a mask of which no bit is set.
    warns(Acm07, "not made for chipset", |m| {
        sinit(m)[CHIPSETS + 4 + 8] = 0xe;
    }),
    warns(
        Acm08,
        "AcmVersion 1 is less than the 2 that PS asks for",
        |m| {
            m.nv.change(|indices| indices[1].data.as_mut().expect("PS")[5] = 2);
        },
    ),
    warns(
        Acm08,
        "AcmVersion 1 is less than the 3 that PO asks for",
        |m| {
            m.nv.change(|indices| indices[2].data.as_mut().expect("PO")[5] = 3);
        },
    ),
    warns(
        Acm08,
        "TXT SVN 2 is less than the 3 that AUX asks for",
        |m| {
            m.nv.change(|indices| indices[0].data.as_mut().expect("AUX")[96] = 3);
        },
    ),
    warns(Acm08, "SINIT of 20081231: INTEL-SA-00030", |m| {
        sinit(m)[DATE..DATE + 4].copy_from_slice(&0x2008_1231u32.to_le_bytes());
    }),
    warns(Acm08, "than the 4 that the MLE element asks for", |m| {
        m.change_tables(|tables| {
            let mle = launchguard_host_tests::fixture::launch::MLE;
            let hash = launchguard_host_tests::fixture::log::hash(HashAlg::Sha384, &[mle]);
            let other = lcp::mle_element(9, 0x000b, &[vec![1; 32]]);
            let matching = lcp::mle_element(4, 0x000c, &[vec![1; 48], hash]);
            let data = lcp::data(&[lcp::list_2(0x10, &[other, matching], &[])]);
            tables.os_mle_data[280..280 + data.len()].copy_from_slice(&data);
        });
    }),
    {
        let mut case = fails(Acm09, "not named by the references", |_| {}).also(&[Tpm10]);
        case.references = Some(another_sinit);
        case
    },
    fails(Acm10, "says SINIT revocation ACM", |m| {
        sinit(m)[INFO + 16] = 9;
    })
    .also(&[Acm05]),
];

fn outcome(machine: &Machine, references: Option<&str>, check: CheckId) -> (Outcome, String) {
    let judgement = machine.judge("", references);
    let finding = judgement.finding(check);
    (finding.outcome, finding.detail.to_string())
}

#[test]
fn what_this_chipset_does_not_report_is_not_judged() {
    for value in [0, u64::MAX] {
        let mut machine = Machine::launched();
        machine.set(Reg::BootStatus, value);
        for check in [Acm01, Acm02] {
            assert_eq!(
                outcome(&machine, None, check).0,
                NotApplicable,
                "{value:#x}"
            );
        }
    }
    let mut machine = Machine::launched();
    machine.set(Reg::AcmStatus, 0xffff_ffff);
    assert_eq!(outcome(&machine, None, Acm03).0, NotApplicable);
    // Valid, and nothing but the kind of module.
    machine.set(Reg::AcmStatus, 0x8000_0001);
    assert_eq!(outcome(&machine, None, Acm03).0, Pass);
}

/// SDG table A-5: as a mask the revision matches with any bit, otherwise it must be equal. The
/// fixture's chipset has revision 1, its module the mask 0xf.
#[test]
fn a_revision_is_a_mask_or_a_value() {
    for (flags, revision, expected) in [
        (1u8, 0x0f, Pass),
        (1, 0x01, Pass),
        (1, 0x02, Fail),
        (0, 0x01, Pass),
        (0, 0x0f, Fail),
    ] {
        let mut machine = Machine::launched();
        sinit(&mut machine)[CHIPSETS + 4] = flags;
        sinit(&mut machine)[CHIPSETS + 12] = revision;
        let (found, words) = outcome(&machine, None, Acm07);
        assert_eq!(
            found, expected,
            "flags {flags}, revision {revision:#x}: {words}"
        );
    }
}

#[test]
fn every_processor_must_be_one_of_the_modules() {
    let cpu = |number, signature| Cpu {
        number,
        apic_id: number,
        vendor: *b"GenuineIntel",
        signature,
        features: 0,
        address_bits: 39,
        microcode: None,
        msrs: [None; Msr::ALL.len()],
        mtrrs: [None; MTRR_RANGES],
    };
    // Family 6, model 0x9e, any stepping.
    let mut machine = Machine::launched();
    let entry = [0x0009_06e0u32, 0xffff_fff0];
    for (index, value) in entry.into_iter().enumerate() {
        let at = PROCESSORS + 4 + index * 4;
        sinit(&mut machine)[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    machine.cpus.list = None;
    assert_eq!(outcome(&machine, None, Acm07).0, Unknown);
    machine.cpus.list = Some(Vec::new());
    assert_eq!(outcome(&machine, None, Acm07).0, Unknown);
    machine.cpus.list = Some(vec![cpu(0, 0x9_06ea), cpu(1, 0x9_06ed)]);
    let unasked = "only 2 of 4 processors could be asked".to_owned();
    assert_eq!(outcome(&machine, None, Acm07), (Unknown, unasked));
    machine.cpus.counts = (8, 4, 2);
    assert_eq!(outcome(&machine, None, Acm07).0, Pass);
    // One that is none of the module's outweighs those that were not asked.
    machine.cpus.counts = (8, 4, 4);
    machine.cpus.list = Some(vec![cpu(0, 0x9_06ea), cpu(1, 0x8_06ea)]);
    let (found, words) = outcome(&machine, None, Acm07);
    assert_eq!(found, Fail);
    assert!(
        words.contains("processor 1 with signature 0x806ea"),
        "{words}"
    );
}

/// SDG table A-7: a mask that is not 0 asks for bits of IA32_PLATFORM_ID, here 52:50, the platform.
#[test]
fn a_platform_that_the_module_asks_for_must_be_read() {
    let with_entry = |signature: u32, mask: u32, platform: u64, platform_mask: u64| {
        let mut machine = Machine::launched();
        let at = PROCESSORS + 4;
        let mut entry = [signature.to_le_bytes(), mask.to_le_bytes()].concat();
        entry.extend(platform.to_le_bytes());
        entry.extend(platform_mask.to_le_bytes());
        sinit(&mut machine)[at..at + 24].copy_from_slice(&entry);
        machine
    };
    // The fixture's processors have signature 0x806e9.
    for (signature, mask) in [(0x8_06e0, 0xffff_fff0), (0, 0)] {
        let mut machine = with_entry(signature, mask, 6 << 50, 7 << 50);
        machine.cpus.set_all(Msr::PlatformId, None);
        let (found, words) = outcome(&machine, None, Acm07);
        assert_eq!(found, Unknown, "{words}");
        assert!(words.contains("asks for an IA32_PLATFORM_ID"), "{words}");
        machine
            .cpus
            .set_all(Msr::PlatformId, Some((6 << 50) | 0x1234));
        assert_eq!(outcome(&machine, None, Acm07).0, Pass);
        machine.cpus.set(1, Msr::PlatformId, Some(4 << 50));
        let (found, words) = outcome(&machine, None, Acm07);
        assert_eq!(found, Fail, "{words}");
        assert!(
            words.contains("processor 1 with signature 0x806e9, IA32_PLATFORM_ID 0x10000000000000"),
            "{words}"
        );
    }
    // Another signature: the platform cannot save it. No mask: nothing is asked for.
    let other = with_entry(0x9_06e0, 0xffff_fff0, 6 << 50, 7 << 50);
    assert_eq!(outcome(&other, None, Acm07).0, Fail);
    let any = with_entry(0x8_06e0, 0xffff_fff0, 0, 0);
    assert_eq!(outcome(&any, None, Acm07).0, Pass);
    let none = with_entry(0x8_06e0, 0xffff_fff0, 1, 0);
    assert_eq!(outcome(&none, None, Acm07).0, Fail);
}

/// HASH_START's data holds SHA-256: another algorithm in the references cannot be compared.
#[test]
fn sinit_is_compared_in_its_own_algorithm() {
    let machine = Machine::launched();
    let pins = machine.references(HashAlg::Sha256, &[17, 18]);
    let hash = launchguard_host_tests::hex(&launchguard_host_tests::fixture::sinit_hash());
    for (line, expected) in [
        (format!("sinit sha256 {hash}\n"), Pass),
        (format!("sinit sha384 {}\n", "07".repeat(48)), Unknown),
        (String::new(), NotApplicable),
    ] {
        let judgement = machine.judge("", Some(&(pins.clone() + &line)));
        exercised::expect(&judgement, Acm09, expected, Origin::Injected);
    }
}
