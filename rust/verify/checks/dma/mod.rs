// SPDX-License-Identifier: GPL-2.0

//! DMA-01 to DMA-17: DMA remapping as the launch left it, and as it is now.

mod devices;
mod guarded;
mod launch;
mod scopes;
mod units;
mod words;

use super::context::{Context, State};
use super::Check;
use crate::decode::bytes::Bytes;
use crate::decode::dmar::{Dmar, DmarError};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 17] = [
    launch::protected_regions,
    launch::txt_regions,
    units::protected,
    launch::heap_copy_sound,
    launch::equal_tables,
    units::translation,
    units::interrupts,
    guarded::tables,
    words::command_line,
    devices::translated,
    units::reserved_memory,
    devices::covered,
    devices::translation_services,
    devices::groups,
    units::flags,
    guarded::faults,
    devices::leftovers,
];

/// A DMAR table, or why there is none to look at.
#[derive(Clone, Copy)]
enum Table<'a> {
    /// Well-formed to its end.
    Sound(Dmar<'a>),
    /// Malformed.
    Broken(DmarError),
    /// It could not be read.
    Unread(&'static str),
    /// The machine has none.
    Absent(&'static str),
}

impl<'a> Table<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        match Dmar::decode(bytes).and_then(|table| table.check().map(|()| table)) {
            Ok(table) => Self::Sound(table),
            Err(error) => Self::Broken(error),
        }
    }

    /// The firmware's, as the kernel has it.
    fn of_firmware(c: &Context<'a>) -> Self {
        match c.facts.tables.dmar {
            Evidence::Read(bytes) => Self::of(bytes),
            Evidence::Unreadable(why) => Self::Unread(why),
            Evidence::Absent(why) => Self::Absent(why),
        }
    }

    /// What describes the machine: the firmware's table, or the heap's copy where that is the only
    /// one that is sound, as it is after tboot has hidden the firmware's.
    fn described(c: &Context<'a>) -> Self {
        let table = Self::of_firmware(c);
        if let Self::Sound(_) = table {
            return table;
        }
        match heap_copy(c).map(|bytes| Self::of(bytes.as_slice())) {
            Ok(Self::Sound(copy)) => Self::Sound(copy),
            _ => table,
        }
    }

    /// Why there is no table to look at.
    const fn reason(&self) -> &'static str {
        match self {
            Self::Sound(_) => "",
            Self::Broken(_) => "the DMAR table is malformed",
            Self::Unread(why) | Self::Absent(why) => why,
        }
    }

    /// The table, or the finding that there is none.
    fn or_say(self, check: CheckId, out: &mut Judgement) -> Option<Dmar<'a>> {
        match self {
            Self::Sound(table) => return Some(table),
            Self::Broken(error) => out.set(
                check,
                Outcome::Unknown,
                format_args!("the DMAR table is malformed: {error}"),
            ),
            Self::Unread(why) => out.set(
                check,
                Outcome::Unknown,
                format_args!("the DMAR table: {why}"),
            ),
            Self::Absent(why) => out.set(
                check,
                Outcome::NotApplicable,
                format_args!("the DMAR table: {why}"),
            ),
        }
        None
    }
}

/// The copy that SINIT left in the heap, as it stands there; why there is none to look at.
fn heap_copy<'a>(c: &Context<'a>) -> Result<Bytes<'a>, &'static str> {
    if c.state != State::Launched {
        return Err("no measured launch took place");
    }
    if c.chain().is_none() {
        return Err(c.heap_reason());
    }
    let data = c.sinit_mle_data().ok_or("SinitMleData cannot be decoded")?;
    match data.dmar() {
        Ok(copy) => Ok(copy.unwrap_or(Bytes::new(&[]))),
        Err(_) => Err("the heap's DMAR copy does not lie in its table (HEAP-06)"),
    }
}
