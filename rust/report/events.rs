// SPDX-License-Identifier: GPL-2.0

//! uevents, wake-ups and the kernel's log.

use super::files::Reasons;
use crate::decode::text::Text;
use crate::engine::{Kind, Snapshot};
use crate::guard::View;
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

/// Tells that the guard blocks or confines more or fewer groups than before.
pub(crate) fn announce_guard(device: &Device, view: &View, before: &View) {
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

#[inline(never)]
fn send(device: &Device, snapshot: &Snapshot) -> Result {
    let verdict = CString::try_from_fmt(fmt!("LAUNCHGUARD_VERDICT={}", snapshot.verdict.word()))?;
    let reason = Line::format(format_args!("LAUNCHGUARD_REASON={}", Reasons(snapshot)));
    let reason = CString::try_from_fmt(fmt!("{}", reason.as_str()))?;
    device.change_event(&[c"LAUNCHGUARD_EVENT=verdict", &verdict, &reason])
}
