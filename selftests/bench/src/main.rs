// SPDX-License-Identifier: GPL-2.0

//! The host's side of `make bench`: what is measured without a guest, and the page.

use anyhow::{anyhow, bail, Context, Result};
use clap::{Parser, Subcommand};
use launchguard_bench::format::read_all;
use launchguard_bench::page::page;
use launchguard_bench::replay::{self, Settings};
use std::fs;
use std::path::{Path, PathBuf};

/// Measures what launchguard costs, and writes the page of all measurements.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure replay and decoding on the host, beside tpm2_eventlog and the hashing alone.
    Replay {
        /// Fewer samples: less than a minute.
        #[arg(long)]
        quick: bool,
        /// The command to measure, built with optimisation [default: the one beside this program].
        #[arg(long, value_name = "FILE")]
        launchguardctl: Option<PathBuf>,
        /// Where replay.json goes.
        output: PathBuf,
    },
    /// Write the page of all parts in a directory, and the plots into the directory beside it that is
    /// named as the page without its extension.
    Page {
        /// What it was measured on.
        #[arg(long, value_name = "NAME=VALUE", value_parser = about)]
        about: Vec<(String, String)>,
        /// The directory of the parts (*.json).
        input: PathBuf,
        /// The page.
        output: PathBuf,
    },
}

fn about(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Replay {
            quick,
            launchguardctl,
            output,
        } => {
            let ours = match launchguardctl {
                Some(file) => file,
                None => std::env::current_exe()?.with_file_name("launchguardctl"),
            };
            if !ours.exists() {
                bail!("{}: not there, build launchguardctl first", ours.display());
            }
            let part = replay::measure(&ours, &Settings::new(quick))?;
            fs::create_dir_all(&output).with_context(|| output.display().to_string())?;
            println!("{}", part.write(&output)?.display());
            Ok(())
        }
        Command::Page {
            about,
            input,
            output,
        } => write_page(&about, &input, &output),
    }
}

fn write_page(about: &[(String, String)], input: &Path, output: &Path) -> Result<()> {
    let parts = read_all(input)?;
    let directory = output.with_extension("");
    let name = directory.file_name().and_then(|name| name.to_str());
    let name = name
        .filter(|_| directory != output)
        .ok_or_else(|| anyhow!("{}: not the name of a page (*.md)", output.display()))?;
    let page = page(&parts, about, name).map_err(|error| anyhow!("{error}"))?;
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
    remove_plots(&directory).with_context(|| directory.display().to_string())?;
    for (file, svg) in &page.plots {
        let path = directory.join(file);
        fs::write(&path, svg).with_context(|| path.display().to_string())?;
    }
    fs::write(output, page.markdown).with_context(|| output.display().to_string())
}

/// Removes the plots of an earlier page: its tables may have been others.
fn remove_plots(directory: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
