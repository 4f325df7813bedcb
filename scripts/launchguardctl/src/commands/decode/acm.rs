// SPDX-License-Identifier: GPL-2.0

//! `decode acm FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{tree, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::acm::Acm;
use serde_json::json;
use std::path::Path;

/// Decodes header and information table of the module in `file`. A module that was cut behind these
/// is shown, but is not good.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    let acm = Acm::decode(&bytes, u64::MAX)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| file.display().to_string())?;
    let Acm { header, info } = acm;
    let mut problems = Vec::new();
    if header.size > bytes.len() as u64 {
        let (size, there) = (header.size, bytes.len());
        problems.push(format!(
            "the module has {size} bytes, {there} are in the file"
        ));
    }
    let json = json!({
        "header": {
            "type": header.module_type,
            "subtype": header.subtype,
            "version": hexadecimal(header.header_version),
            "header_size": header.header_size,
            "chipset_id": hexadecimal(header.chipset_id),
            "flags": hexadecimal(header.flags),
            "pre_production": header.is_pre_production(),
            "debug_signed": header.is_debug_signed(),
            "vendor": hexadecimal(header.vendor),
            "date": header.date().map(|date| date.to_string()),
            "size": header.size,
            "txt_svn": header.txt_svn,
            "se_svn": header.se_svn,
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
            "acm_version": info.acm_version,
            "processor_list": info.processor_list.map(hexadecimal),
            "tpm_list": info.tpm_list.map(hexadecimal),
        },
        "problems": problems,
    });
    Ok(Report {
        text: tree(&json),
        json,
        good: problems.is_empty(),
    })
}
