// SPDX-License-Identifier: GPL-2.0

//! Collecting the evidence: everything is copied once, before anything looks into it.

mod chipset;
mod cpu;
mod dma;
mod guard;
mod kernel;
mod log;
mod nv;
mod slrt;
mod tables;
mod tpm;

pub(crate) use dma::{functions, map_unit, note_group, remapping_units};
pub(crate) use kernel::tboot;

use crate::decode::registers::{
    Reg, Registers, PRIVATE_BASE, PUBLIC_BASE, TPM_BASE, TPM_SIZE, WINDOW_SIZE,
};
use super::timing::{Part, Stopwatch};
use crate::guard::Guard;
use crate::sys::memory::Range;
use crate::sys::mmio::Window;
use crate::sys::tpm::Chip;
use crate::verify::facts::{Evidence, Facts, HeapCopy, KernelFacts, Latched, MemoryFacts, TpmFacts};
use crate::verify::drift::Baseline;
use ::kernel::prelude::*;
use ::kernel::sync::Arc;

pub(crate) use log::EventLogs;

/// Largest heap that is copied, in bytes. Firmware sets aside 1 MiB or less.
const MAX_HEAP: u64 = 16 << 20;
/// As much of the SINIT region as is copied, in bytes: header and information table.
const MAX_SINIT: u64 = 64 << 10;
/// The heap and SINIT lie below (SDG B.1.10, B.1.13).
const FOUR_GIB: u64 = 1 << 32;
/// A copy of the heap with its place.
pub(crate) struct Heap {
    /// Physical address.
    pub(crate) base: u64,
    /// The bytes.
    pub(crate) bytes: KVVec<u8>,
    /// Whether a second look found the same bytes.
    stable: Option<bool>,
}

/// All evidence of one snapshot.
pub(crate) struct Collected {
    /// The registers.
    pub(crate) registers: Registers,
    /// The heap.
    pub(crate) heap: Evidence<Heap>,
    /// The event logs.
    pub(crate) log: Evidence<EventLogs>,
    /// The TPM.
    pub(crate) tpm: Evidence<KBox<TpmFacts>>,
    latched: Option<Latched>,
    baseline: Option<Arc<Baseline>>,
    sinit: Evidence<KVVec<u8>>,
    slrt: Evidence<KVVec<u8>>,
    memory: MemoryFacts,
    kernel: KernelFacts,
    nv: nv::Collected,
    cpus: cpu::Collected,
    chipset: chipset::Collected,
    tables: tables::Collected,
    dma: dma::Collected,
}

impl Collected {
    /// What is known before anything was read.
    pub(crate) const NOTHING: Self = Self {
        registers: Registers::UNREADABLE,
        heap: Evidence::Unreadable(NOT_YET),
        log: Evidence::Unreadable(NOT_YET),
        tpm: Evidence::Unreadable(NOT_YET),
        latched: None,
        baseline: None,
        sinit: Evidence::Unreadable(NOT_YET),
        slrt: Evidence::Unreadable(NOT_YET),
        memory: MemoryFacts {
            heap_is_ram: None,
            sinit_is_ram: None,
            registers_are_ram: None,
            tpm_is_ram: None,
        },
        kernel: KernelFacts {
            tboot_addr: None,
            loader_type: None,
            tboot_page: None,
            resumed_from_image: None,
            rescue: None,
        },
        nv: nv::Collected::NOTHING,
        cpus: cpu::Collected::NOTHING,
        chipset: chipset::Collected::NOTHING,
        tables: tables::Collected::NOTHING,
        dma: dma::Collected::NOTHING,
    };

