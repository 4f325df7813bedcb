// SPDX-License-Identifier: GPL-2.0

//! Elements of a policy list: u32 size, u32 type, u32 control, data.

use super::error::LcpError;
use crate::decode::bytes::Bytes;
use crate::decode::digest::HashAlg;
use core::fmt;
use core::iter::FusedIterator;

/// Bytes of size, type and control, which the size counts.
const HEADER: usize = 12;

/// What an element is about. The types below 0x10 are those of TPM 1.2 and hold SHA-1 hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// Environments that may be launched.
    Mle,
    /// Platform configurations, by PCRs.
    Pconf,
    /// BIOS measurements.
    Sbios,
    /// A vendor's own, told apart by UUID.
    Custom,
    /// Environments that may be launched.
    Mle2,
    /// Platform configurations, by PCRs.
    Pconf2,
    /// BIOS measurements.
    Sbios2,
    /// A vendor's own, told apart by UUID.
    Custom2,
    /// SMI transfer monitors.
    Stm2,
    /// A type that is not known here.
    Unknown(u32),
}

impl ElementKind {
    /// The type with this value.
    pub const fn from_value(value: u32) -> Self {
        match value {
            0 => Self::Mle,
            1 => Self::Pconf,
            2 => Self::Sbios,
            3 => Self::Custom,
            0x10 => Self::Mle2,
            0x11 => Self::Pconf2,
            0x12 => Self::Sbios2,
            0x13 => Self::Custom2,
            0x14 => Self::Stm2,
            other => Self::Unknown(other),
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mle => "MLE",
            Self::Pconf => "PCONF",
            Self::Sbios => "SBIOS",
            Self::Custom => "CUSTOM",
            Self::Mle2 => "MLE2",
            Self::Pconf2 => "PCONF2",
            Self::Sbios2 => "SBIOS2",
            Self::Custom2 => "CUSTOM2",
            Self::Stm2 => "STM2",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl fmt::Display for ElementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(value) => write!(f, "unknown type {value:#x}"),
            known => f.write_str(known.name()),
        }
    }
}

/// A list of hashes of one algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashes<'a> {
    /// Their algorithm.
    pub alg: HashAlg,
    bytes: &'a [u8],
}

impl<'a> Hashes<'a> {
    fn read(bytes: Bytes<'a>, offset: usize, count: u16, alg: HashAlg) -> Option<Self> {
        let size = usize::from(count).checked_mul(alg.size())?;
        Some(Self {
            alg,
            bytes: bytes.get(offset, size)?,
        })
    }

    /// The hashes.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.bytes.chunks_exact(self.alg.size())
    }

    /// Whether `hash` is one of them.
    pub fn contains(&self, hash: &[u8]) -> bool {
        self.iter().any(|other| other == hash)
    }
}

/// An element's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementBody<'a> {
    /// MLE and MLE2.
    Mle {
        /// Least AcmVersion of SINIT for these environments.
        sinit_min_version: u8,
        /// Their hashes.
        hashes: Hashes<'a>,
    },
    /// PCONF and PCONF2: selections of PCRs and their composite hashes, which are not split here.
    Pconf {
        /// Number of configurations that are announced.
        count: u16,
        /// The configurations.
        data: &'a [u8],
    },
    /// SBIOS and SBIOS2.
    Sbios {
        /// The hash that holds when no other does.
        fallback: &'a [u8],
        /// Hashes of the BIOS.
        hashes: Hashes<'a>,
    },
    /// STM2.
    Stm {
        /// Hashes of the monitors.
        hashes: Hashes<'a>,
    },
    /// CUSTOM and CUSTOM2.
    Custom {
        /// The vendor's UUID as it stands in memory.
        uuid: [u8; 16],
        /// The vendor's data.
        data: &'a [u8],
    },
    /// A type that is not known here.
    Other(&'a [u8]),
}

/// An element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// What it is about.
    pub kind: ElementKind,
    /// PolEltControl: bit 0 set when it overrides the supplier's elements of this type.
    pub control: u32,
    /// Its offset in bytes from the file's start.
    pub offset: usize,
    /// Its size in bytes, size, type and control included.
    pub size: usize,
    data: &'a [u8],
}

