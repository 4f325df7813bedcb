// SPDX-License-Identifier: GPL-2.0

//! Cases of CPU-01 to CPU-12.

use super::{fails, warns, Case};
use launchguard_host_tests::exercised::{self, Origin};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::{self, *};
use launchguard_pure::verify::judgement::{Outcome, Verdict};

pub(super) const CASES: &[Case] = &[
    warns(Cpu01, "CPU 2: no SMX in CPUID.1 ECX (0x829)", |m| {
        m.cpus.cpu_mut(2).features &= !(1 << 6);
    }),
    warns(
        Cpu02,
        "CPU 3: IA32_FEATURE_CONTROL is not locked (0xff06)",
        |m| {
            m.cpus.set(3, Msr::FeatureControl, Some(0xff06));
        },
    ),
    // The register is there, and what it says counts.
    fails(Cpu03, "CPU 1: the debug interface is enabled", |m| {
        m.cpus.set(1, Msr::DebugInterface, Some((1 << 30) | 1));
    }),
    warns(
        Cpu04,
        "CPU 0: MSR_LT_LOCK_MEMORY is not locked (0x0)",
        |m| {
            m.cpus.set_all(Msr::LtLockMemory, Some(0));
        },
    ),
    // With the registers' own locks: IA_UNTRUSTED then stands for the remap window alone.
    fails(Cpu05, "CPU 2: IA_UNTRUSTED is clear", |m| {
        m.chipset.become_alder_lake();
        m.cpus.set_all(Msr::BiosDone, Some(1));
        m.cpus.set(2, Msr::BiosDone, Some(2));
    })
    .also(&[Map05, Map06]),
    warns(Cpu06, "CPU 1 has microcode 0xee, the first has 0xf0", |m| {
        m.cpus.cpu_mut(1).microcode = Some(0xee);
    }),
    warns(Cpu07, "asks for another version of SINIT (0x20001)", |m| {
        m.cpus.set_all(Msr::SeSvnStatus, Some(0x2_0001));
    }),
    warns(Cpu08, "CPU 3: IA32_SMM_MONITOR_CTL 0x4, but 0x0", |m| {
        m.cpus.set(3, Msr::SmmMonitorCtl, Some(4));
    }),
    warns(
        Cpu09,
        "SMRR 0x7f000000-0x7f400000, but TSEG is 0x7f000000-0x7f800000",
        |m| {
            m.cpus.set_all(Msr::SmrrPhysMask, Some(0xffc0_0800));
        },
    ),
    // What is not judged can only be unknown, where nothing is known.
    Case {
        check: Cpu10,
        outcome: Outcome::Unknown,
        verdict: Verdict::Unpinned,
        also: &[
            Cpu01, Cpu02, Cpu03, Cpu04, Cpu05, Cpu06, Cpu07, Cpu08, Cpu09, Cpu11, Cpu12, Map08,
            Tpm13,
        ],
        words: "the processors could not be asked",
        change: |m| m.cpus.list = None,
        references: None,
    },
    warns(
        Cpu11,
        "copy of the MADT is not the ACPI MADT from byte 0x30",
        |m| {
            // The checksum is not looked at: who changes a table makes it right.
            m.firmware.madt.as_mut().expect("a MADT")[0x30] ^= 1;
        },
    ),
    warns(
        Cpu12,
        "TXT or TPM registers are cached at (0xfed20000)",
        |m| {
            for number in 0..4 {
                m.cpus.cpu_mut(number).mtrrs[0] = Some((0xc000_0000, 0x7f_e000_0800));
            }
        },
    ),
];

/// What `check` says after `change`.
fn after(check: CheckId, change: impl FnOnce(&mut Machine)) -> (Outcome, String) {
    let mut machine = Machine::launched();
    change(&mut machine);
    let judgement = machine.judge("", None);
    let finding = judgement.finding(check);
    (finding.outcome, finding.detail.as_str().to_owned())
}

fn outcome(check: CheckId, change: impl FnOnce(&mut Machine)) -> Outcome {
    after(check, change).0
}

