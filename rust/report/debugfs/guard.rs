// SPDX-License-Identifier: GPL-2.0

//! The guard: what owned groups reach, and what is exposed.

use crate::guard::View;
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
