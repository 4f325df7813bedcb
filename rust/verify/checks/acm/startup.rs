// SPDX-License-Identifier: GPL-2.0

//! ACM-01 to ACM-04: what the startup ACM and the processor say of the boot before the launch.

use crate::decode::eventlog::EventType;
use crate::decode::registers::{AcmPolicyStatus, AcmStatus, BootStatus, Reg};
use crate::verify::catalogue::CheckId;
use crate::verify::checks::context::Context;
use crate::verify::checks::txt::unread;
use crate::verify::judgement::{Judgement, Outcome};

/// TXT.SPAD where the chipset has it, or the finding that there is nothing to judge.
fn boot_status(c: &Context<'_>, check: CheckId, out: &mut Judgement) -> Option<BootStatus> {
    let Some(status) = c.reg(Reg::BootStatus).map(BootStatus) else {
        unread(out, check, Reg::BootStatus);
        return None;
    };
    if status.is_silent() {
        out.set(
            check,
            Outcome::NotApplicable,
            format_args!(
                "TXT.SPAD is {:#x}: this chipset does not report there",
                status.0
            ),
        );
        return None;
    }
    Some(status)
}

/// ACM-01.
pub(super) fn acm(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm01;
    let Some(status) = boot_status(c, check, out) else {
        return;
    };
    let (outcome, words) = if status.acm_error() {
        (
            Outcome::Fail,
            "the startup ACM or the processor reports an error",
        )
    } else if status.txt_disabled_by_policy() {
        (Outcome::Fail, "TXT is disabled by the policy")
    } else if !status.acm_success() {
        (Outcome::Fail, "the startup ACM did not succeed")
    } else {
        (Outcome::Pass, "the startup ACM succeeded")
    };
    out.set(
        check,
        outcome,
        format_args!("TXT.SPAD {:#018x}: {words}", status.0),
    );
}

/// ACM-02.
pub(super) fn bios(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm02;
    let Some(status) = boot_status(c, check, out) else {
        return;
    };
    let (outcome, words) = if status.bios_trusted() {
        (Outcome::Pass, "the startup ACM trusts the BIOS")
    } else {
        (Outcome::Fail, "the startup ACM does not trust the BIOS")
    };
    out.set(
        check,
        outcome,
        format_args!("TXT.SPAD {:#018x}: {words}", status.0),
    );
}

/// ACM-03.
pub(super) fn error(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm03;
    let Some(value) = c.reg(Reg::AcmStatus) else {
        return unread(out, check, Reg::AcmStatus);
    };
    let status = AcmStatus(u32::try_from(value).unwrap_or(u32::MAX));
    if status.is_floating() {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("ACM_STATUS is all ones: this chipset does not report there"),
        );
    }
    if status.has_error() {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "ACM_STATUS {:#010x}: module type {:#x}, class {:#x}, major {:#x}, minor {:#x}",
                status.0,
                status.module_type(),
                status.class(),
                status.major(),
                status.minor()
            ),
        );
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("ACM_STATUS {:#010x}: no error", status.0),
    );
}

/// ACM-04: the status that SINIT left in the heap is the one that it measured.
pub(super) fn scrtm(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Acm04;
    if c.chain().is_none() {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason()));
    }
    let Some(table) = c.sinit_mle_data() else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("SinitMleData is too short to be decoded (HEAP-02)"),
        );
    };
    let Some(status) = table.scrtm_status else {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("SinitMleData {} has no such status", table.version),
        );
    };
    let Some(log) = c.first_log() else {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.log_reason()));
    };
    let mut events = log
        .events()
        .filter_map(Result::ok)
        .filter(|event| event.kind == EventType::CpuScrtmStat);
    let mut measured: Option<u32> = None;
    let differs = events.find_map(|event| {
        let value = u32::from_le_bytes(event.data.try_into().ok()?);
        measured = Some(value);
        // Bit 0 only is defined.
        ((value ^ status) & 1 != 0).then_some(value)
    });
    let claimed = match c.reg(Reg::AcmPolicyStatus).map(AcmPolicyStatus) {
        Some(policy) if !policy.is_silent() => policy.scrtm().established(),
        _ => status & 1 != 0,
    };
    let (outcome, words) = match (differs, measured) {
        (Some(_), _) => (Outcome::Fail, "the log has another status"),
        (None, None) => (
            Outcome::Unknown,
            "the log has no event CPU_SCRTM_STAT with data",
        ),
        // The register speaks of the same root of trust; chipsets differ in how they code it.
        (None, Some(_)) if claimed != (status & 1 != 0) => (
            Outcome::Pass,
            "the log agrees; ACM_POLICY_STATUS says otherwise",
        ),
        (None, Some(_)) => (Outcome::Pass, "the log agrees"),
    };
    let shown = differs.or(measured).unwrap_or(status);
    out.set(
        check,
        outcome,
        format_args!("S-CRTM status {status:#x} in the heap, {shown:#x} in the log: {words}"),
    );
}
