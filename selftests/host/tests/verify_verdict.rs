// SPDX-License-Identifier: GPL-2.0

//! The rule that makes one word of findings, row by row.

use launchguard_host_tests::fixture::{launch, slrt, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::{CheckId, CheckId::*, Severity};
use launchguard_pure::verify::facts::loader_type;
use launchguard_pure::verify::judgement::{Judgement, Launcher, Outcome, Verdict};

fn reasons(judgement: &Judgement) -> String {
    judgement.decisive.to_string()
}

fn pins(machine: &Machine) -> String {
    machine.references(HashAlg::Sha256, &[17, 18])
}

#[test]
fn without_references_a_good_launch_is_unpinned() {
    let machine = Machine::launched();
    let judgement = machine.judge("", None);
    assert_eq!(judgement.verdict, Verdict::Unpinned);
    assert_eq!(judgement.launcher, Launcher::Tboot);
    assert_eq!(judgement.outcome(Tpm10), Outcome::NotApplicable);
    // References that expect nothing are none.
    let judgement = machine.judge("", Some("version 1 references\n"));
    assert_eq!(judgement.verdict, Verdict::Unpinned);
}

#[test]
fn references_made_from_the_launch_verify_it() {
    let machine = Machine::launched();
    let judgement = machine.judge("", Some(&pins(&machine)));
    assert_eq!(judgement.verdict, Verdict::Verified);
    assert_eq!(reasons(&judgement), "TPM-10");
    assert_eq!(
        judgement.launch.as_ref().map(|name| name.as_str()),
        Some("now")
    );
}

#[test]
fn one_matching_launch_among_others_verifies() {
    let machine = Machine::launched();
    let mut other = machine.clone();
    other.set_pcr(HashAlg::Sha256, 17, Some(&[7; 32]));
    let text = pins(&other).replace("now", "before") + pins(&machine).split_once('\n').unwrap().1;
    let judgement = machine.judge("", Some(&text));
    assert_eq!(judgement.verdict, Verdict::Verified);
    assert_eq!(
        judgement.launch.as_ref().map(|name| name.as_str()),
        Some("now")
    );
}

/// PCR 17 of one entry and PCR 18 of another are no launch.
#[test]
fn pins_of_two_entries_do_not_add_up() {
    let machine = Machine::launched();
    let mut other = machine.clone();
    other.set_pcr(HashAlg::Sha256, 17, Some(&[7; 32]));
    let mut third = machine.clone();
    third.set_pcr(HashAlg::Sha256, 18, Some(&[7; 32]));
    let text = pins(&other).replace("now", "a")
        + pins(&third).replace("now", "b").split_once('\n').unwrap().1;
    let judgement = machine.judge("", Some(&text));
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TPM-10");
}

#[test]
fn references_that_do_not_match_fail() {
    let machine = Machine::launched();
    let text = pins(&machine);
    for pcr in [17, 18] {
        let mut changed = machine.clone();
        changed.change_launch(|records| {
            let last = records.iter_mut().rfind(|record| record.pcr == pcr);
            last.expect("a record").digests[0].1[5] ^= 1;
        });
        let judgement = changed.judge("", Some(&text));
        assert_eq!(judgement.verdict, Verdict::Failed, "PCR {pcr}");
        assert_eq!(reasons(&judgement), "TPM-10", "PCR {pcr}");
        // Without references the same machine is as good as any.
        assert_eq!(changed.judge("", None).verdict, Verdict::Unpinned);
    }
}

/// A pin takes PCR 17 and PCR 18: one of them says nothing about the other half of the launch.
#[test]
fn half_a_pin_never_verifies() {
    let machine = Machine::launched();
    for pcrs in [[17].as_slice(), &[18], &[17, 19], &[18, 22]] {
        let text = machine.references(HashAlg::Sha256, pcrs);
        let judgement = machine.judge("", Some(&text));
        assert_eq!(judgement.verdict, Verdict::Failed, "{pcrs:?}");
        assert_eq!(reasons(&judgement), "TPM-10", "{pcrs:?}");
    }
}

/// tboot's default extends its own events into sha256 only: sha1 and sha384 do not see the kernel.
#[test]
fn a_pin_on_a_bank_that_does_not_cover_fails() {
    let machine = Machine::launched();
    for alg in [HashAlg::Sha1, HashAlg::Sha384] {
        let text = machine.references(alg, &[17, 18]);
        let mut changed = machine.clone();
        changed.change_launch(|records| {
            records.last_mut().expect("records").digests[0].1[0] ^= 1;
        });
        for machine in [&machine, &changed] {
            let judgement = machine.judge("", Some(&text));
            assert_eq!(judgement.verdict, Verdict::Failed, "{alg}");
            assert_eq!(reasons(&judgement).split(' ').next(), Some("TPM-02"));
            let detail = judgement.finding(Tpm02).detail;
            assert!(
                detail
                    .as_str()
                    .contains(&format!("pins {alg}, which does not cover")),
                "{detail}"
            );
        }
        // Also when the owner waives the check: it never becomes verified.
        let judgement = machine.judge("version 1\nwaive TPM-02 \"x\"\n", Some(&text));
        assert_eq!(judgement.verdict, Verdict::Failed, "{alg}");
        let both = "version 1\nwaive TPM-02 \"x\"\nwaive TPM-10 \"x\"\n";
        let judgement = machine.judge(both, Some(&text));
        assert_eq!(judgement.verdict, Verdict::Unpinned, "{alg}");
    }
}

/// A weak bank does not verify even where it covers the launch.
#[test]
fn a_pin_on_sha1_alone_never_verifies() {
    let machine = Machine::with_records(&BANKS, launch::records(&BANKS, &BANKS));
    let weak = machine.references(HashAlg::Sha1, &[17, 18]);
    let judgement = machine.judge("", Some(&weak));
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TPM-02 TPM-10");
    let strong = machine.references(HashAlg::Sha384, &[17, 18]);
    assert_eq!(machine.judge("", Some(&strong)).verdict, Verdict::Verified);
}

/// Taking tboot's events out of the log must not make other banks look covered.
#[test]
fn a_log_without_the_launchers_events_covers_nothing() {
    let mut machine = Machine::launched();
    let text = machine.references(HashAlg::Sha384, &[17, 18]);
    machine.change_log(|records| records.retain(|record| record.kind != launch::TBOOT));
    let waive = "version 1\nwaive TPM-04 \"x\"\nwaive TPM-05 \"x\"\nwaive TPM-08 \"x\"\n";
    for policy in ["", waive] {
        let judgement = machine.judge(policy, Some(&text));
        assert_eq!(judgement.covered, [false; 5]);
        assert_eq!(judgement.verdict, Verdict::Failed);
    }
}

/// The bank that tboot extends is left out of the log, and SINIT's NV events are called tboot's: now
/// sha384 seems to cover a launch whose kernel it never saw.
#[test]
fn a_bank_hidden_from_the_log_never_verifies_another() {
    let mut machine = Machine::launched();
    let text = machine.references(HashAlg::Sha384, &[17, 18]);
    let banks = [HashAlg::Sha1, HashAlg::Sha384];
    let mut records = machine.records.clone();
    records.retain(|record| record.kind != launch::TBOOT);
    for record in &mut records {
        record.digests.retain(|(alg, _)| banks.contains(alg));
        if record.kind == 0x414 {
            record.kind = launch::TBOOT;
            record.data.clear();
        }
    }
    machine.set_log(&banks, records);
    let judgement = machine.judge("", Some(&text));
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TPM-09");
    let waived = machine.judge("version 1\nwaive TPM-09 \"x\"\n", Some(&text));
    assert_eq!(waived.verdict, Verdict::Unpinned);
    assert_eq!(reasons(&waived), "TPM-09");
}

#[test]
fn identities_narrow_what_is_expected() {
    let machine = Machine::launched();
    let judgement = machine.judge("", None);
    let (sinit, mle) = (judgement.sinit.unwrap(), judgement.mle.unwrap());
    let other = "00".repeat(32);
    let base = pins(&machine);
    for (line, verdict) in [
        (
            format!("sinit sha256 {sinit}\nmle sha256 {mle}\n"),
            Verdict::Verified,
        ),
        (
            format!("sinit sha256 {other}\nsinit sha256 {sinit}\n"),
            Verdict::Verified,
        ),
        (format!("sinit sha256 {other}\n"), Verdict::Failed),
        (format!("mle sha256 {other}\n"), Verdict::Failed),
        (format!("mle sha512 {other}{other}\n"), Verdict::Unknown),
    ] {
        let judgement = machine.judge("", Some(&(base.clone() + &line)));
        assert_eq!(judgement.verdict, verdict, "{line}");
        assert_eq!(reasons(&judgement), "TPM-10", "{line}");
    }
    // Identities alone expect no launch: nothing that could verify it.
    let alone = format!("version 1 references\nmle sha256 {mle}\n");
    assert_eq!(machine.judge("", Some(&alone)).verdict, Verdict::Unpinned);
    let alone = format!("version 1 references\nmle sha256 {other}\n");
    assert_eq!(machine.judge("", Some(&alone)).verdict, Verdict::Failed);
}

#[test]
fn a_waived_critical_check_caps_at_unpinned() {
    let machine = Machine::launched();
    let references = pins(&machine);
    for check in CheckId::ALL {
        let policy = format!("version 1\nwaive {check} \"for a reason\"\n");
        let judgement = machine.judge(&policy, Some(&references));
        let expected = if check.severity() == Severity::Critical {
            Verdict::Unpinned
        } else {
            Verdict::Verified
        };
        assert_eq!(judgement.verdict, expected, "waiving {check}");
        if expected == Verdict::Unpinned {
            assert_eq!(reasons(&judgement), check.name());
        }
    }
}

#[test]
fn a_waiver_moves_the_decision_and_keeps_the_result() {
    let mut machine = Machine::launched();
    machine.set(Reg::Ests, 1);
    machine.registers.public_key = None;
    let judgement = machine.judge("", None);
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TXT-06");
    let judgement = machine.judge("version 1\nwaive TXT-06 \"x\"\n", None);
    assert_eq!(judgement.verdict, Verdict::Unknown);
    assert_eq!(reasons(&judgement), "TXT-11");
    assert_eq!(judgement.outcome(Txt06), Outcome::Fail);
}

#[test]
fn what_fails_outweighs_what_is_unknown() {
    let mut machine = Machine::launched();
    machine.log = None;
    machine.set(Reg::Ests, 1);
    let judgement = machine.judge("", None);
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TXT-06");
}

#[test]
fn an_advisory_check_decides_when_it_is_required() {
    let mut machine = Machine::launched();
    machine.set(Reg::E2sts, 0);
    assert_eq!(machine.judge("", None).verdict, Verdict::Unpinned);
    let judgement = machine.judge("version 1\nrequire TXT-07\n", None);
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TXT-07");
}

#[test]
fn no_launch_is_absent() {
    let machine = Machine::never_launched();
    for policy in ["", "version 1\nrequire TXT-01\n"] {
        let judgement = machine.judge(policy, Some(&pins(&Machine::launched())));
        assert_eq!(judgement.verdict, Verdict::Absent);
        assert_eq!(reasons(&judgement), "TXT-01");
        assert_eq!(judgement.launcher, Launcher::None);
        assert_eq!(judgement.outcome(Txt01), Outcome::Fail);
        assert_eq!(judgement.outcome(Txt13), Outcome::Pass);
        for check in [Heap02, Acm05, Map01, Tpm03, Tpm04, Tpm08, Tpm10, Krn01] {
            assert_eq!(judgement.outcome(check), Outcome::NotApplicable, "{check}");
        }
    }
}

/// What machines without TXT print: txt-stat calls some of them launched (corpus 11 to 14).
#[test]
fn floating_registers_are_no_launch() {
    for (sts, didvid) in [
        (0x2, 0x1_b006_8086),
        (0x3, 0x1_b006_8086),
        (0x83, 0x1_b006_8086),
        (u64::MAX, u64::MAX),
        (0, 0),
    ] {
        let mut machine = Machine::never_launched();
        machine.set(Reg::Sts, sts);
        machine.set(Reg::DidVid, didvid);
        for reg in [Reg::HeapBase, Reg::HeapSize, Reg::SinitBase, Reg::SinitSize] {
            machine.set(reg, 0);
        }
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Absent, "STS {sts:#x}");
        assert_eq!(judgement.outcome(Txt01), Outcome::Fail, "STS {sts:#x}");
    }
}

