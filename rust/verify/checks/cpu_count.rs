// SPDX-License-Identifier: GPL-2.0

//! CPU-11: the processors that took part in the launch.

use super::context::Context;
use super::cpu::processors;
use super::tables::{self, Copy};
use super::Check;
use crate::decode::heap::{BiosData, ElementType};
use crate::verify::catalogue::CheckId;
use crate::verify::judgement::{Judgement, Outcome};

/// The checks of this file, in the order they run.
pub(super) const CHECKS: [Check; 1] = [taking_part];

/// CPU-11. How many the launcher woke is not recorded anywhere.
fn taking_part(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Cpu11;
    let Some(chain) = tables::heap(c, out, check) else {
        return;
    };
    let bios = match BiosData::decode(chain.bios_data.bytes) {
        Ok(bios) => bios,
        Err(error) => return out.set(check, Outcome::Unknown, format_args!("{error}")),
    };
    let copy = tables::compare(c, ElementType::Madt, c.facts.tables.madt);
    if let Copy::Differs(at) = copy {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("the heap's copy of the MADT is not the ACPI MADT from byte {at:#x} on"),
        );
    }
    let Some(facts) = processors(c, out, check) else {
        return;
    };
    let (told, online) = (bios.num_log_procs, facts.online);
    if told < online {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("firmware told the launcher of {told} processors, {online} run"),
        );
    }
    match copy {
        Copy::Unknown(why) => {
            out.set(check, Outcome::Unknown, format_args!("MADT: {why}"));
        }
        _ => out.set(
            check,
            Outcome::Pass,
            format_args!(
                "firmware told of {told} processors, {online} run, {} are possible; {}",
                facts.possible,
                if matches!(copy, Copy::Equal) {
                    "the MADT is the launch's"
                } else {
                    "the heap has no MADT"
                }
            ),
        ),
    }
}
