// SPDX-License-Identifier: GPL-2.0

//! HEAP-01 to HEAP-08: the TXT heap.

use super::context::{Context, HeapState};
use super::txt::unread;
use crate::decode::heap::{
    BiosData, Chain, ElementError, Elements, OsMleData, OsSinitData, SinitMleData, TableId,
};
use crate::decode::registers::Reg;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt;

/// The heap and everything that belongs to it lies below 4 GiB.
const LIMIT: u64 = 1 << 32;

/// HEAP-01.
pub(super) fn range(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap01;
    let Some(base) = c.reg(Reg::HeapBase) else {
        return unread(out, check, Reg::HeapBase);
    };
    let Some(size) = c.reg(Reg::HeapSize) else {
        return unread(out, check, Reg::HeapSize);
    };
    let end = base.checked_add(size).filter(|end| *end <= LIMIT);
    let sane = base != 0 && size != 0 && end.is_some();
    let words = if sane { "" } else { ": no range below 4 GiB" };
    out.set(
        check,
        if sane { Outcome::Pass } else { Outcome::Fail },
        format_args!("TXT.HEAP.BASE {base:#x}, SIZE {size:#x}{words}"),
    );
}

/// The heap's tables, or the finding that they cannot be had: a broken heap is HEAP-02's failure.
fn chain<'a, 'b>(c: &'b Context<'a>, check: CheckId, out: &mut Judgement) -> Option<&'b Chain<'a>> {
    let chain = c.chain();
    if chain.is_none() {
        out.set(check, Outcome::Unknown, format_args!("{}", c.heap_reason()));
    }
    chain
}

/// HEAP-02.
pub(super) fn sizes(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap02;
    match &c.heap {
        HeapState::Missing(reason) => out.set(check, Outcome::Unknown, format_args!("{reason}")),
        HeapState::Broken(error) => out.set(check, Outcome::Fail, format_args!("{error}")),
        HeapState::Split(chain) => {
            let Some(bios) = bios_data_fits(chain, out) else {
                return;
            };
            let Some(os) = os_tables_fit(chain, out) else {
                return;
            };
            if !sinit_fits(chain, out) {
                return;
            }
            out.set(
                check,
                Outcome::Pass,
                format_args!(
                    "BiosData {:#x}, OsMleData {:#x}, OsSinitData {:#x}, SinitMleData {:#x} bytes, end {:#x}{}",
                    chain.bios_data.bytes.len(),
                    chain.os_mle_data.bytes.len(),
                    chain.os_sinit_data.bytes.len(),
                    chain.sinit_mle_data.bytes.len(),
                    chain.end,
                    Behind([
                        (TableId::BiosData, bios),
                        (TableId::OsSinitData, os),
                    ])
                ),
            );
        }
    }
}

/// How many bytes of the tables of firmware and launcher lie behind their last part and its padding.
/// That is no fault: they may round sizes up as they like, and a wrong one misplaces the next table.
struct Behind([(TableId, usize); 2]);

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.iter().find(|(_, bytes)| *bytes != 0) {
            Some((table, bytes)) => write!(f, "; {table}: {bytes:#x} unused"),
            None => Ok(()),
        }
    }
}

/// Bytes between `used`, the end of a table's last part, and the table's end; 0 where they are padding:
/// the SDG asks for a multiple of 8 bytes (C, note 1), and a multiple of 16 is one too.
fn unused(used: usize, size: usize) -> usize {
    // Sizes count their own field of 8 bytes.
    let padded = |to: usize| {
        let total = used.checked_add(8)?.checked_next_multiple_of(to)?;
        total.checked_sub(8)
    };
    if [8, 16].into_iter().any(|to| padded(to) == Some(size)) {
        return 0;
    }
    size.saturating_sub(used)
}

/// Where the elements end; `None` where there are none or they are broken, which is HEAP-04's.
fn elements_end(elements: Elements<'_>) -> Option<usize> {
    elements.end().ok().filter(|end| *end != 0)
}

/// The bytes of BiosData that nothing uses, when its fixed part fits; records that it does not.
#[inline(never)]
fn bios_data_fits(chain: &Chain<'_>, out: &mut Judgement) -> Option<usize> {
    let bytes = chain.bios_data.bytes;
    match BiosData::decode(bytes) {
        Err(error) => fail_size(out, &error),
        Ok(table) => {
            let end = elements_end(table.elements());
            Some(end.map_or(0, |end| unused(end, bytes.len())))
        }
    }
}

