// SPDX-License-Identifier: GPL-2.0

//! The processors.

use super::{map, NOT_YET};
use crate::decode::msr::Msr;
use crate::sys::cpu::{self, RawCpu};
use crate::verify::facts::{Cpu, CpuFacts, Evidence, MTRR_RANGES};
use kernel::prelude::*;

/// The registers' addresses, by [`Msr::index`].
const ADDRESSES: [u32; Msr::ALL.len()] = {
    let mut addresses = [0; Msr::ALL.len()];
    let mut index = 0;
    while index < addresses.len() {
        addresses[index] = Msr::ALL[index].address();
        index += 1;
    }
    addresses
};

struct Processors {
    possible: u32,
    present: u32,
    online: u32,
    list: KVVec<Cpu>,
}

/// What was read.
pub(super) struct Collected(Evidence<Processors>);

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self(Evidence::Unreadable(NOT_YET));

    /// Reads it.
    pub(super) fn read() -> Self {
        Self(match processors() {
            Ok(processors) => Evidence::Read(processors),
            Err(_) => Evidence::Unreadable("there was no memory to ask the processors"),
        })
    }

    /// As facts.
    pub(super) fn facts(&self) -> Evidence<CpuFacts<'_>> {
        map(&self.0, |processors| CpuFacts {
            possible: processors.possible,
            present: processors.present,
            online: processors.online,
            cpus: &processors.list,
        })
    }
}

fn processors() -> Result<Processors> {
    let raw = cpu::read(&ADDRESSES)?;
    let mut list = KVVec::with_capacity(raw.list.len(), GFP_KERNEL)?;
    for cpu in &raw.list {
        list.push(facts_of(cpu), GFP_KERNEL)?;
    }
    Ok(Processors {
        possible: raw.counts.possible,
        present: raw.counts.present,
        online: raw.counts.online,
        list,
    })
}

#[inline(never)]
fn facts_of(raw: &RawCpu) -> Cpu {
    let mut cpu = Cpu {
        number: raw.number,
        apic_id: raw.apic_id,
        vendor: [0; 12],
        signature: raw.signature,
        features: raw.features,
        address_bits: u8::try_from(raw.address_bits).unwrap_or(0),
        microcode: (raw.microcode_read != 0).then_some(raw.microcode),
        msrs: [None; Msr::ALL.len()],
        mtrrs: [None; MTRR_RANGES],
    };
    for (bytes, word) in cpu.vendor.chunks_exact_mut(4).zip(raw.vendor) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    for (index, (slot, value)) in cpu.msrs.iter_mut().zip(raw.msrs).enumerate() {
        *slot = is_set(raw.msrs_read, index).then_some(value);
    }
    let ranges = raw.mtrr_base.into_iter().zip(raw.mtrr_mask);
    for (index, (slot, range)) in cpu.mtrrs.iter_mut().zip(ranges).enumerate() {
        *slot = is_set(raw.mtrrs_read, index).then_some(range);
    }
    cpu
}

fn is_set(mask: u32, index: usize) -> bool {
    let bit = u32::try_from(index).ok().and_then(|index| mask.checked_shr(index));
    bit.is_some_and(|bit| bit & 1 != 0)
}