impl<'a> Element<'a> {
    /// Its contents in typed form.
    ///
    /// # Errors
    ///
    /// When they do not have the layout of its type, or the algorithm is not known here.
    pub fn body(&self) -> Result<ElementBody<'a>, LcpError> {
        self.read(Bytes::new(self.data))
            .ok_or(LcpError::ElementBody {
                kind: self.kind,
                offset: self.offset,
                size: self.size,
            })
    }

    fn read(&self, data: Bytes<'a>) -> Option<ElementBody<'a>> {
        let alg = |offset| HashAlg::from_tpm_id(data.u16(offset)?);
        match self.kind {
            ElementKind::Mle => {
                // Of TPM 1.2 the algorithm is one byte, 0 for SHA-1.
                let sha1 = data.u8(1).filter(|alg| *alg == 0).map(|_| HashAlg::Sha1)?;
                Some(ElementBody::Mle {
                    sinit_min_version: data.u8(0)?,
                    hashes: Hashes::read(data, 4, data.u16(2)?, sha1)?,
                })
            }
            ElementKind::Mle2 => Some(ElementBody::Mle {
                sinit_min_version: data.u8(0)?,
                hashes: Hashes::read(data, 6, data.u16(4)?, alg(2)?)?,
            }),
            ElementKind::Pconf => Some(ElementBody::Pconf {
                count: data.u16(0)?,
                data: data.from(2)?.as_slice(),
            }),
            ElementKind::Pconf2 => Some(ElementBody::Pconf {
                count: data.u16(2)?,
                data: data.from(4)?.as_slice(),
            }),
            // The algorithm in one byte and three reserved bytes, then as in SBIOS2.
            ElementKind::Sbios => {
                let sha1 = data.u8(0).filter(|alg| *alg == 0).map(|_| HashAlg::Sha1)?;
                sbios(data, sha1)
            }
            ElementKind::Sbios2 => sbios(data, alg(0)?),
            ElementKind::Stm2 => Some(ElementBody::Stm {
                hashes: Hashes::read(data, 4, data.u16(2)?, alg(0)?)?,
            }),
            ElementKind::Custom | ElementKind::Custom2 => Some(ElementBody::Custom {
                uuid: data.array(0)?,
                data: data.from(16)?.as_slice(),
            }),
            ElementKind::Unknown(_) => Some(ElementBody::Other(data.as_slice())),
        }
    }
}

/// Fallback hash at 4, then u16 reserved, u16 count, hashes.
fn sbios(data: Bytes<'_>, alg: HashAlg) -> Option<ElementBody<'_>> {
    let fallback = data.get(4, alg.size())?;
    let behind = alg.size().checked_add(4)?;
    let count = data.u16(behind.checked_add(2)?)?;
    Some(ElementBody::Sbios {
        fallback,
        hashes: Hashes::read(data, behind.checked_add(4)?, count, alg)?,
    })
}

/// The elements of a list. An error is the last item. Each takes 12 bytes at least, so the list's
/// size bounds the number of steps.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    rest: Bytes<'a>,
    offset: usize,
    broken: bool,
}

impl<'a> Elements<'a> {
    /// The elements in `rest`, which stands at `offset` of the file.
    pub(super) const fn new(rest: Bytes<'a>, offset: usize) -> Self {
        Self {
            rest,
            offset,
            broken: false,
        }
    }

    fn front(&self) -> Result<Element<'a>, LcpError> {
        let left = self.rest.len();
        let cut = |size| LcpError::ElementSize {
            offset: self.offset,
            size,
            left,
        };
        let size = self.rest.u32(0).ok_or(cut(0))?;
        let read = || {
            let bytes = self.rest.sub(0, usize::try_from(size).ok()?)?;
            Some(Element {
                kind: ElementKind::from_value(bytes.u32(4)?),
                control: bytes.u32(8)?,
                offset: self.offset,
                size: bytes.len(),
                data: bytes.from(HEADER)?.as_slice(),
            })
        };
        read().ok_or(cut(size))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, LcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken || self.rest.is_empty() {
            return None;
        }
        let front = self.front();
        let next = front.ok().and_then(|element| {
            self.rest
                .from(element.size)
                .zip(self.offset.checked_add(element.size))
        });
        match next {
            Some((rest, offset)) => {
                self.rest = rest;
                self.offset = offset;
            }
            None => self.broken = true,
        }
        Some(front)
    }
}

impl FusedIterator for Elements<'_> {}
