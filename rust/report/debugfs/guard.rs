// SPDX-License-Identifier: GPL-2.0

//! The guard: what owned groups reach, and what is exposed.

use crate::guard::{Faults, Tally, View};
use core::fmt::{self, Formatter};

/// The table `windows`: each owned group, and its windows below it.
pub(super) fn write_windows(view: &View, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "boot {}, {}",
        if view.settled { "is over" } else { "goes on" },
        if view.quarantine {
            "everything is to be blocked: the policy does not accept the verdict"
        } else {
            "the policy decides"
        }
    )?;
    if view.unfinished {
        writeln!(f, "no memory to carry the policy out: trying again")?;
    }
    for owned in &view.owned {
        write!(f, "group {} {} ", owned.id, owned.first)?;
        if owned.compartment.is_empty() {
            f.write_str("blocked")?;
        } else {
            write!(f, "confined to {}", owned.compartment)?;
        }
        if owned.degraded {
            f.write_str(", degraded: its default domain is identity, a release opens all memory")?;
        }
        if owned.interrupts {
            f.write_str(", interrupts not isolated: it can raise any of them")?;
        }
        if let Some(trouble) = owned.trouble {
            write!(f, ", trouble: {}", trouble.words())?;
        }
        writeln!(f, "\n  because {}", owned.reason)?;
        let windows = view.windows.iter();
        for reach in windows.filter(|reach| reach.device == owned.first) {
            let mapping = reach.mapping;
            writeln!(
                f,
                "  {:#x} + {:#x} {} -> {:#x}",
                mapping.iova,
                mapping.size,
                if mapping.writable { "rw" } else { "r" },
                mapping.base
            )?;
        }
    }
    Ok(())
}

/// The table `exposed`: each exposed device, why, and the remedy.
pub(super) fn write_exposed(view: &View, f: &mut Formatter<'_>) -> fmt::Result {
    view.exposed.iter().try_for_each(|exposed| {
        writeln!(
            f,
            "{} {}; remedy: {}",
            exposed.device, exposed.why, exposed.remedy
        )
    })
}

/// The table `faults`: totals, who caused how many, and the last ones.
pub(super) fn write_faults(faults: &Faults, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(why) = faults.blind() {
        return writeln!(f, "unknown: {why}");
    }
    for (segment, base) in faults.units() {
        writeln!(f, "unit {base:#x}, segment {segment}")?;
    }
    let more = faults.unattributed();
    writeln!(
        f,
        "lost, at least: {} of units that had no room, {} without room here",
        more.overflows, more.dropped
    )?;
    writeln!(
        f,
        "calls of the driver that were not looked at: {}, not seen: {}",
        more.aside, more.missed
    )?;
    faults.tally(|tally| write_tally(tally, f))
}

fn write_tally(tally: &Tally, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "faults, at least: {}, of these {} of requesters that are not listed",
        tally.total(),
        tally.others()
    )?;
    for source in tally.sources() {
        write!(f, "\n{} ", source.last.requester())?;
        match source.group {
            Some(group) => write!(f, "group {group}")?,
            None => write!(f, "no group")?,
        }
        write!(f, ", at least {}", source.faults)?;
    }
    let mut recent = tally.recent().peekable();
    if recent.peek().is_some() {
        writeln!(f, "\n\nthe last ones, the newest first, in seconds since load:")?;
    }
    for fault in recent {
        let record = fault.record;
        write!(
            f,
            "{:>6}.{:06} {} {} {:#x}",
            fault.time / 1_000_000,
            fault.time % 1_000_000,
            fault.requester(),
            record.access().word(),
            record.address()
        )?;
        if let Some(pasid) = record.pasid() {
            write!(f, " pasid {pasid:#x}")?;
        }
        writeln!(f, ": {}", record.reason())?;
    }
    Ok(())
}
