// SPDX-License-Identifier: GPL-2.0

//! TXT configuration registers (Intel TXT Software Development Guide 315168, appendix B).

mod status;

pub use status::{AcmPolicyStatus, AcmStatus, BootStatus, CpuScrtm, TpmKind};

/// Physical address of the public register window, 64 KiB (SDG B.1).
pub const PUBLIC_BASE: u64 = 0xfed3_0000;
/// Physical address of the private register window, 64 KiB (SDG B.1).
pub const PRIVATE_BASE: u64 = 0xfed2_0000;
/// Size of each register window in bytes.
pub const WINDOW_SIZE: u64 = 0x1_0000;
/// Physical address of the TPM's locality 0 page (SDG B.3).
pub const TPM_BASE: u64 = 0xfed4_0000;
/// Size of the TPM's five locality pages in bytes.
pub const TPM_SIZE: u64 = 0x5000;

/// How many bytes a register is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One byte: bytes behind it are not part of the register.
    Byte,
    /// 32 bits.
    Dword,
    /// 64 bits, the architected width (SDG B.1).
    Qword,
}

/// A register of the public window that launchguard reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reg {
    /// TXT.STS, SDG B.1.1.
    Sts,
    /// TXT.ESTS, SDG B.1.2: only its first byte.
    Ests,
    /// TXT.ERRORCODE, SDG B.1.3.
    ErrorCode,
    /// TXT.SPAD, boot status of the startup ACM (guide 315168-017, B.1.6).
    BootStatus,
    /// TXT.VER.FSBIF, SDG B.1.6.
    VerFsbif,
    /// TXT.DIDVID, SDG B.1.7.
    DidVid,
    /// TXT.VER.QPIIF, also named VER.EMIF, SDG B.1.6 and B.1.8.
    VerQpiif,
    /// TXT.SINIT.BASE, SDG B.1.10.
    SinitBase,
    /// TXT.SINIT.SIZE, SDG B.1.11.
    SinitSize,
    /// TXT.HEAP.BASE, SDG B.1.13.
    HeapBase,
    /// TXT.HEAP.SIZE, SDG B.1.14.
    HeapSize,
    /// TXT.MSEG.BASE, where an SMI transfer monitor lies (tboot, config_regs.h).
    MsegBase,
    /// TXT.MSEG.SIZE (tboot, config_regs.h).
    MsegSize,
    /// ACM_STATUS, offset 0x328 (converged-security-suite, txt_acm_status.go).
    AcmStatus,
    /// TXT.DPR, SDG B.1.15.
    Dpr,
    /// ACM_POLICY_STATUS, offset 0x378 (converged-security-suite, txt_acm_policy_status.go). It is
    /// read by itself: reading the 8 bytes before it changes it on some parts.
    AcmPolicyStatus,
    /// TXT.E2STS, SDG B.1.23.
    E2sts,
}

impl Reg {
    /// Every register, in the order of its offset and of [`Reg::index`].
    pub const ALL: [Self; 17] = [
        Self::Sts,
        Self::Ests,
        Self::ErrorCode,
        Self::BootStatus,
        Self::VerFsbif,
        Self::DidVid,
        Self::VerQpiif,
        Self::SinitBase,
        Self::SinitSize,
        Self::HeapBase,
        Self::HeapSize,
        Self::MsegBase,
        Self::MsegSize,
        Self::AcmStatus,
        Self::Dpr,
        Self::AcmPolicyStatus,
        Self::E2sts,
    ];

