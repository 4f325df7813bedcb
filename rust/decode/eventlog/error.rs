// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with an event log.

use super::MAX_BANKS;
use crate::decode::digest::HashAlg;
use core::fmt;

/// A log that cannot be read, with the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogError {
    /// Offset of the wrong field, in bytes from the container's start.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: LogErrorKind,
}

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogErrorKind {
    /// `first <= next <= container` does not hold; all in bytes.
    Range {
        /// Offset of the first record.
        first: u32,
        /// Offset behind the last record.
        next: u32,
        /// Size of the container.
        container: usize,
    },
    /// `first` equals `next`: there is no record at all.
    Empty,
    /// A field reaches beyond the log's end.
    Truncated {
        /// The field.
        field: &'static str,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are left.
        left: usize,
    },
    /// The first record is not the header of a crypto-agile log: wrong event type.
    HeaderType(u32),
    /// The first record is not the header of a crypto-agile log: wrong signature.
    HeaderSignature,
    /// The header's specification version is not 2.
    HeaderVersion {
        /// Major number found.
        major: u8,
        /// Minor number found.
        minor: u8,
    },
    /// The header's length does not equal what its content takes.
    HeaderLength {
        /// Bytes announced.
        announced: usize,
        /// Bytes that the content takes.
        content: usize,
    },
    /// The header lists no bank, or more than [`MAX_BANKS`].
    BankCount(u32),
    /// The header lists a bank twice: its TPM_ALG_ID.
    BankTwice(u16),
    /// The header gives a known algorithm a wrong digest size, or any algorithm the size 0.
    BankSize {
        /// TPM_ALG_ID.
        id: u16,
        /// Size found, in bytes.
        size: u16,
    },
    /// A record has more digests than the header has banks.
    DigestCount {
        /// Digests announced by the record.
        count: u32,
        /// Banks in the header.
        banks: usize,
    },
    /// A record has a digest of a bank that the header does not list.
    DigestUnlisted(u16),
    /// A record has two digests of one bank.
    DigestTwice(u16),
    /// A legacy log of an algorithm whose digest size is not known: its TPM_ALG_ID.
    Algorithm(u16),
    /// A legacy log of another algorithm than SHA-1 does not open with its descriptor.
    NoDescriptor(HashAlg),
    /// The descriptor of a legacy log is not the one of its algorithm.
    Descriptor {
        /// Revision, 1 in every descriptor.
        revision: u32,
        /// DIGEST_ALG_ID.
        id: u32,
        /// Size of the digests in bytes.
        size: u32,
        /// The algorithm that the heap gives for the log.
        alg: HashAlg,
    },
    /// A TPM 1.2 container does not start with its signature.
    ContainerSignature,
    /// A TPM 1.2 container is not of version 1: the four version bytes, the first in the low bits.
    ContainerVersion(u32),
    /// `48 <= first <= next <= size` does not hold in a TPM 1.2 container.
    ContainerRange {
        /// Size of the container in bytes.
        size: u32,
        /// Offset of the first record.
        first: u32,
        /// Offset behind the last record.
        next: u32,
    },
}

impl fmt::Display for LogErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Range {
                first,
                next,
                container,
            } => write!(
                f,
                "records from {first} to {next} do not lie in a container of {container} bytes"
            ),
            Self::Empty => f.write_str("the log has no records"),
            Self::Truncated {
                field,
                needed,
                left,
            } => write!(f, "{field} takes {needed} bytes, {left} are left"),
            Self::HeaderType(kind) => {
                write!(f, "the first record has type {kind:#x}, a header has 0x3")
            }
            Self::HeaderSignature => {
                f.write_str("the first record's signature is not \"Spec ID Event03\"")
            }
            Self::HeaderVersion { major, minor } => {
                write!(f, "header version {major}.{minor} is not 2.0")
            }
            Self::HeaderLength { announced, content } => write!(
                f,
                "the header announces {announced} bytes, its content takes {content}"
            ),
            Self::BankCount(count) => {
                write!(
                    f,
                    "the header lists {count} banks, 1 to {MAX_BANKS} are possible"
                )
            }
            Self::BankTwice(id) => write!(f, "the header lists algorithm {id:#06x} twice"),
            Self::BankSize { id, size } => {
                write!(f, "the header gives algorithm {id:#06x} {size} bytes")
            }
            Self::DigestCount { count, banks } => {
                write!(
                    f,
                    "the record has {count} digests, the header {banks} banks"
                )
            }
            Self::DigestUnlisted(id) => {
                write!(
                    f,
                    "digest of algorithm {id:#06x}, which the header does not list"
                )
            }
            Self::DigestTwice(id) => write!(f, "two digests of algorithm {id:#06x}"),
            Self::Algorithm(id) => {
                write!(
                    f,
                    "a log of algorithm {id:#06x}, whose digest size is not known"
                )
            }
            Self::NoDescriptor(alg) => write!(
                f,
                "the first record of the {alg} log is no descriptor \"FRMT ID EVENT00\""
            ),
            Self::Descriptor {
                revision,
                id,
                size,
                alg,
            } => write!(
                f,
                "descriptor of revision {revision}, algorithm {id}, {size} bytes in a log of {alg}"
            ),
            Self::ContainerSignature => {
                f.write_str("the container does not start with \"TXT Event Container\"")
            }
            Self::ContainerVersion(version) => {
                let [major, minor, record_major, record_minor] = version.to_le_bytes();
                write!(
                    f,
                    "container version {major}.{minor}, record version {record_major}.{record_minor}"
                )
            }
            Self::ContainerRange { size, first, next } => write!(
                f,
                "the container's records from {first} to {next} do not lie behind its header in \
                 {size} bytes"
            ),
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event log offset {}: {}", self.offset, self.kind)
    }
}
