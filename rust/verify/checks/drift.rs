// SPDX-License-Identifier: GPL-2.0

//! KRN-02: whether the evidence is still what it was.

use super::context::Context;
use crate::decode::text::Text;
use crate::verify::catalogue::CheckId;
use crate::verify::drift::{fingerprint, Baseline, Kind};
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt::Write as _;

/// KRN-02.
#[inline(never)]
pub(super) fn unchanged(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Krn02;
    let Some(baseline) = c.facts.baseline else {
        let mut first = Baseline::EMPTY;
        first.complete(c.facts, c.hasher);
        return if first == Baseline::EMPTY {
            out.set(
                check,
                Outcome::Unknown,
                format_args!("nothing could be read"),
            );
        } else {
            out.set(
                check,
                Outcome::Pass,
                format_args!("first judgement since load: later ones are compared with it"),
            );
        };
    };
    let mut changed = Names(Text::EMPTY);
    let mut unread = Names(Text::EMPTY);
    let mut same = 0u32;
    for kind in Kind::ALL {
        let Some(mark) = baseline.mark(kind) else {
            continue;
        };
        match fingerprint(kind, c.facts, &baseline.log_bytes, c.hasher) {
            Some(now) if now == *mark => same = same.saturating_add(1),
            Some(_) => changed.add(kind),
            None => unread.add(kind),
        }
    }
    if !changed.0.is_empty() {
        out.set(
            check,
            Outcome::Fail,
            format_args!("changed since the first judgement: {}", changed.0),
        );
    } else if !unread.0.is_empty() || same == 0 {
        out.set(
            check,
            Outcome::Unknown,
            format_args!("can no longer be read: {}", unread.0),
        );
    } else {
        out.set(
            check,
            Outcome::Pass,
            format_args!(
                "{same} of {} kinds of evidence, all as at the first judgement",
                Kind::ALL.len()
            ),
        );
    }
}

/// Names with commas between them.
struct Names(Text<120>);

impl Names {
    fn add(&mut self, kind: Kind) {
        let comma = if self.0.is_empty() { "" } else { ", " };
        let _ = write!(self.0, "{comma}{}", kind.name());
    }
}