    /// Position in [`Reg::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The field's name, as used in sysfs and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sts => "TXT.STS",
            Self::Ests => "TXT.ESTS",
            Self::ErrorCode => "TXT.ERRORCODE",
            Self::BootStatus => "TXT.SPAD",
            Self::VerFsbif => "TXT.VER.FSBIF",
            Self::DidVid => "TXT.DIDVID",
            Self::VerQpiif => "TXT.VER.QPIIF",
            Self::SinitBase => "TXT.SINIT.BASE",
            Self::SinitSize => "TXT.SINIT.SIZE",
            Self::HeapBase => "TXT.HEAP.BASE",
            Self::HeapSize => "TXT.HEAP.SIZE",
            Self::MsegBase => "TXT.MSEG.BASE",
            Self::MsegSize => "TXT.MSEG.SIZE",
            Self::AcmStatus => "TXT.ACM_STATUS",
            Self::Dpr => "TXT.DPR",
            Self::AcmPolicyStatus => "TXT.ACM_POLICY_STATUS",
            Self::E2sts => "TXT.E2STS",
        }
    }

    /// Offset in the window, in bytes.
    pub const fn offset(self) -> u16 {
        match self {
            Self::Sts => 0x000,
            Self::Ests => 0x008,
            Self::ErrorCode => 0x030,
            Self::BootStatus => 0x0a0,
            Self::VerFsbif => 0x100,
            Self::DidVid => 0x110,
            Self::VerQpiif => 0x200,
            Self::SinitBase => 0x270,
            Self::SinitSize => 0x278,
            Self::HeapBase => 0x300,
            Self::HeapSize => 0x308,
            Self::MsegBase => 0x310,
            Self::MsegSize => 0x318,
            Self::AcmStatus => 0x328,
            Self::Dpr => 0x330,
            Self::AcmPolicyStatus => 0x378,
            Self::E2sts => 0x8f0,
        }
    }

    /// How the register is read.
    pub const fn width(self) -> Width {
        match self {
            Self::Ests => Width::Byte,
            Self::AcmStatus => Width::Dword,
            _ => Width::Qword,
        }
    }
}

/// Offset of TXT.PUBLIC.KEY, 32 bytes (SDG B.1.20).
pub const PUBLIC_KEY_OFFSET: u16 = 0x400;
/// Name of TXT.PUBLIC.KEY in sysfs and reports.
pub const PUBLIC_KEY_NAME: &str = "TXT.PUBLIC.KEY";

/// A register window that can be read by name only: some offsets must never be touched (reading
/// 0x370 changes its neighbour on some parts).
pub trait RegisterSpace {
    /// The value of `width` bytes at `offset`; `None` when it cannot be read.
    fn read(&self, offset: u16, width: Width) -> Option<u64>;
}

/// One reading of the registers. `None` is a register that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    values: [Option<u64>; Reg::ALL.len()],
    /// TXT.PUBLIC.KEY in memory order.
    pub public_key: Option<[u8; 32]>,
    /// TXT.DIDVID through the private window; reads as all ones or zero when the window is closed.
    pub private_didvid: Option<u64>,
}

impl Registers {
    /// A reading in which nothing could be read.
    pub const UNREADABLE: Self = Self {
        values: [None; Reg::ALL.len()],
        public_key: None,
        private_didvid: None,
    };

    /// Reads every named register of `public`, and DIDVID of `private` where that is mapped.
    pub fn read(public: &impl RegisterSpace, private: Option<&impl RegisterSpace>) -> Self {
        let mut registers = Self::UNREADABLE;
        for (value, reg) in registers.values.iter_mut().zip(Reg::ALL) {
            *value = public.read(reg.offset(), reg.width());
        }
        registers.public_key = read_public_key(public);
        registers.private_didvid =
            private.and_then(|window| window.read(Reg::DidVid.offset(), Reg::DidVid.width()));
        registers
    }

    /// The value of `reg`, if it could be read.
    pub fn get(&self, reg: Reg) -> Option<u64> {
        self.values.get(reg.index()).copied().flatten()
    }

    /// Sets the value of `reg`: for readers of recorded evidence.
    pub fn set(&mut self, reg: Reg, value: Option<u64>) {
        if let Some(slot) = self.values.get_mut(reg.index()) {
            *slot = value;
        }
    }
}

fn read_public_key(public: &impl RegisterSpace) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let mut offset = PUBLIC_KEY_OFFSET;
    for word in key.chunks_exact_mut(8) {
        word.copy_from_slice(&public.read(offset, Width::Qword)?.to_le_bytes());
        offset = offset.checked_add(8)?;
    }
    Some(key)
}

/// TXT.STS in words (SDG B.1.1). Reserved bits are not judged: 4 and 14 read as one on real
/// machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sts(pub u64);

impl Sts {
    /// Bit 0, SENTER.DONE: the processors went through a launch.
    pub const fn senter_done(self) -> bool {
        self.0 & (1 << 0) != 0
    }

