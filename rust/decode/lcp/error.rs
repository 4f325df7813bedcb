// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with a policy or its data file.

use super::element::ElementKind;
use core::fmt;

/// A policy, a data file or a part of it that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LcpError {
    /// There are too few bytes.
    Short {
        /// The structure.
        what: &'static str,
        /// Its offset in bytes from the start.
        offset: usize,
        /// Bytes that it takes.
        needed: usize,
        /// Bytes left for it.
        got: usize,
    },
    /// A version that is not known here.
    Version {
        /// The structure.
        what: &'static str,
        /// The version.
        version: u16,
    },
    /// A hash algorithm that is not known here.
    HashAlg(u16),
    /// A policy type other than LIST and ANY.
    Kind(u8),
    /// The file does not start with the data file's name.
    Magic,
    /// More lists than a file can have, or none.
    ListCount(u8),
    /// An element's size does not lie in its list.
    ElementSize {
        /// Its offset in bytes from the file's start.
        offset: usize,
        /// Its size in bytes, as it says.
        size: u32,
        /// Bytes left for it.
        left: usize,
    },
    /// An element's contents do not have the layout of its type.
    ElementBody {
        /// Its type.
        kind: ElementKind,
        /// Its offset in bytes from the file's start.
        offset: usize,
        /// Its size in bytes.
        size: usize,
    },
    /// A signature algorithm that is not known here, so that its end cannot be found.
    SignatureAlg {
        /// TPM_ALG_ID, or the legacy number.
        alg: u16,
        /// Offset of the list in bytes from the file's start.
        offset: usize,
    },
    /// A list's signature does not start where its elements end.
    SignatureOffset {
        /// Where it says that the signature starts, in bytes from the list's start.
        signature: u16,
        /// Where the elements end, in bytes from the list's start.
        elements: usize,
    },
    /// Bytes are left behind the last list.
    Rest(usize),
}

impl fmt::Display for LcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short {
                what,
                offset,
                needed,
                got,
            } => write!(
                f,
                "{what} at {offset:#x} takes {needed} bytes, {got} are there"
            ),
            Self::Version { what, version } => {
                write!(f, "{what} version {version:#06x} is not known")
            }
            Self::HashAlg(alg) => write!(f, "hash algorithm {alg:#06x} is not known"),
            Self::Kind(kind) => write!(f, "policy type {kind} is neither LIST nor ANY"),
            Self::Magic => f.write_str("no policy data file: another name at its start"),
            Self::ListCount(count) => write!(f, "a policy data file cannot have {count} lists"),
            Self::ElementSize { offset, size, left } => write!(
                f,
                "element at {offset:#x} has size {size:#x}, {left:#x} bytes are left in its list"
            ),
            Self::ElementBody { kind, offset, size } => {
                write!(f, "{kind} element at {offset:#x} cannot have {size} bytes")
            }
            Self::SignatureAlg { alg, offset } => write!(
                f,
                "the list at {offset:#x} is signed with unknown algorithm {alg:#06x}"
            ),
            Self::SignatureOffset {
                signature,
                elements,
            } => write!(
                f,
                "a list's signature at {signature:#x}, its elements end at {elements:#x}"
            ),
            Self::Rest(size) => write!(f, "{size} bytes are left behind the last list"),
        }
    }
}
