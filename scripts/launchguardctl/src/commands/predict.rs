// SPDX-License-Identifier: GPL-2.0

//! `predict`: references for the next launch, before it.

use super::judge;
use super::log::LogBytes;
use crate::cli::LogFile;
use crate::device::Device;
use crate::input;
use crate::predict::entry::{self, PresentSinit};
use crate::predict::grub;
use crate::predict::mle::Image;
use crate::predict::tboot::Module;
use crate::predict::{
    predict, present, Change, Next, NextLauncher, NextModules, Prediction, Refused, Values, PCRS,
};
use crate::references;
use crate::report::{harmless, Report};
use anyhow::{ensure, Context, Result};
use launchguard_evidence::Snapshot;
use launchguard_pure::decode::digest::Digest;
use launchguard_pure::decode::registers::{DidVid, Reg};
use launchguard_pure::verify::facts::{Evidence, LogSet, TpmFacts};
use serde_json::{json, Map, Value};
use std::path::{Path, PathBuf};

/// What is predicted, and from what. What is not named stays as in the present log.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The present launch: evidence of it; - for standard input; default: that of the running module
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// The present launch: its event log, in any format, with nothing to compare it with
    #[arg(long, value_name = "EVENTLOG", conflicts_with = "evidence")]
    log: Option<PathBuf>,
    /// The next tboot, packed or not
    #[arg(long, value_name = "FILE", requires = "tboot_cmdline")]
    tboot: Option<PathBuf>,
    /// Its command line, without the name of the file, as GRUB passes it
    #[arg(
        long,
        value_name = "TEXT",
        requires = "tboot",
        allow_hyphen_values = true
    )]
    tboot_cmdline: Option<String>,
    /// The next kernel: the first module
    #[arg(long, value_name = "FILE", requires = "kernel_cmdline")]
    kernel: Option<PathBuf>,
    /// Its command line, without the name of the file, as GRUB passes it
    #[arg(
        long,
        value_name = "TEXT",
        requires = "kernel",
        allow_hyphen_values = true
    )]
    kernel_cmdline: Option<String>,
    /// The next initrd, with an empty command line: the second module; once more for the third, and so on
    #[arg(long, value_name = "FILE")]
    initrd: Vec<PathBuf>,
    /// Take all of these from a tboot entry of this GRUB configuration, /boot/grub/grub.cfg most often
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tboot", "kernel", "initrd"])]
    grub: Option<PathBuf>,
    /// The entry's title; default: the only entry that starts tboot
    #[arg(long, value_name = "TITLE", requires = "grub")]
    entry: Option<String>,
    /// Where the paths in the GRUB configuration start; default: the one of two directories above it
    /// where the file is
    #[arg(long, value_name = "DIR", requires = "grub")]
    root: Option<PathBuf>,
    /// Name of the launch; default: "kernel RELEASE" by the kernel's file name, or "next launch"
    #[arg(long)]
    name: Option<String>,
    /// Print these references with the launch added, in the place of one with this name; - for
    /// standard input
    #[arg(long, value_name = "REFERENCES")]
    merge: Option<PathBuf>,
}

/// Predicts what `arguments` ask for; without evidence or a log, of the module at `sysfs`.
pub fn run(sysfs: &Path, arguments: &Arguments) -> Result<Report> {
    ensure!(
        arguments.grub.is_some()
            || arguments.tboot.is_some()
            || arguments.kernel.is_some()
            || !arguments.initrd.is_empty(),
        "nothing changes: name what does (--grub, --tboot, --kernel, --initrd)"
    );
    if let Some(log) = &arguments.log {
        let logs = LogBytes::read(&LogFile {
            file: log.clone(),
            first: 0,
            next: None,
            alg: None,
        })?;
        return answer(&logs.set(), None, PresentSinit::default(), arguments);
    }
    let file = match &arguments.evidence {
        Some(file) => file.clone(),
        None => {
            Device::open(sysfs)?;
            sysfs.join("evidence")
        }
    };
    let bytes = judge::read(&file)?;
    let snapshot = Snapshot::read(&bytes).with_context(|| file.display().to_string())?;
    let tpm = match &snapshot.tpm {
        Evidence::Read(tpm) => tpm,
        Evidence::Absent(why) | Evidence::Unreadable(why) => {
            return Ok(refused(&format!("the TPM: {why}")));
        }
    };
    let sinit = PresentSinit {
        bytes: snapshot.sinit.read(),
        chipset: snapshot.registers.get(Reg::DidVid).map(DidVid),
    };
    match &snapshot.log {
        Evidence::Read(logs) => answer(logs, Some(tpm), sinit, arguments),
        Evidence::Absent(why) | Evidence::Unreadable(why) => {
            Ok(refused(&format!("the event log: {why}")))
        }
    }
}

