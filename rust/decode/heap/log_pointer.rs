// SPDX-License-Identifier: GPL-2.0

//! Where the heap says that the event log lies.

use super::body::{Body, LegacyLogs, LogArea};
use super::elements::{Element, ElementError, ElementType};
use super::os_sinit_data::OsSinitData;
use crate::decode::digest::HashAlg;
pub use crate::decode::eventlog::LogFormat;
use core::fmt;

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
    /// Two legacy logs of one algorithm: its TPM_ALG_ID.
    AlgorithmTwice(u16),
    /// There are legacy logs, but none of an algorithm known here: the first one's TPM_ALG_ID.
    Algorithm(u16),
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
            Self::AlgorithmTwice(id) => {
                write!(f, "event log pointer: two logs of algorithm {id:#06x}")
            }
            Self::Algorithm(id) => {
                write!(f, "event log pointer: algorithm {id:#06x} is not known")
            }
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

/// The pointers to the event logs of one launch; see [`event_log_pointers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPointers {
    /// One, or of the legacy format one for each algorithm, by [`HashAlg::index`].
    pointers: [Option<LogPointer>; HashAlg::ALL.len()],
}

impl LogPointers {
    /// The pointers, at least one.
    pub fn iter(&self) -> impl Iterator<Item = &LogPointer> {
        self.pointers.iter().flatten()
    }
}

/// The pointer to the first event log of [`event_log_pointers`].
///
/// # Errors
///
/// As [`event_log_pointers`].
pub fn event_log_pointer(table: &OsSinitData<'_>) -> Result<LogPointer, LogPointerError> {
    let pointers = event_log_pointers(table)?;
    let first = pointers.iter().next().copied();
    first.ok_or(LogPointerError::Missing)
}

/// The pointers to the event logs, of the best format that there is one for: crypto-agile, then
/// legacy (its logs of algorithms known here), then TPM 1.2.
///
/// # Errors
///
/// When there is none, an element is broken, or a range is none.
pub fn event_log_pointers(table: &OsSinitData<'_>) -> Result<LogPointers, LogPointerError> {
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
    pointers_of(&element.ok_or(LogPointerError::Missing)?)
}

fn pointers_of(element: &Element<'_>) -> Result<LogPointers, LogPointerError> {
    let body = element.body().map_err(LogPointerError::Element)?;
    let (format, area) = match body {
        Body::EventLogPointer21(area) => (LogFormat::Tcg, area),
        Body::EventLogPointer2(logs) => return legacy_pointers(&logs),
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
    let mut pointers = [None; HashAlg::ALL.len()];
    if let Some(slot) = pointers.first_mut() {
        *slot = Some(pointer(format, area)?);
    }
    Ok(LogPointers { pointers })
}

fn legacy_pointers(logs: &LegacyLogs<'_>) -> Result<LogPointers, LogPointerError> {
    let mut pointers = [None; HashAlg::ALL.len()];
    let mut unknown = None;
    for log in logs.iter() {
        // The digest size of an algorithm that is not known here is not known either.
        let known = HashAlg::from_tpm_id(log.alg);
        let Some(slot) = known.and_then(|alg| pointers.get_mut(alg.index())) else {
            unknown.get_or_insert(log.alg);
            continue;
        };
        let found = pointer(LogFormat::Legacy { alg: log.alg }, log.area)?;
        if slot.replace(found).is_some() {
            return Err(LogPointerError::AlgorithmTwice(log.alg));
        }
    }
    match unknown {
        Some(alg) if pointers.iter().flatten().next().is_none() => {
            Err(LogPointerError::Algorithm(alg))
        }
        _ => Ok(LogPointers { pointers }),
    }
}

fn pointer(format: LogFormat, area: LogArea) -> Result<LogPointer, LogPointerError> {
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
