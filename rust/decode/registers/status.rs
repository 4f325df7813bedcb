// SPDX-License-Identifier: GPL-2.0

//! What the authenticated modules of the boot report in registers: TXT.SPAD, ACM_STATUS and
//! ACM_POLICY_STATUS.
//!
//! The layouts are those of guide 315168-017 and converged-security-suite (txt_bootstatus.go,
//! txt_acm_status.go, txt_acm_policy_status.go), whose lists of fields are followed: some of its
//! getters shift by another number than the list says. Older chipsets have none of these registers.

use core::fmt;

/// Bits `from` to `to` of `value`.
const fn field(value: u64, from: u32, to: u32) -> u64 {
    let width = to.saturating_sub(from).saturating_add(1);
    let mask = match 1u64.checked_shl(width) {
        Some(end) => end.wrapping_sub(1),
        None => u64::MAX,
    };
    value.wrapping_shr(from) & mask
}

const fn bit(value: u64, number: u32) -> bool {
    field(value, number, number) != 0
}

/// Whether a register of `bits` bits reads as where nothing answers: all zeros or all ones.
const fn silent(value: u64, bits: u32) -> bool {
    value == 0 || value == field(u64::MAX, 0, bits.saturating_sub(1))
}

/// TXT.SPAD, also named BOOTSTATUS: how the startup ACM fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootStatus(pub u64);

impl BootStatus {
    /// Whether the chipset has nothing to say here: all zeros or all ones.
    pub const fn is_silent(self) -> bool {
        silent(self.0, 64)
    }

    /// Bit 30: TXT was started up.
    pub const fn txt_startup_success(self) -> bool {
        bit(self.0, 30)
    }

    /// Bits 46:31: the boot status code.
    pub const fn code(self) -> u16 {
        (field(self.0, 31, 46) & 0xffff) as u16
    }

    /// Bit 47: memory was powered down.
    pub const fn memory_power_down(self) -> bool {
        bit(self.0, 47)
    }

    /// Bit 53: the policy enables TXT.
    pub const fn txt_policy_enable(self) -> bool {
        bit(self.0, 53)
    }

    /// Bit 59: the BIOS is trusted.
    pub const fn bios_trusted(self) -> bool {
        bit(self.0, 59)
    }

    /// Bit 60: the policy disables TXT.
    pub const fn txt_disabled_by_policy(self) -> bool {
        bit(self.0, 60)
    }

    /// Bit 62: the ACM could not be authenticated, or the processor reported an error.
    pub const fn acm_error(self) -> bool {
        bit(self.0, 62)
    }

    /// Bit 63: the startup ACM succeeded.
    pub const fn acm_success(self) -> bool {
        bit(self.0, 63)
    }
}

/// ACM_STATUS: the error that a startup ACM left, laid out as TXT.ERRORCODE of an ACM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcmStatus(pub u32);

impl AcmStatus {
    /// Whether nothing answers: all ones.
    pub const fn is_floating(self) -> bool {
        self.0 == u32::MAX
    }

    /// Bit 31: the other fields mean something.
    pub const fn valid(self) -> bool {
        bit(self.0 as u64, 31)
    }

    /// Bits 3:0: the kind of module.
    pub const fn module_type(self) -> u8 {
        (self.0 & 0xf) as u8
    }

    /// Bits 9:4: class of the error.
    pub const fn class(self) -> u8 {
        ((self.0 >> 4) & 0x3f) as u8
    }

    /// Bits 14:10: major number of the error.
    pub const fn major(self) -> u8 {
        ((self.0 >> 10) & 0x1f) as u8
    }

    /// Bit 15: the ACM was started.
    pub const fn acm_started(self) -> bool {
        bit(self.0 as u64, 15)
    }

    /// Bits 27:16: minor number of the error.
    pub const fn minor(self) -> u16 {
        ((self.0 >> 16) & 0xfff) as u16
    }

    /// Whether an error is recorded.
    pub const fn has_error(self) -> bool {
        self.valid() && (self.class() != 0 || self.major() != 0 || self.minor() != 0)
    }
}

