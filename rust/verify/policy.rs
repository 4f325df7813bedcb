// SPDX-License-Identifier: GPL-2.0

//! The owner's texts: the guard policy and the references.
//!
//! Line-oriented: a statement ends with its line, only the braces of a `launch` span lines; `#`
//! starts a comment. A text is checked whole before anything of it counts. What was checked is kept
//! as the text itself, so nothing here allocates; the iterators walk it again.

mod guard;
mod lexer;
mod parser;
mod references;

use crate::decode::text::Text;
use core::fmt;

pub use guard::{OnFailure, Policy, Waivers, MAX_REASON};
pub use references::{Identities, Launch, Launches, Pin, Pins, References, MAX_ENTRIES, MAX_NAME};

/// Largest text, in bytes.
pub const MAX_TEXT: usize = 0x1_0000;

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
