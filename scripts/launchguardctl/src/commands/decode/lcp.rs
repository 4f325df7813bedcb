// SPDX-License-Identifier: GPL-2.0

//! `decode lcp FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{hex, tree, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::lcp::{
    Element, ElementBody, Hashes, Holder, LcpError, List, Policy, PolicyData, Signature,
};
use serde_json::{json, Map, Value};
use std::path::Path;

/// Decodes the policy (contents of index PS or PO) or the policy data file in `file`.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    decode(&bytes)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| file.display().to_string())
}

fn decode(bytes: &[u8]) -> Result<Report, LcpError> {
    let mut problems = Vec::new();
    let mut json = if PolicyData::has_magic(bytes) {
        data(bytes, &mut problems)?
    } else {
        json!({"policy": policy(bytes, &mut problems)?})
    };
    let good = problems.is_empty();
    json["problems"] = Value::from(problems);
    Ok(Report {
        text: tree(&json),
        json,
        good,
    })
}

fn policy(bytes: &[u8], problems: &mut Vec<String>) -> Result<Value, LcpError> {
    let policy = Policy::decode(bytes)?;
    if bytes.len() > policy.size {
        let (size, there) = (policy.size, bytes.len());
        problems.push(format!(
            "the policy takes {size} bytes, the file has {there}"
        ));
    }
    Ok(json!({
        "version": hexadecimal(policy.version),
        "hash_alg": policy.hash_alg.name(),
        "policy_type": policy.kind.to_string(),
        "sinit_min_version": policy.sinit_min_version,
        "data_revocation_counters": policy.revocation_counters,
        "policy_control": hexadecimal(policy.control.0),
        "policy_control_ps": words(&policy, Holder::Supplier),
        "policy_control_po": words(&policy, Holder::Owner),
        "max_sinit_min_version": policy.max_sinit_min_version,
        "max_biosac_min_version": policy.max_biosac_min_version,
        "lcp_hash_alg_mask": policy.hash_alg_mask.map(hexadecimal),
        "lcp_sign_alg_mask": policy.sign_alg_mask.map(hexadecimal),
        "aux_hash_alg_mask": policy.aux_hash_alg_mask.map(hexadecimal),
        "policy_hash": policy.hash.map(|hash| hash.to_string()),
    }))
}

/// What the flags mean in the policy of `holder`.
fn words(policy: &Policy, holder: Holder) -> Vec<String> {
    let words = policy.control.words(holder);
    words
        .map(|(bit, meaning)| {
            meaning.map_or_else(|| format!("reserved bit {bit}"), ToOwned::to_owned)
        })
        .collect()
}

fn data(bytes: &[u8], problems: &mut Vec<String>) -> Result<Value, LcpError> {
    let data = PolicyData::decode(bytes)?;
    let mut lists = Vec::new();
    for found in data.lists() {
        match found {
            Ok(found) => lists.push(list(&found, problems)),
            // The file ends inside a list: it was cut.
            Err(error @ LcpError::Short { .. }) => return Err(error),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if let (true, Err(error)) = (problems.is_empty(), data.check()) {
        problems.push(error.to_string());
    }
    Ok(json!({"num_lists": data.count, "lists": lists}))
}

fn list(list: &List<'_>, problems: &mut Vec<String>) -> Value {
    let mut elements = Vec::new();
    for found in list.elements() {
        match found {
            Ok(found) => elements.push(element(&found, problems)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    json!({
        "offset": hexadecimal(list.offset as u64),
        "size": list.size,
        "version": hexadecimal(list.version),
        "elements": elements,
        "signature": list.signature.as_ref().map(signature),
    })
}

fn signature(signature: &Signature<'_>) -> Value {
    json!({
        "alg": hexadecimal(signature.alg),
        "revocation_counter": signature.revocation_counter,
        "key": hex(signature.key),
    })
}

fn element(element: &Element<'_>, problems: &mut Vec<String>) -> Value {
    let mut value = json!({
        "offset": hexadecimal(element.offset as u64),
        "size": element.size,
        "type": element.kind.to_string(),
        "policy_elt_control": hexadecimal(element.control),
    });
    match (element.body(), &mut value) {
        (Ok(contents), Value::Object(fields)) => fields.extend(body(&contents)),
        (Err(error), _) => problems.push(error.to_string()),
        _ => {}
    }
    value
}

fn body(contents: &ElementBody<'_>) -> Map<String, Value> {
    let value = match contents {
        ElementBody::Mle {
            sinit_min_version,
            hashes,
        } => json!({
            "sinit_min_version": sinit_min_version,
            "hash_alg": hashes.alg.name(),
            "hashes": list_of(hashes),
        }),
        ElementBody::Pconf { count, data } => {
            json!({"num_pcr_infos": count, "pcr_infos": hex(data)})
        }
        ElementBody::Sbios { fallback, hashes } => json!({
            "hash_alg": hashes.alg.name(),
            "fallback_hash": hex(fallback),
            "hashes": list_of(hashes),
        }),
        ElementBody::Stm { hashes } => {
            json!({"hash_alg": hashes.alg.name(), "hashes": list_of(hashes)})
        }
        ElementBody::Custom { uuid, data } => json!({"uuid": hex(uuid), "data": hex(data)}),
        ElementBody::Other(data) => json!({"data": hex(data)}),
    };
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn list_of(hashes: &Hashes<'_>) -> Vec<String> {
    hashes.iter().map(hex).collect()
}
