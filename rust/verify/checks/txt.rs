// SPDX-License-Identifier: GPL-2.0

//! TXT-01 to TXT-13 but TXT-11: the state of the TXT registers.

use super::context::{Context, State};
use crate::decode::errorcode::ErrorCode;
use crate::decode::registers::{production_fused, DidVid, Reg, Sts, VENDOR_INTEL};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Latched;
use crate::verify::judgement::{Judgement, Launcher, Outcome};
use core::fmt;

/// Records that register `reg` could not be read.
pub(super) fn unread(out: &mut Judgement, check: CheckId, reg: Reg) {
    out.set(
        check,
        Outcome::Unknown,
        format_args!("{} could not be read", reg.name()),
    );
}

const fn pass_if(holds: bool) -> Outcome {
    if holds {
        Outcome::Pass
    } else {
        Outcome::Fail
    }
}

/// "set" or "clear".
const fn bit(set: bool) -> &'static str {
    if set {
        "set"
    } else {
        "clear"
    }
}

/// "open" or "closed".
const fn gate(open: bool) -> &'static str {
    if open {
        "open"
    } else {
        "closed"
    }
}

/// TXT-01.
pub(super) fn claim(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt01;
    let Some(value) = c.reg(Reg::Sts) else {
        return unread(out, check, Reg::Sts);
    };
    if !Sts(value).senter_done() {
        out.set(
            check,
            Outcome::Fail,
            format_args!("TXT.STS {value:#x}: SENTER.DONE is clear"),
        );
    } else if c.state != State::Launched {
        let show = |reg| Shown(c.reg(reg));
        out.set(
            check,
            Outcome::Fail,
            format_args!(
                "TXT.STS {value:#x} has SENTER.DONE, but no launch stands behind it: DIDVID {}, heap {} + {}",
                show(Reg::DidVid),
                show(Reg::HeapBase),
                show(Reg::HeapSize)
            ),
        );
    } else {
        out.set(
            check,
            Outcome::Pass,
            format_args!("TXT.STS {value:#x}: SENTER.DONE is set"),
        );
    }
}

/// A register's value, or that it was not read.
struct Shown(Option<u64>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "{value:#x}"),
            None => f.write_str("unread"),
        }
    }
}

/// TXT-02.
pub(super) fn left(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt02;
    let Some(value) = c.reg(Reg::Sts) else {
        return unread(out, check, Reg::Sts);
    };
    let sts = Sts(value);
    if !sts.senter_done() {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("TXT.STS {value:#x}: SENTER.DONE is clear"),
        );
    }
    out.set(
        check,
        pass_if(!sts.sexit_done()),
        format_args!(
            "TXT.STS {value:#x}: SEXIT.DONE is {}",
            bit(sts.sexit_done())
        ),
    );
}

/// TXT-03: reported, never judged, as good machines differ.
pub(super) fn memory_lock(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt03;
    let Some(value) = c.reg(Reg::Sts) else {
        return unread(out, check, Reg::Sts);
    };
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "TXT.STS {value:#x}: MEM-CONFIG-LOCK reads {}; informational",
            bit(Sts(value).mem_config_lock())
        ),
    );
}

/// Whether the launcher is known to leave private space and localities open.
const fn leaves_open(launcher: Launcher) -> bool {
    matches!(launcher, Launcher::Tboot | Launcher::SecureLaunch)
}

/// TXT-04.
pub(super) fn private_space(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt04;
    let Some(value) = c.reg(Reg::Sts) else {
        return unread(out, check, Reg::Sts);
    };
    let open = Sts(value).private_open();
    out.set(
        check,
        pass_if(!open || leaves_open(c.launcher)),
        format_args!(
            "TXT.STS {value:#x}: private space is {}; launcher {}",
            gate(open),
            c.launcher.word()
        ),
    );
}

/// TXT-05.
pub(super) fn localities(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt05;
    let Some(value) = c.reg(Reg::Sts) else {
        return unread(out, check, Reg::Sts);
    };
    let (one, two) = (Sts(value).locality1_open(), Sts(value).locality2_open());
    out.set(
        check,
        pass_if(!(one || two) || leaves_open(c.launcher)),
        format_args!(
            "TXT.STS {value:#x}: locality 1 {}, locality 2 {}; launcher {}",
            gate(one),
            gate(two),
            c.launcher.word()
        ),
    );
}

/// TXT-06.
pub(super) fn reset(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt06;
    let Some(value) = c.reg(Reg::Ests) else {
        return unread(out, check, Reg::Ests);
    };
    let recorded = value & 1 != 0;
    out.set(
        check,
        pass_if(!recorded),
        format_args!("TXT.ESTS {value:#x}: TXT_RESET.STS is {}", bit(recorded)),
    );
}

/// TXT-07.
pub(super) fn secrets(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt07;
    let Some(value) = c.reg(Reg::E2sts) else {
        return unread(out, check, Reg::E2sts);
    };
    // Only this bit: others are undocumented and set on real machines.
    let secrets = value & 2 != 0;
    out.set(
        check,
        pass_if(secrets),
        format_args!("TXT.E2STS {value:#x}: SECRETS.STS is {}", bit(secrets)),
    );
}

