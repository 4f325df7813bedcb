// SPDX-License-Identifier: GPL-2.0

//! TXT.ERRORCODE in words (SDG B.1.3 and appendix I).
//!
//! The register survives a warm reset: a value can belong to the launch before this one.

use core::fmt;

/// Which part of the launch recorded the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The processor itself, before an authenticated code module ran.
    Cpu,
    /// An authenticated code module.
    Acm,
    /// The measured launch environment.
    Mle,
}

impl Source {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Acm => "acm",
            Self::Mle => "mle",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which authenticated code module recorded the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The BIOS ACM.
    Bios,
    /// SINIT.
    Sinit,
    /// A BIOS revocation ACM: by analogy with the ACM's own module type, not in the SDG.
    BiosRevocation,
    /// A SINIT revocation ACM: by analogy, as above.
    SinitRevocation,
    /// A module type that is not known here, 2 to 15.
    Unknown(u8),
}

impl Module {
    const fn from_value(value: u32) -> Self {
        match value & 0xf {
            0 => Self::Bios,
            1 => Self::Sinit,
            8 => Self::BiosRevocation,
            9 => Self::SinitRevocation,
            // Four bits always fit.
            other => Self::Unknown(other as u8),
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bios => "bios",
            Self::Sinit => "sinit",
            Self::BiosRevocation => "bios-revocation",
            Self::SinitRevocation => "sinit-revocation",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bios => f.write_str("BIOS ACM"),
            Self::Sinit => f.write_str("SINIT"),
            Self::BiosRevocation => f.write_str("BIOS revocation ACM"),
            Self::SinitRevocation => f.write_str("SINIT revocation ACM"),
            Self::Unknown(value) => write!(f, "unknown module {value}"),
        }
    }
}

/// A value of TXT.ERRORCODE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(u32);

/// The values that follow a good launch.
const NONE: u32 = 0;
const LAUNCHED: u32 = 0xc000_0001;
const REVOCATION_RAN: u32 = 0xc000_0009;

impl ErrorCode {
    /// Takes the low half of the register: the upper one is not defined.
    pub const fn decode(value: u32) -> Self {
        Self(value)
    }

    /// The value itself.
    pub const fn value(self) -> u32 {
        self.0
    }

    /// Whether the value stands for no error: 0 (tboot writes it), 0xc0000001 (SINIT has ended) or
    /// 0xc0000009 (a revocation ACM has ended, as tboot reads it).
    pub const fn healthy(self) -> bool {
        matches!(self.0, NONE | LAUNCHED | REVOCATION_RAN)
    }

    /// Bit 31: whether the other fields mean anything.
    pub const fn valid(self) -> bool {
        self.0 & (1 << 31) != 0
    }

    /// Bit 30, then bit 15. Means something when [`ErrorCode::valid`].
    pub const fn source(self) -> Source {
        if self.0 & (1 << 30) == 0 {
            Source::Cpu
        } else if self.0 & (1 << 15) == 0 {
            Source::Acm
        } else {
            Source::Mle
        }
    }

    /// Bits 3:0 of an ACM's code: which module.
    pub const fn module(self) -> Module {
        Module::from_value(self.0)
    }

    /// Bits 14:0 of a processor's code: the type of shutdown.
    pub const fn cpu_type(self) -> u16 {
        (self.0 & 0x7fff) as u16
    }

    /// Bits 9:4 of an ACM's code: class of the error, or progress.
    pub const fn class(self) -> u8 {
        ((self.0 >> 4) & 0x3f) as u8
    }

    /// Bits 14:10 of an ACM's code: the error within its class.
    pub const fn major(self) -> u8 {
        ((self.0 >> 10) & 0x1f) as u8
    }

    /// Bits 27:16 of an ACM's code: detail of the error.
    pub const fn minor(self) -> u16 {
        ((self.0 >> 16) & 0xfff) as u16
    }

    /// Whether [`ErrorCode::text`] names the class as SDG table I-4 numbers it: SINIT's classes differ
    /// between chipsets, so that the chipset's own list of errors has the last word.
    pub fn is_numbered_by_sdg(self) -> bool {
        self.valid()
            && !self.healthy()
            && self.source() == Source::Acm
            && matches!(self.module(), Module::Sinit | Module::SinitRevocation)
            && ![PROGRESS, UNDOCUMENTED].contains(&self.text())
    }

