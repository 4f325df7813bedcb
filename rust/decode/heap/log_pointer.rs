// SPDX-License-Identifier: GPL-2.0

//! Where the heap says that the event log lies.

use super::body::{Body, LogArea};
use super::elements::{Element, ElementError, ElementType};
use super::os_sinit_data::OsSinitData;
use core::fmt;

/// The format of an event log (SDG appendix G).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// TPM 2.0, crypto-agile: what [`crate::decode::eventlog::Log`] reads.
    Tcg,
    /// TPM 2.0, one log for each algorithm, without digests of other algorithms.
    Legacy {
        /// TPM_ALG_ID of its digests.
        alg: u16,
    },
    /// TPM 1.2, a container with its own header.
    Tpm12Container,
}

impl LogFormat {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcg => "tcg2",
            Self::Legacy { .. } => "tpm2-legacy",
            Self::Tpm12Container => "tpm12",
        }
    }
}

/// Where the event log lies. The address is a launcher's word: nothing to map before it has been
/// compared with the memory map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPointer {
    /// Its format.
    pub format: LogFormat,
    /// Physical address of the container, never 0.
    pub address: u64,
    /// Size of the container in bytes. 0 for [`LogFormat::Tpm12Container`], as are `first` and
    /// `next`: there the container itself holds them.
    pub allocated: u32,
    /// Offset of the first record in bytes.
    pub first: u32,
    /// Offset behind the last record in bytes; `first <= next <= allocated`.
    pub next: u32,
}

/// Why there is no usable pointer to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPointerError {
    /// No element points at a log.
    Missing,
    /// An element cannot be read.
    Element(ElementError),
    /// Two elements of one type.
    Ambiguous(ElementType),
    /// `first <= next <= allocated` does not hold.
    Range(LogArea),
    /// The address is 0, or address and size overflow.
    Address(LogArea),
}

impl fmt::Display for LogPointerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("OsSinitData points at no event log"),
            Self::Element(error) => write!(f, "OsSinitData: {error}"),
            Self::Ambiguous(kind) => write!(f, "OsSinitData has two {kind} elements"),
            Self::Range(area) => write!(
                f,
                "event log pointer: records from {} to {} do not lie in a container of {} bytes",
                area.first, area.next, area.allocated
            ),
            Self::Address(area) => write!(
                f,
                "event log pointer: {} bytes at {:#x} are no range of memory",
                area.allocated, area.address
            ),
        }
    }
}

/// The pointer to the event log, of the best format that there is one for: crypto-agile, then
/// legacy (the first of its logs), then TPM 1.2.
///
/// # Errors
///
/// When there is none, an element is broken, or the range is none.
pub fn event_log_pointer(table: &OsSinitData<'_>) -> Result<LogPointer, LogPointerError> {
    const BEST_FIRST: [ElementType; 3] = [
        ElementType::EventLogPointer21,
        ElementType::EventLogPointer2,
        ElementType::EventLogPtr,
    ];
    let mut found = [None; BEST_FIRST.len()];
    for element in table.elements() {
        let element = element.map_err(LogPointerError::Element)?;
        for (slot, kind) in found.iter_mut().zip(BEST_FIRST) {
            if element.kind != kind {
                continue;
            }
            if slot.replace(element).is_some() {
                return Err(LogPointerError::Ambiguous(kind));
            }
        }
    }
    let element = found.into_iter().flatten().next();
    pointer(&element.ok_or(LogPointerError::Missing)?)
}

fn pointer(element: &Element<'_>) -> Result<LogPointer, LogPointerError> {
    let body = element.body().map_err(LogPointerError::Element)?;
    let (format, area) = match body {
        Body::EventLogPointer21(area) => (LogFormat::Tcg, area),
        Body::EventLogPointer2(logs) => {
            let log = logs.iter().next().ok_or(LogPointerError::Missing)?;
            (LogFormat::Legacy { alg: log.alg }, log.area)
        }
        Body::EventLogPtr(address) => {
            let area = LogArea {
                address,
                allocated: 0,
                first: 0,
                next: 0,
            };
            (LogFormat::Tpm12Container, area)
        }
        _ => return Err(LogPointerError::Missing),
    };
    let end = area.address.checked_add(u64::from(area.allocated));
    if area.address == 0 || end.is_none() {
        return Err(LogPointerError::Address(area));
    }
    if area.first > area.next || area.next > area.allocated {
        return Err(LogPointerError::Range(area));
    }
    Ok(LogPointer {
        format,
        address: area.address,
        allocated: area.allocated,
        first: area.first,
        next: area.next,
    })
}
