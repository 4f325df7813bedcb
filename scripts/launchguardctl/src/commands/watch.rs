// SPDX-License-Identifier: GPL-2.0

//! `watch`: a line for every change of the published judgement.

use crate::device::{Device, GENERATION};
use crate::paint;
use crate::report::Report;
use anyhow::{Context, Result};
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

/// A published judgement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    generation: String,
    verdict: String,
    reason: String,
    launcher: String,
    waivers: String,
    checks: BTreeMap<String, String>,
}

impl State {
    /// Reads it; `None` while the module publishes faster than that.
    fn read(device: &Device) -> Result<Option<Self>> {
        device.of_one_generation(|generation| Self::read_once(device, generation))
    }

    fn read_once(device: &Device, generation: &str) -> Result<Self> {
        let mut checks = BTreeMap::new();
        for name in device.list("checks")? {
            let outcome = device.text(&format!("checks/{name}"))?;
            checks.insert(name, outcome);
        }
        Ok(Self {
            generation: generation.to_owned(),
            verdict: device.text("verdict")?,
            reason: device.text("reason")?,
            launcher: device.text("launcher")?,
            waivers: device.text("waivers")?,
            checks,
        })
    }

    /// Whether it says the same as `before`, which may be another publication.
    fn says_the_same(&self, before: &Self) -> bool {
        let generation = before.generation.clone();
        *before
            == Self {
                generation,
                ..self.clone()
            }
    }

    /// The checks that have another outcome than `before`: id, outcome before, outcome now.
    fn changes<'a>(&'a self, before: Option<&'a Self>) -> Vec<(&'a str, &'a str, &'a str)> {
        let Some(before) = before else {
            return Vec::new();
        };
        let old = |id: &str| before.checks.get(id).map_or("none", String::as_str);
        let all = self.checks.iter();
        all.map(|(id, now)| (id.as_str(), old(id), now.as_str()))
            .filter(|(_, old, now)| old != now)
            .collect()
    }
}

/// Prints the judgement at `sysfs` and every change of it until the module is gone, or with `once`
/// until the first change. Beside waking up by the module, it looks every `interval`.
pub fn run(
    sysfs: &Path,
    as_json: bool,
    once: bool,
    interval: Duration,
    out: &mut dyn Write,
) -> Result<Report> {
    let device = Device::open(sysfs)?;
    let mut before: Option<State> = None;
    loop {
        // Opened before the judgement is read: a publication from here on wakes.
        let bell = Bell::open(&sysfs.join(GENERATION));
        let Some((bell, now)) = bell.and_then(|bell| Some((bell, State::read(&device).ok()?)))
        else {
            let gone = match as_json {
                true => json!({"gone": true}).to_string(),
                false => "launchguard is gone".to_owned(),
            };
            print(out, &gone)?;
            return Ok(Report::printed(false));
        };
        let Some(now) = now else {
            bell.wait(interval)?;
            continue;
        };
        let is_first = before.is_none();
        let is_new = before
            .as_ref()
            .is_none_or(|before| !now.says_the_same(before));
        if is_new {
            let line = match as_json {
                true => as_value(&now, before.as_ref()).to_string(),
                false => as_text(&now, before.as_ref()),
            };
            print(out, &line)?;
        }
        let good = ["verified", "unpinned"].contains(&now.verdict.as_str());
        if once && is_new && !is_first {
            return Ok(Report::printed(good));
        }
        before = Some(now);
        bell.wait(interval)?;
    }
}

fn print(out: &mut dyn Write, line: &str) -> Result<()> {
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("standard output")
}

fn as_text(now: &State, before: Option<&State>) -> String {
    let mut line = format!(
        "generation {}: verdict {}",
        now.generation,
        paint::verdict(&now.verdict)
    );
    if let Some(before) = before.filter(|before| before.verdict != now.verdict) {
        line.push_str(&format!(" (was {})", before.verdict));
    }
    if !now.reason.is_empty() {
        line.push_str(&format!(", reason {}", now.reason));
    }
    for (id, old, new) in now.changes(before) {
        line.push_str(&format!("; {id} {old} -> {}", paint::outcome(new, 0)));
    }
    line
}

fn as_value(now: &State, before: Option<&State>) -> Value {
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let changes = now.changes(before).into_iter();
    let changes: Vec<Value> = changes
        .map(|(id, old, new)| json!({"check": id, "before": old, "now": new}))
        .collect();
    json!({
        "generation": now.generation.parse::<u64>().ok(),
        "verdict": now.verdict,
        "before": before.map(|before| &before.verdict),
        "reason": words(&now.reason),
        "launcher": now.launcher,
        "waivers": words(&now.waivers),
        "changes": changes,
    })
}

/// A file that the module wakes up.
struct Bell(File);

impl Bell {
    /// Opens and reads it: only what was read once can change. `None`: it is gone.
    fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        file.read_to_end(&mut Vec::new()).ok()?;
        Some(Self(file))
    }

    /// Waits until it is woken, but not longer than `most`.
    fn wait(&self, most: Duration) -> Result<()> {
        let most = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
        let mut files = [PollFd::new(self.0.as_fd(), PollFlags::POLLPRI)];
        match poll(&mut files, most) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error).context("poll"),
        }
    }
}
