// SPDX-License-Identifier: GPL-2.0

//! `decode slrt FILE`.

use super::heap::ranges_of;
use super::hexadecimal;
use crate::input;
use crate::report::{hex, tree, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::slrt::{Body, Entry, Layout, Slrt};
use serde_json::{json, Value};
use std::path::Path;

/// Decodes the resource table in `file`, which may be the whole page that it stands in.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    let table = Slrt::decode(&bytes)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| file.display().to_string())?;
    let mut problems = Vec::new();
    let mut entries = Vec::new();
    for found in table.entries() {
        match found {
            Ok(found) => entries.push(entry(&found, &mut problems)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    let layout = match table.layout {
        Layout::A => "a",
        Layout::B => "b",
    };
    let json = json!({
        "architecture": table.architecture.to_string(),
        "layout": layout,
        "size": table.size,
        "max_size": table.max_size,
        "entries": entries,
        "problems": problems,
    });
    Ok(Report {
        text: tree(&json),
        json,
        good: problems.is_empty(),
    })
}

fn entry(entry: &Entry<'_>, problems: &mut Vec<String>) -> Value {
    let body = match entry.body() {
        Ok(contents) => body(&contents),
        Err(error) => {
            problems.push(error.to_string());
            Value::Null
        }
    };
    json!({
        "tag": entry.tag.value(),
        "name": entry.tag.name(),
        "offset": hexadecimal(entry.offset as u64),
        "size": entry.size,
        "body": body,
    })
}

fn body(body: &Body<'_>) -> Value {
    match body {
        Body::DlInfo(info) => json!({
            "dce_base": hexadecimal(info.dce_base),
            "dce_size": hexadecimal(info.dce_size),
            "dlme_base": info.dlme_base.map(hexadecimal),
            "dlme_size": info.dlme_size.map(hexadecimal),
            "entry": hexadecimal(info.entry),
            "handler": hexadecimal(info.handler),
        }),
        Body::LogInfo(info) => json!({
            "format": info.format,
            "address": hexadecimal(info.address),
            "size": info.size,
        }),
        Body::Policy(policy) => json!({
            "revision": policy.revision,
            "entries": policy
                .entries()
                .map(|entry| json!({
                    "pcr": entry.pcr,
                    "entity_type": entry.entity_type,
                    "flags": hexadecimal(entry.flags),
                    "entity": hexadecimal(entry.entity),
                    "size": hexadecimal(entry.size),
                    "info": String::from_utf8_lossy(entry.info),
                }))
                .collect::<Vec<_>>(),
        }),
        Body::IntelInfo(info) => json!({
            "boot_params": info.boot_params.map(hexadecimal),
            "txt_heap": info.txt_heap.map(hexadecimal),
            "misc_enable": hexadecimal(info.misc_enable),
            "mtrr_def_type": hexadecimal(info.mtrrs.def_type),
            "mtrrs": ranges_of(&info.mtrrs),
        }),
        Body::UefiConfig(config) => json!({
            "revision": config.revision,
            "entries": config
                .entries()
                .map(|entry| json!({
                    "pcr": entry.pcr,
                    "config": hexadecimal(entry.config),
                    "size": entry.size,
                    "info": String::from_utf8_lossy(entry.info),
                }))
                .collect::<Vec<_>>(),
        }),
        Body::Other(data) => json!({"data": hex(data.as_slice())}),
    }
}
