// SPDX-License-Identifier: GPL-2.0

//! uevents, wake-ups and the kernel's log.

use super::files::Reasons;
use crate::decode::text::Text;
use crate::engine::{Kind, Snapshot};
use crate::guard::{Outlets, Source, View};
use crate::sys::device::Device;
use crate::verify::judgement::Verdict;
use kernel::prelude::*;
use kernel::str::CString;

/// Room for the ids of all checks.
type Line = Text<960>;

/// Tells of a new snapshot; of its verdict and of its texts only when they are others than `before`.
pub(crate) fn announce(device: &Device, snapshot: &Snapshot, before: &Snapshot) {
    device.wake(c"generation");
    for kind in Kind::ALL {
        let digest = |snapshot: &Snapshot| snapshot.document(kind).map(|text| *text.sha256());
        if digest(snapshot) != digest(before) {
            announce_text(device, snapshot, kind);
        }
    }
    if snapshot.verdict == before.verdict {
        return;
    }
    announce_verdict(device, snapshot, before.verdict);
}

// Functions that are not inlined keep their lines off each other's stack.
#[inline(never)]
fn announce_verdict(device: &Device, snapshot: &Snapshot, before: Verdict) {
    log_verdict(snapshot, before);
    device.wake(c"verdict");
    device.wake(c"reason");
    if let Err(error) = send(device, snapshot) {
        pr_warn!("no event for the verdict: {error:?}\n");
    }
}

#[inline(never)]
fn log_verdict(snapshot: &Snapshot, before: Verdict) {
    let line = Line::format(format_args!(
        "verdict {} (was {before}): {}",
        snapshot.verdict,
        Reasons(snapshot)
    ));
    pr_info!("{}\n", line.as_str());
}

/// Tells that another text is in force.
#[inline(never)]
fn announce_text(device: &Device, snapshot: &Snapshot, kind: Kind) {
    let Some(document) = snapshot.document(kind) else {
        return;
    };
    let name = kind.name();
    let digest = Text::<128>::format(format_args!("{}", document.sha256()));
    let digest = digest.as_str();
    pr_info!("{name} in force, SHA-256 {digest}\n");
    let sent = CString::try_from_fmt(fmt!("LAUNCHGUARD_TEXT={name}")).and_then(|text| {
        let digest = CString::try_from_fmt(fmt!("LAUNCHGUARD_DIGEST={digest}"))?;
        device.change_event(&[c"LAUNCHGUARD_EVENT=policy", &text, &digest])
    });
    if let Err(error) = sent {
        pr_warn!("no event for the {name}: {error:?}\n");
    }
}

/// What the guard tells.
pub(crate) const GUARD_OUTLETS: Outlets = Outlets {
    view: announce_guard,
    faults: announce_faults,
};

/// Tells that the guard blocks or confines more or fewer groups than before.
fn announce_guard(device: &Device, view: &View, before: &View) {
    let totals = |view: &View| (view.blocked(), view.confined(), view.exposed.len());
    if totals(view) == totals(before) {
        return;
    }
    let (blocked, confined, exposed) = totals(view);
    pr_info!("groups blocked {blocked}, confined {confined}; devices exposed {exposed}\n");
    let sent = CString::try_from_fmt(fmt!("LAUNCHGUARD_BLOCKED={blocked}")).and_then(|blocked| {
        let confined = CString::try_from_fmt(fmt!("LAUNCHGUARD_CONFINED={confined}"))?;
        let exposed = CString::try_from_fmt(fmt!("LAUNCHGUARD_EXPOSED={exposed}"))?;
        device.change_event(&[c"LAUNCHGUARD_EVENT=block", &blocked, &confined, &exposed])
    });
    if let Err(error) = sent {
        pr_warn!("no event for the guard: {error:?}\n");
    }
}

/// Tells that a requester caused faults.
#[inline(never)]
fn announce_faults(device: &Device, source: &Source) {
    if let Err(error) = send_faults(device, source) {
        pr_warn!("no event for DMA faults: {error:?}\n");
    }
}

fn send_faults(device: &Device, source: &Source) -> Result {
    let record = source.last.record;
    let requester = Text::<24>::format(format_args!("{}", source.last.requester()));
    let reason = Text::<80>::format(format_args!("{}", record.reason()));
    let requester = CString::try_from_fmt(fmt!("LAUNCHGUARD_REQUESTER={}", requester.as_str()))?;
    let faults = CString::try_from_fmt(fmt!("LAUNCHGUARD_FAULTS={}", source.untold))?;
    let access = CString::try_from_fmt(fmt!("LAUNCHGUARD_ACCESS={}", record.access().word()))?;
    let at = CString::try_from_fmt(fmt!("LAUNCHGUARD_ADDRESS={:#x}", record.address()))?;
    let why = CString::try_from_fmt(fmt!("LAUNCHGUARD_REASON={}", reason.as_str()))?;
    let event = c"LAUNCHGUARD_EVENT=fault";
    match source.group {
        Some(group) => {
            let group = CString::try_from_fmt(fmt!("LAUNCHGUARD_GROUP={group}"))?;
            device.change_event(&[event, &requester, &faults, &access, &at, &why, &group])
        }
        None => device.change_event(&[event, &requester, &faults, &access, &at, &why]),
    }
}

#[inline(never)]
fn send(device: &Device, snapshot: &Snapshot) -> Result {
    let verdict = CString::try_from_fmt(fmt!("LAUNCHGUARD_VERDICT={}", snapshot.verdict.word()))?;
    let reason = Line::format(format_args!("LAUNCHGUARD_REASON={}", Reasons(snapshot)));
    let reason = CString::try_from_fmt(fmt!("{}", reason.as_str()))?;
    device.change_event(&[c"LAUNCHGUARD_EVENT=verdict", &verdict, &reason])
}
