// SPDX-License-Identifier: GPL-2.0

//! Registers of a DMA remapping unit (VT-d specification, chapter 11).

use super::registers::{RegisterSpace, Width};

/// Bytes of a unit's register page that are read.
pub const PAGE: usize = 4096;

/// One reading of a unit's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitRegisters {
    /// VER_REG, offset 0x0.
    pub version: u32,
    /// CAP_REG, offset 0x8.
    pub cap: u64,
    /// ECAP_REG, offset 0x10.
    pub ecap: u64,
    /// GSTS_REG, offset 0x1c.
    pub gsts: u32,
    /// RTADDR_REG, offset 0x20.
    pub rtaddr: u64,
    /// FSTS_REG, offset 0x34.
    pub fsts: u32,
    /// PMEN_REG, offset 0x64; 0 where CAP_REG says that there is none.
    pub pmen: u32,
    /// PLMBASE_REG and PLMLIMIT_REG, offsets 0x68 and 0x6c; 0 where there is none.
    pub pmr_low: (u32, u32),
    /// PHMBASE_REG and PHMLIMIT_REG, offsets 0x70 and 0x78; 0 where there is none.
    pub pmr_high: (u64, u64),
    /// IRTA_REG, offset 0xb8; 0 where ECAP_REG says that there is none.
    pub irta: u64,
}

impl UnitRegisters {
    /// Reads the registers of the unit behind `space`, nothing that its capabilities do not promise.
    /// `None` when no unit answers there: its capabilities then read as all zeros or all ones, which
    /// Linux takes for a defect of the firmware as well.
    pub fn read(space: &impl RegisterSpace) -> Option<Self> {
        let dword = |offset| {
            let value = space.read(offset, Width::Dword)?;
            u32::try_from(value).ok()
        };
        let qword = |offset| space.read(offset, Width::Qword);
        let (cap, ecap) = (qword(0x8)?, qword(0x10)?);
        if (cap == 0 && ecap == 0) || (cap == u64::MAX && ecap == u64::MAX) {
            return None;
        }
        let has = Cap(cap);
        Some(Self {
            version: dword(0)?,
            cap,
            ecap,
            gsts: dword(0x1c)?,
            rtaddr: qword(0x20)?,
            fsts: dword(0x34)?,
            pmen: if has.pmr_low() || has.pmr_high() {
                dword(0x64)?
            } else {
                0
            },
            pmr_low: if has.pmr_low() {
                (dword(0x68)?, dword(0x6c)?)
            } else {
                (0, 0)
            },
            pmr_high: if has.pmr_high() {
                (qword(0x70)?, qword(0x78)?)
            } else {
                (0, 0)
            },
            irta: if Ecap(ecap).interrupt_remapping() {
                qword(0xb8)?
            } else {
                0
            },
        })
    }

    /// CAP_REG.
    pub const fn cap(&self) -> Cap {
        Cap(self.cap)
    }

    /// ECAP_REG.
    pub const fn ecap(&self) -> Ecap {
        Ecap(self.ecap)
    }

    /// GSTS_REG.
    pub const fn gsts(&self) -> Gsts {
        Gsts(self.gsts)
    }

    /// FSTS_REG.
    pub const fn fsts(&self) -> Fsts {
        Fsts(self.fsts)
    }

    /// Whether protected memory regions are in force (PMEN_REG.PRS, bit 0).
    pub const fn pmr_active(&self) -> bool {
        self.pmen & 1 != 0
    }

    /// Physical address of the root table (RTADDR_REG, bits 63:12).
    pub const fn root(&self) -> u64 {
        self.rtaddr & !0xfff
    }

    /// Whether the root table is that of scalable mode (RTADDR_REG.TTM, bits 11:10, is 1).
    pub const fn scalable(&self) -> bool {
        self.rtaddr & 0xc00 == 0x400
    }

    /// Bits of device addresses that Linux's tables in this unit translate: as many as the largest tables that
    /// it walks, and no more than it takes. In scalable mode Linux prefers first-stage tables. Their addresses
    /// are canonical, as the processor's are (VT-d specification, 3.6), and devices get the lower half.
    pub fn address_bits(&self) -> u32 {
        let (cap, width) = (self.cap(), self.cap().address_width());
        if self.scalable() && self.ecap().first_stage() {
            let tables = if cap.first_stage_five_levels() {
                57
            } else {
                48
            };
            return width.min(tables).saturating_sub(1);
        }
        width.min(cap.second_stage_bits())
    }

