// SPDX-License-Identifier: GPL-2.0

//! CPU-06 to CPU-08 and CPU-10: what runs below the kernel on each processor.

use super::agreement::measured_stm;
use super::context::{Context, State};
use super::cpu::{differing, is_complete, not_equal, over_all, processors, Told, SMX};
use super::txt::unread;
use super::Check;
use crate::decode::acm::Header;
use crate::decode::msr::Msr;
use crate::decode::registers::{Reg, Sts};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Cpu, CpuFacts, Evidence};
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt;

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 4] = [microcode, enclave_version, smm_monitor, smx_enabled];

/// Microcode that Intel has told to take back.
struct Withdrawn {
    /// CPUID leaf 1, EAX.
    signature: u32,
    /// The last revision that is bad; later ones are not.
    last: u32,
}

/// Processors with SMX of the guidance of March 2018: the first updates against branch target
/// injection, which let machines reset by themselves. One line for each; there is no list of what
/// was mended in a launch.
const WITHDRAWN: [Withdrawn; 8] = [
    Withdrawn {
        signature: 0x3_06c3,
        last: 0x23,
    },
    Withdrawn {
        signature: 0x3_06f2,
        last: 0x3b,
    },
    Withdrawn {
        signature: 0x4_06f1,
        last: 0xb00_0025,
    },
    Withdrawn {
        signature: 0x5_0654,
        last: 0x200_003c,
    },
    Withdrawn {
        signature: 0x8_06e9,
        last: 0x80,
    },
    Withdrawn {
        signature: 0x8_06ea,
        last: 0x80,
    },
    Withdrawn {
        signature: 0x9_06e9,
        last: 0x80,
    },
    Withdrawn {
        signature: 0x9_06ea,
        last: 0x80,
    },
];

/// CPU-06.
fn microcode(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Cpu06;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let revision = |cpu: &Cpu| cpu.microcode.map(u64::from);
    if let Some((number, other, first)) = differing(&facts, revision) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("CPU {number} has microcode {other:#x}, the first has {first:#x}"),
        );
    }
    let unread = facts.cpus.iter().find(|cpu| cpu.microcode.is_none());
    if let Some(cpu) = unread {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "CPU {}: its microcode revision could not be read",
                cpu.number
            ),
        );
    }
    let first = facts.cpus.first().and_then(revision).unwrap_or(0);
    let withdrawn = |cpu: &&Cpu| {
        let same = |bad: &&Withdrawn| bad.signature == cpu.signature;
        let bad = WITHDRAWN.iter().find(same);
        bad.is_some_and(|bad| cpu.microcode.is_some_and(|found| found <= bad.last))
    };
    if let Some(cpu) = facts.cpus.iter().find(withdrawn) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "CPU {}: microcode {first:#x} for signature {:#x} is one that Intel has withdrawn, or older",
                cpu.number, cpu.signature
            ),
        );
    }
    over_all(
        &facts,
        out,
        check,
        |_| Told::Good,
        format_args!("microcode {first:#x} on every processor"),
    );
}

/// CPU-07.
fn enclave_version(c: &Context<'_>, out: &mut Judgement) {
    const VALID: u64 = 1;
    let check = CheckId::Cpu07;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let status = |cpu: &Cpu| cpu.msr(Msr::SeSvnStatus);
    if facts.cpus.iter().all(|cpu| status(cpu).is_none()) && is_complete(&facts) {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("these processors have no IA32_SE_SVN_STATUS"),
        );
    }
    let required = facts
        .cpus
        .iter()
        .filter_map(status)
        .find(|value| value & VALID != 0);
    if required.is_none() && facts.cpus.iter().all(|cpu| status(cpu).is_some()) {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("IA32_SE_SVN_STATUS is not locked: any SINIT may run"),
        );
    }
    let sinit = match (c.state, c.facts.sinit) {
        (State::Launched, Evidence::Read(bytes)) => Header::decode(bytes, u64::MAX).ok(),
        (State::Launched, Evidence::Unreadable(why) | Evidence::Absent(why)) => {
            return out.set(check, Outcome::Unknown, format_args!("SINIT: {why}"));
        }
        _ => {
            return out.set(
                check,
                Outcome::NotApplicable,
                format_args!("no SINIT was launched"),
            );
        }
    };
    let Some(header) = sinit else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("the SINIT region holds no module (ACM-05)"),
        );
    };
    let judge = |cpu: &Cpu| match status(cpu) {
        None => Told::Unread(Msr::SeSvnStatus),
        Some(value) if value & VALID != 0 && (value >> 16) & 0xff != header.se_svn.into() => {
            Told::Bad(
                "IA32_SE_SVN_STATUS asks for another version of SINIT",
                value,
            )
        }
        Some(_) => Told::Good,
    };
    over_all(
        &facts,
        out,
        check,
        judge,
        format_args!(
            "SINIT has version {} of the enclaves, as asked for",
            header.se_svn
        ),
    );
}

