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
mod watch;

use crate::cli::{Cli, Command};
use crate::report::Report;
use anyhow::Result;

/// Runs the command.
pub fn run(cli: &Cli) -> Result<Report> {
    match &cli.command {
        Command::Status { format } => status::run(&cli.sysfs, *format),
        Command::Explain { id } => explain::run(id.as_deref()),
        Command::Enroll { name } => enroll::run(&cli.sysfs, name.as_deref()),
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
        Command::Load { file, kind } => load::run(&cli.sysfs, file, *kind),
        Command::Judge {
            evidence,
            policy,
            references,
            all,
        } => judge::run(evidence, policy.as_deref(), references.as_deref(), *all),
        Command::Watch { once, interval } => watch::run(
            &cli.sysfs,
            cli.json,
            *once,
            *interval,
            &mut anstream::stdout(),
        ),
        Command::Replay { log } => replay::run(log),
        Command::Report { page } => page::run(cli, page),
        Command::Decode { what } => decode::run(what),
        Command::Completion { shell } => Ok(shell::completion((*shell).into())),
        Command::Man { directory } => shell::man(directory.as_deref()),
    }
}
