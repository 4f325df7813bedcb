// SPDX-License-Identifier: GPL-2.0
//! A running test machine with its agent: commands with deadlines, logs that stay.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};
use launchguard_bed::launch::{Config, Machine};

use crate::guest::agent::{Agent, Answer};

/// What a kernel prints when it will not come back.
const DEAD: &[&str] = &[PANIC, "STAGE: FATAL"];
/// How a panic begins.
const PANIC: &str = "Kernel panic - not syncing";
/// Time between a panic and the restart that follows it (panic=1).
const LAST_WORDS: Duration = Duration::from_millis(900);
/// How long a machine may take from its start to its agent.
const BOOT: Duration = Duration::from_secs(300);
/// How long a complete system may take to power off.
const SHUTDOWN: Duration = Duration::from_secs(180);
/// How long a machine may take to power off before it is ended.
const POWER_OFF: Duration = Duration::from_secs(20);

/// A machine under test.
pub struct Guest {
    machine: Machine,
    agent: Agent,
    deadline: Instant,
    logs: PathBuf,
    /// Bytes of the first serial port's text in which a death was awaited and seen.
    mourned: usize,
    /// How many times as long everything may take.
    pace: u32,
}

impl Guest {
    /// Starts the machine and waits for its agent. Everything has to be over after `timeout`;
    /// logs go to `logs`, also when this fails.
    ///
    /// A kernel that does not come up is started once more, and `progress` is told: with more virtual
    /// processors than the host has free ones, its timer calibration can fail or never end. Nothing of
    /// ours runs that early.
    ///
    /// Every limit is multiplied by `pace`, 1 for a kernel as it is shipped.
    pub fn start(
        config: &Config,
        timeout: Duration,
        pace: u32,
        logs: &Path,
        progress: &dyn Fn(&str),
    ) -> Result<Self> {
        match Self::start_paced(config, timeout, pace, logs, &mut |_| ()) {
            Ok(guest) => Ok(guest),
            Err(error) => {
                progress(&format!(
                    "did not come up, starting it once more: {error:#}"
                ));
                fs::rename(logs.join("serial.log"), logs.join("serial-first.log")).ok();
                Self::start_paced(config, timeout, pace, logs, &mut |_| ())
            }
        }
    }

    /// The same; `watch` is shown the first serial port's text again and again until then.
    pub fn start_watched(
        config: &Config,
        timeout: Duration,
        logs: &Path,
        watch: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        Self::start_paced(config, timeout, 1, logs, watch)
    }

    fn start_paced(
        config: &Config,
        timeout: Duration,
        pace: u32,
        logs: &Path,
        watch: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let timeout = timeout * pace;
        fs::create_dir_all(logs)?;
        let machine = Machine::start(config)?;
        let agent = Agent::new(machine.control()?)?;
        let mut guest = Self {
            machine,
            agent,
            deadline: Instant::now() + timeout,
            logs: logs.to_owned(),
            mourned: 0,
            pace,
        };
        let Self { machine, agent, .. } = &mut guest;
        agent.wait_ready(timeout.min(BOOT * pace), &mut || {
            watch(&machine.serial()?);
            alive(machine, 0)
        })?;
        Ok(guest)
    }

    /// How many times as long everything may take.
    pub const fn pace(&self) -> u32 {
        self.pace
    }