    /// Physical address of the interrupt remapping table (IRTA_REG, bits 63:12).
    pub const fn interrupt_table(&self) -> u64 {
        self.irta & !0xfff
    }

    /// Bytes of that table: two to the power of S + 1 entries of 16 (bits 3:0).
    pub const fn interrupt_table_size(&self) -> u64 {
        32 << (self.irta & 0xf)
    }
}

/// CAP_REG (VT-d specification, 11.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap(pub u64);

impl Cap {
    /// PLMR: there is a low protected memory region.
    pub const fn pmr_low(self) -> bool {
        self.0 & (1 << 5) != 0
    }

    /// PHMR: there is a high protected memory region.
    pub const fn pmr_high(self) -> bool {
        self.0 & (1 << 6) != 0
    }

    /// SAGAW: bits of an address that the largest second-stage tables translate; 0 without such tables.
    pub const fn second_stage_bits(self) -> u32 {
        match (self.0 >> 8) & 0x1f {
            8.. => 57,
            4.. => 48,
            2.. => 39,
            _ => 0,
        }
    }

    /// MGAW: bits of the addresses that are taken, 1 to 64.
    pub const fn address_width(self) -> u32 {
        // Truncation is meant.
        (((self.0 >> 16) & 0x3f) as u32).wrapping_add(1)
    }

    /// FL5LP: first-stage tables may have five levels.
    pub const fn first_stage_five_levels(self) -> bool {
        self.0 & (1 << 60) != 0
    }

    /// NFR: number of fault recording registers, 1 to 256.
    pub const fn fault_records(self) -> u64 {
        ((self.0 >> 40) & 0xff).wrapping_add(1)
    }

    /// FRO: offset of the first fault recording register, in bytes.
    pub const fn fault_offset(self) -> u64 {
        ((self.0 >> 24) & 0x3ff).wrapping_mul(16)
    }
}

/// ECAP_REG (VT-d specification, 11.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ecap(pub u64);

impl Ecap {
    /// DT: it answers the address translation services of devices.
    pub const fn device_tlb(self) -> bool {
        self.0 & (1 << 2) != 0
    }

    /// IR: it can remap interrupts.
    pub const fn interrupt_remapping(self) -> bool {
        self.0 & (1 << 3) != 0
    }

    /// SMTS: it has scalable mode.
    pub const fn scalable_mode(self) -> bool {
        self.0 & (1 << 43) != 0
    }

    /// FSTS: it walks first-stage tables, in scalable mode.
    pub const fn first_stage(self) -> bool {
        self.0 & (1 << 47) != 0
    }
}

/// GSTS_REG (VT-d specification, 11.4.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gsts(pub u32);

impl Gsts {
    /// TES: DMA is translated.
    pub const fn translation(self) -> bool {
        self.0 & (1 << 31) != 0
    }

    /// RTPS: the root table pointer was taken over.
    pub const fn root_set(self) -> bool {
        self.0 & (1 << 30) != 0
    }

    /// IRES: interrupts are remapped.
    pub const fn interrupt_remapping(self) -> bool {
        self.0 & (1 << 25) != 0
    }

    /// IRTPS: the interrupt remapping table pointer was taken over.
    pub const fn interrupt_table_set(self) -> bool {
        self.0 & (1 << 24) != 0
    }

    /// CFIS: interrupts in the compatibility format pass by the remapping.
    pub const fn compatibility_interrupts(self) -> bool {
        self.0 & (1 << 23) != 0
    }
}

/// FSTS_REG (VT-d specification, 11.4.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fsts(pub u32);

impl Fsts {
    /// PFO: faults were lost because no record was free.
    pub const fn overflow(self) -> bool {
        self.0 & 1 != 0
    }

    /// PPF: a fault is recorded and nobody has taken it yet.
    pub const fn pending(self) -> bool {
        self.0 & 2 != 0
    }

    /// FRI: the record that the oldest pending fault is in.
    pub const fn record(self) -> u8 {
        // Truncation is meant.
        (self.0 >> 8) as u8
    }

    /// IQE, ICE or ITE: an invalidation failed.
    pub const fn invalidation_error(self) -> bool {
        self.0 & 0x70 != 0
    }
}