    /// Reads everything once, and says in `watch` what took how long. `latched` and `baseline` are what
    /// the first reading since load found; `chip` is the TPM, if there is one, and `guard` what knows of
    /// windows and faults.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    #[inline(never)]
    pub(crate) fn read(
        latched: Option<Latched>,
        baseline: Option<Arc<Baseline>>,
        chip: Option<&Chip>,
        guard: &Guard,
        watch: &mut Stopwatch,
    ) -> Result<KBox<Self>> {
        let tpm = tpm::read(chip)?;
        watch.lap(Part::Pcrs);
        let registers = read_registers();
        watch.lap(Part::Registers);
        let heap = copy_heap(&registers);
        watch.lap(Part::Heap);
        let log = log::read(&heap);
        watch.lap(Part::Log);
        let sinit = copy_sinit(&registers);
        let slrt = slrt::read(&heap);
        let memory = read_memory(&registers);
        let kernel = kernel::read();
        watch.lap(Part::Launch);
        let nv = nv::Collected::read(chip);
        watch.lap(Part::Nv);
        let cpus = cpu::Collected::read();
        watch.lap(Part::Processors);
        let tables = tables::Collected::read();
        let chipset = chipset::Collected::read(tables.facts().mcfg);
        watch.lap(Part::Platform);
        let dma = dma::Collected::read(&tables.facts().dmar, &tables.facts().dtpr, guard);
        watch.lap(Part::Devices);
        let collected = Self {
            registers,
            heap,
            log,
            tpm,
            latched,
            baseline,
            sinit,
            slrt,
            memory,
            kernel,
            nv,
            cpus,
            chipset,
            tables,
            dma,
        };
        Ok(KBox::new(collected, GFP_KERNEL)?)
    }

    /// Looks again at what an attacker could change while it is judged. Whether the facts of
    /// [`Collected::facts`] have changed by that.
    pub(crate) fn read_again(&mut self, chip: Option<&Chip>) -> bool {
        let heap = self.compare_heap();
        let tpm = self.read_tpm_again(chip);
        heap || tpm
    }

    fn compare_heap(&mut self) -> bool {
        let Evidence::Read(heap) = &mut self.heap else {
            return false;
        };
        let range = u64::try_from(heap.bytes.len())
            .ok()
            .and_then(|size| Range::new(heap.base, size));
        let before = heap.stable;
        heap.stable = range.and_then(|range| range.holds(&heap.bytes));
        heap.stable != before
    }

    fn read_tpm_again(&mut self, chip: Option<&Chip>) -> bool {
        let Evidence::Read(facts) = &mut self.tpm else {
            return false;
        };
        let facts = &mut **facts;
        tpm::read_pcrs(chip, facts.allocated, &mut facts.second)
    }

    /// What to compare later readings with; `None` when the registers cannot be read.
    pub(crate) fn latch(&self) -> Option<Latched> {
        Some(Latched {
            heap_base: self.registers.get(Reg::HeapBase)?,
            heap_size: self.registers.get(Reg::HeapSize)?,
            sinit_base: self.registers.get(Reg::SinitBase)?,
            sinit_size: self.registers.get(Reg::SinitSize)?,
        })
    }

    /// Whether the TPM gave any PCR value.
    pub(crate) fn tpm_answers(&self) -> bool {
        match &self.tpm {
            Evidence::Read(facts) => facts.first.iter().flatten().any(Option::is_some),
            _ => false,
        }
    }

    /// The facts, as the judgement wants them.
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            registers: &self.registers,
            latched: self.latched,
            baseline: self.baseline.as_deref(),
            heap: map(&self.heap, |heap| HeapCopy {
                base: heap.base,
                bytes: &heap.bytes,
                stable: heap.stable,
            }),
            log: map(&self.log, EventLogs::facts),
            sinit: map(&self.sinit, |bytes| bytes.as_slice()),
            slrt: map(&self.slrt, |bytes| bytes.as_slice()),
            memory: self.memory,
            tpm: map(&self.tpm, |facts| &**facts),
            kernel: self.kernel,
            nv: self.nv.facts(),
            cpus: self.cpus.facts(),
            chipset: self.chipset.facts(),
            tables: self.tables.facts(),
            dma: self.dma.facts(),
        }
    }
}

const NOT_YET: &str = "not read yet";

/// The same evidence, seen through `view`.
fn map<'a, T, U>(evidence: &'a Evidence<T>, view: impl FnOnce(&'a T) -> U) -> Evidence<U> {
    match evidence {
        Evidence::Read(value) => Evidence::Read(view(value)),
        Evidence::Unreadable(why) => Evidence::Unreadable(why),
        Evidence::Absent(why) => Evidence::Absent(why),
    }
}