    /// The code in words; the fields with their numbers are in `Display`.
    pub const fn text(self) -> &'static str {
        match self.0 {
            NONE => "no error recorded",
            LAUNCHED => "SINIT ended without error",
            REVOCATION_RAN => "SINIT revocation ACM ended without error",
            _ if !self.valid() => "the code is not marked valid",
            _ => match self.source() {
                Source::Cpu => cpu_text(self.cpu_type()),
                Source::Acm => match self.module() {
                    Module::Sinit | Module::SinitRevocation => {
                        sinit_text(self.class(), self.major())
                    }
                    _ if self.class() == 0 => PROGRESS,
                    _ => "class of a module whose numbers are not documented",
                },
                Source::Mle => "recorded by the measured launch environment, by its own numbers",
            },
        }
    }
}

/// SDG table I-2.
const fn cpu_text(kind: u16) -> &'static str {
    match kind {
        0x0 => "legacy shutdown",
        0x5 => "memory of the ACM is not write-back (bad ACM memory type)",
        0x6 => "unsupported ACM",
        0x7 => "authentication of the ACM failed",
        0x8 => "bad ACM format",
        0x9 => "unexpected cache hit to a modified line while loading the ACM",
        0xa => "event that is not allowed during a launch",
        0xb => "bad format of the JOIN structure",
        0xc => "unrecoverable machine check",
        0xd => "VMX abort",
        0xe => "ACM is corrupt",
        0xf => "illegal voltage or bus ratio",
        0x10 => "security version of the ACM is too low",
        _ => "unknown shutdown of the processor",
    }
}

/// What class 0 stands for in every module.
const PROGRESS: &str = "progress of the module, not an error class";
/// A class that SDG table I-4 does not have.
const UNDOCUMENTED: &str = "error class that is not documented";

/// SDG table I-4. Class and error numbers are specific to the chipset's SINIT: what the SDG does
/// not list stays unnamed, and what it lists may mean another thing there.
const fn sinit_text(class: u8, major: u8) -> &'static str {
    match (class, major) {
        (0x0, _) => PROGRESS,
        (0x1, 0x3) => "entry: server module on a client platform or the reverse",
        (0x1, 0x9) => "entry: module is revoked",
        (0x1, _) => "entry to the module",
        (0x2, _) => "rules for the MTRRs",
        (0x4, 0x1) => "TPM returned the error code in the minor field",
        (0x4, _) => "TPM",
        (0x6, 0x2) => "launch control policy: SINIT is older than it asks for",
        (0x6, 0x4) => "launch control policy: no match for the element in the minor field",
        (0x6, 0x7) => "launch control policy: integrity of the platform owner's policy",
        (0x6, 0x8) => "launch control policy: integrity of the platform supplier's policy",
        (0x6, 0x9) => "launch control policy: pre-production module is not allowed",
        (0x6, 0xa) => "launch control policy: platform supplier's policy is missing",
        (0x6, _) => "launch control policy",
        (0x9, 0x1) => "heap: computed size does not match a table's size",
        (0x9, 0x3) => "heap: low protected region is not aligned",
        (0x9, 0x4) => "heap: high protected region is not aligned",
        (0x9, 0x5) => "heap: MLE lies above 4 GiB",
        (0x9, 0x8..=0xa) => "heap: extended data element",
        (0x9, 0xb) => "heap: event log pointer",
        (0x9, _) => "heap",
        (0xa | 0xc, 0x4) => "ACPI: DMAR table is missing",
        (0xa | 0xc, 0x5) => "ACPI: DMAR table is invalid",
        (0xa | 0xc, _) => "ACPI and DMAR tables",
        (0xe, 0x1) => "protected memory regions: DMA remapping is already on",
        (0xe, _) => "protected memory regions",
        (0xf, _) => "MLE header",
        (0x10, _) => "MLE page tables",
        (0x14, _) => "event log",
        _ => UNDOCUMENTED,
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, text) = (self.0, self.text());
        if self.healthy() || !self.valid() {
            return write!(f, "{value:#010x}: {text}");
        }
        match self.source() {
            Source::Cpu => write!(
                f,
                "{value:#010x}: processor shutdown, type {:#x}: {text}",
                self.cpu_type()
            ),
            Source::Acm => write!(
                f,
                "{value:#010x}: {}, class {:#x}, major {:#x}, minor {:#x}: {text}{}",
                self.module(),
                self.class(),
                self.major(),
                self.minor(),
                if self.is_numbered_by_sdg() {
                    " (the SDG's numbers)"
                } else {
                    ""
                }
            ),
            Source::Mle => write!(f, "{value:#010x}: {text}"),
        }
    }
}
