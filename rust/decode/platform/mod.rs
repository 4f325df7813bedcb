// SPDX-License-Identifier: GPL-2.0

//! Which platform a host bridge belongs to, and what its registers are there.
//!
//! The table lists client platforms: servers keep these registers elsewhere, and what is not listed is
//! not judged.

mod table;

use super::bytes::Bytes;

pub use table::PLATFORMS;

/// Where a platform keeps REMAPBASE and REMAPLIMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemapPlace {
    /// At 0x90 and 0x98 of the host bridge's configuration space, each with a lock in bit 0.
    Config,
    /// At this offset in MCHBAR, the limit 8 bytes behind it; without a lock.
    Mchbar(u16),
    /// The definitions contradict each other.
    Unclear,
}

/// A client platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Its name.
    pub name: &'static str,
    /// Device ids of its host bridges: first and last of each range.
    pub ids: &'static [(u16, u16)],
    /// Where the remap window is described.
    pub remap: RemapPlace,
    /// Bits of MCHBAR that hold an address.
    pub mchbar_mask: u64,
    /// DPR has bits 1 (PRS, protection is active) and 2 (EPM, protection is on).
    pub dpr_enable: bool,
    /// There are SMRAMC and MESEG_MASK, each with a lock.
    pub legacy_locks: bool,
    /// MSR_LT_LOCK_MEMORY is defined.
    pub lt_lock: bool,
    /// MSR_BIOS_DONE has IA_UNTRUSTED, which locks the memory map as a whole.
    pub ia_untrusted: bool,
    /// Memory may be protected by in-band ECC, which lets the remap window reach beyond TOUUD.
    pub in_band_ecc: bool,
    /// Definition that the row comes from.
    pub source: &'static str,
}

impl Platform {
    /// The platform whose host bridge has `vendor` and `device`.
    pub fn find(vendor: u16, device: u16) -> Option<&'static Self> {
        const INTEL: u16 = 0x8086;
        if vendor != INTEL {
            return None;
        }
        let has = |platform: &&Self| {
            let mut ids = platform.ids.iter();
            ids.any(|(first, last)| (*first..=*last).contains(&device))
        };
        PLATFORMS.iter().find(has)
    }
}

/// Bits of a 64-bit register that hold an address in MiB; bits 63:42 are reserved on every platform
/// of the table, bits 41:39 on the older ones.
const ADDRESS_64: u64 = 0x3ff_fff0_0000;
/// The same of a 32-bit register.
const ADDRESS_32: u32 = 0xfff0_0000;

/// A 64-bit register without its lock and other flags.
pub const fn address(value: u64) -> u64 {
    value & ADDRESS_64
}

/// A register of the memory map that can be locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The register's name.
    pub register: &'static str,
    /// Its offset in configuration space.
    pub offset: usize,
    /// The bit that locks it.
    pub bit: u32,
    /// Only where [`Platform::legacy_locks`] is set.
    pub legacy: bool,
}

/// The locks (chipsec, memconfig.py, and the definitions of the platforms).
pub const LOCKS: [Lock; 9] = [
    lock("GGC", 0x50, 0, false),
    lock("PAVPC", 0x58, 2, false),
    lock("MESEG_MASK", 0x78, 10, true),
    lock("TOM", 0xa0, 0, false),
    lock("TOUUD", 0xa8, 0, false),
    lock("BDSM", 0xb0, 0, false),
    lock("BGSM", 0xb4, 0, false),
    lock("TSEGMB", 0xb8, 0, false),
    lock("TOLUD", 0xbc, 0, false),
];

const fn lock(register: &'static str, offset: usize, bit: u32, legacy: bool) -> Lock {
    Lock {
        register,
        offset,
        bit,
        legacy,
    }
}

/// Configuration space of a host bridge, as the platforms of the table lay it out.
#[derive(Clone, Copy, Debug)]
pub struct HostBridge<'a>(Bytes<'a>);

impl<'a> HostBridge<'a> {
    /// Bytes that the registers below take.
    pub const SIZE: usize = 0xc0;

    /// The registers in `config`; `None` when it is shorter than [`HostBridge::SIZE`].
    pub fn new(config: &'a [u8]) -> Option<Self> {
        (config.len() >= Self::SIZE).then_some(Self(Bytes::new(config)))
    }

    fn u32(&self, offset: usize) -> u32 {
        self.0.u32(offset).unwrap_or(0)
    }

    fn u64(&self, offset: usize) -> u64 {
        self.0.u64(offset).unwrap_or(0)
    }

    /// Vendor id.
    pub fn vendor(&self) -> u16 {
        self.0.u16(0).unwrap_or(0)
    }

    /// Device id.
    pub fn device(&self) -> u16 {
        self.0.u16(2).unwrap_or(0)
    }

    /// DPR.
    pub fn dpr(&self) -> u32 {
        self.u32(0x5c)
    }

    /// SMRAMC.
    pub fn smramc(&self) -> u8 {
        self.0.u8(0x88).unwrap_or(0)
    }

    /// TOM: end of memory.
    pub fn tom(&self) -> u64 {
        address(self.u64(0xa0))
    }

    /// TOUUD: end of usable memory above 4 GiB.
    pub fn touud(&self) -> u64 {
        address(self.u64(0xa8))
    }

    /// BDSM: start of stolen graphics memory.
    pub fn bdsm(&self) -> u64 {
        u64::from(self.u32(0xb0) & ADDRESS_32)
    }

    /// BGSM: start of the stolen graphics translation table.
    pub fn bgsm(&self) -> u64 {
        u64::from(self.u32(0xb4) & ADDRESS_32)
    }

    /// TSEGMB: start of SMM's memory.
    pub fn tsegmb(&self) -> u64 {
        u64::from(self.u32(0xb8) & ADDRESS_32)
    }

    /// TOLUD: end of usable memory below 4 GiB.
    pub fn tolud(&self) -> u64 {
        u64::from(self.u32(0xbc) & ADDRESS_32)
    }

    /// REMAPBASE and REMAPLIMIT where [`RemapPlace::Config`] puts them.
    pub fn remap(&self) -> (u64, u64) {
        (self.u64(0x90), self.u64(0x98))
    }

    /// Whether `lock` is set.
    pub fn is_locked(&self, lock: &Lock) -> bool {
        self.u32(lock.offset) & 1u32.wrapping_shl(lock.bit) != 0
    }

    /// Where MCHBAR maps the bridge's registers; `None` when it is off.
    pub fn mchbar(&self, platform: &Platform) -> Option<u64> {
        let value = self.u64(0x48);
        let base = value & platform.mchbar_mask;
        (value & 1 != 0 && base != 0).then_some(base)
    }
}