/// The reason why an attempt to launch failed is worth showing.
#[test]
fn an_absent_launch_still_tells_its_error_code() {
    let mut machine = Machine::never_launched();
    machine.set(Reg::ErrorCode, 0xc003_3451);
    let judgement = machine.judge("", None);
    assert_eq!(judgement.verdict, Verdict::Absent);
    assert_eq!(judgement.outcome(Txt08), Outcome::Fail);
}

#[test]
fn no_tpm_is_unknown_with_and_without_a_claim() {
    for mut machine in [Machine::launched(), Machine::never_launched()] {
        machine.tpm = None;
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Unknown);
        assert!(judgement.decisive.contains(Txt13));
        for check in [Tpm01, Tpm02, Tpm03, Tpm04, Tpm05, Tpm15] {
            assert_eq!(judgement.outcome(check), Outcome::Unknown, "{check}");
        }
    }
}

#[test]
fn no_tpm_and_a_failure_is_failed() {
    let mut machine = Machine::launched();
    machine.tpm = None;
    machine.set(Reg::Ests, 1);
    let judgement = machine.judge("", None);
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(reasons(&judgement), "TXT-06");
}

#[test]
fn registers_that_claim_what_pcr_17_denies_fail() {
    let mut machine = Machine::launched();
    for alg in BANKS {
        machine.set_all_pcrs(alg, &vec![0xff; alg.size()]);
    }
    let judgement = machine.judge("", None);
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert!(judgement.decisive.contains(Txt13));
}

