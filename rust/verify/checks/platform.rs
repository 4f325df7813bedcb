// SPDX-License-Identifier: GPL-2.0

//! The host bridge of a known platform, for the checks that read it.

use super::context::Context;
use crate::decode::platform::{HostBridge, Platform};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};

/// A host bridge whose registers are known.
pub(super) struct Bridge<'a> {
    /// The platform.
    pub(super) platform: &'static Platform,
    /// Its registers.
    pub(super) registers: HostBridge<'a>,
}

impl<'a> Bridge<'a> {
    /// The host bridge; says that `check` is unknown where there is none or its platform is not in
    /// the table.
    pub(super) fn of(c: &Context<'a>, out: &mut Judgement, check: CheckId) -> Option<Self> {
        let config = match c.facts.chipset.host_bridge {
            Evidence::Read(config) => config,
            Evidence::Unreadable(why) | Evidence::Absent(why) => {
                out.set(check, Outcome::Unknown, format_args!("host bridge: {why}"));
                return None;
            }
        };
        let Some(registers) = HostBridge::new(config) else {
            out.set(
                check,
                Outcome::Unknown,
                format_args!("host bridge: only {} bytes were read", config.len()),
            );
            return None;
        };
        let (vendor, device) = (registers.vendor(), registers.device());
        let Some(platform) = Platform::find(vendor, device) else {
            out.set(
                check,
                Outcome::Unknown,
                format_args!(
                    "host bridge {vendor:04x}:{device:04x} is of no platform known here; its \
                     0xb8 reads {:#x}, 0xbc {:#x}",
                    registers.tsegmb(),
                    registers.tolud()
                ),
            );
            return None;
        };
        Some(Self {
            platform,
            registers,
        })
    }
}