    /// Whether the machine runs the debug kernel, the only one that may take longer.
    pub const fn is_debug(&self) -> bool {
        self.pace > 1
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Time that is left, or an error when there is none.
    fn left(&self) -> Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("the machine's time is over");
        }
        Ok(left)
    }

    /// Waits for the agent of a kernel that was not seen before.
    pub fn wait_ready(&mut self) -> Result<()> {
        let left = self.left()?;
        let Self {
            machine,
            agent,
            mourned,
            ..
        } = self;
        agent.wait_ready(left, &mut || alive(machine, *mourned))
    }

    /// Runs a shell script; its status is the caller's business.
    pub fn run(&mut self, script: &str, timeout: Duration) -> Result<Answer> {
        let timeout = (timeout * self.pace).min(self.left()?);
        let Self {
            machine,
            agent,
            mourned,
            ..
        } = self;
        agent.run(script, timeout, &mut || alive(machine, *mourned))
    }

    /// Runs a shell script that must succeed, and returns its output.
    pub fn check(&mut self, script: &str, timeout: Duration) -> Result<String> {
        let answer = self.run(script, timeout)?;
        if answer.status != 0 {
            bail!(
                "status {} of: {}\n{}",
                answer.status,
                script.trim(),
                answer.text().trim()
            );
        }
        Ok(answer.text())
    }

    /// Writes a file in the guest.
    pub fn put(&mut self, path: &str, data: &[u8]) -> Result<()> {
        self.left()?;
        let Self {
            machine,
            agent,
            mourned,
            ..
        } = self;
        agent.put(path, data, &mut || alive(machine, *mourned))
    }

    /// Runs a script that ends this kernel, and waits for the next one.
    pub fn restart(&mut self, script: &str) -> Result<()> {
        self.agent.send_last(script)?;
        self.wait_ready()
    }

    /// Runs a script under which this kernel must panic with `text`, and waits for the next one: the
    /// machine restarts after a panic.
    pub fn dies(&mut self, script: &str, text: &str, timeout: Duration) -> Result<()> {
        let from = self.machine.serial()?.len();
        let timeout = (timeout * self.pace).min(self.left()?);
        self.agent.send_last(script)?;
        self.machine
            .wait_serial(&format!("{PANIC}: {text}"), from, timeout)?;
        // The backtrace and what else the dying kernel says ends before the next one begins.
        std::thread::sleep(LAST_WORDS);
        self.mourned = self.machine.serial()?.len();
        self.wait_ready()
    }

    /// Resets the machine and waits for the next kernel.
    pub fn reset(&mut self) -> Result<()> {
        self.machine.reset()?;
        self.wait_ready()
    }

    /// Has a complete system power off.
    pub fn power_down(&mut self) -> Result<()> {
        self.agent.send_last("systemctl poweroff")?;
        let shutdown = (SHUTDOWN * self.pace).min(self.left()?);
        self.machine.wait(shutdown).context("power off")?;
        self.keep_serial()
    }

    /// Starts the machine again, as `config` says now.
    pub fn power_up(&mut self, config: &Config) -> Result<()> {
        self.machine.power_cycle(config)?;
        self.mourned = 0;
        self.agent = Agent::new(self.machine.control()?)?;
        self.wait_ready()
    }

    /// Starts the machine, whose kernel must panic with `text`, and takes its power away.
    pub fn power_up_to_panic(&mut self, config: &Config, text: &str) -> Result<()> {
        self.machine.power_cycle(config)?;
        let timeout = (BOOT * self.pace).min(self.left()?);
        self.machine
            .wait_serial(&format!("{PANIC}: {text}"), 0, timeout)?;
        self.machine.kill();
        self.keep_serial()
    }

    /// Keeps the first serial port's log of a boot that is over.
    fn keep_serial(&self) -> Result<()> {
        let serial = self.machine.serial()?;
        let number = (1..).find(|number| !self.logs.join(log_name(*number)).exists());
        self.keep(&log_name(number.unwrap_or(0)), serial.as_bytes())
    }

    /// Keeps a file beside the logs.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<()> {
        fs::write(self.logs.join(name), bytes).with_context(|| name.to_owned())
    }

    /// The kernel's log.
    pub fn dmesg(&mut self) -> Result<String> {
        let text = self.check("dmesg", Duration::from_secs(30))?;
        fs::write(self.logs.join("dmesg.log"), &text)?;
        Ok(text)
    }

    /// Powers the machine off, so that a launcher's way out is walked too.
    pub fn power_off(&mut self) -> Result<()> {
        self.agent.send_last("sync; poweroff -f")?;
        self.machine
            .wait(POWER_OFF * self.pace)
            .map(|_| ())
            .context("power off")
    }
}

/// The name for the first serial port's log of a boot that is over.
fn log_name(number: u32) -> String {
    format!("serial-{number}.log")
}

/// An error when the machine cannot answer any more.
fn alive(machine: &Machine, mourned: usize) -> Result<()> {
    let serial = machine.serial()?;
    let serial = serial.get(mourned..).unwrap_or_default();
    for text in DEAD {
        if let Some(at) = serial.find(text) {
            let line = serial[at..].lines().next().unwrap_or(text);
            bail!("the machine died: {line}");
        }
    }
    Ok(())
}

impl Drop for Guest {
    fn drop(&mut self) {
        keep_logs(self.machine.work_dir(), &self.logs);
        self.machine.kill();
    }
}

/// Copies the logs of a machine's working folder.
fn keep_logs(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "log")
        {
            fs::copy(entry.path(), to.join(entry.file_name())).ok();
        }
    }
}
