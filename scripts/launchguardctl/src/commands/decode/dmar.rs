// SPDX-License-Identifier: GPL-2.0

//! `decode dmar FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{tree, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::dmar::{Dmar, DmarError, Problem, Structure};
use serde_json::{json, Map, Value};
use std::path::Path;

/// Offset of the checksum in an ACPI table.
const CHECKSUM: usize = 9;

/// Decodes the table in `file`. One whose checksum is wrong is shown as well.
pub fn run(file: &Path) -> Result<Report> {
    let mut bytes = input::read(file)?;
    let mut problems = Vec::new();
    if let Err(error) = Dmar::decode(&bytes) {
        let Problem::Checksum { checksum, sum } = error.problem else {
            return Err(anyhow!("DMAR: {error}")).with_context(|| file.display().to_string());
        };
        problems.push(error.to_string());
        bytes[CHECKSUM] = checksum.wrapping_sub(sum);
    }
    let table = Dmar::decode(&bytes)
        .map_err(|error| anyhow!("DMAR: {error}"))
        .with_context(|| file.display().to_string())?;
    let behind = bytes.len() - table.bytes.len();
    if behind > 0 {
        problems.push(format!("{behind} bytes are left behind the table"));
    }
    let mut structures = Vec::new();
    for found in table.structures() {
        match found {
            Ok(found) => structures.push(structure(&found, &mut problems)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    let flags = table.flags;
    let json = json!({
        "length": table.bytes.len(),
        "host_address_width": table.width,
        "flags": hexadecimal(flags.0),
        "interrupt_remapping": flags.interrupt_remapping(),
        "x2apic_opt_out": flags.x2apic_opt_out(),
        "platform_opt_in": flags.platform_opt_in(),
        "remapping_opt_out": flags.remapping_opt_out(),
        "structures": structures,
        "problems": problems,
    });
    Ok(Report {
        text: tree(&json),
        json,
        good: problems.is_empty(),
    })
}

fn structure(structure: &Structure<'_>, problems: &mut Vec<String>) -> Value {
    let mut all = Map::new();
    all.insert("type".to_owned(), Value::from(structure.name()));
    if let Value::Object(fields) = fields(structure) {
        all.extend(fields);
    }
    let mut scopes = Vec::new();
    for scope in structure.scopes() {
        match scope {
            Ok(scope) => scopes.push(Value::from(scope.to_string())),
            Err(error @ DmarError { .. }) => problems.push(error.to_string()),
        }
    }
    all.insert("scopes".to_owned(), Value::from(scopes));
    Value::from(all)
}

fn fields(structure: &Structure<'_>) -> Value {
    match structure {
        Structure::Drhd(unit) => json!({
            "segment": unit.segment,
            "base": hexadecimal(unit.base),
            "pages": unit.pages,
            "include_all": unit.include_all,
        }),
        Structure::Rmrr(region) => json!({
            "segment": region.segment,
            "base": hexadecimal(region.base),
            "limit": hexadecimal(region.limit),
        }),
        Structure::Atsr(ports) => {
            json!({"segment": ports.segment, "all_ports": ports.all_ports})
        }
        Structure::Rhsa(unit) => json!({
            "base": hexadecimal(unit.base),
            "proximity_domain": unit.proximity_domain,
        }),
        Structure::Andd(device) => json!({
            "number": device.number,
            // The name ends with its first NUL, and is text only if the firmware made it so.
            "name": String::from_utf8_lossy(
                device.name.as_slice().split(|byte| *byte == 0).next().unwrap_or_default(),
            ),
        }),
        Structure::Satc(devices) => {
            json!({"segment": devices.segment, "atc_required": devices.atc_required})
        }
        Structure::Sidp(devices) => json!({"segment": devices.segment}),
        Structure::Other { kind, length } => json!({"kind": kind, "length": length}),
    }
}
