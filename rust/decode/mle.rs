// SPDX-License-Identifier: GPL-2.0

//! The MLE header: what a launcher says of the environment that SINIT measures (SDG table 2-1), and
//! the capabilities that MLE, SINIT and OsSinitData share (SDG table 2-2).

use crate::decode::bytes::Bytes;
use core::fmt;

/// First four dwords of the header.
pub const UUID: [u32; 4] = [0x9082_ac5a, 0x74a7_476f, 0xa255_5c0f, 0x42b6_51cb];
/// Bytes of the fixed part up to the capabilities.
pub const HEADER_MIN: usize = 44;
/// Bytes of the fixed part with the range of the command line.
pub const HEADER_WITH_COMMAND_LINE: usize = 52;
/// Oldest version that has capabilities.
pub const VERSION_MIN: u32 = 0x2_0001;

/// Capabilities of an MLE, a SINIT module or OsSinitData (SDG table 2-2; tboot, mle.h, for bit 10;
/// Xen, intel-txt.h, for bit 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// Each bit with its name. Bits 7:6 are the platform.
    pub const BITS: [(u32, &'static str); 12] = [
        (0, "rlp-wake-getsec"),
        (1, "rlp-wake-monitor"),
        (2, "ecx-page-table"),
        (3, "stm"),
        (4, "no-legacy-pcr-map"),
        (5, "da-pcr-map"),
        (6, "client"),
        (7, "server"),
        (8, "max-phy-addr"),
        (9, "tcg-event-log"),
        (10, "cbnt"),
        (14, "tpr"),
    ];

    /// Whether bit `number` is set.
    pub const fn has(self, number: u32) -> bool {
        self.0 & 1u32.wrapping_shl(number) != 0
    }

    /// Bit 5: details and authorities mapping of PCRs.
    pub const fn da_mapping(self) -> bool {
        self.has(5)
    }

    /// Bit 9: the event log is crypto-agile.
    pub const fn tcg_event_log(self) -> bool {
        self.has(9)
    }

    /// Bit 14: TXT protected regions take the place of protected memory regions.
    pub const fn tpr(self) -> bool {
        self.has(14)
    }

    /// The names of the bits that are set; bits without a name are left out.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        Self::BITS
            .into_iter()
            .filter(move |(bit, _)| self.has(*bit))
            .map(|(_, name)| name)
    }
}

/// Writes the names, separated by commas; "none" without any.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut any = false;
        for name in self.names() {
            if any {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
            any = true;
        }
        if any {
            Ok(())
        } else {
            f.write_str("none")
        }
    }
}

/// An MLE header. Entry point and first page are linear addresses, in the MLE's page tables; the
/// other places are offsets in the image, of which the page tables map only a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MleHeader {
    /// Length of the header in bytes.
    pub length: u32,
    /// Version, [`VERSION_MIN`] or later.
    pub version: u32,
    /// Entry point.
    pub entry: u32,
    /// First page that is valid.
    pub first_page: u32,
    /// Start of what is measured.
    pub start: u32,
    /// End of what is measured.
    pub end: u32,
    /// Capabilities.
    pub capabilities: Capabilities,
    /// Start and end of the command line, where the header is long enough to have them.
    pub command_line: Option<(u32, u32)>,
}

/// A header that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MleError {
    /// There are too few bytes.
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        got: usize,
    },
    /// Another UUID stands there.
    Uuid([u32; 4]),
    /// The length is too small.
    Length(u32),
    /// A version before [`VERSION_MIN`].
    Version(u32),
    /// What is to be measured ends before it starts, or the entry point lies outside of the pages that
    /// hold it.
    Range {
        /// Start of what is measured.
        start: u32,
        /// End of what is measured.
        end: u32,
        /// Entry point.
        entry: u32,
    },
}

impl fmt::Display for MleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { needed, got } => {
                write!(f, "MLE header: {needed} bytes are needed, {got} are there")
            }
            Self::Uuid([a, b, c, d]) => {
                write!(f, "MLE header: UUID {a:08x} {b:08x} {c:08x} {d:08x} is another one")
            }
            Self::Length(length) => {
                write!(f, "MLE header: length {length} is less than {HEADER_MIN}")
            }
            Self::Version(version) => {
                write!(f, "MLE header: version {version:#x} is before {VERSION_MIN:#x}")
            }
            Self::Range { start, end, entry } => write!(
                f,
                "MLE header: {start:#x} to {end:#x} with entry point {entry:#x} is no range to launch"
            ),
        }
    }
}

impl MleHeader {
    /// Decodes the header at the start of `bytes`.
    ///
    /// # Errors
    ///
    /// When it is none, or one that SINIT would refuse.
    pub fn decode(bytes: &[u8]) -> Result<Self, MleError> {
        let view = Bytes::new(bytes);
        let short = |needed| MleError::Short {
            needed,
            got: bytes.len(),
        };
        let header = Self::read(view).ok_or(short(HEADER_MIN))?;
        let (uuid, header) = header;
        if uuid != UUID {
            return Err(MleError::Uuid(uuid));
        }
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if length < HEADER_MIN {
            return Err(MleError::Length(header.length));
        }
        if header.version < VERSION_MIN {
            return Err(MleError::Version(header.version));
        }
        // The byte at `start` of the image is the one at the linear address `first_page`.
        let size = header.end.checked_sub(header.start);
        let entry = header.entry.checked_sub(header.first_page);
        if !matches!((entry, size), (Some(entry), Some(size)) if entry < size) {
            return Err(MleError::Range {
                start: header.start,
                end: header.end,
                entry: header.entry,
            });
        }
        if length < HEADER_WITH_COMMAND_LINE {
            return Ok(header);
        }
        let command_line = view
            .u32(44)
            .zip(view.u32(48))
            .ok_or(short(HEADER_WITH_COMMAND_LINE))?;
        Ok(Self {
            command_line: Some(command_line),
            ..header
        })
    }

    fn read(bytes: Bytes<'_>) -> Option<([u32; 4], Self)> {
        let uuid = [bytes.u32(0)?, bytes.u32(4)?, bytes.u32(8)?, bytes.u32(12)?];
        Some((
            uuid,
            Self {
                length: bytes.u32(16)?,
                version: bytes.u32(20)?,
                entry: bytes.u32(24)?,
                first_page: bytes.u32(28)?,
                start: bytes.u32(32)?,
                end: bytes.u32(36)?,
                capabilities: Capabilities(bytes.u32(40)?),
                command_line: None,
            },
        ))
    }
}
