// SPDX-License-Identifier: GPL-2.0
//! Carries a scenario out in a machine.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use launchguard_bed::launch::{Config, Machine, Undo};

use super::exercised::Journal;
use super::expect::{Expect, State, READ};
use super::health;
use super::judge;
use super::pins::{damaged, Pcrs, Pins, READ_PCRS};
use super::walk;
use super::{Commit, Compare, Corrupt, How, Load, Look, Restart, Run, Scenario, Selftest, Step};
use crate::runner::guest::Guest;
use crate::runner::ktap::{self, Case, Outcome};
use crate::runner::system::System;

/// Time for what takes a moment.
const MOMENT: Duration = Duration::from_secs(60);
/// The module's folder.
pub const SYSFS: &str = "/sys/devices/faux/launchguard";

/// Judges anew and waits for the new judgement.
const REVERIFY: &str = "cd /sys/devices/faux/launchguard || exit 1
old=$(cat generation)
echo 1 > reverify || exit 1
tries=200
while [ \"$(cat generation)\" = \"$old\" ] || [ \"$(cat verdict)\" = pending ]; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || { echo 'no new judgement'; exit 1; }
	usleep 50000
done
";

/// What a scenario needs from around it.
pub struct Surroundings<'a> {
    /// The machine's description.
    pub config: &'a Config,
    /// The complete system that it boots, if it is one.
    pub system: Option<&'a System>,
    /// The checkout.
    pub checkout: &'a std::path::Path,
    /// Values that another scenario kept.
    pub references: Option<&'a Pcrs>,
    /// Evidence of the scenario that this one comes after, or of this one.
    pub present: &'a std::path::Path,
    /// What the checks said.
    pub journal: &'a Journal,
}

impl Surroundings<'_> {
    /// Compares a judgement with what is expected, and notes it when it is that.
    fn holds(&self, expect: &Expect, now: &State, before: Option<&State>) -> Result<()> {
        expect.compare(now, before)?;
        self.journal.note(expect, now, before.is_some());
        Ok(())
    }
}

/// What came out of a scenario.
#[derive(Default)]
pub struct Report {
    /// One for each test.
    pub cases: Vec<Case>,
    /// What steps wanted recorded.
    pub notes: Vec<String>,
    /// Values that it kept.
    pub kept: Option<Pcrs>,
}

/// Carries out every step of `scenario`. After an error that leaves the machine in doubt the
/// remaining steps are reported as failed, not left out.
pub fn run(
    scenario: &Scenario,
    guest: &mut Guest,
    context: &Surroundings<'_>,
    progress: &dyn Fn(&str),
) -> Report {
    let mut report = Report::default();
    let mut broken = health::forget_leaks(guest)
        .err()
        .map(|error| format!("{error:#}"));
    let mut memory = None;
    for step in &scenario.steps {
        let name = step.name();
        if let Some(reason) = &broken {
            let outcome = Outcome::Fail(format!("not run: {reason}"));
            report.cases.push(Case::new(name, outcome));
            continue;
        }
        progress(&name);
        let result = match step {
            Step::Selftest(step) => selftests(step, guest, &mut report.cases),
            Step::Keep(_) => keep(guest).map(|pcrs| {
                report.kept = Some(pcrs);
                report.cases.push(Case::new(name.clone(), Outcome::Pass));
            }),
            Step::Run(step) => run_script(step, guest).map(|(outcome, output)| {
                report.cases.push(Case::new(name.clone(), outcome));
                let lines = output.lines().filter(|_| step.record);
                report.notes.extend(lines.map(str::to_owned));
            }),
            Step::Predict(step) => keep(guest)
                .and_then(|actual| step.run(guest, &actual, context))
                .map(|outcome| report.cases.push(Case::new(name.clone(), outcome))),
            Step::Memory(step) => step
                .run(guest, &mut memory)
                .map(|()| report.cases.push(Case::new(name.clone(), Outcome::Pass))),
            step => simple(step, guest, context)
                .map(|()| report.cases.push(Case::new(name.clone(), Outcome::Pass))),
        };
        if let Err(error) = result {
            report
                .cases
                .push(Case::new(name, Outcome::Fail(format!("{error:#}"))));
            // A machine that does not answer, or has no module, can show nothing more.
            let needed = if matches!(step, Step::Load(_)) {
                SYSFS
            } else {
                "/"
            };
            if guest.check(&format!("[ -d {needed} ]"), MOMENT).is_err() {
                broken = Some(format!("after {:?} nothing can be told", step.name()));
            }
        }
    }
    report.cases.extend(health::cases(guest, &scenario.warns));
    report
}

