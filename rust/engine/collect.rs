// SPDX-License-Identifier: GPL-2.0

//! Collecting the evidence: everything is copied once, before anything looks into it.

use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;
use crate::decode::heap::{event_log_pointer, Chain, LogPointer, OsSinitData};
use crate::decode::registers::{
    Reg, Registers, PRIVATE_BASE, PUBLIC_BASE, TPM_BASE, TPM_SIZE, WINDOW_SIZE,
};
use crate::sys::boot::BootParams;
use crate::sys::memory::{self, Range};
use crate::sys::mmio::Window;
use crate::sys::power;
use crate::sys::tpm::Chip;
use crate::verify::facts::{
    loader_type, Evidence, Facts, HeapCopy, KernelFacts, Latched, LogCopy, MemoryFacts, PcrBank,
    TpmFacts, TpmFamily, DRTM_PCRS, FIRST_DRTM_PCR,
};
use kernel::prelude::*;

/// Largest heap that is copied, in bytes. Firmware sets aside 1 MiB or less.
const MAX_HEAP: u64 = 16 << 20;
/// Largest event log that is copied, in bytes. Launchers set aside 64 KiB or less.
const MAX_LOG: u64 = 1 << 20;
/// As much of the SINIT region as is copied, in bytes: header and information table.
const MAX_SINIT: u64 = 64 << 10;
/// The heap and SINIT lie below (SDG B.1.10, B.1.13).
const FOUR_GIB: u64 = 1 << 32;
/// Size of the UUID at the start of tboot's shared page, in bytes.
const UUID_SIZE: u64 = 16;
/// TBOOT_UUID, {663c8dff-e8b3-4b82-aabf-19ea4d057a08}, as it lies in memory (Linux,
/// include/linux/tboot.h).
const TBOOT_UUID: [u8; 16] = [
    0xff, 0x8d, 0x3c, 0x66, 0xb3, 0xe8, 0x82, 0x4b, 0xbf, 0xaa, 0x19, 0xea, 0x4d, 0x05, 0x7a, 0x08,
];

/// A TPM of which nothing has been read.
const UNREAD: TpmFacts = TpmFacts {
    family: TpmFamily::Tpm20,
    allocated: [false; HashAlg::ALL.len()],
    first: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
    second: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
};

/// A copy of the heap with its place.
pub(crate) struct Heap {
    /// Physical address.
    pub(crate) base: u64,
    /// The bytes.
    pub(crate) bytes: KVVec<u8>,
    /// Whether a second look found the same bytes.
    stable: Option<bool>,
}

/// A copy of the event log with its pointer.
pub(crate) struct EventLog {
    /// Where it was.
    pub(crate) pointer: LogPointer,
    /// The whole container.
    pub(crate) bytes: KVVec<u8>,
}

/// All evidence of one snapshot.
pub(crate) struct Collected {
    /// The registers.
    pub(crate) registers: Registers,
    /// The heap.
    pub(crate) heap: Evidence<Heap>,
    /// The event log.
    pub(crate) log: Evidence<EventLog>,
    /// The TPM.
    pub(crate) tpm: Evidence<KBox<TpmFacts>>,
    latched: Option<Latched>,
    sinit: Evidence<KVVec<u8>>,
    memory: MemoryFacts,
    kernel: KernelFacts,
}

