// SPDX-License-Identifier: GPL-2.0

//! Extended data elements: the chain of {u32 type, u32 size, data} behind a table's fixed part
//! (SDG C.1).

use super::body::{Body, BodyError};
use crate::decode::bytes::Bytes;
use core::fmt;
use core::iter::FusedIterator;

/// Bytes of an element's type and size, which the size counts.
const HEADER: usize = 8;

macro_rules! element_types {
    ($($(#[$doc:meta])* $variant:ident = $value:literal, $name:literal;)+) => {
        /// The type of an extended data element.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ElementType {
            $($(#[$doc])* $variant,)+
            /// A type that is not known here: to be skipped.
            Unknown(u32),
        }

        impl ElementType {
            /// The type with this value.
            pub const fn from_value(value: u32) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    other => Self::Unknown(other),
                }
            }

            /// The value in the heap.
            pub const fn value(self) -> u32 {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }

            /// The field's name; "unknown" for a type that is not known here.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Unknown(_) => "unknown",
                }
            }
        }
    };
}

element_types! {
    /// The end of the chain (SDG C.1.1).
    End = 0, "END";
    /// BiosData: the TXT BIOS specification that the firmware follows (SDG C.2.1).
    BiosSpecVer = 1, "BIOS_SPEC_VER";
    /// BiosData: where the firmware's ACMs lie (SDG C.2.2).
    Acm = 2, "ACM";
    /// BiosData: the SMI transfer monitor (SDG C.2.3).
    Stm = 3, "STM";
    /// Any table: a vendor's own, told apart by UUID (SDG C.1.2).
    Custom = 4, "CUSTOM";
    /// OsSinitData: the TPM 1.2 event log container (SDG C.4.1).
    EventLogPtr = 5, "TPM_EVENT_LOG_PTR";
    /// SinitMleData: a copy of the ACPI MADT (SDG C.5.1).
    Madt = 6, "MADT";
    /// OsSinitData: TPM 2.0 event logs in the legacy format, one for each algorithm (SDG C.4.2).
    EventLogPointer2 = 7, "EVENT_LOG_POINTER2";
    /// OsSinitData: the TPM 2.0 event log in the crypto-agile format (SDG C.4.3).
    EventLogPointer21 = 8, "EVENT_LOG_POINTER2_1";
    /// SinitMleData: a copy of the ACPI MCFG (SDG C.5.2).
    Mcfg = 9, "MCFG";
    /// OsSinitData: the TXT protected regions that the launcher asks for (Xen, intel-txt.h).
    TprReq = 13, "TPR_REQ";
    /// SinitMleData: a copy of the ACPI DTPR (Xen, intel-txt.h).
    Dtpr = 14, "DTPR";
    /// SinitMleData: a copy of the ACPI CEDT (Xen, intel-txt.h).
    Cedt = 15, "CEDT";
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(value) => write!(f, "unknown element {value:#x}"),
            known => f.write_str(known.name()),
        }
    }
}

/// An element other than END.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Its type.
    pub kind: ElementType,
    /// Offset of its type field, in bytes from the table's first data byte.
    pub offset: usize,
    /// Its size in bytes with type and size field, at least 8.
    pub size: u32,
    /// Its data, behind type and size.
    pub data: Bytes<'a>,
}

impl<'a> Element<'a> {
    /// Its data in typed form.
    ///
    /// # Errors
    ///
    /// When the data does not have the layout of its type.
    pub fn body(&self) -> Result<Body<'a>, ElementError> {
        Body::decode(self.kind, self.data).map_err(|error| ElementError {
            offset: self.offset,
            kind: ElementErrorKind::Body {
                element: self.kind,
                size: self.size,
                error,
            },
        })
    }
}

/// The elements of a table up to END. An error is the last item. Every element takes 8 bytes at
/// least, so the table's size bounds the number of steps.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a> {
    rest: Bytes<'a>,
    offset: usize,
    /// Whether the chain is over: END, an error, or no chain at all.
    done: bool,
}

impl<'a> Elements<'a> {
    /// The elements of a table whose version has none.
    pub(super) const NONE: Self = Self {
        rest: Bytes::new(&[]),
        offset: 0,
        done: true,
    };

