// SPDX-License-Identifier: GPL-2.0

//! The three formats of a DRTM event log (SDG appendix G), and how to tell them apart.

use super::legacy;
use super::tpm12;
use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;

/// The format of an event log (SDG appendix G).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// TPM 2.0, crypto-agile: every record has digests of several algorithms.
    Tcg,
    /// TPM 2.0, one log for each algorithm, without digests of other algorithms.
    Legacy {
        /// TPM_ALG_ID of its digests.
        alg: u16,
    },
    /// TPM 1.2, a container with its own header.
    Tpm12Container,
}

/// Event types of a launch: SINIT's from 0x400 on, the launchers' from 0x500 on.
const LAUNCH_TYPES: core::ops::Range<u32> = 0x400..0x600;

impl LogFormat {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcg => "tcg2",
            Self::Legacy { .. } => "tpm2-legacy",
            Self::Tpm12Container => "tpm12",
        }
    }

    /// The format of the log in `container` whose first record stands at `first` (for a TPM 1.2
    /// container, which says itself where its records are, anywhere). `None` when nothing of a log
    /// is to be seen there.
    ///
    /// A SHA-1 log of the legacy format has neither header nor signature: it is taken for one when
    /// its first record has a type that a launch writes.
    pub fn detect(container: &[u8], first: u32) -> Option<Self> {
        if tpm12::is_container(container) {
            return Some(Self::Tpm12Container);
        }
        let records = Bytes::new(container).from(usize::try_from(first).ok()?)?;
        if let Some(alg) = legacy::header_alg(records) {
            return Some(Self::Legacy { alg });
        }
        match records.u32(4)? {
            3 => Some(Self::Tcg),
            kind if LAUNCH_TYPES.contains(&kind) => Some(Self::Legacy {
                alg: HashAlg::Sha1.tpm_id(),
            }),
            _ => None,
        }
    }

    /// Whether it belongs to a TPM 2.0.
    pub const fn is_tpm2(self) -> bool {
        !matches!(self, Self::Tpm12Container)
    }
}