/// CPU-08.
fn smm_monitor(c: &Context<'_>, out: &mut Judgement) {
    const VALID: u64 = 1;
    let check = CheckId::Cpu08;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    if not_equal(&facts, out, check, Msr::SmmMonitorCtl) {
        return;
    }
    let active = |cpu: &Cpu| {
        cpu.msr(Msr::SmmMonitorCtl)
            .filter(|value| value & VALID != 0)
    };
    if let Some(value) = facts.cpus.iter().find_map(active) {
        return active_monitor(c, &facts, value, out);
    }
    let judge = |cpu: &Cpu| match cpu.msr(Msr::SmmMonitorCtl) {
        None => Told::Unread(Msr::SmmMonitorCtl),
        Some(_) => Told::Good,
    };
    over_all(
        &facts,
        out,
        check,
        judge,
        format_args!("no SMM monitor is active on any processor"),
    );
}

/// CPU-08 where a monitor is active: it must be the one that SINIT measured (tboot verify_stm), on
/// every processor.
#[inline(never)]
fn active_monitor(c: &Context<'_>, facts: &CpuFacts<'_>, control: u64, out: &mut Judgement) {
    const MSEG: u64 = 0xffff_f000;
    let check = CheckId::Cpu08;
    let Some(base) = c.reg(Reg::MsegBase) else {
        return unread(out, check, Reg::MsegBase);
    };
    let same = control & MSEG == base;
    let (outcome, words) = match (same, c.sound_logs().and_then(|logs| measured_stm(c, logs))) {
        (false, _) => (Outcome::Fail, "is another"),
        (true, Some(true)) => (Outcome::Pass, "is the one that SINIT measured"),
        (true, Some(false)) => (Outcome::Fail, "is the same, but SINIT measured none"),
        (true, None) => (
            Outcome::Unknown,
            "is the same; whether SINIT measured it cannot be told",
        ),
    };
    everywhere(
        facts,
        control,
        outcome,
        format_args!(
            "an SMM monitor is active (IA32_SMM_MONITOR_CTL {control:#x}), TXT.MSEG.BASE {base:#x} {words}"
        ),
        out,
    );
}

/// Records what is said of the monitor of one processor; it passes only if all of them have it.
#[inline(never)]
fn everywhere(
    facts: &CpuFacts<'_>,
    control: u64,
    outcome: Outcome,
    words: fmt::Arguments<'_>,
    out: &mut Judgement,
) {
    let check = CheckId::Cpu08;
    if outcome != Outcome::Pass {
        return out.set(check, outcome, words);
    }
    let judge = |cpu: &Cpu| match cpu.msr(Msr::SmmMonitorCtl) {
        None => Told::Unread(Msr::SmmMonitorCtl),
        // Where the first one was not read, nobody has compared the others yet.
        Some(value) if value != control => Told::Bad(
            "an SMM monitor is active on another, but IA32_SMM_MONITOR_CTL differs here",
            value,
        ),
        Some(_) => Told::Good,
    };
    over_all(facts, out, check, judge, words);
}

/// CPU-10. CR4.SMXE is not evidence: any kernel may set it, and GETSEC needs it even where no launch
/// took place.
fn smx_enabled(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Cpu10;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let count = facts
        .cpus
        .iter()
        .filter(|cpu| cpu.features & SMX != 0)
        .count();
    let claimed = c.reg(Reg::Sts).is_some_and(|sts| Sts(sts).senter_done());
    out.set(
        check,
        Outcome::NotApplicable,
        format_args!(
            "{count} of {} processors have SMX, SENTER.DONE is {}; CR4.SMXE says nothing of a launch",
            facts.cpus.len(),
            u8::from(claimed)
        ),
    );
}