/// TXT-08.
pub(super) fn error_code(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt08;
    let Some(value) = c.reg(Reg::ErrorCode) else {
        return unread(out, check, Reg::ErrorCode);
    };
    let low = u32::try_from(value & 0xffff_ffff).unwrap_or(u32::MAX);
    let code = ErrorCode::decode(low);
    out.set(
        check,
        pass_if(code.healthy()),
        format_args!("TXT.ERRORCODE {code}"),
    );
}

/// TXT-09.
pub(super) fn fused(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt09;
    let (fsbif, qpiif) = (c.reg(Reg::VerFsbif), c.reg(Reg::VerQpiif));
    let outcome = match production_fused(fsbif, qpiif) {
        Some(production) => pass_if(production),
        None => Outcome::Unknown,
    };
    let meaning = match outcome {
        Outcome::Pass => "production-fused",
        Outcome::Fail => "debug-fused",
        _ => "cannot be told",
    };
    out.set(
        check,
        outcome,
        format_args!(
            "TXT.VER.FSBIF {}, TXT.VER.QPIIF {}: {meaning}",
            Shown(fsbif),
            Shown(qpiif)
        ),
    );
}

/// TXT-10.
pub(super) fn identity(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt10;
    let Some(public) = c.reg(Reg::DidVid) else {
        return unread(out, check, Reg::DidVid);
    };
    let id = DidVid(public);
    if id.vendor() != VENDOR_INTEL || matches!(id.device(), 0 | 0xffff) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "TXT.DIDVID {public:#x}: vendor {:#06x}, device {:#06x}",
                id.vendor(),
                id.device()
            ),
        );
    }
    private_identity(c, public, out);
}

/// The second half of TXT-10: an open private window shows the same chipset.
fn private_identity(c: &Context<'_>, public: u64, out: &mut Judgement) {
    let check = CheckId::Txt10;
    let open = c.reg(Reg::Sts).map(|sts| Sts(sts).private_open());
    // A closed window has no defined value: all ones and zero are what it reads as.
    let (outcome, words) = match (c.facts.registers.private_didvid, open) {
        (None | Some(0 | u64::MAX), Some(false)) => (Outcome::Pass, "the private window is closed"),
        (None, Some(true)) => (Outcome::Unknown, "the private window could not be read"),
        (Some(0 | u64::MAX), Some(true)) => (
            Outcome::Fail,
            "TXT.STS says that the private window is open, and nothing answers there",
        ),
        (None | Some(0 | u64::MAX), None) => (
            Outcome::Unknown,
            "whether the private window is open could not be read",
        ),
        (Some(private), _) => {
            return out.set(
                check,
                pass_if(private == public),
                format_args!("TXT.DIDVID {public:#x}, in the private window {private:#x}"),
            )
        }
    };
    out.set(
        check,
        outcome,
        format_args!("TXT.DIDVID {public:#x}; {words}"),
    );
}

/// TXT-12.
pub(super) fn latched(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt12;
    for reg in [Reg::HeapBase, Reg::HeapSize, Reg::SinitBase, Reg::SinitSize] {
        let Some(value) = c.reg(reg) else {
            return unread(out, check, reg);
        };
        let Some(first) = c.facts.latched.map(|latched| first_value(&latched, reg)) else {
            continue;
        };
        if first != value {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("{} is {value:#x}, was {first:#x} at first", reg.name()),
            );
        }
    }
    let words = match c.facts.latched {
        Some(_) => "unchanged since the first reading",
        None => "first reading since load",
    };
    out.set(
        check,
        Outcome::Pass,
        format_args!("TXT.HEAP and TXT.SINIT: {words}"),
    );
}

const fn first_value(latched: &Latched, reg: Reg) -> u64 {
    match reg {
        Reg::HeapBase => latched.heap_base,
        Reg::HeapSize => latched.heap_size,
        Reg::SinitBase => latched.sinit_base,
        _ => latched.sinit_size,
    }
}

/// TXT-13.
pub(super) fn agreement(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt13;
    let Some(sts) = c.reg(Reg::Sts) else {
        return unread(out, check, Reg::Sts);
    };
    let Some(claimed) = c.claimed else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("a register that claims a launch could not be read"),
        );
    };
    if c.pcr17.is_unread() {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.tpm_reason()));
    }
    // A claim that other registers spoil is their checks' business once PCR 17 is alive.
    let done = Sts(sts).senter_done();
    let (outcome, words) = match (c.pcr17.ones, c.pcr17.is_untouched()) {
        (Some(_), true) if claimed => (Outcome::Fail, "all ones: no D-RTM event"),
        (Some(_), true) => (Outcome::Pass, "all ones: both say that there was no launch"),
        (Some(_), false) => (Outcome::Fail, "all ones in some banks and not in others"),
        _ if done => (Outcome::Pass, "written: both say that there was a launch"),
        _ => (Outcome::Fail, "written: a D-RTM event without a TXT launch"),
    };
    out.set(
        check,
        outcome,
        format_args!("TXT.STS {sts:#x}, PCR 17 {words}"),
    );
}