#[test]
fn a_processor_that_could_not_be_asked_passes_nothing() {
    for check in [
        Cpu01, Cpu02, Cpu03, Cpu04, Cpu06, Cpu08, Cpu09, Cpu12, Tpm13,
    ] {
        let (found, words) = after(check, |m| {
            m.cpus.list.as_mut().expect("processors").pop();
        });
        assert_eq!(found, Outcome::Unknown, "{check}: {words}");
        assert!(words.contains("only 3 of 4"), "{check}: {words}");
    }
}

#[test]
fn no_processor_at_all_is_said_and_passes_nothing() {
    for check in [
        Cpu01, Cpu02, Cpu03, Cpu04, Cpu06, Cpu08, Cpu09, Cpu12, Tpm13,
    ] {
        let found = after(check, |m| {
            m.cpus.list.as_mut().expect("processors").clear();
        });
        let words = "no processor could be asked".to_owned();
        assert_eq!(found, (Outcome::Unknown, words), "{check}");
    }
}

#[test]
fn a_register_that_faults_passes_nothing() {
    for (check, msr) in [
        (Cpu02, Msr::FeatureControl),
        (Cpu03, Msr::DebugInterface),
        (Cpu04, Msr::LtLockMemory),
        (Cpu07, Msr::SeSvnStatus),
        (Cpu08, Msr::SmmMonitorCtl),
        (Cpu09, Msr::SmrrPhysBase),
        (Cpu09, Msr::SmrrPhysMask),
        (Cpu09, Msr::MtrrCap),
        (Cpu12, Msr::MtrrDefType),
        (Cpu12, Msr::MtrrCap),
        (Cpu12, Msr::MiscEnable),
        (Map08, Msr::SmmFeatureControl),
        (Tpm13, Msr::SmmMonitorCtl),
    ] {
        let (found, words) = after(check, |m| m.cpus.set(1, msr, None));
        assert_eq!(found, Outcome::Unknown, "{check}: {words}");
        assert!(words.contains(msr.name()), "{check}: {words}");
    }
}

/// Each bit of the debug interface; and that the check looks where CPUID says that there is one.
#[test]
fn the_debug_interface_is_judged_where_there_is_one() {
    let with = |value| outcome(Cpu03, |m| m.cpus.set_all(Msr::DebugInterface, Some(value)));
    assert_eq!(with(1 << 30), Outcome::Pass);
    assert_eq!(with(0), Outcome::Fail, "not locked");
    assert_eq!(with((1 << 30) | (1 << 31)), Outcome::Fail, "debugged");
    assert_eq!(with((1 << 30) | 1), Outcome::Fail, "enabled");
    let without = outcome(Cpu03, |m| {
        m.cpus.set_all(Msr::DebugInterface, Some(1));
        for number in 0..4 {
            m.cpus.cpu_mut(number).features &= !(1 << 11);
        }
    });
    assert_eq!(without, Outcome::NotApplicable);
    // One processor with it is enough.
    let one = outcome(Cpu03, |m| {
        m.cpus.set_all(Msr::DebugInterface, Some(1));
        for number in 0..3 {
            m.cpus.cpu_mut(number).features &= !(1 << 11);
        }
    });
    assert_eq!(one, Outcome::Fail);
}

#[test]
fn senter_must_be_allowed_with_all_its_parameters() {
    let with = |value| outcome(Cpu02, |m| m.cpus.set_all(Msr::FeatureControl, Some(value)));
    assert_eq!(
        with(0xff05),
        Outcome::Pass,
        "VMX off inside SMX is said, not failed"
    );
    assert_eq!(with(0xff06), Outcome::Fail);
    assert_eq!(with(0x7f07), Outcome::Fail);
    assert_eq!(with(0xfe07), Outcome::Fail);
    let different = |m: &mut Machine| m.cpus.set(2, Msr::FeatureControl, Some(0xff05));
    assert_eq!(outcome(Cpu02, different), Outcome::Fail);
}

