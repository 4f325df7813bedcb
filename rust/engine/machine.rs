// SPDX-License-Identifier: GPL-2.0

//! What a plan asks of this machine.

use super::collect::{functions, tboot, Collected};
use crate::plan::{Holds, Surroundings, Tboot};
use crate::sys::memory::{Firmware, Kind, Range};
use crate::verify::facts::{Evidence, Facts, PciFunction};
use kernel::prelude::*;

/// This machine, as collected, with the PCI functions that are there now: devices come and go between two
/// judgements. Where tboot lies is read again as well, so that it never waits for the first one.
pub(super) struct Machine<'a> {
    collected: &'a Collected,
    functions: KVVec<PciFunction>,
    tboot: Tboot,
}

impl<'a> Machine<'a> {
    /// Looks for functions and for tboot.
    ///
    /// # Errors
    ///
    /// ENOMEM: by what was there before, a policy would be judged wrongly.
    pub(super) fn now(collected: &'a Collected) -> Result<Self> {
        Ok(Self {
            collected,
            functions: functions().ok_or(ENOMEM)?,
            tboot: tboot()?,
        })
    }
}

impl Surroundings for Machine<'_> {
    fn facts(&self) -> Facts<'_> {
        let mut facts = self.collected.facts();
        facts.dma.functions = Evidence::Read(&self.functions);
        facts
    }

    fn tboot(&self) -> Tboot {
        self.tboot
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
