// SPDX-License-Identifier: GPL-2.0

//! Model specific registers that a launch depends on.

macro_rules! msrs {
    ($($(#[$doc:meta])* $variant:ident = $address:literal, $name:literal;)+) => {
        /// A model specific register that launchguard reads on every processor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Msr {
            $($(#[$doc])* $variant,)+
        }

        impl Msr {
            /// Every register, in the order of [`Msr::index`].
            pub const ALL: [Self; [$($address),+].len()] = [$(Self::$variant),+];

            /// Position in [`Msr::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The address that RDMSR takes.
            pub const fn address(self) -> u32 {
                match self {
                    $(Self::$variant => $address,)+
                }
            }

            /// The name in reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

msrs! {
    /// Bits 52:50: which socket or market the processor is made for (SDM volume 4).
    PlatformId = 0x17, "IA32_PLATFORM_ID";
    /// Which of SMX and VMX may be used (SDM volume 4).
    FeatureControl = 0x3a, "IA32_FEATURE_CONTROL";
    /// Whether an SMM monitor is active (SDM volume 3, dual-monitor treatment).
    SmmMonitorCtl = 0x9b, "IA32_SMM_MONITOR_CTL";
    /// How many variable MTRRs there are, and whether there are SMRRs.
    MtrrCap = 0xfe, "IA32_MTRRCAP";
    /// Bit 0, IA_UNTRUSTED: firmware has ended its work (client processors that define it).
    BiosDone = 0x151, "MSR_BIOS_DONE";
    /// Miscellaneous features; saved and restored by a launch.
    MiscEnable = 0x1a0, "IA32_MISC_ENABLE";
    /// Base of the SMM range.
    SmrrPhysBase = 0x1f2, "IA32_SMRR_PHYSBASE";
    /// Mask of the SMM range, and whether it is valid.
    SmrrPhysMask = 0x1f3, "IA32_SMRR_PHYSMASK";
    /// Bit 0: the memory configuration is locked.
    LtLockMemory = 0x2e7, "MSR_LT_LOCK_MEMORY";
    /// Memory type where no MTRR says another.
    MtrrDefType = 0x2ff, "IA32_MTRR_DEF_TYPE";
    /// Bit 0: SMM code outside its range faults, locked.
    SmmFeatureControl = 0x4e0, "MSR_SMM_FEATURE_CONTROL";
    /// Least version of SINIT that SGX lets run.
    SeSvnStatus = 0x500, "IA32_SE_SVN_STATUS";
    /// Debug interface of the silicon.
    DebugInterface = 0xc80, "IA32_DEBUG_INTERFACE";
}