#[test]
fn vendor_and_vmx_count() {
    let vendor = |m: &mut Machine| m.cpus.cpu_mut(1).vendor = *b"AuthenticAMD";
    assert_eq!(outcome(Cpu01, vendor), Outcome::Fail);
    let vmx = |m: &mut Machine| m.cpus.cpu_mut(1).features &= !(1 << 5);
    assert_eq!(outcome(Cpu01, vmx), Outcome::Fail);
}

#[test]
fn locks_that_the_platform_lacks_are_not_asked_for() {
    let expect = |check, expected, change: fn(&mut Machine)| {
        let mut machine = Machine::launched();
        change(&mut machine);
        let judgement = machine.judge("", None);
        exercised::expect(&judgement, check, expected, Origin::Injected);
    };
    // Kaby Lake has no IA_UNTRUSTED.
    expect(Cpu05, Outcome::NotApplicable, |_| {});
    let alder: fn(&mut Machine) = |m| {
        m.chipset.become_alder_lake();
        m.cpus.set_all(Msr::BiosDone, Some(3));
    };
    expect(Cpu05, Outcome::Pass, alder);
    expect(Cpu04, Outcome::NotApplicable, alder);
    expect(Cpu05, Outcome::Unknown, |m| m.chipset.become_alder_lake());
}

#[test]
fn the_enclaves_version_binds_only_where_it_is_locked() {
    let with = |value| outcome(Cpu07, |m| m.cpus.set_all(Msr::SeSvnStatus, value));
    assert_eq!(with(Some(1)), Outcome::Pass);
    assert_eq!(with(Some(0x5_0000)), Outcome::NotApplicable);
    assert_eq!(with(None), Outcome::NotApplicable);
    let gone = |m: &mut Machine| m.sinit = None;
    assert_eq!(outcome(Cpu07, gone), Outcome::Unknown);
}

/// An active monitor lies in the MSEG that the chipset names, and SINIT has measured it.
#[test]
fn an_active_smm_monitor_is_the_measured_one() {
    let active = |m: &mut Machine, base: Option<u64>, measured: bool| {
        if measured {
            m.change_launch(|records| super::tpm::with_stm(records));
        }
        m.cpus.set_all(Msr::SmmMonitorCtl, Some(0x7f10_0005));
        m.registers.set(Reg::MsegBase, base);
    };
    let told = |base, measured| outcome(Cpu08, |m| active(m, base, measured));
    assert_eq!(told(Some(0x7f10_0000), true), Outcome::Pass);
    assert_eq!(told(Some(0x7f10_0000), false), Outcome::Fail);
    assert_eq!(told(Some(0x7f20_0000), true), Outcome::Fail);
    assert_eq!(told(None, true), Outcome::Unknown);
    let no_log = outcome(Cpu08, |m| {
        active(m, Some(0x7f10_0000), true);
        m.log = None;
    });
    assert_eq!(no_log, Outcome::Unknown);
}

/// The measured monitor on the processors that answer says nothing of the others.
#[test]
fn an_active_smm_monitor_is_on_every_processor() {
    fn told(change: impl FnOnce(&mut Machine)) -> (Outcome, String) {
        after(Cpu08, |m| {
            m.change_launch(|records| super::tpm::with_stm(records));
            m.cpus.set_all(Msr::SmmMonitorCtl, Some(0x7f10_0005));
            m.set(Reg::MsegBase, 0x7f10_0000);
            change(m);
        })
    }
    let (found, words) = told(|_| {});
    assert_eq!(found, Outcome::Pass, "{words}");
    assert!(words.ends_with("is the one that SINIT measured"), "{words}");
    for number in 0..4 {
        let (found, words) = told(|m| m.cpus.set(number, Msr::SmmMonitorCtl, None));
        assert_eq!(found, Outcome::Unknown, "{words}");
        let expected = format!("CPU {number}: IA32_SMM_MONITOR_CTL could not be read");
        assert_eq!(words, expected);
    }
    let (found, words) = told(|m| {
        m.cpus.list.as_mut().expect("processors").pop();
    });
    assert_eq!(found, Outcome::Unknown, "{words}");
    assert_eq!(words, "only 3 of 4 processors could be asked");
    // Two that differ do so beside one that was not read, too.
    let (found, words) = told(|m| {
        m.cpus.set(0, Msr::SmmMonitorCtl, None);
        m.cpus.set(2, Msr::SmmMonitorCtl, Some(0));
    });
    assert_eq!(found, Outcome::Fail, "{words}");
    assert!(
        words.starts_with("CPU 2: ") && words.ends_with(" (0x0)"),
        "{words}"
    );
}

