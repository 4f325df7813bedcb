// SPDX-License-Identifier: GPL-2.0

//! The facts a judgement rests on: what the engine collected, not yet believed.

mod chipset;
mod cpu;
mod dma;
mod nv;

use super::drift::Baseline;
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::eventlog::{Log, LogError, LogFormat};
use crate::decode::registers::Registers;

pub use chipset::{ChipsetFacts, FirmwareTables, MemoryRange, Remap, CONFIG_SIZE};
pub use cpu::{Cpu, CpuFacts, MTRR_RANGES};
pub use dma::{
    Ats, Direct, DmaFacts, FaultCounts, FaultFacts, PciFunction, Reach, Refused, Tpr, TprRegisters,
    Translation, Unit, UnitRegisters,
};
pub use nv::{NvIndex, MAX_INDICES};

/// Something that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence<T> {
    /// It was read.
    Read(T),
    /// It could not be read, and why; never taken for good.
    Unreadable(&'static str),
    /// It does not exist on this machine (no launch, no such table), and why.
    Absent(&'static str),
}

impl<T> Evidence<T> {
    /// The evidence, if it was read.
    pub fn read(self) -> Option<T> {
        match self {
            Self::Read(value) => Some(value),
            _ => None,
        }
    }
}

/// A copy of the TXT heap.
#[derive(Clone, Copy, Debug)]
pub struct HeapCopy<'a> {
    /// Physical address of the first byte.
    pub base: u64,
    /// The bytes, as first copied; everything is decoded from these.
    pub bytes: &'a [u8],
    /// Whether a second copy held the same bytes; `None` when there was no second copy.
    pub stable: Option<bool>,
}

/// A copy of the DRTM event log that the heap points at.
#[derive(Clone, Copy, Debug)]
pub struct LogCopy<'a> {
    /// Its format.
    pub format: LogFormat,
    /// The bytes of the whole container (`allocated` bytes of the heap's pointer, or what a TPM 1.2
    /// container says of itself; capped).
    pub bytes: &'a [u8],
    /// Offset of the first record, as the heap element or the TPM 1.2 container says.
    pub first: u32,
    /// Offset behind the last record, as the heap element or the TPM 1.2 container says.
    pub next: u32,
}

impl<'a> LogCopy<'a> {
    /// The log.
    ///
    /// # Errors
    ///
    /// When it does not open as one of its format.
    pub fn open(&self) -> Result<Log<'a>, LogError> {
        Log::open_as(self.format, self.bytes, self.first, self.next)
    }
}

/// The DRTM event logs of a launch: one, or with the legacy format of TPM 2.0 one for each algorithm.
#[derive(Clone, Copy, Debug)]
pub struct LogSet<'a> {
    /// The logs; at least one, all of one format.
    pub logs: [Option<LogCopy<'a>>; HashAlg::ALL.len()],
}

impl<'a> LogSet<'a> {
    /// The set of one log.
    pub const fn single(log: LogCopy<'a>) -> Self {
        let mut logs = [None; HashAlg::ALL.len()];
        logs[0] = Some(log);
        Self { logs }
    }

    /// The logs.
    pub fn iter(&self) -> impl Iterator<Item = &LogCopy<'a>> {
        self.logs.iter().flatten()
    }

    /// The first log.
    pub fn first(&self) -> Option<&LogCopy<'a>> {
        self.iter().next()
    }
}

/// Number of PCRs that a D-RTM event resets and that are read: 17 to 22.
pub const DRTM_PCRS: usize = 6;
/// The first of them.
pub const FIRST_DRTM_PCR: u32 = 17;

/// One reading of PCR 17 to 22 in one bank; `None` where the TPM did not answer.
pub type PcrBank = [Option<Digest>; DRTM_PCRS];

/// Which TPM there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TpmFamily {
    /// TPM 1.2: one SHA-1 bank.
    Tpm12,
    /// TPM 2.0.
    Tpm20,
}

/// What the TPM answered. Banks are indexed by [`HashAlg::index`]. Every allocated bank is to be
/// read: one that is not is an unread PCR to the checks.
#[derive(Clone, Copy, Debug)]
pub struct TpmFacts {
    /// Its family.
    pub family: TpmFamily,
    /// Banks that the TPM has allocated.
    pub allocated: [bool; HashAlg::ALL.len()],
    /// PCR 17-22, read before the evidence was evaluated.
    pub first: [PcrBank; HashAlg::ALL.len()],
    /// PCR 17-22, read again after it.
    pub second: [PcrBank; HashAlg::ALL.len()],
    /// Whether what the kernel reads of PCRs is authenticated (an HMAC session with a TPM 2.0);
    /// `None` where that cannot be told, and with a TPM 1.2.
    pub hmac: Option<bool>,
}

impl TpmFacts {
    /// Whether the bank of `alg` is allocated.
    pub fn is_allocated(&self, alg: HashAlg) -> bool {
        self.allocated.get(alg.index()).copied().unwrap_or(false)
    }

    /// The first reading of a PCR from 17 to 22; `None` for others and where there is none.
    pub fn pcr(&self, alg: HashAlg, pcr: u32) -> Option<&Digest> {
        let slot = usize::try_from(pcr.checked_sub(FIRST_DRTM_PCR)?).ok()?;
        self.first.get(alg.index())?.get(slot)?.as_ref()
    }
}

