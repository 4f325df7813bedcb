// SPDX-License-Identifier: GPL-2.0

//! What the next launch by tboot will measure, told from the log of the present one and from files.
//!
//! A prediction is the present log with other digests in the events of what changes, replayed. What
//! an event holds is never guessed: where the log, or what the changed parts ask for, goes beyond what
//! is known here, the prediction is refused with the name of what stands in its way.

pub mod entry;
pub mod grub;
pub mod mle;
mod present;
mod relog;
pub mod tboot;
pub mod unpack;

use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::EventType;
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::facts::LogSet;
use launchguard_pure::verify::judgement::Launcher;
use launchguard_pure::verify::logs::{Logs, Mapping};
use launchguard_pure::verify::replay::replay_pcr;
use mle::Image;
use present::Present;
use relog::Relog;
use std::collections::BTreeMap;
use std::fmt;
use tboot::{DefaultPolicy, Module};

/// The PCRs that a launch is known by.
pub const PCRS: [u32; 2] = [17, 18];

/// Why there is no prediction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A refusal as a result.
pub(crate) fn refuse<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(why.into()))
}

/// A launcher to come.
#[derive(Clone, Debug)]
pub struct NextLauncher {
    /// Where its image came from, for people.
    pub source: String,
    /// Its image.
    pub image: Image,
    /// Its command line, as the boot loader passes it.
    pub command_line: String,
}

/// Modules to come. Module 0 is the kernel.
#[derive(Clone, Debug)]
pub enum NextModules {
    /// Those with these numbers; the others stay.
    Some(BTreeMap<usize, Module>),
    /// All of them: there are no others.
    All(Vec<Module>),
}

/// What changes; what is not named stays as it is.
#[derive(Clone, Debug)]
pub struct Next {
    /// The launcher.
    pub launcher: Option<NextLauncher>,
    /// The modules.
    pub modules: NextModules,
}

/// A digest of an event that will be another one.
#[derive(Clone, Debug)]
pub struct Change {
    /// The PCR that the event extends.
    pub pcr: u32,
    /// Its type.
    pub event: EventType,
    /// What it measures, for people.
    pub what: String,
    /// The bank.
    pub alg: HashAlg,
    /// The digest in the present log; `None` for an event that comes.
    pub old: Option<Digest>,
    /// The digest to come; `None` for an event that goes.
    pub new: Option<Digest>,
}

/// PCR 17 and 18 of a bank.
pub type Values = (HashAlg, [Digest; PCRS.len()]);

/// What the next launch leads to.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// PCR 17 and 18 of each bank of at least 256 bits that covers the launch.
    pub banks: Vec<Values>,
    /// The same of the present launch.
    pub present: Vec<Values>,
    /// What changes in these banks.
    pub changes: Vec<Change>,
    /// The measurement of the launcher to come, in each bank of the log; empty where it stays.
    pub mle: Vec<Digest>,
}

/// Predicts the launch that follows the one in `logs` when `next` is in place.
///
/// # Errors
///
/// When something about it is not known.
pub fn predict(logs: &LogSet<'_>, next: &Next) -> Result<Prediction, Refused> {
    let opened = open(logs)?;
    let mut known = Vec::new();
    for (log, _) in opened.iter() {
        if Mapping::of(&log) != Mapping::Tpm2 {
            return refuse(format!(
                "{}: its only bank is SHA-1's, in which no launch is verified",
                Mapping::of(&log).name()
            ));
        }
        known.push((Relog::of(&log), Present::read(&log)?));
    }
    let with_tboot = known.iter().filter_map(|(_, present)| present.as_ref());
    let extended: Vec<HashAlg> = with_tboot.flat_map(|p| p.extended.clone()).collect();
    if extended.is_empty() {
        return refuse("no log holds an event of tboot");
    }
    if let (Some(launcher), Some((relog, _))) = (&next.launcher, known.first()) {
        let banks = opened.iter().flat_map(|(log, _)| log.banks().iter());
        let logged: Vec<HashAlg> = banks.filter_map(|bank| bank.alg()).collect();
        let command_line = &launcher.command_line;
        tboot::check_options(command_line, &extended, &logged, relog.is_legacy())?;
    }
    let mut changes = Vec::new();
    let mut new = Vec::new();
    for (mut relog, present) in known {
        match (&present, &next.launcher) {
            (Some(present), Some(launcher)) => {
                change_launcher(&mut relog, present, launcher, &mut changes)?;
            }
            // A legacy log of a bank that tboot does not extend tells nothing of tboot.
            (None, Some(launcher)) => {
                change_mle(&mut relog, launcher, &mut changes)?;
            }
            (_, None) => {}
        }
        if let Some(present) = &present {
            change_modules(&mut relog, present, &next.modules, &mut changes)?;
        }
        new.push(relog);
    }
    let present = values(&opened);
    let bytes: Vec<Vec<u8>> = new.iter().map(Relog::encode).collect();
    let set = relog::set(&new, &bytes);
    let banks = values(&open(&set)?);
    if banks.is_empty() {
        return refuse("no bank of at least 256 bits covers the launch");
    }
    changes.retain(|change: &Change| banks.iter().any(|(alg, _)| *alg == change.alg));
    let mle = match &next.launcher {
        Some(launcher) => mle_digests(launcher, HashAlg::ALL.into_iter())?,
        None => Vec::new(),
    };
    Ok(Prediction {
        banks,
        present,
        changes,
        mle,
    })
}