#[test]
fn smrr_must_be_on_and_without_holes() {
    let off = |m: &mut Machine| m.cpus.set(0, Msr::SmrrPhysMask, Some(0xff80_0000));
    assert_eq!(outcome(Cpu09, off), Outcome::Fail);
    let hole = |m: &mut Machine| m.cpus.set_all(Msr::SmrrPhysMask, Some(0xfe80_0800));
    assert_eq!(outcome(Cpu09, hole), Outcome::Fail);
    let none = |m: &mut Machine| m.cpus.set_all(Msr::MtrrCap, Some(0x50a));
    assert_eq!(outcome(Cpu09, none), Outcome::Fail);
    let different = |m: &mut Machine| m.cpus.set(3, Msr::SmrrPhysBase, Some(0x7e80_0006));
    assert_eq!(outcome(Cpu09, different), Outcome::Fail);
}

#[test]
fn more_processors_than_the_launch_knew_of_are_found() {
    let more = |m: &mut Machine| {
        let fifth = *m.cpus.cpu_mut(3);
        m.cpus.list.as_mut().expect("processors").push(fifth);
        m.cpus.counts = (8, 5, 5);
    };
    let (found, words) = after(Cpu11, more);
    assert_eq!(found, Outcome::Fail);
    assert!(
        words.contains("told the launcher of 4 processors, 5 run"),
        "{words}"
    );
    let fewer = |m: &mut Machine| {
        m.cpus.list.as_mut().expect("processors").pop();
        m.cpus.counts = (8, 4, 3);
    };
    assert_eq!(outcome(Cpu11, fewer), Outcome::Pass);
}

#[test]
fn memory_types_must_agree_and_be_types() {
    let range = |index: usize, range| {
        move |m: &mut Machine| {
            for number in 0..4 {
                m.cpus.cpu_mut(number).mtrrs[index] = range;
            }
        }
    };
    assert_eq!(
        outcome(Cpu12, range(1, Some((2, 0x7f_8000_0800)))),
        Outcome::Fail
    );
    assert_eq!(outcome(Cpu12, range(9, None)), Outcome::Unknown);
    // Behind those that IA32_MTRRCAP counts nothing is looked at.
    assert_eq!(outcome(Cpu12, range(10, None)), Outcome::Pass);
    // Uncached wins over what it overlaps.
    assert_eq!(
        outcome(Cpu12, range(1, Some((0xfed0_0006, 0x7f_fff0_0800)))),
        Outcome::Pass
    );
    let off = |m: &mut Machine| m.cpus.set_all(Msr::MtrrDefType, Some(6));
    assert_eq!(outcome(Cpu12, off), Outcome::Fail);
    let different = |m: &mut Machine| m.cpus.cpu_mut(2).mtrrs[3] = Some((6, 0x7f_8000_0800));
    assert_eq!(outcome(Cpu12, different), Outcome::Fail);
    let misc = |m: &mut Machine| m.cpus.set(1, Msr::MiscEnable, Some(1));
    assert_eq!(outcome(Cpu12, misc), Outcome::Fail);
}

#[test]
fn processors_are_judged_without_a_launch() {
    let machine = Machine::never_launched();
    let judgement = machine.judge("", None);
    for check in [Cpu01, Cpu02, Cpu03, Cpu04, Cpu06, Cpu08, Cpu09, Cpu12] {
        assert_eq!(judgement.outcome(check), Outcome::Pass, "{check}");
    }
    for check in [Cpu07, Cpu11] {
        assert_eq!(judgement.outcome(check), Outcome::NotApplicable, "{check}");
    }
}