/// Whether ranges that must be kept from the kernel overlap System RAM; `None`: could not be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryFacts {
    /// The heap of TXT.HEAP.BASE and SIZE.
    pub heap_is_ram: Option<bool>,
    /// The region of TXT.SINIT.BASE and SIZE.
    pub sinit_is_ram: Option<bool>,
    /// The private and public register windows.
    pub registers_are_ram: Option<bool>,
    /// The TPM's locality pages.
    pub tpm_is_ram: Option<bool>,
}

/// What is known of the running kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelFacts {
    /// boot_params.tboot_addr; `None`: could not be read.
    pub tboot_addr: Option<u64>,
    /// The boot loader's type as the kernel's `bootloader_type` holds it (and
    /// /proc/sys/kernel/bootloader_type prints it): the loader's id in the bits above 3, its version
    /// in bits 3:0. From the raw fields of boot_params it is made by [`loader_type`].
    pub loader_type: Option<u32>,
    /// Whether the memory at `tboot_addr` starts with the UUID of tboot's shared page.
    pub tboot_page: Option<bool>,
    /// Whether this kernel was resumed from a hibernation image.
    pub resumed_from_image: Option<bool>,
    /// Whether the module was loaded so that nothing of a policy is carried out.
    pub rescue: Option<bool>,
}

/// The loader id that both ways of kexec announce (Linux, Documentation/arch/x86/boot.rst,
/// `type_of_loader`; arch/x86/kernel/kexec-bzimage64.c).
pub const LOADER_KEXEC: u32 = 0x0d;

/// [`KernelFacts::loader_type`] from boot_params.hdr: an id of 0xe in `type_of_loader` says that the
/// id is 0x10 more than `ext_loader_type` (Linux, Documentation/arch/x86/boot.rst; setup_arch() in
/// arch/x86/kernel/setup.c).
pub const fn loader_type(type_of_loader: u8, ext_loader_type: u8) -> u32 {
    let version = (type_of_loader & 0x0f) as u32;
    match type_of_loader >> 4 {
        0x0e => ((ext_loader_type as u32).wrapping_add(0x10) << 4) | version,
        id => ((id as u32) << 4) | version,
    }
}

/// Values latched at the first reading, against which later ones are compared (TXT-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latched {
    /// TXT.HEAP.BASE.
    pub heap_base: u64,
    /// TXT.HEAP.SIZE.
    pub heap_size: u64,
    /// TXT.SINIT.BASE.
    pub sinit_base: u64,
    /// TXT.SINIT.SIZE.
    pub sinit_size: u64,
}

/// Everything that a judgement looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The registers, read once.
    pub registers: &'a Registers,
    /// The values of the first reading since load; `None` on the first one.
    pub latched: Option<Latched>,
    /// Fingerprints of what was read before; `None` at the first judgement since load (KRN-02).
    pub baseline: Option<&'a Baseline>,
    /// The heap.
    pub heap: Evidence<HeapCopy<'a>>,
    /// The event log.
    pub log: Evidence<LogSet<'a>>,
    /// The start of the SINIT region, at least header and information table.
    pub sinit: Evidence<&'a [u8]>,
    /// The memory that OsMleData names as the Secure Launch resource table, at least its header.
    pub slrt: Evidence<&'a [u8]>,
    /// The resource map.
    pub memory: MemoryFacts,
    /// The TPM.
    pub tpm: Evidence<&'a TpmFacts>,
    /// The running kernel.
    pub kernel: KernelFacts,
    /// NV indices of the launch control policy.
    pub nv: Evidence<&'a [NvIndex<'a>]>,
    /// The processors.
    pub cpus: Evidence<CpuFacts<'a>>,
    /// The chipset.
    pub chipset: ChipsetFacts<'a>,
    /// ACPI tables of the running kernel.
    pub tables: FirmwareTables<'a>,
    /// DMA remapping.
    pub dma: DmaFacts<'a>,
}

impl<'a> Facts<'a> {
    /// What is known where nothing but `registers` was read, `why` being the reason.
    pub const fn unread(registers: &'a Registers, why: &'static str) -> Self {
        Self {
            registers,
            latched: None,
            baseline: None,
            heap: Evidence::Unreadable(why),
            log: Evidence::Unreadable(why),
            sinit: Evidence::Unreadable(why),
            slrt: Evidence::Unreadable(why),
            memory: MemoryFacts {
                heap_is_ram: None,
                sinit_is_ram: None,
                registers_are_ram: None,
                tpm_is_ram: None,
            },
            tpm: Evidence::Unreadable(why),
            kernel: KernelFacts {
                tboot_addr: None,
                loader_type: None,
                tboot_page: None,
                resumed_from_image: None,
                rescue: None,
            },
            nv: Evidence::Unreadable(why),
            cpus: Evidence::Unreadable(why),
            chipset: ChipsetFacts {
                host_bridge: Evidence::Unreadable(why),
                remap: Evidence::Unreadable(why),
                memory_map: Evidence::Unreadable(why),
                ecam: Evidence::Unreadable(why),
            },
            tables: FirmwareTables {
                dmar: Evidence::Unreadable(why),
                mcfg: Evidence::Unreadable(why),
                madt: Evidence::Unreadable(why),
                dtpr: Evidence::Unreadable(why),
                cedt: Evidence::Unreadable(why),
            },
            dma: DmaFacts {
                units: Evidence::Unreadable(why),
                functions: Evidence::Unreadable(why),
                command_line: Evidence::Unreadable(why),
                passthrough: None,
                driver_enabled: None,
                tprs: Evidence::Unreadable(why),
                windows: Evidence::Unreadable(why),
                faults: Evidence::Unreadable(why),
                direct: Evidence::Unreadable(why),
            },
        }
    }
}
