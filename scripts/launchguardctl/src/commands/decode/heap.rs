// SPDX-License-Identifier: GPL-2.0

//! `decode heap FILE`.

use super::elements::{adds_up, decode_elements};
use super::hexadecimal;
use crate::input;
use crate::report::{hex, tree, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::heap::{
    event_log_pointer, Area, BiosData, Chain, LogFormat, OsMleData, OsSinitData, Platform,
    SinitMleData, Table, TableError, TableId,
};
use launchguard_pure::decode::lcp::PolicyData;
use launchguard_pure::decode::mle::Capabilities;
use launchguard_pure::decode::mtrr::SavedMtrrs;
use serde_json::{json, Map, Value};
use std::path::Path;

/// What is wrong with the heap, in words.
pub type Problems = Vec<String>;

/// Decodes the copy of the heap in `file`.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    let chain = Chain::split(&bytes)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| file.display().to_string())?;
    let mut problems = Problems::new();
    let mut tables = Map::new();
    for table in chain.tables() {
        tables.insert(table.id.to_string(), decode_table(&table, &mut problems));
    }
    let json = json!({
        "size": bytes.len(),
        "used": chain.end,
        "tables": tables,
        "event_log": log_pointer(&chain, &mut problems),
        "problems": problems,
    });
    Ok(Report {
        text: tree(&json),
        good: problems.is_empty(),
        json,
    })
}

fn decode_table(table: &Table<'_>, problems: &mut Problems) -> Value {
    let fields = match table.id {
        TableId::BiosData => bios_data(table, problems),
        TableId::OsMleData => os_mle_data(table),
        TableId::OsSinitData => os_sinit_data(table, problems),
        TableId::SinitMleData => sinit_mle_data(table, problems),
    };
    let mut value = json!({"offset": hexadecimal(table.offset as u64), "size": table.bytes.len()});
    match (fields, &mut value) {
        (Ok(Value::Object(fields)), Value::Object(all)) => all.extend(fields),
        (Err(error), _) => problems.push(error.to_string()),
        _ => {}
    }
    value
}

fn bios_data(table: &Table<'_>, problems: &mut Problems) -> Result<Value, TableError> {
    let data = BiosData::decode(table.bytes)?;
    Ok(json!({
        "version": data.version,
        "bios_sinit_size": hexadecimal(data.bios_sinit_size),
        "lcp_pd_base": hexadecimal(data.lcp_pd_base),
        "lcp_pd_size": hexadecimal(data.lcp_pd_size),
        "num_log_procs": data.num_log_procs,
        "sinit_flags": data.sinit_flags.map(hexadecimal),
        "mle_flags": data.mle_flags.map(hexadecimal),
        "platform": data.platform().map(platform),
        "elements": decode_elements(table.id, data.elements(), problems),
    }))
}

const fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Legacy => "legacy",
        Platform::Client => "client",
        Platform::Server => "server",
        Platform::Illegal => "illegal",
    }
}

fn os_mle_data(table: &Table<'_>) -> Result<Value, TableError> {
    let data = OsMleData::decode(table.bytes)?;
    Ok(json!({
        "version": data.version,
        "producer": data.producer.word(),
        "boot_params": data.boot_params().map(hexadecimal),
        "slr_table": data.slr_table().map(hexadecimal),
        "ap_wake_block": data.ap_wake_block().map(|area| area_of(&area)),
        "event_log": data.event_log().map(|area| area_of(&area)),
        "saved": data.saved().map(|saved| json!({
            "misc_enable": hexadecimal(saved.misc_enable),
            "mtrr_def_type": hexadecimal(saved.mtrrs.def_type),
            "mtrrs": ranges_of(&saved.mtrrs),
        })),
        "policy_data": data.policy_data().is_some_and(PolicyData::has_magic),
    }))
}

/// Base and mask of each MTRR.
pub(super) fn ranges_of(saved: &SavedMtrrs<'_>) -> Value {
    saved
        .ranges()
        .map(|(base, mask)| json!({"base": hexadecimal(base), "mask": hexadecimal(mask)}))
        .collect()
}

