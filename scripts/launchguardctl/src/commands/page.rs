// SPDX-License-Identifier: GPL-2.0

//! `report [EVIDENCE]`: a page that a person can read and send.

use super::judge;
use crate::cli::Cli;
use crate::device::Device;
use crate::html;
use crate::input;
use crate::page::{utc, About, Input, Page};
use crate::report::Report;
use anyhow::{Context, Result};
use launchguard_evidence::Snapshot;
use launchguard_pure::decode::digest::{HashAlg, Hasher};
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::judgement::Verdict;
use launchguard_pure::verify::policy::{Policy, References};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the page is made of.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The evidence; - for standard input; default: that of the running module
    evidence: Option<PathBuf>,
    /// Judge by this policy instead of the one in the evidence
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Judge by these references instead of those in the evidence
    #[arg(long, value_name = "FILE")]
    references: Option<PathBuf>,
    /// Write the page to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Makes the page, or its data.
pub fn run(cli: &Cli, arguments: &Arguments) -> Result<Report> {
    let (bytes, source) = evidence(cli, arguments.evidence.as_deref())?;
    let snapshot = Snapshot::read(&bytes).with_context(|| source.clone())?;
    let policy = text(arguments.policy.as_deref(), snapshot.texts.policy)?;
    let references = text(arguments.references.as_deref(), snapshot.texts.references)?;
    let policy = match &policy {
        Some(text) => Policy::parse(text).map_err(|error| anyhow::anyhow!("policy: {error}"))?,
        None => Policy::EMPTY,
    };
    let references = match &references {
        Some(text) => {
            let parsed = References::parse(text);
            Some(parsed.map_err(|error| anyhow::anyhow!("references: {error}"))?)
        }
        None => None,
    };
    let judgement = snapshot.judge(&policy, references.as_ref());
    let verdict = snapshot.verdict(&judgement);
    let about = About {
        source,
        sha256: HostHasher
            .digest(HashAlg::Sha256, &[&bytes])
            .map(|digest| digest.to_string()),
        generation: Some(snapshot.generation),
        made: SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()
            .map(|since| utc(since.as_secs())),
        release: Some(snapshot.info.kernel_release.to_owned()),
        notes: notes(&snapshot, verdict, arguments),
    };
    let page = Page::new(&Input {
        facts: &snapshot.facts(),
        judgement: &judgement,
        verdict,
        policy: &policy,
        references: references.as_ref(),
        about: &about,
    });
    answer(cli, arguments, &page)
}

fn answer(cli: &Cli, arguments: &Arguments, page: &Page) -> Result<Report> {
    let good = page.headline.good;
    let json = serde_json::to_value(page)?;
    let html = html::render(page);
    let Some(path) = &arguments.output else {
        return Ok(Report {
            text: html,
            json,
            good,
        });
    };
    let content = if cli.json {
        format!("{json:#}\n")
    } else {
        html
    };
    let name = path.display().to_string();
    fs::write(path, content).with_context(|| name.clone())?;
    let verdict = page.headline.verdict;
    Ok(Report {
        text: format!("{name}: {verdict}"),
        json: serde_json::json!({"file": name, "verdict": verdict}),
        good,
    })
}

/// The bytes of the evidence, and where they come from.
fn evidence(cli: &Cli, file: Option<&Path>) -> Result<(Vec<u8>, String)> {
    match file {
        Some(file) => {
            let name = file
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let name = if name == "-" {
                "standard input".to_owned()
            } else {
                name
            };
            Ok((judge::read(file)?, name))
        }
        None => {
            Device::open(&cli.sysfs)?;
            let bytes = judge::read(&cli.sysfs.join("evidence"))?;
            Ok((bytes, "the running module".to_owned()))
        }
    }
}

/// The text in `file`, else the one that the evidence holds.
fn text(file: Option<&Path>, held: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
    match file {
        Some(file) => input::read(file).map(Some),
        None => Ok(held.map(<[u8]>::to_vec)),
    }
}

/// What the checks do not say.
fn notes(snapshot: &Snapshot<'_>, verdict: Verdict, arguments: &Arguments) -> Vec<String> {
    let notes = snapshot.texts.notes;
    let mut said = Vec::new();
    if notes.sleeping {
        said.push(
            "The machine was about to sleep, or had not been judged since it woke up.".to_owned(),
        );
    }
    for (lacking, what) in [
        (notes.policy_file, "policy"),
        (notes.references_file, "references"),
    ] {
        if lacking {
            said.push(format!(
                "The owner named a file with the {what}, and it could not be used: nothing good \
                 can be said without it."
            ));
        }
    }
    let foreign: Vec<&str> = [
        (arguments.policy.is_some(), "policy"),
        (arguments.references.is_some(), "references"),
    ]
    .into_iter()
    .filter_map(|(given, what)| given.then_some(what))
    .collect();
    if !foreign.is_empty() {
        said.push(format!(
            "Judged by {} given for this page, not by what was in force on the machine.",
            foreign.join(" and ")
        ));
    }
    if snapshot.recorded_verdict != verdict.word() {
        said.push(format!(
            "On the machine the verdict was “{}”.",
            snapshot.recorded_verdict
        ));
    }
    said
}
