// SPDX-License-Identifier: GPL-2.0

//! Evidence of launchguard on the host.
//!
//! [`Snapshot`] is what the module's `evidence` holds, read and ready to be judged;
//! Documentation/evidence-format.rst describes the bytes.

#![forbid(unsafe_code)]

mod intern;
mod snapshot;

use launchguard_pure::hasher::HostChecksum;
use launchguard_pure::verify::evidence::{size, write, Contents, Window};

pub use intern::intern;
pub use launchguard_pure::verify::evidence::{FormatError, What};
pub use snapshot::{Finding, Snapshot};

/// The bytes of `contents`.
pub fn to_bytes(contents: &Contents<'_>) -> Vec<u8> {
    let mut bytes = vec![0; size(contents)];
    write(
        contents,
        &mut Window::new(0, &mut bytes),
        &mut HostChecksum::default(),
    );
    bytes
}
