// SPDX-License-Identifier: GPL-2.0

//! The owner's texts: the guard policy and the references.
//!
//! Line-oriented: a statement ends with its line, only the braces of a `launch` or a `compartment`
//! span lines; `#` starts a comment. A text is checked whole before anything of it counts. What was checked is kept
//! as the text itself, so nothing here allocates; the iterators walk it again.

mod dma;
mod guard;
mod lexer;
mod number;
mod parser;
mod record;
mod references;

use crate::decode::text::Text;
use core::fmt;

pub use dma::{
    Allow, Arrivals, Compartment, Device, Exception, FaultBudget, Region, Unbound, Window,
    MAX_LABEL, MAX_LINES, MAX_STATEMENTS,
};
pub use guard::{OnFailure, Policy, MAX_REASON};
pub use number::{Address, DevicePath, MAX_STEPS};
pub use record::{write_header, write_record};
pub use references::{Identities, Launch, Launches, Pin, Pins, References, MAX_ENTRIES, MAX_NAME};

/// Largest text, in bytes.
pub const MAX_TEXT: usize = 0x1_0000;

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

impl Place {
    /// What is wrong at this place.
    pub fn error(self, what: fmt::Arguments<'_>) -> PolicyError {
        PolicyError {
            line: self.line,
            column: self.column,
            what: Text::format(what),
        }
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// What is wrong there, in words: mostly "expected ..., found ...".
    pub what: Text<104>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.what
        )
    }
}
