// SPDX-License-Identifier: GPL-2.0

//! CPU-01 to CPU-05: features and locks of each processor, and how checks look at all of them.

use super::context::Context;
use super::platform::Bridge;
use super::Check;
use crate::decode::msr::Msr;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::{Cpu, CpuFacts, Evidence};
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt;

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 5] = [
    features,
    feature_control,
    debug_interface,
    memory_lock,
    untrusted,
];

/// CPUID leaf 1, ECX: VMX, SMX and SDBG (SDM volume 2, CPUID).
const VMX: u32 = 1 << 5;
pub(super) const SMX: u32 = 1 << 6;
const SDBG: u32 = 1 << 11;

/// What a check finds on one processor.
pub(super) enum Told {
    /// The condition holds.
    Good,
    /// It does not: what is wrong, and the value that shows it.
    Bad(&'static str, u64),
    /// A register could not be read.
    Unread(Msr),
}

/// The processors; says that `check` is unknown when there are none to look at.
pub(super) fn processors<'a>(
    c: &Context<'a>,
    out: &mut Judgement,
    check: CheckId,
) -> Option<CpuFacts<'a>> {
    match c.facts.cpus {
        Evidence::Read(facts) if !facts.cpus.is_empty() => Some(facts),
        Evidence::Read(_) => {
            out.set(
                check,
                Outcome::Unknown,
                format_args!("no processor could be asked"),
            );
            None
        }
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            out.set(check, Outcome::Unknown, format_args!("{why}"));
            None
        }
    }
}

/// Records `check` over all processors: one that is bad fails it, one that could not be asked makes
/// it unknown, and otherwise it passes with `good`.
pub(super) fn over_all(
    facts: &CpuFacts<'_>,
    out: &mut Judgement,
    check: CheckId,
    judge: impl Fn(&Cpu) -> Told,
    good: fmt::Arguments<'_>,
) {
    let mut unread = None;
    for cpu in facts.cpus {
        match judge(cpu) {
            Told::Good => {}
            Told::Bad(what, value) => {
                return out.set(
                    check,
                    Outcome::Fail,
                    format_args!("CPU {}: {what} ({value:#x})", cpu.number),
                );
            }
            Told::Unread(msr) => {
                unread.get_or_insert((cpu.number, msr));
            }
        }
    }
    if let Some((number, msr)) = unread {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("CPU {number}: {} could not be read", msr.name()),
        );
    }
    if !incomplete(facts, out, check) {
        out.set(check, Outcome::Pass, good);
    }
}

/// Says that `check` is unknown if not every processor that runs was asked.
pub(super) fn incomplete(facts: &CpuFacts<'_>, out: &mut Judgement, check: CheckId) -> bool {
    if is_complete(facts) {
        return false;
    }
    let (asked, online) = (facts.cpus.len(), facts.online);
    out.set(
        check,
        Outcome::Unknown,
        format_args!("only {asked} of {online} processors could be asked"),
    );
    true
}

/// Whether every processor that runs was asked.
pub(super) fn is_complete(facts: &CpuFacts<'_>) -> bool {
    u32::try_from(facts.cpus.len()).is_ok_and(|asked| asked >= facts.online)
}

/// The first processor whose value is not that of the first one.
pub(super) fn differing(
    facts: &CpuFacts<'_>,
    value: impl Fn(&Cpu) -> Option<u64>,
) -> Option<(u32, u64, u64)> {
    let first = facts.cpus.first().and_then(&value)?;
    facts.cpus.iter().find_map(|cpu| {
        let other = value(cpu)?;
        (other != first).then_some((cpu.number, other, first))
    })
}

/// Says that `msr` is not equal on all processors, if so.
pub(super) fn not_equal(
    facts: &CpuFacts<'_>,
    out: &mut Judgement,
    check: CheckId,
    msr: Msr,
) -> bool {
    let Some((number, other, first)) = differing(facts, |cpu| cpu.msr(msr)) else {
        return false;
    };
    out.set(
        check,
        Outcome::Fail,
        format_args!(
            "CPU {number}: {} {other:#x}, but {first:#x} on the first",
            msr.name()
        ),
    );
    true
}

/// CPU-01.
fn features(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Cpu01;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let judge = |cpu: &Cpu| {
        let features = u64::from(cpu.features);
        if cpu.vendor != *b"GenuineIntel" {
            Told::Bad(
                "the vendor is not GenuineIntel; signature",
                cpu.signature.into(),
            )
        } else if cpu.features & SMX == 0 {
            Told::Bad("no SMX in CPUID.1 ECX", features)
        } else if cpu.features & VMX == 0 {
            Told::Bad("no VMX in CPUID.1 ECX", features)
        } else {
            Told::Good
        }
    };
    let count = facts.cpus.len();
    over_all(
        &facts,
        out,
        check,
        judge,
        format_args!("{count} processors of GenuineIntel with SMX and VMX"),
    );
}

