// SPDX-License-Identifier: GPL-2.0

//! Commands on a log in a file: what they print, and how long they take.

use super::processor_time::of_children;
use anyhow::{bail, Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Values of PCR 17 and 18 in hex, by the bank's name and the PCR's number.
pub type Pcrs = BTreeMap<(String, u32), String>;

/// `launchguardctl replay FILE`.
pub fn replay_of(ours: &Path, file: &Path) -> Command {
    let mut command = Command::new(ours);
    command.arg("replay").arg(file);
    command
}

/// `tpm2_eventlog FILE`.
pub fn eventlog_of(file: &Path) -> Command {
    let mut command = Command::new("tpm2_eventlog");
    command.arg(file);
    command
}

/// A process that does nothing.
pub fn nothing() -> Command {
    Command::new("true")
}

/// Nanoseconds of the processor that `command` takes to its end; what it prints is thrown away.
pub fn time(command: &mut Command) -> Result<f64> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = of_children()?;
    let status = command.status().with_context(|| format!("{command:?}"))?;
    let took = of_children()? - began;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(took)
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?}: {}: {}", output.status, words.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{command:?}"))
}

/// What `tpm2_eventlog` finds in PCR 17 and 18.
pub fn tpm2_eventlog(file: &Path) -> Result<Pcrs> {
    pcrs_of_eventlog(&output(&mut eventlog_of(file))?)
}

/// The section `pcrs:` at the end: a line `  BANK:` for each bank, and a line `    PCR : 0xVALUE` for
/// each of its PCRs.
fn pcrs_of_eventlog(text: &str) -> Result<Pcrs> {
    let section = text.rsplit_once("\npcrs:\n");
    let (_, section) = section.context("tpm2_eventlog prints no PCRs")?;
    let mut pcrs = Pcrs::new();
    let mut bank = "";
    for line in section.lines() {
        match line.trim().split_once(':') {
            Some((name, "")) => bank = name.trim(),
            Some((pcr, value)) => {
                let value = value.trim().trim_start_matches("0x").to_lowercase();
                let pcr = pcr.trim().parse().with_context(|| line.to_owned())?;
                if matches!(pcr, 17 | 18) {
                    pcrs.insert((bank.to_owned(), pcr), value);
                }
            }
            None => bail!("tpm2_eventlog prints among the PCRs: {line}"),
        }
    }
    Ok(pcrs)
}

/// What `launchguardctl replay` finds in PCR 17 and 18.
pub fn launchguardctl(ours: &Path, file: &Path) -> Result<Pcrs> {
    let text = output(replay_of(ours, file).arg("--json"))?;
    let json: Value = serde_json::from_str(&text).context("launchguardctl replay --json")?;
    let mut pcrs = Pcrs::new();
    for (bank, values) in json["banks"].as_object().context("no banks")? {
        for pcr in [17, 18] {
            let value = values[pcr.to_string()].as_str();
            let value = value.with_context(|| format!("no PCR {pcr} of {bank}"))?;
            pcrs.insert((bank.clone(), pcr), value.to_owned());
        }
    }
    Ok(pcrs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form is that of tpm2-tools 5.7.
    #[test]
    fn the_pcrs_of_tpm2_eventlog_are_those_of_its_last_section() {
        let text = "---\nversion: 1\nevents:\n- EventNum: 0\n  PCRIndex: 17\npcrs:\n  sha1:\n    17 : 0xAB01\n    \
                    18 : 0x00\n  sha256:\n    4  : 0x05\n    17 : 0x02\n";
        let expected = [
            (("sha1", 17), "ab01"),
            (("sha1", 18), "00"),
            (("sha256", 17), "02"),
        ];
        let expected: Pcrs = expected
            .into_iter()
            .map(|((bank, pcr), value)| ((bank.to_owned(), pcr), value.to_owned()))
            .collect();
        assert_eq!(pcrs_of_eventlog(text).expect("PCRs"), expected);
        assert!(pcrs_of_eventlog("---\nversion: 1\n").is_err());
        assert!(pcrs_of_eventlog("---\npcrs:\n  junk\n").is_err());
    }
}