fn answer(
    logs: &LogSet<'_>,
    tpm: Option<&TpmFacts>,
    sinit: PresentSinit<'_>,
    arguments: &Arguments,
) -> Result<Report> {
    if let Some(why) = tpm.and_then(|tpm| other_log(logs, tpm)) {
        return Ok(refused(&why));
    }
    let (next, notes) = match next(arguments, sinit)? {
        Ok(next) => next,
        Err(why) => return Ok(refused(&why.0)),
    };
    let mut predicted = match predict(logs, &next) {
        Ok(predicted) => predicted,
        Err(why) => return Ok(refused(&why.0)),
    };
    if let Some(tpm) = tpm {
        predicted.banks.retain(|(alg, _)| tpm.is_allocated(*alg));
    }
    if predicted.banks.is_empty() {
        return Ok(refused("the TPM has no bank that covers the launch"));
    }
    let name = arguments
        .name
        .clone()
        .unwrap_or_else(|| default_name(&next));
    let entry = references::entry(&name, &comments(&predicted, notes), &pins(&predicted.banks));
    let whole = format!("{}{entry}", references::HEADER);
    references::parse(&whole).with_context(|| format!("the name {name:?} cannot be used"))?;
    let text = match &arguments.merge {
        Some(file) => match merged(file, &name, &entry, &predicted)? {
            Ok(text) => text,
            Err(why) => return Ok(refused(&why.0)),
        },
        None => whole,
    };
    Ok(Report {
        json: json!({
            "name": name,
            "banks": banks(&predicted.banks),
            "changes": predicted.changes.iter().map(change).collect::<Vec<_>>(),
            "references": text,
            "error": null,
        }),
        text,
        good: true,
    })
}

/// Why the log is not that of the PCRs.
fn other_log(logs: &LogSet<'_>, tpm: &TpmFacts) -> Option<String> {
    let values = match present(logs) {
        Ok(values) => values,
        Err(why) => return Some(why.0),
    };
    for (alg, values) in values.iter().filter(|(alg, _)| tpm.is_allocated(*alg)) {
        for (pcr, value) in PCRS.into_iter().zip(values) {
            match tpm.pcr(*alg, pcr) {
                None => return Some(format!("PCR {pcr} {alg} could not be read")),
                Some(held) if held != value => {
                    return Some(format!(
                    "the log is not that of the launch: it replays to {value} in PCR {pcr} {alg}, \
                         the TPM holds {held}"
                ))
                }
                Some(_) => {}
            }
        }
    }
    None
}

fn next(arguments: &Arguments, sinit: PresentSinit<'_>) -> Result<entry::Read> {
    if let Some(configuration) = &arguments.grub {
        let text = input::read(configuration)?;
        let text = String::from_utf8_lossy(&text);
        let entry = grub::entry(&text, arguments.entry.as_deref())
            .with_context(|| configuration.display().to_string())?;
        return entry::read(&entry, configuration, arguments.root.as_deref(), sinit);
    }
    let launcher = match (&arguments.tboot, &arguments.tboot_cmdline) {
        (Some(file), Some(command_line)) => {
            let source = file.display().to_string();
            let image = Image::read(&input::read_image(file)?).with_context(|| source.clone())?;
            Some(NextLauncher {
                source,
                image,
                command_line: command_line.clone(),
            })
        }
        _ => None,
    };
    let kernel = arguments.kernel.iter().zip(&arguments.kernel_cmdline);
    let kernel = kernel.map(|(file, command_line)| (0, file, command_line.as_str()));
    let further = (1..)
        .zip(&arguments.initrd)
        .map(|(at, file)| (at, file, ""));
    let modules = kernel.chain(further).map(|(at, file, command_line)| {
        let module = Module {
            source: file.display().to_string(),
            image: input::read_image(file)?,
            command_line: command_line.to_owned(),
        };
        Ok((at, module))
    });
    let modules = NextModules::Some(modules.collect::<Result<_>>()?);
    Ok(Ok((Next { launcher, modules }, Vec::new())))
}

