// SPDX-License-Identifier: GPL-2.0
//! The registers of the machine's remapping unit, read through QEMU's monitor.

use anyhow::{Context, Result};
use serde_json::json;

use super::Unit;
use crate::launch::Machine;

/// Where q35 has its unit.
const BASE: u64 = 0xfed9_0000;
/// Global status.
const GSTS: u64 = 0x1c;
/// Root table address.
const RTADDR: u64 = 0x20;

/// The machine's remapping unit as it is programmed now.
pub fn unit(machine: &Machine) -> Result<Unit> {
    let status = register(machine, GSTS, 'w')?;
    let root = register(machine, RTADDR, 'g')?;
    Unit::new(u32::try_from(status)?, root)
}

/// A register of 32 (`w`) or 64 bits (`g`).
fn register(machine: &Machine, offset: u64, width: char) -> Result<u64> {
    let line = format!("xp /1{width}x {:#x}", BASE + offset);
    let answer = machine.qmp("human-monitor-command", json!({ "command-line": line }))?;
    let text = answer.as_str().unwrap_or_default();
    value(text).with_context(|| format!("{line}: {text:?}"))
}

/// The value in `00000000fed90020: 0x0000000003f2c400`.
fn value(text: &str) -> Option<u64> {
    let (_, value) = text.trim().split_once(": 0x")?;
    u64::from_str_radix(value, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn what_the_monitor_says() {
        assert_eq!(value("00000000fed9001c: 0xc7000000\r\n"), Some(0xc700_0000));
        assert_eq!(
            value("00000000fed90020: 0x0000000003f2c400\r\n"),
            Some(0x3f2_c400)
        );
        assert_eq!(value("00000000fed90020: Cannot access memory\r\n"), None);
        assert_eq!(value(""), None);
    }
}
