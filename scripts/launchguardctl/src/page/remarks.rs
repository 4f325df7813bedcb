// SPDX-License-Identifier: GPL-2.0

//! What lies where it should not.

use super::memory::{Level, Memory, Region, Role, OUTSIDE};
use super::{Input, State};
use launchguard_pure::decode::registers::{launch_claimed, Dpr, Reg};

/// What there is to say about the places in `memory`; marks the regions it is about.
pub(super) fn remarks(memory: &mut Memory, input: &Input<'_>) {
    let mut remarks = Vec::new();
    let dpr = input.facts.registers.get(Reg::Dpr).map(Dpr);
    match dpr {
        // What nobody launched needs no protection.
        _ if launch_claimed(input.facts.registers) == Some(false) => {}
        Some(dpr) if dpr.size() == 0 => remarks.push((
            State::Fail,
            "There is no DMA protected range: its size is 0.".to_owned(),
        )),
        Some(dpr) if !dpr.lock() => {
            let mut regions = memory.regions.iter_mut();
            if let Some(region) = regions.find(|region| region.role == Role::Protected) {
                region.wrong = Some("not locked");
            }
            remarks.push((
                State::Fail,
                "The DMA protected range is not locked: ring 0 can take it away.".to_owned(),
            ));
        }
        Some(_) => {}
        None => remarks.push((State::Unknown, "TXT.DPR could not be read.".to_owned())),
    }
    let outside = |region: &&Region| region.wrong == Some(OUTSIDE);
    for region in memory.regions.iter().filter(outside) {
        remarks.push((
            State::Fail,
            format!(
                "The {} lies outside the DMA protected range: devices reach it.",
                region.name
            ),
        ));
    }
    remarks.extend(overlaps(memory));
    let ram = &input.facts.memory;
    for (name, is_ram) in [
        ("TXT heap", ram.heap_is_ram),
        ("SINIT region", ram.sinit_is_ram),
        ("TXT register windows", ram.registers_are_ram),
        ("TPM's pages", ram.tpm_is_ram),
    ] {
        if is_ram == Some(true) {
            let what = format!("The kernel takes the {name} for ordinary memory.");
            remarks.push((State::Fail, what));
        }
    }
    memory.remarks = remarks;
}

/// Regions that share memory without one being there to hold the other.
fn overlaps(memory: &mut Memory) -> Vec<(State, String)> {
    let mut found = Vec::new();
    let regions = &mut memory.regions;
    for first in 0..regions.len() {
        for second in first + 1..regions.len() {
            let (Some(a), Some(b)) = (regions.get(first), regions.get(second)) else {
                continue;
            };
            if !(a.base < b.end && b.base < a.end) || may_share(a, b) {
                continue;
            }
            found.push((State::Fail, format!("{} and {} overlap.", a.name, b.name)));
            for index in [first, second] {
                if let Some(region) = regions.get_mut(index) {
                    region.wrong = Some("overlaps");
                }
            }
        }
    }
    found
}

/// Whether two regions may share memory: one of them holds the other by design.
fn may_share(a: &Region, b: &Region) -> bool {
    if a.level != b.level {
        return true;
    }
    match a.level {
        // tboot's log lies in its own table.
        Level::Heap => a.role == Role::Log || b.role == Role::Log,
        // The map of the boot may still count as usable what the launch took out later; whether the
        // kernel uses it is told by its resource map.
        Level::Whole => a.role == Role::Ram || b.role == Role::Ram,
        Level::Dpr => false,
    }
}
