// SPDX-License-Identifier: GPL-2.0

//! What each processor says of itself.

use crate::decode::msr::Msr;

/// Variable MTRRs that are read of each processor.
pub const MTRR_RANGES: usize = 16;

/// One logical processor, read on itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// The kernel's number of it.
    pub number: u32,
    /// Its APIC id (CPUID leaf 0xb, else leaf 1).
    pub apic_id: u32,
    /// CPUID leaf 0: EBX, EDX, ECX as they lie in memory.
    pub vendor: [u8; 12],
    /// CPUID leaf 1, EAX: family, model and stepping.
    pub signature: u32,
    /// CPUID leaf 1, ECX: feature bits.
    pub features: u32,
    /// CPUID leaf 0x80000008, EAX bits 7:0: width of physical addresses in bits.
    pub address_bits: u8,
    /// Microcode revision (IA32_BIOS_SIGN_ID, upper half); `None` where it could not be read.
    pub microcode: Option<u32>,
    /// Model specific registers by [`Msr::index`]; `None` where reading one raised a fault.
    pub msrs: [Option<u64>; Msr::ALL.len()],
    /// Variable MTRRs: base and mask, as many as IA32_MTRRCAP says, up to [`MTRR_RANGES`].
    pub mtrrs: [Option<(u64, u64)>; MTRR_RANGES],
}

impl Cpu {
    /// The value of `msr`, if the processor has it.
    pub fn msr(&self, msr: Msr) -> Option<u64> {
        self.msrs.get(msr.index()).copied().flatten()
    }
}

/// All processors.
#[derive(Clone, Copy, Debug)]
pub struct CpuFacts<'a> {
    /// How many can ever be there.
    pub possible: u32,
    /// How many are there.
    pub present: u32,
    /// How many run.
    pub online: u32,
    /// Those that run, by rising number. Fewer than `online` where one could not be asked.
    pub cpus: &'a [Cpu],
}