fn area_of(area: &Area) -> Value {
    json!({"address": hexadecimal(area.address), "size": area.size})
}

fn os_sinit_data(table: &Table<'_>, problems: &mut Problems) -> Result<Value, TableError> {
    let data = OsSinitData::decode(table.bytes)?;
    Ok(json!({
        "version": data.version,
        "flags": hexadecimal(data.flags),
        "mle_page_table": hexadecimal(data.mle_page_table),
        "mle_size": hexadecimal(data.mle_size),
        "mle_header": hexadecimal(data.mle_header),
        "pmr_low_base": hexadecimal(data.pmr_low_base),
        "pmr_low_size": hexadecimal(data.pmr_low_size),
        "pmr_high_base": hexadecimal(data.pmr_high_base),
        "pmr_high_size": hexadecimal(data.pmr_high_size),
        "lcp_po_base": hexadecimal(data.lcp_po_base),
        "lcp_po_size": hexadecimal(data.lcp_po_size),
        "capabilities": hexadecimal(data.capabilities),
        "capability_names": Capabilities(data.capabilities).names().collect::<Vec<_>>(),
        "rsdp": data.rsdp.map(hexadecimal),
        "elements": decode_elements(table.id, data.elements(), problems),
    }))
}

fn sinit_mle_data(table: &Table<'_>, problems: &mut Problems) -> Result<Value, TableError> {
    let data = SinitMleData::decode(table.bytes)?;
    let mdrs = match data.mdrs() {
        Ok(mdrs) => mdrs
            .iter()
            .map(|mdr| {
                json!({
                    "base": hexadecimal(mdr.base),
                    "length": hexadecimal(mdr.length),
                    "kind": mdr.kind.to_string(),
                })
            })
            .collect(),
        Err(error) => {
            problems.push(format!("{}: {error}", table.id));
            Vec::new()
        }
    };
    let dmar = data.dmar().unwrap_or_else(|error| {
        problems.push(format!("{}: {error}", table.id));
        None
    });
    Ok(json!({
        "version": data.version,
        "bios_acm_id": hex(&data.bios_acm_id),
        "edx_senter_flags": hexadecimal(data.edx_senter_flags),
        "mseg_valid": hexadecimal(data.mseg_valid),
        "sinit_hash": hex(&data.sinit_hash),
        "mle_hash": hex(&data.mle_hash),
        "stm_hash": hex(&data.stm_hash),
        "lcp_policy_hash": hex(&data.lcp_policy_hash),
        "policy_control": hexadecimal(data.policy_control),
        "rlp_wakeup_addr": data.rlp_wakeup_addr.map(hexadecimal),
        "scrtm_status": data.scrtm_status.map(hexadecimal),
        "dmar": dmar.map(|dmar| dmar.len()),
        "dmar_checksum_good": dmar.map(|dmar| adds_up(dmar.as_slice())),
        "mdrs": mdrs,
        "elements": decode_elements(table.id, data.elements(), problems),
    }))
}

fn log_pointer(chain: &Chain<'_>, problems: &mut Problems) -> Value {
    // A table that cannot be decoded is a problem that is listed already.
    let Ok(data) = OsSinitData::decode(chain.os_sinit_data.bytes) else {
        return Value::Null;
    };
    match event_log_pointer(&data) {
        Ok(pointer) => {
            let alg = match pointer.format {
                LogFormat::Legacy { alg } => Some(hexadecimal(alg)),
                LogFormat::Tcg | LogFormat::Tpm12Container => None,
            };
            json!({
                "format": pointer.format.word(),
                "alg": alg,
                "address": hexadecimal(pointer.address),
                "allocated": pointer.allocated,
                "first": pointer.first,
                "next": pointer.next,
            })
        }
        Err(error) => {
            problems.push(error.to_string());
            Value::Null
        }
    }
}
