// SPDX-License-Identifier: GPL-2.0

//! Evidence as bytes: everything that a judgement looks at, in a form that travels.
//!
//! Documentation/evidence-format.rst describes the format. [`write`] serialises what
//! [`judge`](super::judge) is handed; [`Blob`] splits untrusted bytes and reads the same back. What
//! says that the bytes are whole is a SHA-256 at their end: it tells damage, not origin.

mod cursor;
mod error;
mod format;
mod read;
mod sink;
mod write;

pub use cursor::{Cursor, Intern, Records};
pub use error::{FormatError, What};
pub use format::{Section, DIGEST_SIZE, HEADER_SIZE, MAGIC, MAJOR, MAX_REASON, MINOR};
pub use read::{
    Blob, ChipsetParts, CpuParts, DmaParts, Info, Items, LogParts, NvParts, Recorded,
    RecordedFinding, Texts,
};
pub use sink::{Checksum, Count, Sink, Window};
pub use write::{size, write, Contents};

/// Version of launchguard, as evidence names it.
pub const VERSION: &str = "0.1.0";