fn read_registers() -> Registers {
    // Where RAM lies there are no registers, and RAM must not be mapped as such.
    let Some(public) = map_window(PUBLIC_BASE) else {
        return Registers::UNREADABLE;
    };
    Registers::read(&public, map_window(PRIVATE_BASE).as_ref())
}

fn map_window(base: u64) -> Option<Window> {
    if Range::new(base, WINDOW_SIZE)?.touches_ram() {
        return None;
    }
    Window::map(base, usize::try_from(WINDOW_SIZE).ok()?)
}

/// What the range that two registers describe is.
fn described(base: Option<u64>, size: Option<u64>) -> Evidence<(u64, u64)> {
    match (base, size) {
        (None, _) | (_, None) => Evidence::Unreadable("its registers could not be read"),
        (Some(u64::MAX), Some(u64::MAX)) => Evidence::Absent("there are no TXT registers"),
        (Some(0), _) | (_, Some(0)) => Evidence::Absent("its registers are zero"),
        (Some(base), Some(size)) => match base.checked_add(size) {
            Some(end) if end <= FOUR_GIB => Evidence::Read((base, size)),
            _ => Evidence::Unreadable("its registers place it beyond 4 GiB"),
        },
    }
}

fn copy_heap(registers: &Registers) -> Evidence<Heap> {
    let place = described(registers.get(Reg::HeapBase), registers.get(Reg::HeapSize));
    let (base, size) = match place {
        Evidence::Read(place) => place,
        Evidence::Unreadable(why) => return Evidence::Unreadable(why),
        Evidence::Absent(why) => return Evidence::Absent(why),
    };
    if size > MAX_HEAP {
        return Evidence::Unreadable("its size register says more than 16 MiB");
    }
    match copy(base, size) {
        Ok(bytes) => Evidence::Read(Heap {
            base,
            bytes,
            stable: Some(true),
        }),
        Err(why) => Evidence::Unreadable(why),
    }
}

fn copy_sinit(registers: &Registers) -> Evidence<KVVec<u8>> {
    match described(registers.get(Reg::SinitBase), registers.get(Reg::SinitSize)) {
        Evidence::Read((base, size)) => match copy(base, size.min(MAX_SINIT)) {
            Ok(bytes) => Evidence::Read(bytes),
            Err(why) => Evidence::Unreadable(why),
        },
        Evidence::Unreadable(why) => Evidence::Unreadable(why),
        Evidence::Absent(why) => Evidence::Absent(why),
    }
}

/// A copy of physical memory at an address that firmware or launcher named.
fn copy(base: u64, size: u64) -> Result<KVVec<u8>, &'static str> {
    readable(base, size)?
        .copy()
        .map_err(|_| "its memory could not be mapped or copied")
}

/// Physical memory that firmware or launcher named, if it can be read without an effect.
fn readable(base: u64, size: u64) -> Result<Range, &'static str> {
    let range = Range::new(base, size).ok_or("its place is no range of memory")?;
    if overlaps_chipset(base, size) || !range.is_readable() {
        return Err("its place is not memory");
    }
    Ok(range)
}

/// Whether a range touches the chipset's fixed windows, whose reading can have effects: from the
/// I/O APIC on up to 4 GiB (SDG B.1 for TXT's own).
fn overlaps_chipset(base: u64, size: u64) -> bool {
    const CHIPSET: u64 = 0xfec0_0000;
    base < FOUR_GIB && base.saturating_add(size) > CHIPSET
}

fn read_memory(registers: &Registers) -> MemoryFacts {
    let is_ram = |base: Option<u64>, size: Option<u64>| {
        Range::new(base?, size?).map(|range| range.touches_ram())
    };
    let windows = is_ram(
        Some(PRIVATE_BASE),
        PUBLIC_BASE
            .checked_add(WINDOW_SIZE)
            .and_then(|end| end.checked_sub(PRIVATE_BASE)),
    );
    MemoryFacts {
        heap_is_ram: is_ram(registers.get(Reg::HeapBase), registers.get(Reg::HeapSize)),
        sinit_is_ram: is_ram(registers.get(Reg::SinitBase), registers.get(Reg::SinitSize)),
        registers_are_ram: windows,
        tpm_is_ram: is_ram(Some(TPM_BASE), Some(TPM_SIZE)),
    }
}
