// SPDX-License-Identifier: GPL-2.0
//! The step that plugs devices into the running machine and pulls them out again.

use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use serde::Deserialize;

use crate::runner::guest::Guest;

/// See [`super::Step::Hotplug`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hotplug {
    /// What it shows.
    pub name: String,
    /// How often all of it is done; at most [`MOST_DEBUG`] times on the debug kernel.
    #[serde(default = "once")]
    pub rounds: u32,
    /// The devices that are plugged in, in this order, as QEMU's `-device` takes them.
    #[serde(default)]
    pub plug: Vec<String>,
    /// The script that runs while they are there, or come: it waits for them itself. `$ROUND` counts
    /// from 1.
    #[serde(default)]
    pub script: String,
    /// Text that the output of every round's script must hold.
    pub output: Option<String>,
    /// The ids of the devices that go then.
    #[serde(default)]
    pub unplug: Vec<String>,
    /// The guest is not asked to let go of them: its script has done so.
    #[serde(default)]
    pub ejected: bool,
    /// Seconds for all rounds.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
}

/// The debug kernel tells of a mistake the first time, and takes some ten times as long for a round.
const MOST_DEBUG: u32 = 30;

const fn once() -> u32 {
    1
}

const fn default_timeout() -> u64 {
    120
}

impl Hotplug {
    /// What the types cannot say.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.rounds <= 1 || self.plug.is_empty() || !self.unplug.is_empty(),
            "what is plugged in again and again goes again: `unplug`"
        );
        Ok(())
    }

    /// Does all rounds.
    pub fn run(&self, guest: &mut Guest) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(self.timeout) * guest.pace();
        let rounds = match guest.is_debug() {
            true => self.rounds.min(MOST_DEBUG),
            false => self.rounds,
        };
        for round in 1..=rounds {
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "time was over before round {round}");
            self.round(round, guest, left)
                .with_context(|| format!("round {round}"))?;
        }
        Ok(())
    }

    fn round(&self, round: u32, guest: &mut Guest, left: Duration) -> Result<()> {
        for device in &self.plug {
            guest.machine().plug(device)?;
        }
        let departure = guest.machine().expect_departure(&self.unplug);
        let done = self.look(round, guest, left);
        // What was plugged in goes whatever came out, so that the next step starts without it.
        let gone = if self.ejected && done.is_ok() {
            guest.machine().await_departure(&departure)
        } else {
            guest.machine().depart(&departure)
        };
        done?;
        gone
    }

    fn look(&self, round: u32, guest: &mut Guest, left: Duration) -> Result<()> {
        if self.script.is_empty() {
            return Ok(());
        }
        let script = format!("ROUND={round}\n{}", self.script);
        let answer = guest.run(&script, left)?;
        let (status, text) = (answer.status, answer.text());
        let text = text.trim();
        ensure!(status == 0, "status {status}: {text}");
        if let Some(expected) = &self.output {
            ensure!(
                text.contains(expected.as_str()),
                "no {expected:?} in: {text}"
            );
        }
        Ok(())
    }
}