#[test]
fn pcr_17_alive_without_a_claim_fails() {
    for sts in [0, 2, 0x83 & !1] {
        let mut machine = Machine::launched();
        machine.set(Reg::Sts, sts);
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Failed, "STS {sts:#x}");
        assert!(judgement.decisive.contains(Txt13));
        assert!(judgement.decisive.contains(Txt01));
    }
}

/// A D-RTM event in some banks only is none that a TPM makes.
#[test]
fn banks_that_disagree_about_the_launch_fail() {
    for launched in [true, false] {
        let mut machine = if launched {
            Machine::launched()
        } else {
            Machine::never_launched()
        };
        let value = if launched { 0xff } else { 0x11 };
        machine.set_pcr(HashAlg::Sha384, 17, Some(&[value; 48]));
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Failed);
        assert!(judgement.decisive.contains(Txt13));
    }
}

#[test]
fn pcr_17_of_zero_fails() {
    for mut machine in [Machine::launched(), Machine::never_launched()] {
        for alg in BANKS {
            machine.set_pcr(alg, 17, Some(&vec![0; alg.size()]));
        }
        let judgement = machine.judge("", None);
        assert_eq!(judgement.verdict, Verdict::Failed);
        assert!(judgement.decisive.contains(Tpm03));
    }
}

