// SPDX-License-Identifier: GPL-2.0

//! uevents, wake-ups and the kernel's log.

use super::files::Reasons;
use crate::decode::text::Text;
use crate::engine::Snapshot;
use crate::sys::device::Device;
use crate::verify::judgement::Verdict;
use kernel::prelude::*;
use kernel::str::CString;

/// Room for the ids of all checks.
type Line = Text<960>;

/// Tells of a new snapshot; of its verdict only when that is another than `before`.
pub(crate) fn announce(device: &Device, snapshot: &Snapshot, before: Verdict) {
    device.wake(c"generation");
    if snapshot.verdict == before {
        return;
    }
    let line = Line::format(format_args!(
        "verdict {} (was {before}): {}",
        snapshot.verdict,
        Reasons(snapshot)
    ));
    pr_info!("{}\n", line.as_str());
    device.wake(c"verdict");
    device.wake(c"reason");
    if let Err(error) = send(device, snapshot) {
        pr_warn!("no event for the verdict: {error:?}\n");
    }
}

fn send(device: &Device, snapshot: &Snapshot) -> Result {
    let verdict = CString::try_from_fmt(fmt!("LAUNCHGUARD_VERDICT={}", snapshot.verdict.word()))?;
    let reason = Line::format(format_args!("LAUNCHGUARD_REASON={}", Reasons(snapshot)));
    let reason = CString::try_from_fmt(fmt!("{}", reason.as_str()))?;
    device.change_event(&[c"LAUNCHGUARD_EVENT=verdict", &verdict, &reason])
}
