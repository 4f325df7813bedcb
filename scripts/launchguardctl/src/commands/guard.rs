// SPDX-License-Identifier: GPL-2.0

//! What the DMA guard has in force, for `status`.

use crate::device::Device;
use anyhow::Result;
use serde_json::{json, Value};

/// The totals, by the names of their files; what the module does not know has no number.
pub const TOTALS: [(&str, &str); 6] = [
    ("groups", "IOMMU groups"),
    ("blocked", "groups that the guard lets reach nothing"),
    ("confined", "groups that the guard lets reach windows only"),
    ("exposed", "devices that reach memory they were not given"),
    ("faults", "refused accesses of known requesters, at least"),
    ("faults_unattributed", "signs of further refused accesses"),
];

/// The guard's files.
pub struct Guard {
    totals: [Option<u64>; TOTALS.len()],
    exposed: Vec<String>,
}

impl Guard {
    /// Reads them.
    pub fn read(device: &Device) -> Result<Self> {
        let mut totals = [None; TOTALS.len()];
        for (total, (name, _)) in totals.iter_mut().zip(TOTALS) {
            *total = device.text(&format!("dma/{name}"))?.parse().ok();
        }
        let exposed = device.text("dma/exposed_devices")?;
        Ok(Self {
            totals,
            exposed: exposed.split_whitespace().map(str::to_owned).collect(),
        })
    }

    /// The totals that are known, with their names and what they count.
    pub fn known(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        let totals = self.totals.iter().zip(TOTALS);
        totals.filter_map(|(total, (name, help))| total.map(|total| (name, help, total)))
    }

    /// In a line.
    pub fn line(&self) -> String {
        let total = |name: &str| {
            let known = self.known().find(|(known, ..)| *known == name);
            known.map_or("unknown".to_owned(), |(_, _, total)| total.to_string())
        };
        let mut line = format!(
            "groups {}: blocked {}, confined {}; devices exposed {}; faults {}, unattributed {}",
            total("groups"),
            total("blocked"),
            total("confined"),
            total("exposed"),
            total("faults"),
            total("faults_unattributed"),
        );
        for device in &self.exposed {
            line.push_str(&format!("\nexposed {device}"));
        }
        line
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let mut json = json!({ "exposed_devices": self.exposed });
        for ((name, _), total) in TOTALS.iter().zip(self.totals) {
            json[*name] = Value::from(total);
        }
        json
    }
}
