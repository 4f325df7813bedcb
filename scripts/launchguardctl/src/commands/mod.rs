// SPDX-License-Identifier: GPL-2.0

//! One command a file. Each answers with a report, or with an error where input cannot be read.

mod decode;
mod dry_run;
mod enroll;
mod explain;
mod guard;
mod judge;
mod lint;
mod load;
mod log;
pub mod page;
pub mod predict;
mod prometheus;
mod prune;
mod replay;
mod shell;
mod status;
pub mod verify;
mod watch;

use crate::cli::{Cli, Command};
use crate::report::Report;
use anyhow::{ensure, Result};

/// Runs the command.
pub fn run(cli: &Cli) -> Result<Report> {
    match &cli.command {
        Command::Status { format, journal } => {
            status::run(&cli.sysfs, &cli.modules, *format, *journal)
        }
        Command::Explain { id } => explain::run(id.as_deref()),
        Command::Enroll { name, floor } => enroll::run(&cli.sysfs, name.as_deref(), floor),
        Command::Predict { next } => predict::run(&cli.sysfs, next),
        Command::Prune { references } => prune::run(&cli.sysfs, references),
        Command::Lint {
            file,
            kind,
            strict,
            evidence,
        } => {
            let options = lint::Options {
                kind: *kind,
                strict: *strict,
                evidence: evidence.as_deref(),
            };
            lint::run(&cli.sysfs, file, &options)
        }
        Command::DryRun { policy } => dry_run::run(policy),
        Command::Verify { signed } => verify::run(signed),
        Command::Load {
            file,
            kind,
            key,
            signature,
            floor,
        } => {
            ensure!(
                key.is_some() || floor.nv_index.is_none(),
                "--nv-index is for signed references: --key names the key"
            );
            let signed = key.as_ref().map(|key| verify::Arguments {
                references: file.clone(),
                key: key.clone(),
                signature: signature.clone(),
                floor: floor.clone(),
            });
            load::run(&cli.sysfs, file, *kind, signed.as_ref())
        }
        Command::Judge {
            evidence,
            policy,
            references,
            all,
        } => judge::run(evidence, policy.as_deref(), references.as_deref(), *all),
        Command::Watch {
            once,
            interval,
            events,
            journal,
        } => {
            let options = watch::Options {
                json: cli.json,
                journal: *journal,
                events: *events || *journal,
                once: *once,
                interval: *interval,
            };
            watch::run(&cli.sysfs, &options, &mut anstream::stdout())
        }
        Command::Replay { log } => replay::run(log),
        Command::Report { page } => page::run(cli, page),
        Command::Decode { what } => decode::run(what),
        Command::Completion { shell } => Ok(shell::completion((*shell).into())),
        Command::Man { directory } => shell::man(directory.as_deref()),
    }
}
