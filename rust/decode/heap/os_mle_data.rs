// SPDX-License-Identifier: GPL-2.0

//! OsMleData: the launcher's own table. Its layout has no magic, so its producer comes first.

use super::chain::TableId;
use super::table::TableError;
use crate::decode::bytes::Bytes;
use crate::decode::mtrr::SavedMtrrs;
use crate::decode::slrt::Slrt;

/// Who laid the table out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Producer {
    /// tboot (heap.h, os_mle_data_t): version 3, more than 86000 bytes with its policy data and log.
    Tboot,
    /// Linux Secure Launch before the resource table: 628 bytes, its log described here.
    SecureLaunchG0,
    /// Linux Secure Launch: 104 bytes, boot_params and resource table.
    SecureLaunchG1,
    /// Linux Secure Launch and Xen, newest: 96 bytes, resource table only.
    SecureLaunchG2,
    /// None of them.
    Unknown,
}

impl Producer {
    /// The word in reports; a generation of Secure Launch for each of its layouts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tboot => "tboot",
            Self::SecureLaunchG0 => "secure-launch-g0",
            Self::SecureLaunchG1 => "secure-launch-g1",
            Self::SecureLaunchG2 => "secure-launch-g2",
            Self::Unknown => "unknown",
        }
    }
}

/// Sizes in bytes of the Secure Launch layouts. All of them call themselves version 1.
const G0_SIZE: usize = 628;
const G1_SIZE: usize = 104;
const G2_SIZE: usize = 96;
/// tboot's table holds 65536 bytes of policy data and a log of 20480 behind its fields.
const TBOOT_MIN_SIZE: usize = 86000;
/// Offset in tboot's table of the saved IA32_MISC_ENABLE: behind version, MTRRs (268 bytes) and the
/// 32-bit pointer to the boot loader's context.
const TBOOT_MISC_ENABLE: usize = 276;
/// Offset in tboot's table of the policy data.
const TBOOT_POLICY_DATA: usize = 280;
/// Bytes of it.
const TBOOT_POLICY_DATA_SIZE: usize = 65536;

/// A range of memory as a launcher notes it. Untrusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Physical address.
    pub address: u64,
    /// Size in bytes.
    pub size: u32,
}

/// What a launcher saved of the processor's state before the launch.
#[derive(Clone, Copy, Debug)]
pub struct SavedState<'a> {
    /// IA32_MISC_ENABLE; tboot saves the lower half only.
    pub misc_enable: u64,
    /// The MTRRs.
    pub mtrrs: SavedMtrrs<'a>,
}

/// What the launcher tells the measured environment.
#[derive(Clone, Copy, Debug)]
pub struct OsMleData<'a> {
    /// Version: means something together with the producer only.
    pub version: u32,
    /// Who laid the table out, told from version and size. The layouts that name a resource table
    /// are sure only when it stands there: see [`OsMleData::confirmed`].
    pub producer: Producer,
    bytes: Bytes<'a>,
}

impl<'a> OsMleData<'a> {
    /// Decodes the table behind its size field.
    ///
    /// # Errors
    ///
    /// When there is no room for a version.
    pub fn decode(bytes: Bytes<'a>) -> Result<Self, TableError> {
        let version = bytes
            .u32(0)
            .ok_or(TableError::no_version(TableId::OsMleData, bytes))?;
        // Launchers may round the size up to the heap's alignment of 8.
        let matches = |size: usize| {
            let rounded = size.checked_next_multiple_of(8);
            rounded.is_some_and(|rounded| (size..=rounded).contains(&bytes.len()))
        };
        let producer = match version {
            3 if bytes.len() > TBOOT_MIN_SIZE => Producer::Tboot,
            1 if matches(G0_SIZE) => Producer::SecureLaunchG0,
            1 if matches(G1_SIZE) => Producer::SecureLaunchG1,
            1 if matches(G2_SIZE) => Producer::SecureLaunchG2,
            _ => Producer::Unknown,
        };
        Ok(Self {
            version,
            producer,
            bytes,
        })
    }

    /// The producer, when its layout is sure: one that names a resource table ([`slr_table`]) needs
    /// the table's magic at the start of `slrt`, the memory there. All generations of Secure Launch
    /// call themselves version 1, so a size alone could be anybody's.
    ///
    /// [`slr_table`]: OsMleData::slr_table
    pub fn confirmed(&self, slrt: Option<&[u8]>) -> Producer {
        match self.producer {
            Producer::SecureLaunchG1 | Producer::SecureLaunchG2
                if !slrt.is_some_and(Slrt::has_magic) =>
            {
                Producer::Unknown
            }
            // Before the resource table: what the launch saved must make sense.
            Producer::SecureLaunchG0 if self.saved().is_none() => Producer::Unknown,
            known => known,
        }
    }

    /// What the launcher saved of the processor's state, for the measured environment to restore.
    /// `None` where this layout has none, or more MTRRs than it has room for.
    pub fn saved(&self) -> Option<SavedState<'a>> {
        match self.producer {
            Producer::Tboot => Some(SavedState {
                misc_enable: self.bytes.u32(TBOOT_MISC_ENABLE).map(u64::from)?,
                mtrrs: SavedMtrrs::tboot(self.bytes.from(4)?)?,
            }),
            Producer::SecureLaunchG0 => Some(SavedState {
                misc_enable: self.bytes.u64(8)?,
                mtrrs: SavedMtrrs::secure_launch(self.bytes.from(16)?)?,
            }),
            _ => None,
        }
    }

    /// The launch control policy's data file as tboot found it among its modules; zeros where there
    /// was none. It is the file that OsSinitData points SINIT at.
    pub fn policy_data(&self) -> Option<&'a [u8]> {
        match self.producer {
            Producer::Tboot => self.bytes.get(TBOOT_POLICY_DATA, TBOOT_POLICY_DATA_SIZE),
            _ => None,
        }
    }

    /// Physical address of the Secure Launch resource table.
    pub fn slr_table(&self) -> Option<u64> {
        match self.producer {
            Producer::SecureLaunchG1 => self.bytes.u64(16),
            Producer::SecureLaunchG2 => self.bytes.u64(8),
            _ => None,
        }
    }

    /// Physical address of the kernel's boot_params.
    pub fn boot_params(&self) -> Option<u64> {
        match self.producer {
            Producer::SecureLaunchG0 => self.bytes.u32(4).map(u64::from),
            Producer::SecureLaunchG1 => self.bytes.u64(8),
            _ => None,
        }
    }

    /// Where the other processors wait.
    pub fn ap_wake_block(&self) -> Option<Area> {
        let offset: usize = match self.producer {
            Producer::SecureLaunchG0 => 544,
            Producer::SecureLaunchG1 => 32,
            Producer::SecureLaunchG2 => 24,
            _ => return None,
        };
        Some(Area {
            address: self.bytes.u32(offset).map(u64::from)?,
            size: self.bytes.u32(offset.checked_add(4)?)?,
        })
    }

    /// The event log, where this table describes it.
    pub fn event_log(&self) -> Option<Area> {
        match self.producer {
            Producer::SecureLaunchG0 => Some(Area {
                address: self.bytes.u64(552)?,
                size: self.bytes.u32(560)?,
            }),
            _ => None,
        }
    }

    /// The table's bytes, without the size field.
    pub const fn bytes(&self) -> Bytes<'a> {
        self.bytes
    }
}
