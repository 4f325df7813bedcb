// SPDX-License-Identifier: GPL-2.0

//! Device scopes: which devices a structure of the DMAR table speaks of (VT-d specification, 8.3.1).

use super::error::{DmarError, Problem};
use crate::decode::bytes::Bytes;
use core::fmt;

/// Bytes of a scope before its path.
const FIXED: usize = 6;

/// What a scope names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A PCI endpoint.
    Endpoint,
    /// A PCI bridge and everything behind it.
    Bridge,
    /// An I/O APIC.
    IoApic,
    /// A timer that sends message interrupts.
    Hpet,
    /// A device of the ACPI namespace.
    Namespace,
    /// A reserved value.
    Other(u8),
}

impl ScopeKind {
    const fn from_value(value: u8) -> Self {
        match value {
            1 => Self::Endpoint,
            2 => Self::Bridge,
            3 => Self::IoApic,
            4 => Self::Hpet,
            5 => Self::Namespace,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for ScopeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint => f.write_str("endpoint"),
            Self::Bridge => f.write_str("bridge"),
            Self::IoApic => f.write_str("I/O APIC"),
            Self::Hpet => f.write_str("HPET"),
            Self::Namespace => f.write_str("namespace device"),
            Self::Other(value) => write!(f, "type {value}"),
        }
    }
}

/// One step of a path: a device and function on the bus that the step before leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// Device, 0 to 31.
    pub device: u8,
    /// Function, 0 to 7.
    pub function: u8,
}

impl PathStep {
    /// As PCI writes it: device in bits 7:3, function in bits 2:0; `None` beyond their ranges.
    pub const fn devfn(self) -> Option<u8> {
        if self.device < 32 && self.function < 8 {
            Some((self.device << 3) | self.function)
        } else {
            None
        }
    }
}

/// A way from a bus to a device; at least one step.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a>(Bytes<'a>);

impl<'a> Path<'a> {
    /// The steps.
    pub fn steps(self) -> impl Iterator<Item = PathStep> + 'a {
        self.0.as_slice().chunks_exact(2).filter_map(|step| {
            let step = Bytes::new(step);
            Some(PathStep {
                device: step.u8(0)?,
                function: step.u8(1)?,
            })
        })
    }
}

/// A device, or a bridge and what is behind it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// What it names.
    pub kind: ScopeKind,
    /// Flags; used by SIDP structures only.
    pub flags: u8,
    /// Enumeration id of an I/O APIC, timer or namespace device.
    pub enumeration_id: u8,
    /// The bus that the path starts at.
    pub start_bus: u8,
    /// The path.
    pub path: Path<'a>,
}

/// As `bus:device.function` and one more `/device.function` for each further step.
impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:02x}", self.kind, self.start_bus)?;
        for (position, step) in self.path.steps().enumerate() {
            let separator = if position == 0 { ':' } else { '/' };
            write!(f, "{separator}{:02x}.{:x}", step.device, step.function)?;
        }
        Ok(())
    }
}

/// The scopes of a structure. The first one that is malformed ends the walk.
#[derive(Clone, Copy, Debug)]
pub struct Scopes<'a> {
    rest: Bytes<'a>,
    offset: usize,
}

impl<'a> Scopes<'a> {
    /// No scope.
    pub(super) const NONE: Self = Self {
        rest: Bytes::new(&[]),
        offset: 0,
    };

    /// The scopes that fill `rest`, which starts at `offset` of the table.
    pub(super) const fn new(rest: Bytes<'a>, offset: usize) -> Self {
        Self { rest, offset }
    }

    fn take(&mut self) -> Result<Scope<'a>, DmarError> {
        let left = self.rest.len();
        let length = usize::from(self.rest.u8(1).unwrap_or(0));
        self.read(length)
            .filter(|scope| scope.path.0.len() >= 2 && scope.path.0.len() % 2 == 0)
            .inspect(|_| {
                self.rest = self.rest.from(length).unwrap_or(Bytes::new(&[]));
                self.offset = self.offset.saturating_add(length);
            })
            .ok_or(DmarError {
                offset: self.offset,
                problem: Problem::ScopeLength { length, left },
            })
    }

    fn read(&self, length: usize) -> Option<Scope<'a>> {
        let bytes = self.rest.sub(0, length)?;
        Some(Scope {
            kind: ScopeKind::from_value(bytes.u8(0)?),
            flags: bytes.u8(2)?,
            enumeration_id: bytes.u8(4)?,
            start_bus: bytes.u8(5)?,
            path: Path(bytes.from(FIXED)?),
        })
    }
}

impl<'a> Iterator for Scopes<'a> {
    type Item = Result<Scope<'a>, DmarError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let scope = self.take();
        if scope.is_err() {
            self.rest = Bytes::new(&[]);
        }
        Some(scope)
    }
}
