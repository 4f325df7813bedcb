// SPDX-License-Identifier: GPL-2.0

//! DMA-01, DMA-02, DMA-04 and DMA-05: what protected memory while the launch took place, and the
//! description of the machine that the launch left behind.

use super::super::context::{Context, State};
use super::heap_copy;
use crate::decode::dmar::{Dmar, FLAGS_OFFSET};
use crate::decode::heap::{Body, Dtpr, OsSinitData};
use crate::decode::registers::{Dpr, Reg};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// OsSinitData.Capabilities: protection by TPRs in place of PMRs (Xen, intel-txt.h).
const CAPABILITY_TPR: u32 = 1 << 14;
/// Granularity of a protected memory region in bytes (SDG 1.11.2).
const PMR_GRAIN: u64 = 2 << 20;
/// Where high memory begins.
const FOUR_GIB: u64 = 1 << 32;

/// OsSinitData; records why there is none. Without a launch the findings stand already.
fn os_sinit_data<'a>(
    c: &Context<'a>,
    check: CheckId,
    out: &mut Judgement,
) -> Option<OsSinitData<'a>> {
    if c.state != State::Launched {
        return None;
    }
    let Some(chain) = c.chain() else {
        out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason()));
        return None;
    };
    match OsSinitData::decode(chain.os_sinit_data.bytes) {
        Ok(data) => Some(data),
        Err(error) => {
            out.set(check, Outcome::Unknown, format_args!("{error}"));
            None
        }
    }
}

/// What is known of the MLE's place: its page tables come first, its pages follow them in ascending
/// order (SDG 2.2), so this range holds no byte that is not the launcher's.
pub(super) fn mle(data: &OsSinitData<'_>) -> Option<(u64, u64)> {
    let end = data.mle_page_table.checked_add(data.mle_size)?;
    Some((data.mle_page_table, end))
}

fn contains(base: u64, size: u64, (from, to): (u64, u64)) -> bool {
    base.checked_add(size)
        .is_some_and(|end| from >= base && to <= end)
}

/// DMA-01.
pub(super) fn protected_regions(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma01;
    let Some(data) = os_sinit_data(c, check, out) else {
        return;
    };
    if data.capabilities & CAPABILITY_TPR != 0 {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("the launch asked for TPRs in place of PMRs (DMA-02)"),
        );
    }
    let (low, high) = (
        (data.pmr_low_base, data.pmr_low_size),
        (data.pmr_high_base, data.pmr_high_size),
    );
    let whole = |(base, size): (u64, u64)| base % PMR_GRAIN == 0 && size % PMR_GRAIN == 0;
    let range = mle(&data);
    let in_dpr = range.map_or(Some(false), |range| in_dpr(c, range));
    let in_low = range.is_some_and(|range| contains(low.0, low.1, range));
    let high_covers = if high.1 == 0 {
        Some(true)
    } else {
        covers_high_memory(c, high)
    };
    // What is wrong by itself comes before what cannot be told.
    let (outcome, words) = if low.1 != 0 && low.0 != 0 {
        (Outcome::Fail, "the low one does not start at 0")
    } else if !whole(low) || !whole(high) {
        (Outcome::Fail, "not whole pieces of 2 MiB")
    } else if high.1 != 0 && (high.0 < FOUR_GIB || high.0.checked_add(high.1).is_none()) {
        (Outcome::Fail, "the high one does not lie above 4 GiB")
    } else if high_covers == Some(false) {
        (Outcome::Fail, "the high one leaves memory above 4 GiB out")
    } else if !in_low && in_dpr == Some(false) {
        let words = "the MLE lies neither in the low one nor in the DPR";
        (Outcome::Fail, words)
    } else if !in_low && in_dpr.is_none() {
        let words = "the MLE is not in the low one; TXT.DPR could not be read";
        (Outcome::Unknown, words)
    } else if high_covers.is_none() {
        let words = "no memory map tells what the high one should cover";
        (Outcome::Unknown, words)
    } else if in_low {
        (Outcome::Pass, "the MLE lies in the low one")
    } else {
        (Outcome::Pass, "the MLE lies in the DPR")
    };
    out.set(
        check,
        outcome,
        format_args!(
            "PMR {:#x} + {:#x}, {:#x} + {:#x}: {words}",
            low.0, low.1, high.0, high.1
        ),
    );
}

