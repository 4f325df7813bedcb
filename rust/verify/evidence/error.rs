// SPDX-License-Identifier: GPL-2.0

//! What is wrong with bytes that should be evidence.

use core::fmt;

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Offset in the evidence, in bytes.
    pub offset: usize,
    /// The section, or "header" and "end".
    pub section: &'static str,
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It does not begin like evidence.
    Magic,
    /// It is of another major version.
    Version(u16),
    /// A size that differs from how much there is.
    Size {
        /// What the field says, in bytes.
        said: u64,
        /// What there is, in bytes.
        there: u64,
    },
    /// It begins before the end and does not end before it.
    Cut,
    /// None of the values that it can have.
    Value(u64),
    /// No UTF-8.
    Text,
    /// Longer than it can be.
    Long(usize),
    /// The section is there a second time.
    Twice,
    /// The section is not there.
    Missing,
    /// The SHA-256 is that of other bytes.
    Digest,
    /// More entries than there can be.
    Many(usize),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "offset {:#x}, {}, {}: ",
            self.offset, self.section, self.field
        )?;
        match self.what {
            What::Magic => f.write_str("this is no evidence of launchguard"),
            What::Version(version) => write!(f, "version {version} is not known here"),
            What::Size { said, there } => write!(f, "{said} bytes said, {there} there"),
            What::Cut => f.write_str("the bytes end in it"),
            What::Value(value) => write!(f, "it cannot be {value:#x}"),
            What::Text => f.write_str("no UTF-8"),
            What::Long(most) => write!(f, "longer than {most} bytes"),
            What::Twice => f.write_str("there a second time"),
            What::Missing => f.write_str("not there"),
            What::Digest => f.write_str("the bytes are not those that were written"),
            What::Many(most) => write!(f, "more than {most} entries"),
        }
    }
}

impl core::error::Error for FormatError {}
