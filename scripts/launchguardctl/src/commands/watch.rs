// SPDX-License-Identifier: GPL-2.0

//! `watch`: a line, or an entry in the journal, for every change of the published judgement, and for every
//! event of the module's.

use crate::device::{Device, GENERATION};
use crate::journal::Entry;
use crate::paint;
use crate::report::{harmless, Report};
use crate::uevent::{Event, Listener};
use anyhow::{Context, Result};
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use serde_json::{json, Map, Value};
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

/// What is told.
enum News<'a> {
    /// A judgement, and the one before it.
    Judgement(&'a State, Option<&'a State>),
    /// An event.
    Event(&'a Event),
    /// The module is gone.
    Gone,
}

impl News<'_> {
    fn text(&self) -> String {
        match self {
            Self::Judgement(now, before) => as_text(now, *before),
            Self::Event(event) => {
                let mut text = format!("event {}:", harmless(&event.kind));
                for (name, value) in event.words() {
                    text.push_str(&format!(" {}={}", harmless(&name), harmless(value)));
                }
                text
            }
            Self::Gone => "launchguard is gone".to_owned(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Judgement(now, before) => as_value(now, *before),
            Self::Event(event) => {
                let fields = event.words();
                let fields = fields.map(|(name, value)| (name, Value::from(value)));
                json!({"event": event.kind, "fields": fields.collect::<Map<_, _>>()})
            }
            Self::Gone => json!({"gone": true}),
        }
    }

    fn entry(&self) -> Entry {
        let text = anstream::adapter::strip_str(&self.text()).to_string();
        match self {
            Self::Judgement(now, _) => {
                Entry::of_judgement(&now.verdict, &now.reason, &now.launcher, text)
            }
            Self::Event(event) => Entry::of_event(event, text),
            Self::Gone => Entry::of_end(text),
        }
    }
}

/// Where news go.
pub struct Options {
    /// JSON instead of text.
    pub json: bool,
    /// To the journal instead.
    pub journal: bool,
    /// Events are told as well.
    pub events: bool,
    /// Leave after the first change of the judgement.
    pub once: bool,
    /// How often is looked beside waking up by the module.
    pub interval: Duration,
}

impl Options {
    fn tell(&self, news: &News<'_>, out: &mut dyn Write) -> Result<()> {
        if self.journal {
            return news.entry().send();
        }
        let line = match self.json {
            true => news.json().to_string(),
            false => news.text(),
        };
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .context("standard output")
    }
}

/// Tells the judgement at `sysfs` and every change of it until the module is gone.
pub fn run(sysfs: &Path, options: &Options, out: &mut dyn Write) -> Result<Report> {
    let device = Device::open(sysfs)?;
    let listener = options.events.then(Listener::new).transpose()?;
    let mut before: Option<State> = None;
    loop {
        // Opened before the judgement is read: a publication from here on wakes.
        let bell = Bell::open(&sysfs.join(GENERATION));
        let Some((bell, now)) = bell.and_then(|bell| Some((bell, State::read(&device).ok()?)))
        else {
            options.tell(&News::Gone, out)?;
            return Ok(Report::printed(false));
        };
        let Some(now) = now else {
            bell.wait(listener.as_ref(), options.interval)?;
            continue;
        };
        let is_first = before.is_none();
        let is_new = before
            .as_ref()
            .is_none_or(|before| !now.says_the_same(before));
        if is_new {
            options.tell(&News::Judgement(&now, before.as_ref()), out)?;
        }
        while let Some(event) = listener.as_ref().map_or(Ok(None), Listener::next)? {
            // The judgement itself has been told of.
            if event.kind != "verdict" {
                options.tell(&News::Event(&event), out)?;
            }
        }
        let good = ["verified", "unpinned"].contains(&now.verdict.as_str());
        if options.once && is_new && !is_first {
            return Ok(Report::printed(good));
        }
        before = Some(now);
        bell.wait(listener.as_ref(), options.interval)?;
    }
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

    /// Waits until it is woken or `listener` has something, but not longer than `most`.
    fn wait(&self, listener: Option<&Listener>, most: Duration) -> Result<()> {
        let most = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
        let mut files = vec![PollFd::new(self.0.as_fd(), PollFlags::POLLPRI)];
        files.extend(listener.map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN)));
        match poll(&mut files, most) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error).context("poll"),
        }
    }
}