    /// The elements in `rest`, everything behind a table's fixed part of `offset` bytes. A table
    /// that ends with its fixed part has none; any other needs an END.
    pub(super) const fn new(rest: Bytes<'a>, offset: usize) -> Self {
        Self {
            rest,
            offset,
            done: rest.is_empty(),
        }
    }

    /// The first element of type `kind`; an error when the chain breaks before it.
    ///
    /// # Errors
    ///
    /// When the chain is broken before such an element.
    pub fn find_kind(self, kind: ElementType) -> Result<Option<Element<'a>>, ElementError> {
        for element in self {
            let element = element?;
            if element.kind == kind {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Offset behind the END element, in bytes from the table's first data byte; for a table that
    /// ends with its fixed part, that part's size. 0 for a version that has no elements.
    ///
    /// # Errors
    ///
    /// When the chain is broken.
    pub fn end(mut self) -> Result<usize, ElementError> {
        let last = if self.done { 0 } else { HEADER };
        for element in self.by_ref() {
            element?;
        }
        Ok(self.offset.saturating_add(last))
    }

    /// The element at the front and how many bytes it takes; `None` for END.
    fn front(&self) -> Result<Option<(Element<'a>, usize)>, ElementErrorKind> {
        let left = self.rest.len();
        if left == 0 {
            return Err(ElementErrorKind::NoEnd);
        }
        let cut = ElementErrorKind::HeaderCut { left };
        let value = self.rest.u32(0).ok_or(cut)?;
        let size = self.rest.u32(4).ok_or(cut)?;
        let kind = ElementType::from_value(value);
        let wrong_size = ElementErrorKind::Size {
            element: kind,
            size,
            left,
        };
        let taken = usize::try_from(size).map_err(|_| wrong_size)?;
        let data = taken
            .checked_sub(HEADER)
            .and_then(|len| self.rest.sub(HEADER, len))
            .ok_or(wrong_size)?;
        if kind == ElementType::End {
            return if data.is_empty() {
                Ok(None)
            } else {
                Err(wrong_size)
            };
        }
        let element = Element {
            kind,
            offset: self.offset,
            size,
            data,
        };
        Ok(Some((element, taken)))
    }

    fn advance(&mut self, taken: usize) -> Option<()> {
        self.rest = self.rest.from(taken)?;
        self.offset = self.offset.checked_add(taken)?;
        Some(())
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, ElementError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let front = self.front();
        self.done = match front {
            Ok(Some((_, taken))) => self.advance(taken).is_none(),
            _ => true,
        };
        match front {
            Ok(element) => element.map(|(element, _)| Ok(element)),
            Err(kind) => Some(Err(ElementError {
                offset: self.offset,
                kind,
            })),
        }
    }
}

impl FusedIterator for Elements<'_> {}

/// An element that cannot be read, with the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementError {
    /// Offset of the element, in bytes from the table's first data byte.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: ElementErrorKind,
}

/// What is wrong with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementErrorKind {
    /// The table ends without END.
    NoEnd,
    /// Fewer than the 8 bytes of type and size are left.
    HeaderCut {
        /// Bytes left.
        left: usize,
    },
    /// The size is below 8, more than the table has left, or not 8 for END.
    Size {
        /// The element's type.
        element: ElementType,
        /// The size in bytes.
        size: u32,
        /// Bytes left in the table from the element on.
        left: usize,
    },
    /// The data does not have the layout of its type.
    Body {
        /// The element's type.
        element: ElementType,
        /// The element's size in bytes.
        size: u32,
        /// What is wrong.
        error: BodyError,
    },
}

impl fmt::Display for ElementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "extended data element at {:#x}: ", self.offset)?;
        match self.kind {
            ElementErrorKind::NoEnd => f.write_str("the table ends without an END element"),
            ElementErrorKind::HeaderCut { left } => {
                write!(f, "type and size take 8 bytes, {left} are left")
            }
            ElementErrorKind::Size {
                element,
                size,
                left,
            } => write!(f, "{element} with size {size}, {left} bytes are left"),
            ElementErrorKind::Body {
                element,
                size,
                error,
            } => write!(f, "{element} with size {size}: {error}"),
        }
    }
}
