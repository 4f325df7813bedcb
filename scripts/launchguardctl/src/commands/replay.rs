// SPDX-License-Identifier: GPL-2.0

//! `replay FILE`.

use super::log::{judge, LogBytes};
use crate::cli::LogFile;
use crate::report::Report;
use anyhow::Result;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::facts::{PcrBank, DRTM_PCRS, FIRST_DRTM_PCR};
use launchguard_pure::verify::judgement::{Judgement, Outcome};
use launchguard_pure::verify::replay::{records_behind, slot};
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
    let logs = LogBytes::read(file)?;
    let judged = judge(logs.set());
    let Events { events, extended } = Events::of(&logs);
    let problems = problems(&logs, &judged);

    let mut text = format!("{events} events\n");
    let mut banks = Map::new();
    for (alg, replayed) in HashAlg::ALL.into_iter().zip(&judged.replay) {
        let pcrs = pcrs(&extended, replayed);
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
        "format": logs.format().word(),
        "events": events,
        "banks": banks,
        "problems": problems,
    });
    Ok(Report { text, json, good })
}

/// What is said of the events themselves.
#[derive(Default)]
struct Events {
    /// How many there are: legacy logs of several algorithms tell of the same ones.
    events: usize,
    /// Which PCRs they extend, by [`slot`].
    extended: [bool; DRTM_PCRS],
}

impl Events {
    fn of(logs: &LogBytes) -> Self {
        let mut all = Self::default();
        for log in logs.logs() {
            let mut events = 0;
            for event in log.events().filter_map(Result::ok) {
                events += 1;
                if let Some(slot) = slot(event.pcr).filter(|_| event.is_extended()) {
                    all.extended[slot] = true;
                }
            }
            all.events = all.events.max(events);
        }
        all
    }
}

/// PCR 17 and 18, and every later one that the log extends.
fn pcrs(extended: &[bool; DRTM_PCRS], replayed: &PcrBank) -> Map<String, Value> {
    (FIRST_DRTM_PCR..)
        .zip(extended)
        .zip(replayed)
        .filter(|((pcr, extended), _)| matches!(pcr, 17 | 18) || **extended)
        .filter_map(|((pcr, _), value)| {
            Some((pcr.to_string(), Value::from(value.as_ref()?.to_string())))
        })
        .collect()
}

/// What is wrong with `logs`, in words: what the checks that look at nothing else found.
pub fn problems(logs: &LogBytes, judged: &Judgement) -> Vec<String> {
    let mut problems: Vec<String> = LOG_CHECKS
        .into_iter()
        .map(|check| (check, judged.finding(check)))
        .filter(|(_, finding)| finding.outcome == Outcome::Fail)
        .map(|(check, finding)| format!("{check}: {}", finding.detail))
        .collect();
    for (copy, log) in logs.copies().zip(logs.logs()) {
        let behind = records_behind(&log, &copy);
        if behind > 0 {
            problems.push(format!("{behind} records stand behind the end of the log"));
        }
    }
    problems
}