/// The TPM that ACM_POLICY_STATUS speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TpmKind {
    /// None.
    None,
    /// A discrete TPM 1.2.
    Discrete12,
    /// A discrete TPM 2.0.
    Discrete20,
    /// A TPM 2.0 in firmware.
    Firmware,
}

impl fmt::Display for TpmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Discrete12 => "discrete TPM 1.2",
            Self::Discrete20 => "discrete TPM 2.0",
            Self::Firmware => "firmware TPM 2.0",
        })
    }
}

/// Bits 34:32 of ACM_POLICY_STATUS: the processor's static root of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuScrtm(pub u8);

impl CpuScrtm {
    /// Whether the processor measured or verified the BIOS.
    pub const fn established(self) -> bool {
        self.0 != 0
    }
}

/// ACM_POLICY_STATUS: what the policies that the startup ACM found ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcmPolicyStatus(pub u64);

impl AcmPolicyStatus {
    /// Whether the chipset has nothing to say here: all zeros or all ones.
    pub const fn is_silent(self) -> bool {
        silent(self.0, 64)
    }

    /// Bits 3:0: id of the key manifest.
    pub const fn key_manifest_id(self) -> u8 {
        (self.0 & 0xf) as u8
    }

    /// Bit 4: the boot policy asks for measuring.
    pub const fn measured(self) -> bool {
        bit(self.0, 4)
    }

    /// Bit 5: the boot policy asks for verifying.
    pub const fn verified(self) -> bool {
        bit(self.0, 5)
    }

    /// Bit 6: the management engine is disabled for high assurance.
    pub const fn high_assurance(self) -> bool {
        bit(self.0, 6)
    }

    /// Bit 7: the boot policy supports TXT.
    pub const fn txt_supported(self) -> bool {
        bit(self.0, 7)
    }

    /// Bit 9: debugging of the processor is disabled.
    pub const fn cpu_debug_disabled(self) -> bool {
        bit(self.0, 9)
    }

    /// Bit 10: the processor's BSP initialisation is disabled.
    pub const fn bsp_init_disabled(self) -> bool {
        bit(self.0, 10)
    }

    /// Bit 11: the boot environment is protected.
    pub const fn protect_bios(self) -> bool {
        bit(self.0, 11)
    }

    /// Bits 14:13: the TPM.
    pub const fn tpm(self) -> TpmKind {
        match field(self.0, 13, 14) {
            0 => TpmKind::None,
            1 => TpmKind::Discrete12,
            2 => TpmKind::Discrete20,
            _ => TpmKind::Firmware,
        }
    }

    /// Bit 15: the TPM was started up.
    pub const fn tpm_success(self) -> bool {
        bit(self.0, 15)
    }

    /// Bit 19: what to do when the boot policy is broken.
    pub const fn backup_action(self) -> bool {
        bit(self.0, 19)
    }

    /// Bits 24:20: the TXT profile.
    pub const fn txt_profile(self) -> u8 {
        (field(self.0, 20, 24) & 0x1f) as u8
    }

    /// Bits 26:25: the policy of scrubbing memory.
    pub const fn scrub_policy(self) -> u8 {
        (field(self.0, 25, 26) & 3) as u8
    }

    /// Bit 29: the initial boot block is protected from DMA.
    pub const fn ibb_dma_protection(self) -> bool {
        bit(self.0, 29)
    }

    /// Bits 34:32: the processor's static root of trust.
    pub const fn scrtm(self) -> CpuScrtm {
        CpuScrtm((field(self.0, 32, 34) & 7) as u8)
    }

    /// Bit 35: the processor signed the policy as well.
    pub const fn cpu_cosigned(self) -> bool {
        bit(self.0, 35)
    }

    /// Bit 36: the locality that started the TPM up: 3 when set, else 0.
    pub const fn tpm_startup_locality(self) -> u8 {
        if bit(self.0, 36) {
            3
        } else {
            0
        }
    }
}