/// CPU-02.
fn feature_control(c: &Context<'_>, out: &mut Judgement) {
    const LOCK: u64 = 1;
    const VMX_IN_SMX: u64 = 1 << 1;
    const SENTER_PARAMETERS: u64 = 0x7f00;
    const SENTER: u64 = 1 << 15;
    let check = CheckId::Cpu02;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let judge = |cpu: &Cpu| match cpu.msr(Msr::FeatureControl) {
        None => Told::Unread(Msr::FeatureControl),
        Some(value) if value & LOCK == 0 => Told::Bad("IA32_FEATURE_CONTROL is not locked", value),
        Some(value) if value & SENTER == 0 => {
            Told::Bad("IA32_FEATURE_CONTROL does not allow SENTER", value)
        }
        Some(value) if value & SENTER_PARAMETERS != SENTER_PARAMETERS => {
            Told::Bad("IA32_FEATURE_CONTROL does not allow all of SENTER", value)
        }
        Some(_) => Told::Good,
    };
    let bad = facts
        .cpus
        .iter()
        .any(|cpu| matches!(judge(cpu), Told::Bad(..)));
    if !bad && not_equal(&facts, out, check, Msr::FeatureControl) {
        return;
    }
    let first = facts
        .cpus
        .first()
        .and_then(|cpu| cpu.msr(Msr::FeatureControl));
    let value = first.unwrap_or(0);
    // It matters to a hypervisor only, and none can start without it: nothing is lost by passing.
    let vmx = if value & VMX_IN_SMX == 0 {
        "; VMX is off inside SMX, so no hypervisor can run after a launch"
    } else {
        ""
    };
    over_all(
        &facts,
        out,
        check,
        judge,
        format_args!("IA32_FEATURE_CONTROL {value:#x} on every processor{vmx}"),
    );
}

/// CPU-03. Where CPUID says that there is the register, it is looked at: some tools look only where
/// there is none.
fn debug_interface(c: &Context<'_>, out: &mut Judgement) {
    const ENABLE: u64 = 1;
    const LOCK: u64 = 1 << 30;
    const OCCURRED: u64 = 1 << 31;
    let check = CheckId::Cpu03;
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    if facts.cpus.iter().all(|cpu| cpu.features & SDBG == 0) && is_complete(&facts) {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("CPUID.1 ECX bit 11 is clear: there is no silicon debug interface"),
        );
    }
    let judge = |cpu: &Cpu| {
        if cpu.features & SDBG == 0 {
            return Told::Good;
        }
        match cpu.msr(Msr::DebugInterface) {
            None => Told::Unread(Msr::DebugInterface),
            Some(value) if value & ENABLE != 0 => Told::Bad(
                "the debug interface is enabled: IA32_DEBUG_INTERFACE",
                value,
            ),
            Some(value) if value & OCCURRED != 0 => Told::Bad(
                "the processor has been debugged: IA32_DEBUG_INTERFACE",
                value,
            ),
            Some(value) if value & LOCK == 0 => Told::Bad(
                "the debug interface is not locked: IA32_DEBUG_INTERFACE",
                value,
            ),
            Some(_) => Told::Good,
        }
    };
    over_all(
        &facts,
        out,
        check,
        judge,
        format_args!("the debug interface is off and locked on every processor"),
    );
}

/// Records a lock in bit 0 of `msr`, where the platform defines it.
fn locked(
    c: &Context<'_>,
    out: &mut Judgement,
    check: CheckId,
    msr: Msr,
    defined: impl Fn(&Bridge<'_>) -> bool,
    words: (&'static str, &'static str),
) {
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let Some(bridge) = Bridge::of(c, out, check) else {
        return;
    };
    if !defined(&bridge) {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("{} does not define {}", bridge.platform.name, msr.name()),
        );
    }
    let judge = |cpu: &Cpu| match cpu.msr(msr) {
        None => Told::Unread(msr),
        Some(value) if value & 1 == 0 => Told::Bad(words.0, value),
        Some(_) => Told::Good,
    };
    over_all(&facts, out, check, judge, format_args!("{}", words.1));
}

/// CPU-04.
fn memory_lock(c: &Context<'_>, out: &mut Judgement) {
    locked(
        c,
        out,
        CheckId::Cpu04,
        Msr::LtLockMemory,
        |bridge| bridge.platform.lt_lock,
        (
            "MSR_LT_LOCK_MEMORY is not locked",
            "MSR_LT_LOCK_MEMORY is locked on every processor",
        ),
    );
}

/// CPU-05.
fn untrusted(c: &Context<'_>, out: &mut Judgement) {
    locked(
        c,
        out,
        CheckId::Cpu05,
        Msr::BiosDone,
        |bridge| bridge.platform.ia_untrusted,
        (
            "IA_UNTRUSTED is clear in MSR_BIOS_DONE",
            "IA_UNTRUSTED is set in MSR_BIOS_DONE on every processor",
        ),
    );
}

/// Whether IA_UNTRUSTED is set on every processor; `None` when it could not be read everywhere.
pub(super) fn is_untrusted(c: &Context<'_>) -> Option<bool> {
    let facts = c.facts.cpus.read()?;
    let clear = |cpu: &Cpu| cpu.msr(Msr::BiosDone).is_some_and(|value| value & 1 == 0);
    if facts.cpus.iter().any(clear) {
        return Some(false);
    }
    let read = facts
        .cpus
        .iter()
        .all(|cpu| cpu.msr(Msr::BiosDone).is_some());
    (read && !facts.cpus.is_empty() && is_complete(&facts)).then_some(true)
}
