// SPDX-License-Identifier: GPL-2.0

//! Event types of the DRTM event log.

use core::fmt;

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $value:literal, $name:literal;)+) => {
        /// The type of an event (SDG tables E-5 and E-6, base 0x400; launchers use 0x500 on).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventType {
            $($(#[$doc])* $variant,)+
            /// A type that is not known here.
            Unknown(u32),
        }

        impl EventType {
            /// Every type known by name, in the order of its value.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)+];

            /// The type with this value.
            pub const fn from_value(value: u32) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    other => Self::Unknown(other),
                }
            }

            /// The value in the log.
            pub const fn value(self) -> u32 {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }

            /// The field's name; "unknown" for a type that is not known here.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Unknown(_) => "unknown",
                }
            }
        }
    };
}

event_types! {
    /// EV_NO_ACTION: says something about the log itself, never extended (TCG PC Client PFP 10.4.1).
    NoAction = 0x003, "NO_ACTION";
    /// Which PCR mapping SINIT uses: data bit 0 clear legacy, set details and authorities. Never
    /// extended; its PCR index is 0xff and its digest may be junk.
    PcrMapping = 0x401, "PCR_MAPPING";
    /// The processor's own measurement of SINIT: data is SINIT's 32-byte hash and the EDX of SENTER.
    HashStart = 0x402, "HASH_START";
    /// The combined hash of the legacy mapping.
    CombinedHash = 0x403, "COMBINED_HASH";
    /// The measured launch environment.
    MleHash = 0x404, "MLE_HASH";
    /// What the BIOS ACM registered in the AUX index.
    BiosAcRegData = 0x40a, "BIOSAC_REG_DATA";
    /// Status of the processor's static root of trust.
    CpuScrtmStat = 0x40b, "CPU_SCRTM_STAT";
    /// The launch control policy's PolicyControl.
    LcpControlHash = 0x40c, "LCP_CONTROL_HASH";
    /// The policy elements that matched (TPM 1.2).
    ElementsHash = 0x40d, "ELEMENTS_HASH";
    /// The SMI transfer monitor, or the byte 0 when there is none.
    StmHash = 0x40e, "STM_HASH";
    /// OsSinitData.Capabilities.
    OsSinitDataCapHash = 0x40f, "OSSINITDATA_CAP_HASH";
    /// The key that signed SINIT: the digest of TXT.PUBLIC.KEY's bytes.
    SinitPubKeyHash = 0x410, "SINIT_PUBKEY_HASH";
    /// The policy lists that matched (TPM 1.2).
    LcpHash = 0x411, "LCP_HASH";
    /// The launch control policy's details.
    LcpDetailsHash = 0x412, "LCP_DETAILS_HASH";
    /// The launch control policy's authorities.
    LcpAuthoritiesHash = 0x413, "LCP_AUTHORITIES_HASH";
    /// The public areas of the TPM's AUX, PS and PO indices.
    NvInfoHash = 0x414, "NV_INFO_HASH";
    /// The BIOS as it was at cold boot (CBnT).
    ColdBootBiosHash = 0x415, "COLD_BOOT_BIOS_HASH";
    /// The boot guard key manifest (CBnT).
    KmHash = 0x416, "KM_HASH";
    /// The boot policy manifest (CBnT).
    BpmHash = 0x417, "BPM_HASH";
    /// What the key manifest says (CBnT).
    KmInfoHash = 0x418, "KM_INFO_HASH";
    /// What the boot policy manifest says (CBnT).
    BpmInfoHash = 0x419, "BPM_INFO_HASH";
    /// The boot policy (CBnT).
    BootPolHash = 0x41a, "BOOT_POL_HASH";
    /// A random value that caps a PCR.
    RandomValue = 0x4fe, "RANDOM_VALUE";
    /// A fixed value that caps a PCR: it no longer says anything.
    CapValue = 0x4ff, "CAP_VALUE";
    /// A measurement that tboot made (tboot, integrity.c).
    TbootMeasurement = 0x501, "TBOOT_MEASUREMENT";
    /// A measurement that Linux Secure Launch made (TrenchBoot, slaunch.h).
    SlaunchEvent = 0x502, "SLAUNCH";
    /// Start of what Secure Launch measured early and extends late; never extended itself.
    SlaunchStart = 0x503, "SLAUNCH_START";
    /// End of that; never extended itself.
    SlaunchEnd = 0x504, "SLAUNCH_END";
}

impl EventType {
    /// Whether an event of this type changes a PCR.
    pub const fn is_extended(self) -> bool {
        !matches!(
            self,
            Self::NoAction | Self::PcrMapping | Self::SlaunchStart | Self::SlaunchEnd
        )
    }

    /// Whether a launcher wrote it after SINIT had ended.
    pub const fn is_from_launcher(self) -> bool {
        matches!(
            self,
            Self::TbootMeasurement | Self::SlaunchEvent | Self::SlaunchStart | Self::SlaunchEnd
        )
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(value) => write!(f, "unknown type {value:#x}"),
            known => f.write_str(known.name()),
        }
    }
}
