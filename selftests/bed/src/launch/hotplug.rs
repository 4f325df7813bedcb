// SPDX-License-Identifier: GPL-2.0
//! Devices that come and go while the machine runs.

use std::time::Duration;

use anyhow::{ensure, Result};
use serde_json::json;

use super::Machine;

/// How long a guest may take to let a device go. A slot with an attention button waits five seconds
/// for somebody to change his mind.
const FAREWELL: Duration = Duration::from_secs(60);

/// Devices that are to go.
#[derive(Debug)]
pub struct Departure {
    ids: Vec<String>,
    /// Events before it.
    since: usize,
}

impl Machine {
    /// Plugs a device in, as QEMU's `-device` takes it.
    pub fn plug(&self, device: &str) -> Result<()> {
        // The human monitor takes properties as the command line does, and answers with text only
        // when something is wrong.
        let line = json!({ "command-line": format!("device_add {device}") });
        let answer = self.qmp("human-monitor-command", line)?;
        let complaint = answer.as_str().unwrap_or_default().trim();
        ensure!(complaint.is_empty(), "device_add {device}: {complaint}");
        Ok(())
    }

    /// Notes that devices will go, so that [`Machine::await_departure`] misses nothing from now on.
    pub fn expect_departure(&self, ids: &[String]) -> Departure {
        Departure {
            ids: ids.to_vec(),
            since: self.monitor.events().len(),
        }
    }

    /// Asks the guest to let go of the devices, one after the other, and waits until each is gone. Asked for
    /// the second one while the first is still there, the emulated firmware asks for that again as well, and the
    /// guest then ejects its slot twice: what was plugged in there in between is gone at once.
    pub fn depart(&self, departure: &Departure) -> Result<()> {
        for id in &departure.ids {
            self.qmp("device_del", json!({ "id": id }))?;
            self.await_one(departure, id)?;
        }
        Ok(())
    }

    /// Waits until all of them are gone.
    pub fn await_departure(&self, departure: &Departure) -> Result<()> {
        for id in &departure.ids {
            self.await_one(departure, id)?;
        }
        Ok(())
    }

    fn await_one(&self, departure: &Departure, id: &str) -> Result<()> {
        let event = self.monitor.wait(departure.since, FAREWELL, |event| {
            event.device == id && event.name.starts_with("DEVICE_")
        })?;
        ensure!(event.name == "DEVICE_DELETED", "{id}: {}", event.name);
        Ok(())
    }
}