/// PCR 17 and 18 of each bank of at least 256 bits that covers the launch in `logs`.
///
/// # Errors
///
/// When the log cannot be read.
pub fn present(logs: &LogSet<'_>) -> Result<Vec<Values>, Refused> {
    Ok(values(&open(logs)?))
}

fn open<'a>(logs: &'a LogSet<'a>) -> Result<Logs<'a>, Refused> {
    match Logs::open(logs) {
        Ok(opened) => Ok(opened),
        Err(Some(error)) => refuse(format!("the log cannot be read: {error}")),
        Err(None) => refuse("there is no log"),
    }
}

fn values(logs: &Logs<'_>) -> Vec<Values> {
    let mut values = Vec::new();
    for alg in HashAlg::ALL {
        if !alg.is_strong() || !logs.cover(alg, Launcher::Tboot) {
            continue;
        }
        let Some((log, _)) = logs.of(alg) else {
            continue;
        };
        let value = |pcr| replay_pcr(&log, pcr, alg, &HostHasher);
        if let (Some(pcr17), Some(pcr18)) = (value(17), value(18)) {
            values.push((alg, [pcr17, pcr18]));
        }
    }
    values
}

/// Puts what another launcher leads to into a log that holds tboot's events.
fn change_launcher(
    relog: &mut Relog,
    present: &Present,
    launcher: &NextLauncher,
    changes: &mut Vec<Change>,
) -> Result<(), Refused> {
    let policy = DefaultPolicy::of_image(&launcher.image)?;
    let capabilities = launcher.image.capabilities();
    for index in &present.capabilities {
        tboot::check_capabilities(relog.record(*index), capabilities)?;
    }
    if change_mle(relog, launcher, changes)? {
        for index in &present.lcp {
            tboot::check_any_policy(relog.record(*index))?;
        }
    }
    let what = format!("tboot's policy, {}", launcher.source);
    let digest = |alg| policy.event_digest(alg, present.inner);
    for index in present.policy {
        relog.replace(index, &what, &digest, changes);
    }
    Ok(())
}

/// Puts the measurement of another launcher in its place; whether it is another one.
fn change_mle(
    relog: &mut Relog,
    launcher: &NextLauncher,
    changes: &mut Vec<Change>,
) -> Result<bool, Refused> {
    let index = relog.only(EventType::MleHash)?;
    let digests = mle_digests(launcher, relog.record(index).algs())?;
    let what = format!(
        "{} with command line \"{}\"",
        launcher.source, launcher.command_line
    );
    let digest = |alg| digests.iter().copied().find(|digest| digest.alg() == alg);
    Ok(relog.replace(index, &what, &digest, changes))
}

fn mle_digests(
    launcher: &NextLauncher,
    algs: impl Iterator<Item = HashAlg>,
) -> Result<Vec<Digest>, Refused> {
    let measured = launcher.image.measured(&launcher.command_line);
    let measured = measured.map_err(|error| Refused(format!("{}: {error}", launcher.source)))?;
    Ok(algs
        .filter_map(|alg| tboot::hash(alg, &[&measured]))
        .collect())
}

/// Puts other modules in the place of those that the log has.
fn change_modules(
    relog: &mut Relog,
    present: &Present,
    modules: &NextModules,
    changes: &mut Vec<Change>,
) -> Result<(), Refused> {
    let there = &present.modules;
    let replaced: Vec<(usize, &Module)> = match modules {
        NextModules::Some(modules) => modules.iter().map(|(at, module)| (*at, module)).collect(),
        NextModules::All(modules) => modules.iter().enumerate().collect(),
    };
    for (number, module) in replaced {
        let what = format!("module {number}, {}", module.words());
        let digest = |alg| module.digest(alg);
        match there.get(number) {
            Some(index) => {
                relog.replace(*index, &what, &digest, changes);
            }
            None if matches!(modules, NextModules::All(_)) => {
                relog.append_like(present.last_module, &what, &digest, changes);
            }
            None => {
                return refuse(format!(
                    "the present launch measured {} modules: there is no module {number} in whose \
                     place {} could stand",
                    there.len(),
                    module.words()
                ))
            }
        }
    }
    if let NextModules::All(modules) = modules {
        for (number, index) in there.iter().enumerate().skip(modules.len()) {
            relog.remove(*index, &format!("module {number}, which is gone"), changes);
        }
    }
    Ok(())
}
