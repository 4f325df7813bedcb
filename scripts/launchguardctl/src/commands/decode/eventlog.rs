// SPDX-License-Identifier: GPL-2.0

//! `decode eventlog FILE`.

use super::hexadecimal;
use crate::cli::LogFile;
use crate::commands::log::{judge, LogBytes};
use crate::commands::replay;
use crate::report::{hex, Report};
use anyhow::Result;
use launchguard_pure::decode::eventlog::{Bank, Event};
use serde_json::{json, Map, Value};

/// Decodes the log in `file`. Its problems are those that `replay` finds.
pub fn run(file: &LogFile) -> Result<Report> {
    let logs = LogBytes::read(file)?;
    let mut text = String::new();
    let mut events = Vec::new();
    let mut banks = Vec::new();
    let mut size = 0;
    for log in logs.logs() {
        // A log with a record that cannot be read was refused.
        for event in log.events().filter_map(Result::ok) {
            text.push_str(&lines(&event));
            events.push(object(&event));
        }
        banks.extend(log.banks().iter().map(bank));
        size += log.as_bytes().len();
    }
    let problems = replay::problems(&logs, &judge(logs.set()));
    for problem in &problems {
        text.push_str(&format!("{problem}\n"));
    }
    let json = json!({
        "format": logs.format().word(),
        "size": size,
        "banks": banks,
        "events": events,
        "problems": problems,
    });
    Ok(Report {
        text,
        json,
        good: problems.is_empty(),
    })
}

fn bank(bank: Bank) -> Value {
    json!({"alg": bank_name(bank), "id": hexadecimal(bank.id), "size": bank.size})
}

fn lines(event: &Event<'_>) -> String {
    let mut text = format!(
        "{:#07x} PCR {:<3} {}\n",
        event.offset, event.pcr, event.kind
    );
    for logged in event.digests() {
        let name = bank_name(logged.bank);
        text.push_str(&format!("        {name:<7} {}\n", hex(logged.bytes)));
    }
    if !event.data.is_empty() {
        text.push_str(&format!("        data    {}\n", hex(event.data)));
    }
    text
}

fn object(event: &Event<'_>) -> Value {
    let digests: Map<String, Value> = event
        .digests()
        .map(|logged| (bank_name(logged.bank), Value::from(hex(logged.bytes))))
        .collect();
    json!({
        "offset": event.offset,
        "pcr": event.pcr,
        "type": hexadecimal(event.kind.value()),
        "name": event.kind.name(),
        "digests": digests,
        "data": hex(event.data),
    })
}

/// The bank's name; its TPM_ALG_ID when the algorithm is not known here.
fn bank_name(bank: Bank) -> String {
    bank.alg()
        .map_or_else(|| format!("{:#06x}", bank.id), |alg| alg.name().to_owned())
}