#[test]
fn pending_while_evidence_may_arrive() {
    let references = pins(&Machine::launched());
    let mut no_tpm = Machine::launched();
    no_tpm.tpm = None;
    let mut broken = Machine::launched();
    broken.set(Reg::Ests, 1);
    for machine in [
        Machine::launched(),
        Machine::never_launched(),
        no_tpm,
        broken,
    ] {
        let judgement = machine.judge_at("", Some(&references), true);
        assert_eq!(judgement.verdict, Verdict::Pending);
    }
}

#[test]
fn another_kernel_than_the_launched_one_fails() {
    let changes: [fn(&mut Machine); 4] = [
        |m| m.kernel.loader_type = Some(loader_type(0xd0, 0)),
        |m| m.kernel.tboot_addr = Some(0),
        |m| m.kernel.tboot_page = Some(false),
        |m| m.kernel.resumed_from_image = Some(true),
    ];
    for change in changes {
        let mut machine = Machine::launched();
        change(&mut machine);
        let judgement = machine.judge("", Some(&pins(&Machine::launched())));
        assert_eq!(judgement.verdict, Verdict::Failed);
        assert_eq!(reasons(&judgement), "KRN-01");
    }
}

/// Who launched cannot be told: nothing proves that this kernel was launched.
#[test]
fn other_launchers_are_unknown_until_waived() {
    let secure_launch: fn(&mut Machine) = |m| {
        m.change_tables(|tables| {
            tables.os_mle_data = vec![0; 104];
            tables.os_mle_data[0] = 1;
        });
        m.slrt = Some(slrt::wide(true));
    };
    // The size of a Secure Launch table, but no resource table where it points.
    let unconfirmed: fn(&mut Machine) = |m| {
        m.change_tables(|tables| {
            tables.os_mle_data = vec![0; 104];
            tables.os_mle_data[0] = 1;
        });
        m.slrt = Some(vec![0; 4096]);
    };
    let unknown: fn(&mut Machine) = |m| m.change_tables(|tables| tables.os_mle_data[0] = 77);
    for (change, launcher) in [
        (secure_launch, Launcher::SecureLaunch),
        (unknown, Launcher::Unknown),
        (unconfirmed, Launcher::Unknown),
    ] {
        let mut machine = Machine::launched();
        change(&mut machine);
        if launcher == Launcher::SecureLaunch {
            machine.change_launch(|records| {
                for record in records.iter_mut().filter(|r| r.kind == launch::TBOOT) {
                    record.kind = 0x502;
                }
            });
            change(&mut machine);
        }
        let references = pins(&machine);
        let judgement = machine.judge("", Some(&references));
        assert_eq!(judgement.launcher, launcher);
        assert_eq!(judgement.verdict, Verdict::Unknown);
        assert_eq!(reasons(&judgement), "KRN-01");
        let waived = machine.judge("version 1\nwaive KRN-01 \"x\"\n", Some(&references));
        assert_eq!(waived.verdict, Verdict::Unpinned);
        // What excludes the launched kernel does so under any launcher.
        machine.kernel.loader_type = Some(0xd0);
        assert_eq!(machine.judge("", None).verdict, Verdict::Failed);
    }
}

/// Linux, Documentation/arch/x86/boot.rst: id in the high nibble, 0xe means the extended id.
#[test]
fn loader_types_are_those_of_bootloader_type() {
    assert_eq!(loader_type(0x72, 0), 0x72);
    assert_eq!(loader_type(0xd0, 0x55), 0xd0);
    assert_eq!(loader_type(0xff, 0), 0xff);
    assert_eq!(loader_type(0xe3, 0x01), 0x113);
    assert_eq!(loader_type(0xe0, 0xff), 0x10f0);
}

/// Whatever was in the judgement before does not matter.
#[test]
fn a_judgement_is_overwritten_whole() {
    use launchguard_pure::hasher::HostHasher;
    use launchguard_pure::verify::policy::Policy;
    let launched = Machine::launched();
    let mut used = launched.judge("", Some(&pins(&launched)));
    let absent = Machine::never_launched();
    let policy = Policy::EMPTY;
    launchguard_pure::verify::judge(
        &absent.facts(),
        &policy,
        None,
        false,
        &HostHasher,
        &mut used,
    );
    let fresh = absent.judge("", None);
    assert_eq!(format!("{used:?}"), format!("{fresh:?}"));
}