impl Collected {
    /// What is known before anything was read.
    pub(crate) const NOTHING: Self = Self {
        registers: Registers::UNREADABLE,
        heap: Evidence::Unreadable(NOT_YET),
        log: Evidence::Unreadable(NOT_YET),
        tpm: Evidence::Unreadable(NOT_YET),
        latched: None,
        sinit: Evidence::Unreadable(NOT_YET),
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
        },
    };

    /// Reads everything once. `latched` is what the first reading since load found; `chip` is the
    /// TPM, if there is one.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    #[inline(never)]
    pub(crate) fn read(latched: Option<Latched>, chip: Option<&Chip>) -> Result<Self> {
        let tpm = read_tpm(chip)?;
        let registers = read_registers();
        let heap = copy_heap(&registers);
        let log = copy_log(&heap);
        Ok(Self {
            sinit: copy_sinit(&registers),
            memory: read_memory(&registers),
            kernel: read_kernel(),
            registers,
            heap,
            log,
            tpm,
            latched,
        })
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
        let mut changed = false;
        let banks = facts.second.iter_mut().zip(facts.allocated);
        for ((bank, allocated), alg) in banks.zip(HashAlg::ALL) {
            if allocated {
                changed |= read_bank(chip, alg, bank);
            }
        }
        changed
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
            heap: map(&self.heap, |heap| HeapCopy {
                base: heap.base,
                bytes: &heap.bytes,
                stable: heap.stable,
            }),
            log: map(&self.log, |log| LogCopy {
                bytes: &log.bytes,
                first: log.pointer.first,
                next: log.pointer.next,
            }),
            sinit: map(&self.sinit, |bytes| bytes.as_slice()),
            memory: self.memory,
            tpm: map(&self.tpm, |facts| &**facts),
            kernel: self.kernel,
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

fn read_tpm(chip: Option<&Chip>) -> Result<Evidence<KBox<TpmFacts>>> {
    let Some(chip) = chip else {
        return Ok(Evidence::Unreadable("no TPM driver has registered a TPM"));
    };
    let Some(is_tpm2) = chip.is_tpm2() else {
        return Ok(Evidence::Unreadable("the TPM's driver has gone"));
    };
    let mut facts = memory::boxed(&UNREAD)?;
    if !is_tpm2 {
        facts.family = TpmFamily::Tpm12;
    }
    facts.allocated = chip.banks();
    let allocated = facts.allocated;
    for ((bank, allocated), alg) in facts.first.iter_mut().zip(allocated).zip(HashAlg::ALL) {
        if allocated {
            read_bank(Some(chip), alg, bank);
        }
    }
    // Until the second reading, the first one stands for it.
    let TpmFacts { first, second, .. } = &mut *facts;
    for (bank, value) in second.iter_mut().flatten().zip(first.iter().flatten()) {
        *bank = *value;
    }
    Ok(Evidence::Read(facts))
}

/// Reads PCR 17 to 22 of `alg` into `bank`; whether that changed it.
fn read_bank(chip: Option<&Chip>, alg: HashAlg, bank: &mut PcrBank) -> bool {
    let mut changed = false;
    for (pcr, value) in (FIRST_DRTM_PCR..).zip(bank) {
        let read = chip.and_then(|chip| chip.pcr(alg, pcr));
        changed |= read != *value;
        *value = read;
    }
    changed
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
    let range = Range::new(base, size).ok_or("its place is no range of memory")?;
    if overlaps_chipset(base, size) || !range.is_readable() {
        return Err("its place is not memory");
    }
    range
        .copy()
        .map_err(|_| "its memory could not be mapped or copied")
}

/// Whether a range touches the chipset's fixed windows, whose reading can have effects: from the
/// I/O APIC on up to 4 GiB (SDG B.1 for TXT's own).
fn overlaps_chipset(base: u64, size: u64) -> bool {
    const CHIPSET: u64 = 0xfec0_0000;
    base < FOUR_GIB && base.saturating_add(size) > CHIPSET
}

fn copy_log(heap: &Evidence<Heap>) -> Evidence<EventLog> {
    let heap = match heap {
        Evidence::Read(heap) => heap,
        Evidence::Unreadable(_) => return Evidence::Unreadable("the heap could not be read"),
        Evidence::Absent(_) => return Evidence::Absent("there is no heap"),
    };
    let Ok(chain) = Chain::split(&heap.bytes) else {
        return Evidence::Unreadable("the heap's tables do not lead to it");
    };
    let Ok(table) = OsSinitData::decode(Bytes::new(chain.os_sinit_data.bytes.as_slice())) else {
        return Evidence::Unreadable("OsSinitData cannot be decoded");
    };
    let Ok(pointer) = event_log_pointer(&table) else {
        return Evidence::Unreadable("OsSinitData points at no usable event log");
    };
    let size = u64::from(pointer.allocated);
    if size == 0 {
        return Evidence::Unreadable("an event log without a size: TPM 1.2 logs are not read");
    }
    if size > MAX_LOG {
        return Evidence::Unreadable("its pointer says more than 1 MiB");
    }
    match from_heap(heap, pointer.address, size).unwrap_or_else(|| copy(pointer.address, size)) {
        Ok(bytes) => Evidence::Read(EventLog { pointer, bytes }),
        Err(why) => Evidence::Unreadable(why),
    }
}

/// A log that lies in the heap, out of the heap's own copy: both are then of one moment.
fn from_heap(heap: &Heap, address: u64, size: u64) -> Option<Result<KVVec<u8>, &'static str>> {
    let offset = usize::try_from(address.checked_sub(heap.base)?).ok()?;
    let bytes = Bytes::new(&heap.bytes).get(offset, usize::try_from(size).ok()?)?;
    let mut log = KVVec::new();
    Some(match log.extend_from_slice(bytes, GFP_KERNEL) {
        Ok(()) => Ok(log),
        Err(_) => Err("no memory for a copy"),
    })
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

fn read_kernel() -> KernelFacts {
    let boot = BootParams::read();
    KernelFacts {
        tboot_addr: boot.map(|boot| boot.tboot_addr),
        loader_type: boot.map(|boot| loader_type(boot.type_of_loader, boot.ext_loader_type)),
        tboot_page: boot.and_then(|boot| is_tboot_page(boot.tboot_addr)),
        resumed_from_image: power::resumed_from_image(),
    }
}

fn is_tboot_page(address: u64) -> Option<bool> {
    if address == 0 {
        return Some(false);
    }
    let bytes = copy(address, UUID_SIZE).ok()?;
    Some(bytes.as_slice() == TBOOT_UUID)
}
