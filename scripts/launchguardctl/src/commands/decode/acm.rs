// SPDX-License-Identifier: GPL-2.0

//! `decode acm FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{tree, Report};
use anyhow::{anyhow, ensure, Context, Result};
use launchguard_pure::decode::acm::{Acm, Chipset, List, Lists, TpmInfo};
use launchguard_pure::decode::mle::Capabilities;
use serde_json::{json, Value};
use std::path::Path;

/// Decodes header and information table of the module in `file`, which has to be there as a whole.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    let acm = Acm::decode(&bytes, u64::MAX)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| file.display().to_string())?;
    let Acm { header, info } = acm;
    ensure!(
        header.size <= bytes.len() as u64,
        "{}: the module has {} bytes, {} are in the file",
        file.display(),
        header.size,
        bytes.len()
    );
    let mut problems = Vec::new();
    let lists = Lists::decode(&bytes, &header, &info).unwrap_or_else(|error| {
        problems.push(error.to_string());
        Lists::default()
    });
    let json = json!({
        "header": {
            "type": header.module_type,
            "subtype": header.subtype,
            "version": hexadecimal(header.header_version),
            "header_size": header.header_size,
            "key_size": header.key_size,
            "scratch_size": header.scratch_size,
            "chipset_id": hexadecimal(header.chipset_id),
            "flags": hexadecimal(header.flags),
            "pre_production": header.is_pre_production(),
            "debug_signed": header.is_debug_signed(),
            "vendor": hexadecimal(header.vendor),
            "date": header.date().map(|date| date.to_string()),
            "size": header.size,
            "txt_svn": header.txt_svn,
            "se_svn": header.se_svn,
            "entry": hexadecimal(header.entry),
        },
        "info": {
            "offset": hexadecimal(info.offset),
            "kind": info.kind.to_string(),
            "version": info.version,
            "length": info.length,
            "chipset_list": hexadecimal(info.chipset_list),
            "os_sinit_data_version": info.os_sinit_data_version,
            "min_mle_header_version": hexadecimal(info.min_mle_header_version),
            "capabilities": hexadecimal(info.capabilities),
            "capability_names": Capabilities(info.capabilities).names().collect::<Vec<_>>(),
            "acm_version": info.acm_version,
            "processor_list": info.processor_list.map(hexadecimal),
            "tpm_list": info.tpm_list.map(hexadecimal),
        },
        "chipsets": lists.chipsets.map(chipsets),
        "chipsets_by_device": lists.chipsets_2.map(chipsets),
        "processors": lists.processors.map(processors),
        "tpm": lists.tpm.as_ref().map(tpm),
        "problems": problems,
    });
    Ok(Report {
        text: tree(&json),
        json,
        good: problems.is_empty(),
    })
}

fn chipsets(list: List<'_>) -> Vec<Value> {
    let entry = |chipset: Chipset| {
        json!({
            "flags": hexadecimal(chipset.flags),
            "vendor": hexadecimal(chipset.vendor),
            "device": hexadecimal(chipset.device),
            "revision": hexadecimal(chipset.revision),
            "device_mask": hexadecimal(chipset.device_mask),
        })
    };
    list.chipsets().map(entry).collect()
}

fn processors(list: List<'_>) -> Vec<Value> {
    list.processors()
        .map(|processor| {
            json!({
                "signature": hexadecimal(processor.signature),
                "signature_mask": hexadecimal(processor.signature_mask),
                "platform": hexadecimal(processor.platform),
                "platform_mask": hexadecimal(processor.platform_mask),
            })
        })
        .collect()
}

fn tpm(info: &TpmInfo<'_>) -> Value {
    json!({
        "capabilities": hexadecimal(info.capabilities),
        "max_agility": info.max_agility(),
        "max_performance": info.max_performance(),
        "discrete_12": info.discrete_12(),
        "discrete_20": info.discrete_20(),
        "firmware": info.firmware(),
        "nv_indices": if info.new_indices() { "0x01c101.." } else { "0x018000.." },
        "algs": info.algs().map(hexadecimal).collect::<Vec<_>>(),
    })
}
