// SPDX-License-Identifier: GPL-2.0

//! What a plan asks of this machine.

use super::collect::Collected;
use crate::plan::{Holds, Surroundings};
use crate::sys::memory::{Firmware, Kind, Range};
use crate::verify::facts::Facts;

/// This machine, as collected.
pub(super) struct Machine<'a>(pub(super) &'a Collected);

impl Surroundings for Machine<'_> {
    fn facts(&self) -> Facts<'_> {
        self.0.facts()
    }

    fn holds(&self, base: u64, size: u64) -> Option<Holds> {
        let range = Range::new(base, size)?;
        Some(match range.kind() {
            Kind::Reserved => match range.firmware() {
                Some(Firmware::Acpi) => Holds::Acpi,
                Some(Firmware::Efi) => Holds::Efi,
                None => Holds::Reserved,
            },
            Kind::Ram | Kind::Mixed => Holds::Ram,
            Kind::Free => Holds::Nothing,
            Kind::Device => Holds::Other,
        })
    }
}
