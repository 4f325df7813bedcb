// SPDX-License-Identifier: GPL-2.0

//! `replay FILE`.

use super::log::{judge, LogBytes};
use crate::cli::LogFile;
use crate::report::Report;
use anyhow::Result;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{Event, Log};
use launchguard_pure::decode::heap::LogFormat;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::facts::{PcrBank, FIRST_DRTM_PCR};
use launchguard_pure::verify::judgement::{Judgement, Outcome};
use serde_json::{json, Map, Value};

/// The checks that look at nothing but the log.
const LOG_CHECKS: [CheckId; 4] = [
    CheckId::Tpm06,
    CheckId::Tpm07,
    CheckId::Tpm08,
    CheckId::Tpm09,
];

/// Replays the log in `file` in every bank whose hash can be computed.
pub fn run(file: &LogFile) -> Result<Report> {
    let bytes = LogBytes::read(file)?;
    let log = bytes.open()?;
    let judged = judge(bytes.copy());
    let events = log.events().filter(Result::is_ok).count();
    let problems = problems(&judged);

    let mut text = format!("{events} events\n");
    let mut banks = Map::new();
    for (alg, replayed) in HashAlg::ALL.into_iter().zip(&judged.replay) {
        let pcrs = pcrs(&log, replayed);
        if pcrs.is_empty() {
            continue;
        }
        let uncovered = match judged.covered.get(alg.index()) {
            Some(true) => "",
            _ => "  (this bank does not cover the launch)",
        };
        for (pcr, value) in &pcrs {
            let value = value.as_str().unwrap_or_default();
            text.push_str(&format!("PCR {pcr} {alg:<7} {value}{uncovered}\n"));
        }
        banks.insert(alg.name().to_owned(), Value::from(pcrs));
    }
    for problem in &problems {
        text.push_str(&format!("{problem}\n"));
    }
    let good = problems.is_empty();
    let json = json!({
        "format": LogFormat::Tcg.word(),
        "events": events,
        "banks": banks,
        "problems": problems,
    });
    Ok(Report { text, json, good })
}

/// PCR 17 and 18, and every later one that the log extends.
fn pcrs(log: &Log<'_>, replayed: &PcrBank) -> Map<String, Value> {
    let extends = |pcr: u32| {
        let mut events = log.events().filter_map(Result::ok);
        events.any(|event: Event<'_>| event.pcr == pcr && event.is_extended())
    };
    (FIRST_DRTM_PCR..)
        .zip(replayed)
        .filter(|(pcr, _)| matches!(pcr, 17 | 18) || extends(*pcr))
        .filter_map(|(pcr, value)| {
            Some((pcr.to_string(), Value::from(value.as_ref()?.to_string())))
        })
        .collect()
}

fn problems(judged: &Judgement) -> Vec<String> {
    LOG_CHECKS
        .into_iter()
        .map(|check| (check, judged.finding(check)))
        .filter(|(_, finding)| finding.outcome == Outcome::Fail)
        .map(|(check, finding)| format!("{check}: {}", finding.detail))
        .collect()
}