fn simple(step: &Step, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    match step {
        Step::Load(step) => load(step, guest, context),
        Step::Unload(_) => unload(guest),
        Step::Expect(step) => look(step, guest, context),
        Step::Corrupt(step) => corrupt(step, guest, context),
        Step::Commit(step) => commit(step, guest, context),
        Step::Compare(step) => compare(step, guest, context),
        Step::Walk(step) => walk::run(step, guest),
        Step::Restart(step) => restart(step, guest, context),
        Step::Panic(step) => guest.dies(
            &step.script,
            &step.output,
            Duration::from_secs(step.timeout),
        ),
        Step::Hotplug(step) => step.run(guest),
        Step::Selftest(_) | Step::Run(_) | Step::Keep(_) | Step::Predict(_) | Step::Memory(_) => {
            Ok(())
        }
    }
}

/// The published judgement. Its evidence leads to the same one, here: see [`judge::compare`].
pub fn state(guest: &mut Guest) -> Result<State> {
    let now = State::parse(&guest.check(READ, MOMENT)?)?;
    judge::compare(now, guest)
}

/// A new judgement.
pub fn reverify(guest: &mut Guest) -> Result<State> {
    let now = renewed(guest)?;
    judge::compare(now, guest)
}

/// A new judgement that another one is measured against: its evidence, most of what a step costs, is
/// not judged here once more.
fn renewed(guest: &mut Guest) -> Result<State> {
    State::parse(&guest.check(&format!("{REVERIFY}{READ}"), MOMENT)?)
}