/// Whether `range` lies in the DPR; `None` where its register was not read.
fn in_dpr(c: &Context<'_>, range: (u64, u64)) -> Option<bool> {
    let dpr = Dpr(c.reg(Reg::Dpr)?);
    let base = dpr.base();
    Some(base.is_some_and(|base| contains(base, dpr.size(), range)))
}

/// Whether the high region covers every piece of RAM above 4 GiB that the memory map names; `None`
/// without a map.
fn covers_high_memory(c: &Context<'_>, high: (u64, u64)) -> Option<bool> {
    let map = c.facts.chipset.memory_map.read()?;
    let covered = map
        .iter()
        .filter(|range| range.kind == 1 && range.base >= FOUR_GIB)
        .all(|range| {
            let end = range.base.checked_add(range.size);
            end.is_some_and(|end| contains(high.0, high.1, (range.base, end)))
        });
    Some(covered)
}

/// DMA-02.
pub(super) fn txt_regions(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma02;
    let Some(data) = os_sinit_data(c, check, out) else {
        return;
    };
    if data.capabilities & CAPABILITY_TPR == 0 {
        return out.set(
            check,
            Outcome::NotApplicable,
            format_args!("the launch asked for PMRs, not for TPRs (DMA-01)"),
        );
    }
    let asked = data.elements().find_map(|element| {
        match element.ok().and_then(|element| element.body().ok()) {
            Some(Body::TprReq(regions)) => Some(regions),
            _ => None,
        }
    });
    let Some(asked) = asked else {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "capabilities {:#x}, but no TPR_REQ element",
                data.capabilities
            ),
        );
    };
    let covered = mle(&data).is_some_and(|range| {
        asked
            .iter()
            .any(|region| contains(region.0, region.1, range))
    });
    if !covered {
        return out.set(
            check,
            Outcome::Fail,
            format_args!(
                "no region of TPR_REQ holds the MLE, {:#x} bytes behind {:#x}",
                data.mle_size, data.mle_page_table
            ),
        );
    }
    let table = c.sinit_mle_data().and_then(|data| {
        data.elements().find_map(|element| {
            match element.ok().and_then(|element| element.body().ok()) {
                Some(Body::Dtpr(table)) => Some(table),
                _ => None,
            }
        })
    });
    let Some(table) = table.filter(|table| table.registers().next().is_some()) else {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SinitMleData has no DTPR element that names registers"),
        );
    };
    live_regions(c, &table, mle(&data), out);
}

/// The rest of DMA-02: what the registers that SINIT found hold now. A region may be off once every
/// unit translates; whether it was on until then nobody can tell.
#[inline(never)]
fn live_regions(c: &Context<'_>, table: &Dtpr<'_>, mle: Option<(u64, u64)>, out: &mut Judgement) {
    let check = CheckId::Dma02;
    let tprs = match c.facts.dma.tprs {
        Evidence::Read(tprs) => tprs,
        Evidence::Unreadable(why) => {
            return out.set(check, Outcome::Unknown, format_args!("TPRs: {why}"))
        }
        Evidence::Absent(why) => {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("SINIT found a DTPR table, now {why}"),
            )
        }
    };
    let at = |address: &u64| tprs.iter().find(|tpr| tpr.address == *address);
    if let Some(address) = table.registers().find(|address| at(address).is_none()) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SINIT found a TPR at {address:#x}, the ACPI DTPR has none there"),
        );
    }
    let dark = |address: &u64| at(address).is_none_or(|tpr| tpr.registers.is_none());
    if let Some(address) = table.registers().find(dark) {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("the TPR at {address:#x} could not be read"),
        );
    }
    let live = || {
        table
            .registers()
            .filter_map(|address| at(&address)?.registers)
    };
    let all = live().count();
    let on = live().filter(|tpr| tpr.is_enabled()).count();
    let holds = mle.is_some_and(|range| live().any(|tpr| tpr.holds(range)));
    let translated = match c.facts.dma.units {
        Evidence::Read(units) => units.iter().try_fold(!units.is_empty(), |all, unit| {
            Some(all && unit.registers?.gsts().translation())
        }),
        _ => None,
    };
    let (outcome, words) = match (holds, translated) {
        (true, _) => (Outcome::Pass, "one of them holds the MLE"),
        (false, Some(true)) => (
            Outcome::Pass,
            "none holds the MLE any more, as every unit translates",
        ),
        (false, Some(false)) => (
            Outcome::Fail,
            "none holds the MLE, and not every unit translates",
        ),
        (false, None) => (
            Outcome::Unknown,
            "none holds the MLE, and whether every unit translates could not be told",
        ),
    };
    out.set(
        check,
        outcome,
        format_args!("{on} of {all} TPRs are on: {words}"),
    );
}