/// The same of OsMleData, which only its launcher knows, and OsSinitData.
#[inline(never)]
fn os_tables_fit(chain: &Chain<'_>, out: &mut Judgement) -> Option<usize> {
    if let Err(error) = OsMleData::decode(chain.os_mle_data.bytes) {
        return fail_size(out, &error);
    }
    let bytes = chain.os_sinit_data.bytes;
    match OsSinitData::decode(bytes) {
        Err(error) => fail_size(out, &error),
        Ok(table) => {
            let end = elements_end(table.elements());
            Some(end.map_or(0, |end| unused(end, bytes.len())))
        }
    }
}

/// Whether SinitMleData holds what it should; records what it does not. SINIT computes its size, and no
/// table follows that would show a wrong one: it must end with its content, as it does in the logs of
/// real machines (corpus 01, 02, 05).
#[inline(never)]
fn sinit_fits(chain: &Chain<'_>, out: &mut Judgement) -> bool {
    let bytes = chain.sinit_mle_data.bytes;
    let table = match SinitMleData::decode(bytes) {
        Err(error) => return fail_size(out, &error).is_some(),
        Ok(table) => table,
    };
    let size = bytes.len();
    let Some(end) = sinit_end(&table).filter(|end| unused(*end, size) != 0) else {
        return true;
    };
    out.set(
        CheckId::Heap02,
        Outcome::Fail,
        format_args!("SinitMleData has {size:#x} bytes, its last part ends at {end:#x}"),
    );
    false
}

/// End of the last of elements, MDRs and DMAR copy, from the first data byte. `None` where one of
/// them is broken, which is another check's, or where there is none of them.
fn sinit_end(table: &SinitMleData<'_>) -> Option<usize> {
    table.mdrs().ok()?;
    table.dmar().ok()?;
    let elements = table.elements().end().ok()?;
    // Both offsets count from the size field, 8 bytes before the data.
    let end = |offset: u32, size: Option<usize>| -> Option<usize> {
        match size? {
            0 => Some(0),
            size => usize::try_from(offset)
                .ok()?
                .checked_sub(8)?
                .checked_add(size),
        }
    };
    let mdr_bytes = usize::try_from(table.mdr_count).ok()?.checked_mul(24);
    let mdrs = end(table.mdr_offset, mdr_bytes)?;
    let dmar = end(table.dmar_offset, usize::try_from(table.dmar_size).ok())?;
    Some(elements.max(mdrs).max(dmar)).filter(|end| *end != 0)
}

fn fail_size(out: &mut Judgement, error: &crate::decode::heap::TableError) -> Option<usize> {
    out.set(CheckId::Heap02, Outcome::Fail, format_args!("{error}"));
    None
}

/// HEAP-03.
pub(super) fn versions(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap03;
    let Some(chain) = chain(c, check, out) else {
        return;
    };
    let (Some(bios), Some(os), Some(sinit)) = (
        chain.bios_data.bytes.u32(0),
        chain.os_sinit_data.bytes.u32(0),
        chain.sinit_mle_data.bytes.u32(0),
    ) else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("a table has no room for its version (HEAP-02)"),
        );
    };
    let known = bios >= 2 && (4..=7).contains(&os) && (6..=9).contains(&sinit);
    // SinitMleData 9 is TPM 2.0's, and that needs OsSinitData 7; not the reverse.
    let good = known && (sinit < 9 || os == 7);
    out.set(
        check,
        if good { Outcome::Pass } else { Outcome::Fail },
        format_args!("versions: BiosData {bios}, OsSinitData {os}, SinitMleData {sinit}"),
    );
}

/// HEAP-04.
pub(super) fn elements(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap04;
    let Some(chain) = chain(c, check, out) else {
        return;
    };
    let mut count = 0usize;
    for (table, id) in [
        (elements_of(chain, TableId::BiosData), TableId::BiosData),
        (
            elements_of(chain, TableId::OsSinitData),
            TableId::OsSinitData,
        ),
        (
            elements_of(chain, TableId::SinitMleData),
            TableId::SinitMleData,
        ),
    ] {
        let Some(elements) = table else {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!("{id} is too short to be decoded (HEAP-02)"),
            );
        };
        match well_formed(elements) {
            Ok(found) => count = count.saturating_add(found),
            Err(error) => {
                return out.set(check, Outcome::Fail, format_args!("{id}: {error}"));
            }
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("{count} elements, all inside their tables"),
    );
}

