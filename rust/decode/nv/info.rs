// SPDX-License-Identifier: GPL-2.0

//! Data of event NV_INFO_HASH: the public areas of AUX, PS and PO as SINIT found them.

use super::{NvError, NvPublic};
use core::fmt;

/// The public areas; `None` where the index was not defined.
///
/// Layout: for each of AUX, PS and PO the byte 1 and the area as the TPM marshals it, or the byte 0
/// (SDG 3.3.10; the byte order is that of logs of real machines).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NvInfo<'a> {
    /// AUX, SINIT's own.
    pub aux: Option<NvPublic<'a>>,
    /// PS, the platform supplier's policy.
    pub ps: Option<NvPublic<'a>>,
    /// PO, the platform owner's policy.
    pub po: Option<NvPublic<'a>>,
}

/// Event data that is no such list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NvInfoError {
    /// The data ends where an area should be announced.
    Missing,
    /// An area is announced by a byte other than 0 and 1.
    Presence(u8),
    /// An area cannot be read.
    Area(NvError),
    /// Bytes are left behind the last area.
    Rest(usize),
}

impl fmt::Display for NvInfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it ends before the third index"),
            Self::Presence(byte) => write!(f, "byte {byte:#04x} announces an index"),
            Self::Area(error) => error.fmt(f),
            Self::Rest(size) => write!(f, "{size} bytes are left behind the third index"),
        }
    }
}

impl<'a> NvInfo<'a> {
    /// Decodes the event's data.
    ///
    /// # Errors
    ///
    /// When it is no list of three areas.
    pub fn decode(data: &'a [u8]) -> Result<Self, NvInfoError> {
        let (aux, rest) = take(data)?;
        let (ps, rest) = take(rest)?;
        let (po, rest) = take(rest)?;
        if !rest.is_empty() {
            return Err(NvInfoError::Rest(rest.len()));
        }
        Ok(Self { aux, ps, po })
    }
}

/// An area and what follows it.
type Taken<'a> = (Option<NvPublic<'a>>, &'a [u8]);

fn take(data: &[u8]) -> Result<Taken<'_>, NvInfoError> {
    match data.split_first() {
        None => Err(NvInfoError::Missing),
        Some((0, rest)) => Ok((None, rest)),
        Some((1, rest)) => {
            let (area, size) = NvPublic::decode_front(rest).map_err(NvInfoError::Area)?;
            Ok((Some(area), rest.get(size..).unwrap_or(&[])))
        }
        Some((other, _)) => Err(NvInfoError::Presence(*other)),
    }
}
