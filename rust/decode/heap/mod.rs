// SPDX-License-Identifier: GPL-2.0

//! The TXT heap (SDG appendix C): a chain of four tables, some with extended data elements.
//!
//! Everything works on a copy: firmware and launcher wrote the heap before the launch, and ring 0
//! can write it afterwards.

mod acpi;
mod bios_data;
mod body;
mod chain;
mod elements;
mod log_pointer;
mod os_mle_data;
mod os_sinit_data;
mod sinit_mle_data;
mod table;

pub use acpi::{Acpi, Dtpr, Instances, TprInstance};
pub use bios_data::{BiosData, Platform};
pub use body::{Addresses, Body, BodyError, LegacyLog, LegacyLogs, LogArea, Regions};
pub use chain::{Chain, ChainError, ChainErrorKind, Table, TableId};
pub use elements::{Element, ElementError, ElementErrorKind, ElementType, Elements};
pub use log_pointer::{
    event_log_pointer, event_log_pointers, LogFormat, LogPointer, LogPointerError, LogPointers,
};
pub use os_mle_data::{Area, OsMleData, Producer, SavedState};
pub use os_sinit_data::OsSinitData;
pub use sinit_mle_data::{Mdr, Mdrs, MemoryKind, SinitMleData};
pub use table::{RangeError, TableError};
