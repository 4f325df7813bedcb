// SPDX-License-Identifier: GPL-2.0

//! The policy data file: the lists that a LIST policy stands for (tboot, lcp3.h, lcp_policy_data_t).

use super::element::Elements;
use super::error::LcpError;
use super::signature::Signature;
use crate::decode::bytes::Bytes;
use core::iter::FusedIterator;

/// What a policy data file starts with.
pub const DATA_MAGIC: &[u8; 32] = b"Intel(R) TXT LCP_POLICY_DATA\0\0\0\0";
/// Most lists that a file can have.
pub const MAX_LISTS: u8 = 8;

/// Bytes in front of the first list: name, three reserved bytes, number of lists.
const HEADER: usize = 36;
/// Bytes of a list in front of its elements, in every version.
const LIST_HEADER: usize = 8;
/// TPM_ALG_NULL: a list without signature.
const ALG_NULL: u16 = 0x10;
const RSASSA: u16 = 0x14;

/// A policy data file.
#[derive(Clone, Copy, Debug)]
pub struct PolicyData<'a> {
    /// Number of its lists.
    pub count: u8,
    lists: Bytes<'a>,
}

impl<'a> PolicyData<'a> {
    /// Whether `bytes` start as a policy data file does.
    pub fn has_magic(bytes: &[u8]) -> bool {
        bytes.starts_with(DATA_MAGIC)
    }

    /// Decodes the file at the start of `bytes`.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LcpError> {
        if !Self::has_magic(bytes) {
            return Err(LcpError::Magic);
        }
        let view = Bytes::new(bytes);
        let header = view.u8(35).zip(view.from(HEADER));
        let (count, lists) = header.ok_or(LcpError::Short {
            what: "policy data file",
            offset: 0,
            needed: HEADER,
            got: bytes.len(),
        })?;
        if !(1..=MAX_LISTS).contains(&count) {
            return Err(LcpError::ListCount(count));
        }
        Ok(Self { count, lists })
    }

    /// Its lists. An error is the last item.
    pub const fn lists(&self) -> Lists<'a> {
        Lists {
            rest: self.lists,
            offset: HEADER,
            left: self.count,
        }
    }

    /// Looks at every list and element, and that nothing follows.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), LcpError> {
        let mut lists = self.lists();
        for list in lists.by_ref() {
            for element in list?.elements() {
                element?.body()?;
            }
        }
        match lists.rest.len() {
            0 => Ok(()),
            left => Err(LcpError::Rest(left)),
        }
    }
}

/// A list of elements.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// Its version: 0x0100, 0x0200, 0x0201 or 0x0300.
    pub version: u16,
    /// Its offset in bytes from the file's start.
    pub offset: usize,
    /// Its size in bytes, signature included.
    pub size: usize,
    /// Its signature, if it has one.
    pub signature: Option<Signature<'a>>,
    elements: Bytes<'a>,
}

impl<'a> List<'a> {
    fn decode(bytes: Bytes<'a>, offset: usize) -> Result<Self, LcpError> {
        let short = |needed| LcpError::Short {
            what: "policy list",
            offset,
            needed,
            got: bytes.len(),
        };
        let version = bytes.u16(0).ok_or(short(LIST_HEADER))?;
        let second = bytes.u16(2).ok_or(short(LIST_HEADER))?;
        let size = bytes.u32(4).ok_or(short(LIST_HEADER))?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let end = LIST_HEADER.saturating_add(size);
        let elements = bytes.sub(LIST_HEADER, size).ok_or(short(end))?;
        let behind = bytes.from(end).ok_or(short(end))?;
        let at = offset.saturating_add(end);
        let signature = match version {
            // u8 reserved, u8 algorithm: 0 none, 1 RSA with PKCS #1.
            0x0100 => match second >> 8 {
                0 => None,
                1 => Some(Signature::decode(behind, RSASSA, at)?),
                alg => return Err(LcpError::SignatureAlg { alg, offset }),
            },
            0x0200 | 0x0201 => match second {
                ALG_NULL => None,
                alg => Some(Signature::decode(behind, alg, at)?),
            },
            // The offset of the signature, 0 for none.
            0x0300 => match usize::from(second) {
                0 => None,
                start if start == end => Some(Signature::decode_3(behind, at)?),
                _ => {
                    return Err(LcpError::SignatureOffset {
                        signature: second,
                        elements: end,
                    })
                }
            },
            version => {
                return Err(LcpError::Version {
                    what: "policy list",
                    version,
                })
            }
        };
        Ok(Self {
            version,
            offset,
            size: end.saturating_add(signature.map_or(0, |signature| signature.size)),
            signature,
            elements,
        })
    }

    /// Its elements.
    pub fn elements(&self) -> Elements<'a> {
        Elements::new(self.elements, self.offset.saturating_add(LIST_HEADER))
    }
}

/// The lists of a file.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'a> {
    rest: Bytes<'a>,
    offset: usize,
    left: u8,
}

impl<'a> Iterator for Lists<'a> {
    type Item = Result<List<'a>, LcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let list = List::decode(self.rest, self.offset);
        let next = list.ok().and_then(|list| {
            self.rest
                .from(list.size)
                .zip(self.offset.checked_add(list.size))
        });
        match next {
            Some((rest, offset)) => {
                self.rest = rest;
                self.offset = offset;
            }
            None => self.left = 0,
        }
        Some(list)
    }
}

impl FusedIterator for Lists<'_> {}