fn load(step: &Load, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    if let Some(pins) = &step.references {
        let text = pins.text(&values(pins, guest, context)?)?;
        guest.put("/usr/lib/firmware/launchguard/references", text.as_bytes())?;
    }
    guest.check(&format!("insmod /launchguard.ko {}", step.params), MOMENT)?;
    let wait = step.expect.verdict.as_deref() != Some("pending");
    let script = format!(
        "cd {SYSFS} || exit 1
        tries={}
        while {wait} && [ \"$(cat verdict)\" = pending ] && [ $tries -gt 0 ]; do
            tries=$((tries - 1)); usleep 100000
        done
        {READ}",
        step.settle * 10 * u64::from(guest.pace())
    );
    let now = State::parse(&guest.check(&script, MOMENT + Duration::from_secs(step.settle))?)?;
    let now = judge::compare(now, guest)?;
    context.holds(&step.expect, &now, None)
}

/// What the module has lost is looked for while its functions still have names.
fn unload(guest: &mut Guest) -> Result<()> {
    if guest.is_debug() {
        health::leaks(guest)?;
    }
    guest.check(
        &format!(
            "rmmod launchguard && [ ! -e {SYSFS} ] && [ ! -e /sys/kernel/debug/launchguard ] \
             && [ ! -e /sys/module/launchguard ]"
        ),
        MOMENT,
    )?;
    Ok(())
}

fn look(step: &Look, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    let now = state(guest)?;
    context.holds(&step.expect, &now, None)
}

fn corrupt(step: &Corrupt, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    let before = renewed(guest).context("before the change")?;
    let undo = change(guest.machine(), step)?;
    let after = reverify(guest);
    // The evidence goes back whatever came out, so that the next step starts from good.
    for undo in undo.iter().rev() {
        guest.machine().restore(undo)?;
    }
    let after = after.context("after the change")?;
    let restored = renewed(guest).context("after the change was taken back")?;
    context.holds(&step.expect, &after, Some(&before))?;
    restored
        .same_as(&before)
        .context("after the change was taken back")
}

fn change(machine: &Machine, step: &Corrupt) -> Result<Vec<Undo>> {
    let mut undo: Vec<Undo> = Vec::new();
    for mutation in &step.change {
        match machine.mutate(mutation) {
            Ok(done) => undo.push(done),
            Err(error) => {
                for undo in undo.iter().rev() {
                    machine.restore(undo)?;
                }
                return Err(error.context(format!("{mutation:?}")));
            }
        }
    }
    Ok(undo)
}

fn commit(step: &Commit, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    let text = match (&step.text, &step.references) {
        (Some(text), _) => text.clone(),
        (None, Some(pins)) => pins.text(&values(pins, guest, context)?)?,
        (None, None) => bail!("nothing to commit"),
    };
    let (staged, digest) = damaged(&text, step.damage);
    let file = step.target.file();
    guest.put("/tmp/text", &staged)?;
    let before = State::parse(&guest.check(READ, MOMENT)?)?;
    let in_force = format!("sha256sum < {SYSFS}/{file}");
    let force_before = guest.check(&in_force, MOMENT)?;
    guest.check(&format!("cat /tmp/text > {SYSFS}/{file}"), MOMENT)?;
    let answer = guest.run(&format!("echo {digest} > {SYSFS}/commit"), MOMENT)?;
    match &step.error {
        None => {
            ensure!(
                answer.status == 0,
                "refused: {}; {}",
                state(guest)?.policy_error,
                answer.text().trim()
            );
            let force = guest.check(&format!("cat {SYSFS}/{file}"), MOMENT)?;
            ensure!(
                force == text,
                "{file} reads back as {force:?}, committed was {text:?}"
            );
            let now = reverify(guest)?;
            context.holds(&step.expect, &now, None)
        }
        Some(reason) => {
            ensure!(answer.status != 0, "the commit was taken");
            ensure!(
                guest.check(&in_force, MOMENT)? == force_before,
                "{file} changed by a commit that was refused"
            );
            let now = reverify(guest)?;
            ensure!(
                now.policy_error.contains(reason.as_str()),
                "policy_error is {:?}, expected {reason:?} in it",
                now.policy_error
            );
            ensure!(
                now.digests == before.digests,
                "a digest of what is in force changed"
            );
            now.same_as(&before)
                .context("a refused commit changed the judgement")?;
            context.holds(&step.expect, &now, None)
        }
    }
}

/// The values that pins are made of.
fn values(pins: &Pins, guest: &mut Guest, context: &Surroundings<'_>) -> Result<Pcrs> {
    match &pins.from {
        Some(from) => context
            .references
            .cloned()
            .with_context(|| format!("{from} kept no reference values")),
        None => keep(guest),
    }
}

fn keep(guest: &mut Guest) -> Result<Pcrs> {
    Pcrs::parse(&guest.check(READ_PCRS, MOMENT)?)
}

fn compare(step: &Compare, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    let published = guest.check(&format!("cat {SYSFS}/{}", step.what.file()), MOMENT)?;
    let expected = step.what.expected(context.config, context.checkout)?;
    ensure!(
        published.trim() == expected,
        "published is {}, expected {expected}",
        published.trim()
    );
    Ok(())
}

fn restart(step: &Restart, guest: &mut Guest, context: &Surroundings<'_>) -> Result<()> {
    match step.how {
        How::PowerCycle => {
            let system = context.system.context("only a complete system can")?;
            let config = |words: &str| -> Result<_> {
                let mut config = context.config.clone();
                if !words.is_empty() {
                    config.kernel_args = format!("{} {words}", config.kernel_args);
                }
                system.take_images(&mut config)?;
                Ok(config)
            };
            guest.power_down()?;
            if let Some(text) = &step.panics {
                guest.power_up_to_panic(&config("")?, text)?;
            }
            guest.power_up(&config(&step.kernel_args)?)
        }
        How::Reboot => guest.restart("reboot -f"),
        How::Reset => guest.reset(),
        How::Kexec => {
            guest.check(
                "dd if=/dev/vda of=/tmp/kernel bs=1M count=32 2> /dev/null
                 dd if=/dev/vda of=/tmp/initrd bs=1M skip=32 2> /dev/null
                 kexec --load /tmp/kernel --initrd=/tmp/initrd --reuse-cmdline",
                Duration::from_secs(120),
            )?;
            guest.restart("kexec --exec")
        }
        How::Hibernate => {
            guest.check("mkswap /dev/vda > /dev/null && swapon /dev/vda", MOMENT)?;
            hibernate(guest)
        }
    }
}

/// The image brings the old kernel back, agent and all: its answer is the sign of the resume.
fn hibernate(guest: &mut Guest) -> Result<()> {
    let before = guest.check("cat /proc/sys/kernel/random/boot_id", MOMENT)?;
    let answer = guest.run(
        "echo reboot > /sys/power/disk && echo disk > /sys/power/state && echo resumed",
        Duration::from_secs(300),
    )?;
    ensure!(
        answer.text().contains("resumed"),
        "no resume: {}",
        answer.text()
    );
    let after = guest.check("cat /proc/sys/kernel/random/boot_id", MOMENT)?;
    ensure!(before == after, "another kernel came up");
    Ok(())
}

fn selftests(step: &Selftest, guest: &mut Guest, cases: &mut Vec<Case>) -> Result<()> {
    for script in &step.scripts {
        let mut environment = String::new();
        for (name, value) in &step.env {
            writeln!(environment, "export {name}='{value}'")?;
        }
        let answer = guest.run(
            &format!("{environment}cd /selftests && ./{script}.sh"),
            Duration::from_secs(step.timeout),
        )?;
        cases.extend(ktap::parse(
            &format!("{script}.sh"),
            &answer.text(),
            answer.status,
        ));
    }
    Ok(())
}

/// Its outcome and output.
fn run_script(step: &Run, guest: &mut Guest) -> Result<(Outcome, String)> {
    let answer = guest.run(&step.script, Duration::from_secs(step.timeout))?;
    let text = answer.text();
    if answer.status == 4 && step.status != 4 {
        return Ok((Outcome::Skip(text.trim().to_owned()), String::new()));
    }
    ensure!(
        answer.status == step.status,
        "status {}: {}",
        answer.status,
        text.trim()
    );
    if let Some(expected) = &step.output {
        ensure!(
            text.contains(expected.as_str()),
            "no {expected:?} in: {}",
            text.trim()
        );
    }
    Ok((Outcome::Pass, text))
}
