// SPDX-License-Identifier: GPL-2.0

//! `completion` and `man`: what belongs to the command line itself.

use crate::cli::Cli;
use crate::report::Report;
use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;
use std::fs;
use std::path::Path;

/// The completion of `shell`.
pub fn completion(shell: Shell) -> Report {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "launchguardctl", &mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Report {
        json: json!({"shell": shell.to_string(), "script": text}),
        text,
        good: true,
    }
}

/// The manual page, or with a `directory` one for each command, written there.
pub fn man(directory: Option<&Path>) -> Result<Report> {
    let Some(directory) = directory else {
        let mut bytes = Vec::new();
        clap_mangen::Man::new(Cli::command())
            .render(&mut bytes)
            .context("manual page")?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        return Ok(Report {
            json: json!({"pages": {"launchguardctl.1": text}, "directory": null}),
            text,
            good: true,
        });
    };
    let name = || directory.display().to_string();
    fs::create_dir_all(directory).with_context(name)?;
    clap_mangen::generate_to(Cli::command(), directory).with_context(name)?;
    Ok(Report {
        text: format!("manual pages written to {}\n", directory.display()),
        json: json!({"pages": {}, "directory": name()}),
        good: true,
    })
}