    /// Bit 1, SEXIT.DONE: the launch has been left; also set from reset on.
    pub const fn sexit_done(self) -> bool {
        self.0 & (1 << 1) != 0
    }

    /// Bit 6, MEM-CONFIG-LOCK: the memory configuration is locked. Reads as zero on real launched
    /// machines.
    pub const fn mem_config_lock(self) -> bool {
        self.0 & (1 << 6) != 0
    }

    /// Bit 7, PRIVATE-OPEN: the private window decodes.
    pub const fn private_open(self) -> bool {
        self.0 & (1 << 7) != 0
    }

    /// Bit 15, LOCALITY1.OPEN.
    pub const fn locality1_open(self) -> bool {
        self.0 & (1 << 15) != 0
    }

    /// Bit 16, LOCALITY2.OPEN.
    pub const fn locality2_open(self) -> bool {
        self.0 & (1 << 16) != 0
    }
}

/// TXT.DPR: the memory below TSEG that devices cannot reach (SDG B.1.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dpr(pub u64);

impl Dpr {
    /// Bit 0: locked until reset.
    pub const fn lock(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bits 11:4: size in MiB, 0 for none.
    pub const fn size_mib(self) -> u64 {
        (self.0 >> 4) & 0xff
    }

    /// Size in bytes.
    pub const fn size(self) -> u64 {
        self.size_mib() << 20
    }

    /// Bits 31:20: address behind the last byte, in bytes. The field holds the exclusive limit,
    /// which is TSEG's base.
    pub const fn limit(self) -> u64 {
        self.0 & 0xfff0_0000
    }

    /// Address of the first byte; `None` when the size is larger than the limit.
    pub const fn base(self) -> Option<u64> {
        self.limit().checked_sub(self.size())
    }
}

/// TXT.DIDVID: the chipset's identity (SDG B.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DidVid(pub u64);

/// Intel's vendor id.
pub const VENDOR_INTEL: u16 = 0x8086;

impl DidVid {
    /// Bits 15:0.
    pub const fn vendor(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// Bits 31:16.
    pub const fn device(self) -> u16 {
        ((self.0 >> 16) & 0xffff) as u16
    }

    /// Bits 47:32.
    pub const fn revision(self) -> u16 {
        ((self.0 >> 32) & 0xffff) as u16
    }

    /// Bits 63:48.
    pub const fn extension(self) -> u16 {
        ((self.0 >> 48) & 0xffff) as u16
    }
}

/// Whether the chipset is fused for production (bit 31 of TXT.VER.FSBIF, or of TXT.VER.QPIIF where
/// the low half of the first is all zeros or all ones; SDG B.1.6, tboot's
/// does_acmod_match_platform). `None` when that cannot be told: the register that decides was not
/// read, or holds nothing either.
pub const fn production_fused(fsbif: Option<u64>, qpiif: Option<u64>) -> Option<bool> {
    const LOW: u64 = 0xffff_ffff;
    const fn fused(value: u64) -> Option<bool> {
        match value & LOW {
            0 | LOW => None,
            low => Some(low & (1 << 31) != 0),
        }
    }
    let Some(fsbif) = fsbif else { return None };
    match (fused(fsbif), qpiif) {
        (None, Some(qpiif)) => fused(qpiif),
        (fused, _) => fused,
    }
}

/// Whether the registers say that a measured launch took place and has not been left: SENTER.DONE
/// set, SEXIT.DONE clear, an Intel chipset behind the window, and a heap. SENTER.DONE alone says
/// nothing: windows without TXT behind them float, with both bits set.
///
/// `None` when a register that could still decide was not read.
pub fn launch_claimed(registers: &Registers) -> Option<bool> {
    let claims = [
        registers
            .get(Reg::Sts)
            .map(|value| Sts(value).senter_done() && !Sts(value).sexit_done()),
        registers
            .get(Reg::DidVid)
            .map(|value| DidVid(value).vendor() == VENDOR_INTEL),
        registers.get(Reg::HeapBase).map(|value| value != 0),
        registers.get(Reg::HeapSize).map(|value| value != 0),
    ];
    if claims.contains(&Some(false)) {
        return Some(false);
    }
    if claims.contains(&None) {
        return None;
    }
    Some(true)
}
