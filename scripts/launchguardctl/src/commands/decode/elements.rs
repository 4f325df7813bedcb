// SPDX-License-Identifier: GPL-2.0

//! Extended data elements of the heap's tables.

use super::heap::Problems;
use super::hexadecimal;
use crate::report::hex;
use launchguard_pure::decode::heap::{Body, Dtpr, Element, Elements, LogArea, TableId};
use serde_json::{json, Value};

/// The elements of a table. What is wrong with one goes to `problems`.
pub fn decode_elements(table: TableId, elements: Elements<'_>, problems: &mut Problems) -> Value {
    let mut list = Vec::new();
    for element in elements {
        match element {
            Ok(element) => list.push(decode_element(table, &element, problems)),
            Err(error) => problems.push(format!("{table}: {error}")),
        }
    }
    Value::from(list)
}

fn decode_element(table: TableId, element: &Element<'_>, problems: &mut Problems) -> Value {
    let body = match element.body() {
        Ok(body) => decode_body(&body),
        Err(error) => {
            problems.push(format!("{table}: {error}"));
            Value::Null
        }
    };
    json!({
        "type": element.kind.value(),
        "name": element.kind.name(),
        "offset": hexadecimal(element.offset as u64),
        "size": element.size,
        "body": body,
    })
}

fn decode_body(body: &Body<'_>) -> Value {
    match body {
        Body::BiosSpecVer {
            major,
            minor,
            revision,
        } => json!({"version": format!("{major}.{minor}.{revision}")}),
        Body::Acm(addresses) => addresses.iter().map(hexadecimal).collect(),
        Body::Custom { uuid, data } => json!({"uuid": hex(uuid), "data": hex(data.as_slice())}),
        Body::EventLogPtr(address) => json!({"address": hexadecimal(*address)}),
        Body::EventLogPointer2(logs) => logs
            .iter()
            .map(|log| json!({"alg": hexadecimal(log.alg), "log": area(&log.area)}))
            .collect(),
        Body::EventLogPointer21(log) => area(log),
        Body::TprReq(regions) => regions
            .iter()
            .map(|(base, size)| json!({"base": hexadecimal(base), "size": hexadecimal(size)}))
            .collect(),
        Body::Dtpr(table) => dtpr(table),
        Body::Madt(table) | Body::Mcfg(table) | Body::Cedt(table) => {
            let bytes = table.bytes.as_slice();
            json!({
                "acpi_length": bytes.len(),
                "checksum": table.bytes.u8(9).map(hexadecimal),
                "checksum_good": adds_up(bytes),
            })
        }
        Body::Stm(data) | Body::Other(data) => json!({"data": hex(data.as_slice())}),
    }
}

/// Whether the bytes of an ACPI table add up to zero (ACPI 5.2.6). Whoever can write the heap can make
/// them: a wrong sum says that something is broken, a right one says nothing.
pub fn adds_up(table: &[u8]) -> bool {
    table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) == 0
}

fn area(log: &LogArea) -> Value {
    json!({
        "address": hexadecimal(log.address),
        "allocated": log.allocated,
        "first": log.first,
        "next": log.next,
    })
}

fn dtpr(table: &Dtpr<'_>) -> Value {
    let instances: Vec<Value> = table
        .instances()
        .map(|instance| {
            json!({
                "flags": hexadecimal(instance.flags),
                "registers": instance.registers.iter().map(hexadecimal).collect::<Vec<_>>(),
            })
        })
        .collect();
    let serialize: Vec<Value> = table.serialize_requests().iter().map(hexadecimal).collect();
    json!({
        "flags": hexadecimal(table.flags),
        "instances": instances,
        "serialize_requests": serialize,
    })
}
