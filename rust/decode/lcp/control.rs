// SPDX-License-Identifier: GPL-2.0

//! PolicyControl (SDG 3.2.2, 3.3.2.1 and E.1).

use core::fmt;

/// Whose policy it is: bit 3 means something else in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The platform supplier's (index PS).
    Supplier,
    /// The platform owner's (index PO).
    Owner,
}

/// The field PolicyControl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyControl(pub u32);

impl PolicyControl {
    /// Whether bit `number` is set.
    pub const fn has(self, number: u32) -> bool {
        self.0 & 1u32.wrapping_shl(number) != 0
    }

    /// Bit 1, NPW_OK: modules that are not for production may run.
    pub const fn allows_non_production(self) -> bool {
        self.has(1)
    }

    /// Bit 2: OsSinitData.Capabilities are part of the measurement.
    pub const fn extends_capabilities(self) -> bool {
        self.has(2)
    }

    /// Bit 31: the AUX index may be deleted. Of the supplier's policy only.
    pub const fn allows_aux_deletion(self) -> bool {
        self.has(31)
    }

    /// What bit `number` means in the policy of `holder`; `None` for a reserved bit.
    pub const fn meaning(number: u32, holder: Holder) -> Option<&'static str> {
        match (number, holder) {
            (1, _) => Some("non-production modules allowed"),
            (2, _) => Some("capabilities measured"),
            (3, Holder::Supplier) => Some("owner policy required"),
            (3, Holder::Owner) => Some("supplier's platform configuration enforced"),
            (16, Holder::Owner) => Some("supplier's MLE elements ignored"),
            (17, Holder::Owner) => Some("supplier's platform configuration ignored"),
            (20, Holder::Owner) => Some("supplier's STM elements ignored"),
            (31, Holder::Supplier) => Some("AUX deletion allowed"),
            _ => None,
        }
    }

    /// What the bits that are set mean; a reserved one as `None`.
    pub fn words(
        self,
        holder: Holder,
    ) -> impl Iterator<Item = (u32, Option<&'static str>)> + Clone {
        (0..32)
            .filter(move |bit| self.has(*bit))
            .map(move |bit| (bit, Self::meaning(bit, holder)))
    }
}

impl fmt::Display for PolicyControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