/// DMA-04.
pub(super) fn heap_copy_sound(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma04;
    if c.state != State::Launched {
        return;
    }
    let copy = match heap_copy(c) {
        Ok(copy) => copy,
        Err(why) => return out.set(check, Outcome::Unknown, format_args!("{why}")),
    };
    if copy.is_empty() {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("SinitMleData holds no copy of the DMAR table"),
        );
    }
    match Dmar::decode(copy.as_slice()).and_then(|table| table.check().map(|()| table)) {
        Ok(table) => out.set(
            check,
            Outcome::Pass,
            format_args!(
                "{} bytes, flags {:#x}, {} units, {} reserved regions",
                table.bytes.len(),
                table.flags.0,
                table.units().count(),
                table.reserved().count()
            ),
        ),
        Err(error) => out.set(check, Outcome::Fail, format_args!("{error}")),
    }
}

/// DMA-05.
pub(super) fn equal_tables(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma05;
    if c.state != State::Launched {
        return;
    }
    let copy = match heap_copy(c) {
        Ok(copy) => copy,
        Err(why) => return out.set(check, Outcome::Unknown, format_args!("{why}")),
    };
    let firmware = match c.facts.tables.dmar {
        Evidence::Read(bytes) => bytes,
        Evidence::Unreadable(why) => {
            return out.set(check, Outcome::Unknown, format_args!("ACPI DMAR: {why}"))
        }
        // tboot takes the signature away from a table that an earlier system had hidden.
        Evidence::Absent(_) => {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("the heap has a copy, but ACPI has no DMAR: somebody hid it"),
            )
        }
    };
    let copy = copy.as_slice();
    let place = copy
        .iter()
        .zip(firmware)
        .position(|(left, right)| left != right);
    // Checksums differ wherever anything else does: they say nothing.
    let place = place
        .filter(|place| *place != 9)
        .or_else(|| {
            let behind = copy.iter().zip(firmware).enumerate().skip(10);
            behind
                .filter(|(_, (left, right))| left != right)
                .map(|(place, _)| place)
                .next()
        })
        .or(place);
    let (outcome, words) = match place {
        Some(FLAGS_OFFSET) => (
            Outcome::Fail,
            "the kernel takes units from the heap's copy, but flags from ACPI",
        ),
        Some(_) => (Outcome::Fail, "one of them was changed after the launch"),
        None if copy.len() != firmware.len() => (Outcome::Fail, "one of them is longer"),
        None => {
            return out.set(
                check,
                Outcome::Pass,
                format_args!("{} bytes, the same in the heap and in ACPI", copy.len()),
            )
        }
    };
    let place = place.unwrap_or(copy.len().min(firmware.len()));
    out.set(
        check,
        outcome,
        format_args!(
            "heap {} bytes, ACPI {} bytes, byte {place:#x} is {} and {}: {words}",
            copy.len(),
            firmware.len(),
            Shown(copy.get(place)),
            Shown(firmware.get(place))
        ),
    );
}

/// A byte, if there is one.
struct Shown<'a>(Option<&'a u8>);

impl core::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(byte) => write!(f, "{byte:#04x}"),
            None => f.write_str("not there"),
        }
    }
}
