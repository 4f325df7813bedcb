// SPDX-License-Identifier: GPL-2.0

//! One command a file. Each answers with a report, or with an error where input cannot be read.

mod decode;
mod enroll;
mod explain;
mod lint;
mod load;
mod log;
pub mod page;
mod replay;
mod status;

use crate::cli::{Cli, Command};
use crate::report::Report;
use anyhow::Result;

/// Runs the command.
pub fn run(cli: &Cli) -> Result<Report> {
    match &cli.command {
        Command::Status => status::run(&cli.sysfs),
        Command::Explain { id } => explain::run(id),
        Command::Enroll { name } => enroll::run(&cli.sysfs, name.as_deref()),
        Command::Lint { file, kind } => lint::run(file, *kind),
        Command::Load { file, kind } => load::run(&cli.sysfs, file, *kind),
        Command::Replay { log } => replay::run(log),
        Command::Report { page } => page::run(cli, page),
        Command::Decode { what } => decode::run(what),
    }
}