#[inline(never)]
fn elements_of<'a>(chain: &Chain<'a>, id: TableId) -> Option<Elements<'a>> {
    match id {
        TableId::BiosData => BiosData::decode(chain.bios_data.bytes)
            .ok()
            .map(|table| table.elements()),
        TableId::OsSinitData => OsSinitData::decode(chain.os_sinit_data.bytes)
            .ok()
            .map(|table| table.elements()),
        TableId::SinitMleData => SinitMleData::decode(chain.sinit_mle_data.bytes)
            .ok()
            .map(|table| table.elements()),
        TableId::OsMleData => None,
    }
}

#[inline(never)]
fn well_formed(elements: Elements<'_>) -> Result<usize, ElementError> {
    let mut count = 0usize;
    for element in elements {
        element?.body()?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

/// HEAP-05.
pub(super) fn reserved(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap05;
    if chain(c, check, out).is_none() {
        return;
    }
    let Some(table) = c.sinit_mle_data() else {
        return undecodable(out, check);
    };
    match table.reserved_not_zero() {
        _ if table.version < 9 => out.set(
            check,
            Outcome::NotApplicable,
            format_args!("SinitMleData {} uses these fields", table.version),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!(
                "SinitMleData {}: bytes 4-55 and 76-119 are zero",
                table.version
            ),
        ),
        Some(offset) => out.set(
            check,
            Outcome::Fail,
            format_args!("SinitMleData {}: byte {offset} is not zero", table.version),
        ),
    }
}

fn undecodable(out: &mut Judgement, check: CheckId) {
    out.set(
        check,
        Outcome::Unknown,
        format_args!("SinitMleData is too short to be decoded (HEAP-02)"),
    );
}

/// HEAP-06.
pub(super) fn descriptors(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap06;
    if chain(c, check, out).is_none() {
        return;
    }
    let Some(table) = c.sinit_mle_data() else {
        return undecodable(out, check);
    };
    match (table.mdrs(), table.dmar()) {
        (Err(error), _) | (_, Err(error)) => {
            out.set(check, Outcome::Fail, format_args!("{error}"));
        }
        (Ok(mdrs), Ok(dmar)) => out.set(
            check,
            Outcome::Pass,
            format_args!(
                "{} MDRs at {:#x}, DMAR copy of {:#x} bytes at {:#x}",
                mdrs.len(),
                table.mdr_offset,
                dmar.map_or(0, |dmar| dmar.len()),
                table.dmar_offset
            ),
        ),
    }
}

/// HEAP-07.
pub(super) fn memory_map(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap07;
    let memory = &c.facts.memory;
    let ranges = [
        ("the heap", memory.heap_is_ram),
        ("the SINIT region", memory.sinit_is_ram),
        ("the register windows", memory.registers_are_ram),
        ("the TPM's pages", memory.tpm_is_ram),
    ];
    for (wanted, outcome, words) in [
        (Some(true), Outcome::Fail, "is System RAM for the kernel"),
        (
            None,
            Outcome::Unknown,
            "could not be found in the memory map",
        ),
    ] {
        if let Some((name, _)) = ranges.iter().find(|(_, is_ram)| *is_ram == wanted) {
            return out.set(check, outcome, format_args!("{name}: {words}"));
        }
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!("heap, SINIT region, register windows and TPM pages are not System RAM"),
    );
}

/// HEAP-08.
pub(super) fn stable(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Heap08;
    let copy = match c.facts.heap {
        Evidence::Read(copy) => copy,
        Evidence::Unreadable(reason) | Evidence::Absent(reason) => {
            return out.set(check, Outcome::Unknown, format_args!("{reason}"));
        }
    };
    let (outcome, words) = match copy.stable {
        Some(true) => (Outcome::Pass, "are equal"),
        Some(false) => (Outcome::Fail, "differ: it is being written"),
        None => (Outcome::Unknown, "could not be compared"),
    };
    out.set(
        check,
        outcome,
        format_args!(
            "two copies of {:#x} bytes at {:#x} {words}",
            copy.bytes.len(),
            copy.base
        ),
    );
}
