// SPDX-License-Identifier: GPL-2.0

//! SINIT's copies of ACPI tables, compared with those of the running kernel.

use super::context::{Context, HeapState, State};
use crate::decode::heap::{Body, Chain, ElementType, SinitMleData};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// What a copy is like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Copy {
    /// Every byte is the same.
    Equal,
    /// The first byte that is not, or that only one of them has.
    Differs(usize),
    /// The heap has no copy.
    Missing,
    /// They could not be compared, and why.
    Unknown(&'static str),
}

/// The heap of the launch. Without a launch `check` does not apply, and without the heap it is
/// unknown.
pub(super) fn heap<'a, 'b>(
    c: &'b Context<'a>,
    out: &mut Judgement,
    check: CheckId,
) -> Option<&'b Chain<'a>> {
    if c.state != State::Launched {
        out.set(
            check,
            Outcome::NotApplicable,
            format_args!("no measured launch took place"),
        );
        return None;
    }
    if !matches!(c.heap, HeapState::Split(_)) {
        out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason()));
    }
    c.chain()
}

/// Compares the heap's element `kind` with `table`.
pub(super) fn compare(c: &Context<'_>, kind: ElementType, table: Evidence<&[u8]>) -> Copy {
    let copy = match element(c.sinit_mle_data(), kind) {
        Ok(Some(copy)) => copy,
        Ok(None) => return Copy::Missing,
        Err(why) => return Copy::Unknown(why),
    };
    let table = match table {
        Evidence::Read(table) => table,
        Evidence::Absent(_) => return Copy::Differs(0),
        Evidence::Unreadable(why) => return Copy::Unknown(why),
    };
    if copy == table {
        return Copy::Equal;
    }
    let differs = copy
        .iter()
        .zip(table)
        .position(|(copy, table)| copy != table);
    Copy::Differs(differs.unwrap_or(copy.len().min(table.len())))
}

/// The table in SinitMleData's element `kind`, as it lies there: its own length may be wrong, which
/// is for the comparison to find.
fn element(
    data: Option<SinitMleData<'_>>,
    kind: ElementType,
) -> Result<Option<&[u8]>, &'static str> {
    let data = data.ok_or("SinitMleData cannot be decoded (HEAP-03)")?;
    let found = data
        .elements()
        .find_kind(kind)
        .map_err(|_| "SinitMleData's elements are malformed (HEAP-04)")?;
    Ok(found.map(|element| match element.body() {
        Ok(Body::Madt(table) | Body::Mcfg(table)) => table.bytes.as_slice(),
        _ => element.data.as_slice(),
    }))
}