/// A kernel's release is behind the first dash of its file's name, by custom.
fn default_name(next: &Next) -> String {
    let kernel = match &next.modules {
        NextModules::Some(modules) => modules.get(&0),
        NextModules::All(modules) => modules.first(),
    };
    let file = kernel.and_then(|kernel| kernel.source.rsplit('/').next());
    match file.and_then(|file| file.strip_prefix("vmlinuz-")) {
        Some(release) => format!("kernel {release}"),
        None => "next launch".to_owned(),
    }
}

fn merged(
    file: &Path,
    name: &str,
    entry: &str,
    predicted: &Prediction,
) -> Result<Result<String, Refused>> {
    let place = || file.display().to_string();
    let text = String::from_utf8(input::read(file)?).with_context(place)?;
    let old = references::parse(&text).with_context(place)?;
    let is_present = |pcr: u32, digest: &Digest| pins(&predicted.present).contains(&(pcr, *digest));
    let mut same = old.launches().filter(|launch| launch.name == name);
    if same.any(|launch| launch.pins().all(|pin| is_present(pin.pcr, &pin.digest)))
        && predicted.banks != predicted.present
    {
        return Ok(Err(Refused(format!(
            "launch \"{name}\" is the present one, which is needed until the next: --name gives the \
             other one another name"
        ))));
    }
    references::merged(&text, name, entry, &predicted.mle)
        .with_context(place)
        .map(Ok)
}

fn pins(values: &[Values]) -> Vec<(u32, Digest)> {
    let pins = values
        .iter()
        .map(|(_, values)| PCRS.into_iter().zip(*values));
    pins.flatten().collect()
}

fn banks(values: &[Values]) -> Map<String, Value> {
    let of = |values: &[Digest; PCRS.len()]| {
        let pairs = PCRS.into_iter().zip(values);
        pairs
            .map(|(pcr, value)| (pcr.to_string(), Value::from(value.to_string())))
            .collect::<Map<_, _>>()
    };
    let banks = values.iter();
    banks
        .map(|(alg, values)| (alg.name().to_owned(), Value::from(of(values))))
        .collect()
}

fn change(change: &Change) -> Value {
    json!({
        "pcr": change.pcr,
        "event": change.event.name(),
        "what": change.what,
        "bank": change.alg.name(),
        "old": change.old.map(|digest| digest.to_string()),
        "new": change.new.map(|digest| digest.to_string()),
    })
}

/// What the entry says of itself.
fn comments(predicted: &Prediction, notes: Vec<String>) -> Vec<String> {
    let mut comments = vec![
        "Predicted. Firmware, SINIT and launch control policy are taken to stay as they are."
            .to_owned(),
    ];
    if predicted.changes.is_empty() {
        comments.push("No event changes: this is the present launch.".to_owned());
    }
    let digest = |digest: Option<Digest>| digest.map_or("none".to_owned(), |d| d.to_string());
    comments.extend(predicted.changes.iter().map(|change| {
        format!(
            "PCR {} {} {}: {} -> {}: {}",
            change.pcr,
            change.event,
            change.alg,
            digest(change.old),
            digest(change.new),
            change.what
        )
    }));
    comments.extend(notes);
    comments.iter().map(|comment| harmless(comment)).collect()
}

/// The reason goes past standard output, which most often becomes the references file.
fn refused(why: &str) -> Report {
    eprintln!("launchguardctl: no prediction: {}", harmless(why));
    Report {
        text: String::new(),
        json: json!({
            "name": null,
            "banks": {},
            "changes": [],
            "references": null,
            "error": why,
        }),
        good: false,
    }
}
