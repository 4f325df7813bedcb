// SPDX-License-Identifier: GPL-2.0

//! launchguardctl: the user's command of launchguard.
//!
//! Exit status: 0 when what was looked at is good or well-formed, 1 when it is not, 2 when the
//! command was used wrongly or its input could not be read.

mod cli;
mod commands;
mod counter;
mod device;
mod html;
mod input;
mod journal;
mod kernels;
mod page;
mod paint;
mod predict;
mod references;
mod report;
mod uevent;

use clap::Parser;
use cli::Cli;
use device::NotLoaded;
use kernels::Kernels;
use std::io::{self, Write};
use std::process::ExitCode;

/// What was looked at is not good.
const NOT_GOOD: u8 = 1;
/// Wrong usage, or input that cannot be read. Also clap's own status.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.apply();
    let report = match commands::run(&cli) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("launchguardctl: {error:#}");
            if error.is::<NotLoaded>() {
                eprint!("{}", Kernels::find(&cli.modules).advice());
            }
            return ExitCode::from(UNREADABLE);
        }
    };
    match anstream::stdout().write_all(report.render(cli.json).as_bytes()) {
        // A reader that has seen enough (`| head`) is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("launchguardctl: standard output: {error}");
            ExitCode::from(UNREADABLE)
        }
        _ if report.good => ExitCode::SUCCESS,
        _ => ExitCode::from(NOT_GOOD),
    }
}
