// SPDX-License-Identifier: GPL-2.0

//! What every command prints with `--json`, against the schemas in Documentation/schema.

mod common;

use common::{
    directory, evidence, exported_log, fifo, file, run, set, sysfs, with_sysfs, Run, KEY,
};
use launchguard_evidence::to_bytes;
use launchguard_host_tests::exercise::Evidence;
use launchguard_host_tests::fixture::heap::{
    element, mdr, BiosFields, OsSinitFields, SinitMleFields, Tables,
};
use launchguard_host_tests::fixture::log::{encode, hash, Record};
use launchguard_host_tests::fixture::{acm, acpi, dmar, launch, lcp, slrt, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::evidence::{Contents, VERSION};
use launchguard_pure::verify::judgement::Verdict;
use launchguard_pure::verify::notes::Notes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Every bank whose hash can be computed.
const LARGEST: [HashAlg; 4] = [
    HashAlg::Sha1,
    HashAlg::Sha256,
    HashAlg::Sha384,
    HashAlg::Sha512,
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Documentation/schema")
}

fn schema(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|_| panic!("{}: no schema", path.display()));
    let whole = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    resolved(&whole, &whole)
}

/// `schema` with what its references refer to in `whole`.
fn resolved(schema: &Value, whole: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut all = serde_json::Map::new();
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("$defs", _) => {}
                    ("$ref", Some(target)) => {
                        let target = whole.pointer(target.trim_start_matches('#'));
                        let target = resolved(target.expect("a definition"), whole);
                        all.extend(target.as_object().expect("a schema").clone());
                    }
                    _ => drop(all.insert(name.clone(), resolved(value, whole))),
                }
            }
            Value::from(all)
        }
        Value::Array(entries) => entries.iter().map(|one| resolved(one, whole)).collect(),
        other => other.clone(),
    }
}

/// Checks a value against the part of JSON Schema 2020-12 that the schemas use. A keyword that is
/// not known here is an error: it would not be checked.
fn check(schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
    let object = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in object {
        match keyword.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => {
                let types = rule.as_array().cloned().unwrap_or(vec![rule.clone()]);
                if !types.iter().any(|name| is_type(name, value)) {
                    errors.push(format!("{at}: {value} is no {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().expect("a list").contains(value) {
                    errors.push(format!("{at}: {value} is none of {rule}"));
                }
            }
            "minimum" => {
                if value
                    .as_i64()
                    .is_some_and(|number| number < rule.as_i64().unwrap_or(0))
                {
                    errors.push(format!("{at}: {value} is less than {rule}"));
                }
            }
            "maximum" => {
                if value
                    .as_u64()
                    .is_some_and(|number| number > rule.as_u64().expect("a number"))
                {
                    errors.push(format!("{at}: {value} is more than {rule}"));
                }
            }
            "pattern" => {
                let pattern = rule.as_str().expect("a pattern");
                if value.as_str().is_some_and(|text| !matches(pattern, text)) {
                    errors.push(format!("{at}: {value} is not of the form {pattern}"));
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().expect("properties") {
                    if let Some(value) = value.get(name) {
                        check(rule, value, &format!("{at}.{name}"), errors);
                    }
                }
            }
            "required" => {
                for name in rule.as_array().expect("names") {
                    let name = name.as_str().expect("a name");
                    if value.is_object() && value.get(name).is_none() {
                        errors.push(format!("{at}: {name} is missing"));
                    }
                }
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let named = object.get("properties").and_then(|known| known.get(name));
                    match (named, rule) {
                        (Some(_), _) | (None, Value::Bool(true)) => {}
                        (None, Value::Bool(false)) => errors.push(format!("{at}: {name} is new")),
                        (None, rule) => check(rule, value, &format!("{at}.{name}"), errors),
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, value, &format!("{at}[{index}]"), errors);
                }
            }
            "anyOf" => {
                let all = rule.as_array().expect("schemas").iter();
                let failures: Vec<Vec<String>> = all
                    .map(|rule| {
                        let mut errors = Vec::new();
                        check(rule, value, at, &mut errors);
                        errors
                    })
                    .collect();
                if !failures.iter().any(Vec::is_empty) {
                    errors.push(format!("{at}: none of the forms: {failures:?}"));
                }
            }
            other => errors.push(format!("{at}: unknown keyword {other}")),
        }
    }
}

fn is_type(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

/// The patterns of the schemas.
fn matches(pattern: &str, text: &str) -> bool {
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match pattern {
        "^0x[0-9a-f]+$" => text
            .strip_prefix("0x")
            .is_some_and(|text| !text.is_empty() && hex(text)),
        "^([0-9a-f]{2})*$" => text.len() % 2 == 0 && hex(text),
        "^[A-Z]{3,4}-[0-9]{2}$" => text.split_once('-').is_some_and(|(family, number)| {
            (3..=4).contains(&family.len())
                && family.bytes().all(|byte| byte.is_ascii_uppercase())
                && number.len() == 2
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }),
        "^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$" => {
            let mut parts = text.split([':', '.']);
            let mut part = |sizes: RangeInclusive<usize>| {
                parts
                    .next()
                    .is_some_and(|part| sizes.contains(&part.len()) && hex(part))
            };
            part(4..=8)
                && part(2..=2)
                && part(2..=2)
                && part(1..=1)
                && text.ends_with(|end| matches!(end, '0'..='7'))
                && text.len() >= "0000:00:00.0".len()
                && text.as_bytes().get(text.len() - 2) == Some(&b'.')
        }
        other => panic!("unknown pattern {other}"),
    }
}

/// The documents that were looked at, by schema.
#[derive(Default)]
struct Seen(BTreeMap<String, Vec<Value>>);

impl Seen {
    /// Checks what a command printed; it may have found something good or not.
    fn valid(&mut self, name: &str, answer: &Run) -> Value {
        assert!(matches!(answer.status, Some(0 | 1)), "{name}: {answer:?}");
        let value = answer.json();
        let mut errors = Vec::new();
        check(&schema(name), &value, name, &mut errors);
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        let documents = self.0.entry(name.to_owned()).or_default();
        documents.push(value.clone());
        value
    }

    /// Decodes `bytes`, which may hold problems, and checks what is printed.
    fn decoded(&mut self, what: &str, bytes: &[u8]) -> Value {
        let place = directory();
        let path = file(&place, what, bytes);
        let path = path.to_str().expect("UTF-8");
        let answer = run(&["--json", "decode", what, path]);
        self.valid(&format!("decode-{what}"), &answer)
    }

    /// Whether some document has each member of the schema `name`, with something else than null, and
    /// each form and each word that it allows. What no fixture leads to is in `never`.
    fn covers(&self, name: &str, never: &[&str]) {
        let documents: Vec<&Value> = self.0.get(name).into_iter().flatten().collect();
        let mut missing = Vec::new();
        uncovered(&schema(name), &documents, name, &mut missing);
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        assert_eq!(missing, never, "{name}");
    }
}

/// The places of `schema` that none of `values` reaches.
fn uncovered(schema: &Value, values: &[&Value], at: &str, missing: &mut Vec<String>) {
    if values.iter().all(|value| value.is_null()) {
        return missing.push(at.to_owned());
    }
    for word in schema["enum"].as_array().into_iter().flatten() {
        if !values.contains(&word) {
            missing.push(format!("{at} {word}"));
        }
    }
    for (name, rule) in schema["properties"].as_object().into_iter().flatten() {
        let inner: Vec<_> = values.iter().filter_map(|value| value.get(name)).collect();
        uncovered(rule, &inner, &format!("{at}.{name}"), missing);
    }
    let entries = values.iter().filter_map(|value| value.as_array());
    let entries: Vec<_> = entries.flatten().collect();
    let members = values.iter().filter_map(|value| value.as_object());
    let members: Vec<_> = members.flat_map(serde_json::Map::values).collect();
    for (rule, inner) in [
        (&schema["items"], entries),
        (&schema["additionalProperties"], members),
    ] {
        if rule.is_object() {
            uncovered(rule, &inner, &format!("{at}[]"), missing);
        }
    }
    for (index, form) in schema["anyOf"].as_array().into_iter().flatten().enumerate() {
        let fits = |value: &&&Value| {
            let mut errors = Vec::new();
            check(form, value, at, &mut errors);
            errors.is_empty()
        };
        let inner: Vec<_> = values.iter().filter(fits).copied().collect();
        if form["type"] == "null" {
            if inner.is_empty() {
                missing.push(format!("{at} null"));
            }
            continue;
        }
        uncovered(form, &inner, &format!("{at}({index})"), missing);
    }
}

#[test]
fn every_command_keeps_its_schema() {
    let mut seen = Seen::default();
    let place = directory();
    let put = |name: &str, bytes: &[u8]| file(&place, name, bytes).display().to_string();
    let machine = Machine::launched();
    let device = sysfs(&machine);
    for command in ["status", "enroll"] {
        seen.valid(command, &run(&with_sysfs(&device, &["--json", command])));
    }
    let evidence = device.path().join("evidence").display().to_string();
    seen.valid("report", &run(&["--json", "report", &evidence]));
    let next = put("next", b"another initrd");
    let predict = ["--json", "predict", "--initrd", &next];
    seen.valid("predict", &run(&with_sysfs(&device, &predict)));
    let page = put("page.html", b"");
    let report = run(&["--json", "report", &evidence, "--output", &page]);
    seen.valid("report", &report);
    let pins = put(
        "pins",
        machine.references(HashAlg::Sha256, &[17, 18]).as_bytes(),
    );
    let prune = ["--json", "prune", &pins];
    seen.valid("prune", &run(&with_sysfs(&device, &prune)));
    let policy = put("policy", b"version 1\nrequire TXT-05\n");
    let broken = put("broken", b"version 1\nrequire NONSENSE\n");
    let judge = |more: &[&str]| run(&[&["--json", "judge", &evidence], more].concat());
    seen.valid("judge", &judge(&[]));
    seen.valid("judge", &judge(&["--references", &pins]));
    for text in [&pins, &policy, &broken] {
        seen.valid("lint", &run(&["--json", "lint", text]));
    }
    let compared = ["--json", "lint", &pins, "--evidence", &evidence];
    let compared = seen.valid("lint", &run(&compared));
    assert_eq!(compared["launch"]["covered"], serde_json::json!(["sha256"]));
    seen.valid("dry-run", &run(&["--json", "dry-run", &policy]));
    seen.valid(
        "load",
        &run(&with_sysfs(&device, &["--json", "load", &policy])),
    );
    let heap = put("heap", machine.heap.as_deref().expect("a heap"));
    let log = machine.log.as_deref().expect("a log");
    let log = put("log", &log[..machine.log_next as usize]);
    let module = put("acm", &acm::sinit());
    let lcp_policy = put("ps", &lcp::policy_3(lcp::LIST, 17, 0x8000_0008));
    let list = lcp::list_2(0x10, &[lcp::mle_element(3, 0x000b, &[vec![7; 32]])], &[]);
    let lcp_data = put("lcp-data", &lcp::data(&[list]));
    let registers = put("registers", &Evidence::of(&machine).registers);
    // An MLE header that is all zeros but for UUID, length, version and range (SDG table 2-1).
    let mle: Vec<u8> = [
        0x9082_ac5a_u32,
        0x74a7_476f,
        0xa255_5c0f,
        0x42b6_51cb,
        52,
        0x2_0001,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect();
    let mut older = mle[..44].to_vec();
    older[16..20].copy_from_slice(&44u32.to_le_bytes());
    older[40..44].copy_from_slice(&0x227u32.to_le_bytes());
    let (mle, older) = (put("mle", &mle), put("older-mle", &older));
    let narrow = put("narrow", &slrt::narrow());
    let wide = put("wide", &slrt::wide(true));
    let scopes = vec![dmar::ScopeSpec::endpoint(0, 2, 0)];
    let iommus = dmar::encode(
        38,
        1,
        &[
            dmar::Entry::unit(0xfed9_0000),
            dmar::Entry::Drhd {
                flags: 0,
                size: 0,
                segment: 0,
                base: 0xfed9_1000,
                scopes: scopes.clone(),
            },
            dmar::Entry::Rmrr {
                segment: 0,
                base: 0,
                limit: 0xfff,
                scopes: scopes.clone(),
            },
            dmar::Entry::Atsr {
                flags: 1,
                segment: 0,
                scopes: scopes.clone(),
            },
            dmar::Entry::Rhsa { base: 0, domain: 0 },
            dmar::Entry::Andd {
                number: 1,
                name: vec![b'A', 0],
            },
            dmar::Entry::Satc {
                flags: 1,
                segment: 0,
                scopes: scopes.clone(),
            },
            dmar::Entry::Sidp { segment: 0, scopes },
            dmar::Entry::Unknown {
                kind: 9,
                body: Vec::new(),
            },
        ],
    );
    let longer = put("longer-dmar", &[&iommus[..], &[0]].concat());
    let iommus = put("dmar", &iommus);
    for (what, path) in [
        ("heap", &heap),
        ("eventlog", &log),
        ("acm", &module),
        ("registers", &registers),
        ("lcp", &lcp_policy),
        ("lcp", &lcp_data),
        ("mle", &mle),
        ("slrt", &narrow),
        ("slrt", &wide),
        ("dmar", &iommus),
        ("dmar", &longer),
        ("mle", &older),
    ] {
        let answer = run(&["--json", "decode", what, path]);
        seen.valid(&format!("decode-{what}"), &answer);
    }
    for value in ["0", "0xc0007051", "0x8000000a"] {
        seen.valid(
            "decode-errorcode",
            &run(&["--json", "decode", "errorcode", value]),
        );
    }
    seen.valid("replay", &run(&["--json", "replay", &log]));
    for shell in ["bash", "zsh", "fish"] {
        seen.valid("completion", &run(&["--json", "completion", shell]));
    }
    let (key, unsigned) = (put("key", KEY.as_bytes()), put("unsigned", pins.as_bytes()));
    put("unsigned.minisig", KEY.as_bytes());
    seen.valid(
        "verify",
        &run(&["--json", "verify", &unsigned, "--key", &key]),
    );
    seen.valid("man", &run(&["--json", "man"]));
    let pages = put("pages/x", b"");
    let pages = Path::new(&pages)
        .parent()
        .expect("a folder")
        .display()
        .to_string();
    seen.valid("man", &run(&["--json", "man", "--directory", &pages]));
    seen.valid("explain", &run(&["--json", "explain"]));
    let mut lines = String::new();
    std::fs::remove_file(device.path().join("waivers")).expect("removed");
    let gone = run(&with_sysfs(&device, &["--json", "watch"]));
    lines.push_str(&gone.stdout);
    seen.valid("watch", &gone);
    assert_eq!(lines, "{\"gone\":true}\n");

    for name in ["decode-mle", "completion", "man"] {
        seen.covers(name, &[]);
    }
    // RHSA, ANDD and what is not known here name no devices.
    let never = [3, 4, 7].map(|form| format!("decode-dmar.structures[]({form}).scopes[]"));
    seen.covers("decode-dmar", &never.each_ref().map(String::as_str));
    // Every document is there for a command, and every command was asked.
    let mut documents = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).expect("the schemas") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        documents.insert(name.trim_end_matches(".json").to_owned());
    }
    let mine: BTreeSet<String> = documents
        .into_iter()
        .filter(|name| !seen.0.contains_key(name))
        .collect();
    assert!(mine.is_empty(), "no command was asked for {mine:?}");
}

/// The problems of a document.
fn problems(document: &Value) -> usize {
    document["problems"].as_array().expect("a list").len()
}

/// A copy of an ACPI table with another signature and other contents.
fn acpi_table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut table = acpi::mcfg()[..36].to_vec();
    table[..4].copy_from_slice(signature);
    table[4..8].copy_from_slice(&(36 + body.len() as u32).to_le_bytes());
    table.extend(body);
    acpi::seal(&mut table);
    table
}

/// Every element that a table can have, well-formed, and one of an unknown type.
fn elements() -> Vec<Vec<u8>> {
    let words = |values: &[u32]| -> Vec<u8> {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        bytes.collect()
    };
    // Flags, one instance of one register pair, one serialize request.
    let dtpr = words(&[0, 1, 0, 1, 0xfed4_0000, 0, 1, 0xfed5_0000, 0]);
    let area = [0x7efd_e000, 0, 8192, 0, 100];
    vec![
        element(1, &[2, 0, 1, 0, 0, 0]),
        element(2, &words(&[1, 0xffdb_8000, 0])),
        element(3, &[1, 2, 3]),
        element(4, &[7; 20]),
        element(5, &words(&[0x7efd_e000, 0])),
        element(6, &acpi::madt()),
        element(7, &[words(&[1, 0x000b]), words(&area)].concat()),
        element(8, &words(&area)),
        element(9, &acpi::mcfg()),
        element(13, &words(&[1, 0x10_0000, 0, 0x20_0000, 0])),
        element(14, &acpi_table(b"DTPR", &dtpr)),
        element(15, &acpi_table(b"CEDT", &[])),
        element(99, &[1]),
    ]
}

/// Elements of known types whose sizes do not fit them.
fn broken_elements() -> Vec<Vec<u8>> {
    [1, 2, 4, 5, 6, 7, 8, 9, 13, 14, 15]
        .map(|kind| element(kind, &[1]))
        .to_vec()
}

/// The document of a heap whose tables are those of tboot with `change`.
fn heap_with(seen: &mut Seen, change: impl FnOnce(&mut Tables)) -> Value {
    let mut machine = Machine::launched();
    machine.change_tables(change);
    seen.decoded("heap", machine.heap.as_deref().expect("a heap"))
}

#[test]
fn heaps_of_every_version_keep_their_schema() {
    let mut seen = Seen::default();
    let bios = |version: u32| BiosFields {
        version,
        sinit_size: 1,
        lcp: [2, 3],
        processors: 4,
        flags: [5, version << 1],
    };
    let os_sinit = |version: u32| OsSinitFields {
        version,
        flags: 1,
        values: [1; 9],
        capabilities: u32::MAX,
        rsdp: 2,
    };
    let sinit_mle = |version: u32| SinitMleFields {
        version,
        bios_acm_id: [1; 20],
        edx: 2,
        mseg_valid: 3,
        hashes: [[4; 20]; 4],
        control: 5,
        wakeup: 6,
        scrtm: 7,
    };
    let mdrs: Vec<_> = (0..6).map(|kind| mdr(0x1000, 0x1000, kind)).collect();
    let mut names = BTreeSet::new();
    for list in [Vec::new(), elements(), broken_elements()] {
        for version in 2..=9 {
            let found = heap_with(&mut seen, |tables| {
                tables.bios_data = bios(version).encode(&list);
                tables.os_sinit_data = os_sinit(version).encode(&list);
                let dmar = if version == 9 {
                    acpi::dmar()
                } else {
                    Vec::new()
                };
                tables.sinit_mle_data = sinit_mle(version).encode(&list, &dmar, &mdrs);
            });
            for table in ["BiosData", "OsSinitData", "SinitMleData"] {
                let table = &found["tables"][table];
                assert_eq!(table["version"], version);
                for element in table["elements"].as_array().expect("elements") {
                    let broken = list == broken_elements();
                    assert_eq!(element["body"].is_null(), broken, "{element}");
                    names.insert(element["name"].as_str().expect("a name").to_owned());
                }
            }
        }
    }
    assert_eq!(names.len(), elements().len());
    // The launchers' tables: of no known version, and of Secure Launch.
    for (version, size) in [(1u32, 628), (1, 104), (1, 96), (2, 96), (3, 90000)] {
        heap_with(&mut seen, |tables| {
            tables.os_mle_data = version.to_le_bytes().to_vec();
            tables.os_mle_data.resize(size, 1);
        });
        heap_with(&mut seen, |tables| {
            tables.os_mle_data = version.to_le_bytes().to_vec();
            tables.os_mle_data.resize(size, 0);
            // One MTRR: tboot's count, that of Secure Launch.
            let count = if version == 3 { 12 } else { 24 };
            tables.os_mle_data[count] = 1;
        });
    }
    // Tables that are too short for their versions, an odd DMAR, no END, lists that lie outside.
    let short = heap_with(&mut seen, |tables| {
        tables.bios_data = 6u32.to_le_bytes().to_vec();
        tables.os_mle_data = vec![1];
        tables.os_sinit_data = 7u32.to_le_bytes().to_vec();
        tables.sinit_mle_data = 9u32.to_le_bytes().to_vec();
    });
    assert_eq!(problems(&short), 4, "{short}");
    let outside = heap_with(&mut seen, |tables| {
        let (_, end) = tables.bios_data.split_at(tables.bios_data.len() - 8);
        assert_eq!(end, [0, 0, 0, 0, 8, 0, 0, 0]);
        tables.bios_data.truncate(tables.bios_data.len() - 8);
        for part in [132, 140] {
            tables.sinit_mle_data[part..part + 4].fill(0xff);
        }
    });
    assert_eq!(problems(&outside), 3, "{outside}");
    for machine in [
        Machine::launched_with_tpm12(),
        Machine::launched_with_tpm12_details(),
        Machine::launched_with_legacy_logs(),
    ] {
        let found = seen.decoded("heap", machine.heap.as_deref().expect("a heap"));
        assert!(found["event_log"].is_object(), "{found}");
    }
    seen.covers("decode-heap", &[]);
}

#[test]
fn logs_of_every_format_keep_their_schema() {
    let mut wrong = Machine::launched();
    wrong.change_log(|records| records[4].data[0] ^= 1);
    let mut seen = Seen::default();
    let place = directory();
    for (machine, good) in [
        (Machine::launched(), true),
        (Machine::launched_with_tpm12(), true),
        (Machine::launched_with_tpm12_details(), true),
        (Machine::launched_with_legacy_logs(), true),
        (wrong, false),
    ] {
        let log = exported_log(&machine);
        assert_eq!(problems(&seen.decoded("eventlog", &log)) == 0, good);
        let path = file(&place, "log", &log);
        let replayed = run(&["--json", "replay", path.to_str().expect("UTF-8")]);
        seen.valid("replay", &replayed);
    }
    seen.covers("decode-eventlog", &[]);
    seen.covers("replay", &[]);
}

#[test]
fn modules_of_every_version_keep_their_schema() {
    let mut seen = Seen::default();
    let good = acm::sinit();
    assert_eq!(problems(&seen.decoded("acm", &good)), 0);
    let mut with = |changes: &[(usize, &[u8])]| {
        let mut module = good.clone();
        for (offset, bytes) in changes {
            module[*offset..*offset + bytes.len()].copy_from_slice(bytes);
        }
        seen.decoded("acm", &module)
    };
    // Flags of both kinds, no date, every capability; version and length of the table.
    let (kind, version, length) = (acm::INFO + 16, acm::INFO + 17, acm::INFO + 18);
    let odd = with(&[
        (acm::FLAGS, &[0, 0xc0]),
        (acm::DATE, &[0; 4]),
        (acm::INFO + 32, &[0xff; 4]),
        (acm::TPMS, &[0xff]),
        (kind, &[77]),
    ]);
    assert_eq!(odd["header"]["date"], Value::Null);
    assert_eq!(odd["tpm"]["nv_indices"], "0x01c101..");
    for (number, size) in [(2u8, 36u8), (3, 40), (4, 44), (4, 48), (8, 48)] {
        let found = with(&[(version, &[number]), (length, &[size, 0])]);
        assert_eq!(found["info"]["tpm_list"].is_null(), size < 48 || number < 5);
    }
    let broken = with(&[(acm::PROCESSORS, &[0xff; 4])]);
    assert_eq!(problems(&broken), 1);
    assert_eq!(broken["chipsets"], Value::Null);
    // From version 9 on: records of both lists of chipsets, and an end.
    let record = |id: &[u8; 4], body: &[u8]| {
        let mut bytes = id.to_vec();
        bytes.extend((body.len() as u32 + 12).to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(body);
        bytes
    };
    let records = [
        record(b"CS1L", &good[acm::CHIPSETS..acm::CHIPSETS + 20]),
        record(b"CS2L", &good[acm::CHIPSETS..acm::CHIPSETS + 20]),
        record(b"CPUL", &good[acm::PROCESSORS..acm::PROCESSORS + 28]),
        record(b"TPML", &good[acm::TPMS..acm::TPMS + 8]),
        record(b"VERL", &[]),
        record(b"NULL", &[]),
    ];
    let records = records.concat();
    let later = with(&[(version, &[9]), (acm::CHIPSETS, &records)]);
    assert_eq!(problems(&later), 0, "{later}");
    assert!(later["chipsets_by_device"].is_array(), "{later}");
    seen.covers("decode-acm", &[]);
}

/// Algorithms and the low bytes of their TPM_ALG_IDs; the high ones are zero.
const ALGS: [(HashAlg, u8); 5] = [
    (HashAlg::Sha1, 0x04),
    (HashAlg::Sha256, 0x0b),
    (HashAlg::Sha384, 0x0c),
    (HashAlg::Sha512, 0x0d),
    (HashAlg::Sm3, 0x12),
];

#[test]
fn policies_of_every_version_keep_their_schema() {
    let mut seen = Seen::default();
    for kind in [lcp::LIST, lcp::ANY] {
        seen.decoded("lcp", &lcp::policy_2(kind, 17, u32::MAX));
        seen.decoded("lcp", &lcp::policy_3(kind, 17, 0));
        for (alg, id) in ALGS {
            let mut policy = lcp::policy_3(kind, 17, 0);
            policy[2..4].copy_from_slice(&[id, 0]);
            policy.resize(38 + alg.size(), 1);
            seen.decoded("lcp", &policy);
        }
        let longer = [lcp::policy_3(kind, 17, 0), vec![0]].concat();
        assert_eq!(problems(&seen.decoded("lcp", &longer)), 1);
    }
    // Of TPM 1.2: no hashes, algorithm 0 is SHA-1. Later: SHA-256.
    let elements = [
        lcp::element(0, 1, &[&[3, 0, 1, 0][..], &[7; 20]].concat()),
        lcp::element(1, 0, &[1, 0, 9, 9]),
        lcp::element(2, 0, &[&[0; 4][..], &[8; 20], &[0; 4]].concat()),
        lcp::element(3, 0, &[7; 20]),
        lcp::mle_element(3, 0x000b, &[vec![7; 32]]),
        lcp::element(0x11, 0, &[0x0b, 0, 1, 0, 9, 9]),
        lcp::element(0x12, 0, &[&[0x0b, 0, 0, 0][..], &[8; 32], &[0; 4]].concat()),
        lcp::element(0x13, 0, &[7; 20]),
        lcp::element(0x14, 0, &[&[0x0b, 0, 1, 0][..], &[7; 32]].concat()),
        lcp::element(0x77, 0, &[7]),
    ];
    // An RSA key of 256 bytes: counter, size, key, signature.
    let signature = [&[1, 0, 0, 1][..], &[9; 512]].concat();
    for signed in [
        lcp::list_2(0x10, &elements, &[]),
        lcp::list_2(0x14, &elements, &signature),
    ] {
        let found = seen.decoded("lcp", &lcp::data(&[signed]));
        let list = &found["lists"][0];
        assert_eq!(list["elements"].as_array().map(Vec::len), Some(10));
        for element in list["elements"].as_array().expect("elements") {
            let members = element.as_object().expect("an object").len();
            assert!(members > 4, "a body is missing: {element} in {found}");
        }
    }
    seen.decoded("lcp", &lcp::data(&[lcp::list_3(&elements, &[])]));
    for (alg, id) in ALGS {
        let (head, hash) = ([id, 0, 1, 0], vec![7; alg.size()]);
        let elements = [
            lcp::mle_element(3, u16::from(id), &[hash.clone()]),
            lcp::element(0x12, 0, &[&head[..], &hash, &[0, 0, 1, 0], &hash].concat()),
            lcp::element(0x14, 0, &[&head[..], &hash].concat()),
        ];
        let found = seen.decoded("lcp", &lcp::data(&[lcp::list_3(&elements, &[])]));
        assert_eq!(problems(&found), 0, "{found}");
    }
    let broken: Vec<_> = [0, 1, 2, 3, 0x10, 0x11, 0x12, 0x13, 0x14]
        .iter()
        .map(|kind| lcp::element(*kind, 0, &[1]))
        .collect();
    let found = seen.decoded("lcp", &lcp::data(&[lcp::list_2(0x10, &broken, &[])]));
    assert_eq!(problems(&found), 9, "{found}");
    seen.covers("decode-lcp", &[]);
}

#[test]
fn resource_tables_of_every_layout_keep_their_schema() {
    let mut seen = Seen::default();
    for table in [slrt::narrow(), slrt::wide(false), slrt::wide(true)] {
        assert_eq!(problems(&seen.decoded("slrt", &table)), 0);
    }
    // Entries that are not read here, and known ones whose sizes do not fit.
    let entries: Vec<_> = (5..8).chain([0x77]).chain(1..5).chain([8]).collect();
    for wide in [slrt::Wide::No, slrt::Wide::Yes] {
        let list: Vec<_> = entries
            .iter()
            .map(|tag| slrt::entry(wide, *tag, &[1]))
            .collect();
        let found = seen.decoded("slrt", &slrt::table(&list));
        let found = found["entries"].as_array().expect("entries").len();
        assert!(found > 0);
        let mut other = slrt::table(&list);
        other[6] = 2;
        let other = seen.decoded("slrt", &other);
        assert_eq!(other["architecture"], "AMD SKINIT");
    }
    seen.covers("decode-slrt", &[]);
}

#[test]
fn register_dumps_keep_their_schema() {
    let mut seen = Seen::default();
    for fill in [0u8, 0xff, 0x5a, 0x81] {
        seen.decoded("registers", &[fill; 4096]);
    }
    let mut machine = Machine::launched();
    for (status, policy) in [
        (0x8000_9c31, 0x1f_ffff_ffff),
        (0xffff_fffe, 0x2000),
        (0x1, 0x4000),
        (0x8fff_ffff, 0x6000),
    ] {
        machine.set(Reg::AcmStatus, status);
        machine.set(Reg::AcmPolicyStatus, policy);
        let found = seen.decoded("registers", &Evidence::of(&machine).registers);
        assert!(found["fields"]["TXT.ACM_STATUS"].is_object(), "{found}");
    }
    for value in [
        "0xc0000001",
        "0xffffffff",
        "0xc00c0491",
        "0xc0008001",
        "0xc0000002",
        "0xc0000009",
        "0xc0000010",
        "0xc0000018",
        "0x8000000a",
        "0x40000001",
    ] {
        let answer = run(&["--json", "decode", "errorcode", value]);
        seen.valid("decode-errorcode", &answer);
    }
    seen.covers("decode-registers", &[]);
    seen.covers("decode-errorcode", &[]);
}

/// What the module, evidence and texts of every kind lead to.
#[test]
fn every_machine_keeps_the_schemas() {
    let mut seen = Seen::default();
    let place = directory();
    let mut failed = Machine::launched();
    failed.set(Reg::Ests, 1);
    failed.set(Reg::SinitBase, 0x1234);
    failed.set_pcr(HashAlg::Sha256, 18, Some(&[7; 32]));
    let mut other = Machine::launched();
    other.set_pcr(HashAlg::Sha256, 17, None);
    other.slrt = Some(slrt::wide(true));
    let pins = Machine::launched().references(HashAlg::Sha384, &[17, 18]);
    let policy = "version 1\nwaive HEAP-05 \"old firmware\"\nrequire TPM-14\n";
    for machine in [
        Machine::launched(),
        Machine::never_launched(),
        Machine::launched_with_legacy_logs(),
        Machine::launched_with_tpm12(),
        Machine::launched_with_tpm12_details(),
        failed,
        other,
    ] {
        let device = sysfs(&machine);
        set(&device, "waivers", "HEAP-05 CPU-10");
        set(
            &device,
            "dma/exposed_devices",
            "0000:00:02.0\n10000:e1:00.7",
        );
        set(&device, "dma/faults", "unknown");
        for command in ["status", "enroll", "report"] {
            seen.valid(command, &run(&with_sysfs(&device, &["--json", command])));
        }
        let own = Machine::launched().references(HashAlg::Sha256, &[17, 18]);
        for (policy, references) in [
            (None, None),
            (None, Some(own.as_str())),
            (Some(policy), Some(pins.as_str())),
        ] {
            let bytes = evidence(&machine, policy, references);
            let path = file(&place, "evidence", bytes);
            let path = path.to_str().expect("UTF-8");
            for command in ["judge", "report"] {
                seen.valid(command, &run(&["--json", command, path]));
            }
        }
    }
    let device = sysfs(&Machine::launched());
    for (verdict, launcher) in ["pending", "verified"]
        .iter()
        .zip(["secure-launch", "unknown"])
    {
        set(&device, "verdict", verdict);
        set(&device, "launcher", launcher);
        std::fs::remove_file(device.path().join("references_serial")).ok();
        for (name, value) in [("groups", "12"), ("exposed", "unknown")] {
            set(&device, &format!("dma/{name}"), value);
        }
        let modules = directory();
        file(&modules, "7.3.4+deb13-amd64/updates/launchguard.ko", "");
        let modules = modules.path().to_str().expect("UTF-8");
        let status = ["--json", "status", "--modules", modules];
        seen.valid("status", &run(&with_sysfs(&device, &status)));
    }
    // Evidence of which the module said otherwise.
    let machine = Machine::launched();
    let bytes = to_bytes(&Contents {
        generation: 7,
        kernel_release: "7.3.4",
        version: VERSION,
        facts: &machine.facts(),
        policy: None,
        references: None,
        awaiting: false,
        notes: Notes::default(),
        verdict: Verdict::Absent,
        judgement: &Machine::never_launched().judge("", None),
    });
    let path = file(&place, "evidence", bytes);
    let good = machine.references(HashAlg::Sha256, &[17, 18]);
    let good = file(&place, "references", good).display().to_string();
    let empty = file(&place, "policy", "version 1\n").display().to_string();
    for (option, text) in [("--references", &good), ("--policy", &empty)] {
        let path = path.to_str().expect("UTF-8");
        let reported = run(&["--json", "report", path, option, text]);
        seen.valid("report", &reported);
        let judged = run(&["--json", "judge", path, option, text]);
        let judged = seen.valid("judge", &judged);
        assert!(judged["recorded"]["same"].is_null(), "{judged}");
    }
    let judged = run(&["--json", "judge", path.to_str().expect("UTF-8")]);
    assert_eq!(seen.valid("judge", &judged)["recorded"]["same"], false);
    for (text, good) in [
        (
            "version 1\nwaive TXT-07 \"x\"\non-failure quarantine\nextend-pcr 10\nseal\n\
             region r 0x1000 + 8K\ncompartment a {\nwindow 0x1000 + 4K r\ndevice 0000:03:00.0\n}\n",
            true,
        ),
        ("version 1\non-failure panic\nrequire TPM-14\n", true),
        ("version 1\n", true),
        ("version 1 references\n", true),
        ("version 1 references\nserial 3\n", true),
        (pins.as_str(), true),
        ("version 1 references\nlaunch \"a\" {\n", false),
        ("version 1\nregion a 1 + 4K\n", false),
    ] {
        let path = file(&place, "text", text);
        let path = path.to_str().expect("UTF-8");
        let linted = seen.valid("lint", &run(&["--json", "lint", path]));
        assert_eq!(linted["good"], good, "{text}");
        if !text.contains("references") {
            seen.valid("dry-run", &run(&["--json", "dry-run", path]));
        }
    }
    let device = sysfs(&Machine::launched());
    let identities = format!(
        "version 1 references\nsinit sha256 {0}\nmle sha256 {0}\n",
        "ab".repeat(32)
    );
    let path = file(&place, "text", identities);
    let path = path.to_str().expect("UTF-8");
    let linted = seen.valid("lint", &run(&["--json", "lint", path]));
    assert_eq!(linted["holds"]["sinit"], 1);
    let commit = device.path().join("commit");
    std::fs::remove_file(&commit).expect("removed");
    std::os::unix::fs::symlink("/dev/full", &commit).expect("a link");
    let refused = run(&with_sysfs(&device, &["--json", "load", path]));
    assert!(!seen.valid("load", &refused)["error"].is_null());
    let records = launchguard_host_tests::fixture::launch::records(&BANKS, &BANKS);
    let enrolled = sysfs(&Machine::with_records(&BANKS, records));
    // References are compared with the launch of the machine here.
    let path = file(&place, "text", &pins);
    let path = path.to_str().expect("UTF-8");
    let compared = run(&with_sysfs(&enrolled, &["--json", "lint", path]));
    assert!(seen.valid("lint", &compared)["launch"].is_object());
    let enrolled = run(&with_sysfs(&enrolled, &["--json", "enroll"]));
    assert_eq!(
        seen.valid("enroll", &enrolled)["banks"]
            .as_object()
            .map(serde_json::Map::len),
        Some(2)
    );
    seen.covers("status", &[]);
    seen.covers("enroll", &[]);
    // The fixture's TPM has three banks.
    let never = [
        "lint.launch(1).covered[] \"sha512\"",
        "lint.launch(1).covered[] \"sm3\"",
    ];
    seen.covers("lint", &never);
    // Where the page was written is another test's; only registers have offsets, and what is missing
    // has no value.
    let never = [
        "report(0)",
        "report(1).headline.verdict \"pending\"",
        "report(1).evidence.kernel[].offset",
        "report(1).evidence.missing[].offset",
        "report(1).evidence.missing[].value",
    ];
    seen.covers("report", &never);
    let never = [
        "judge.verdict \"pending\"",
        "judge.launcher \"secure-launch\"",
        "judge.launcher \"unknown\"",
    ];
    seen.covers("judge", &never);
}

/// A prediction, an event that comes and one that goes, a refusal; what is dropped, and what is not.
#[test]
fn predictions_keep_their_schemas() {
    let mut seen = Seen::default();
    let place = directory();
    let put = |name: &str, bytes: &[u8]| file(&place, name, bytes).display().to_string();
    // The event of tboot's default policy, with the hash that its banks lead to.
    let policy = [
        "02000b010000000000000003",
        "00ff000000000000",
        "8111000000000000",
        "8316001000004000",
    ];
    let policy: Vec<u8> = policy
        .concat()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex"))
        .collect();
    let inner = hash(HashAlg::Sha256, &[&policy]);
    let launched = |banks: &[HashAlg]| {
        let mut records = launch::records(&LARGEST, banks);
        for record in records
            .iter_mut()
            .filter(|record| record.kind == launch::TBOOT)
            .take(2)
        {
            let measured = [&[1, 0, 0, 0], inner.as_slice()].concat();
            *record = Record::measured(record.pcr, launch::TBOOT, banks, &measured, &[]);
        }
        encode(&LARGEST, &records)
    };
    let log = put("log", &launched(&LARGEST));
    let image = put(
        "image",
        &std::fs::read("/boot/tboot.gz").expect("Debian's tboot"),
    );
    let tboot = ["--tboot", &image, "--tboot-cmdline", "extpol=embedded"];
    let predict =
        |log: &str, more: &[&str]| run(&[&["--json", "predict", "--log", log], more].concat());
    let predicted = seen.valid("predict", &predict(&log, &tboot));
    assert!(predicted["error"].is_null(), "{predicted:#}");
    for modules in [
        "\tmodule2 /a\n",
        "\tmodule2 /a\n\tmodule2 /a\n\tmodule2 /a\n",
    ] {
        put("boot/a", b"a");
        std::fs::copy(&image, place.path().join("boot/tboot")).expect("copied");
        let entry =
            format!("menuentry 'tboot' {{\n\tmultiboot2 /tboot extpol=embedded\n{modules}}}\n");
        let configuration = put("boot/grub/grub.cfg", entry.as_bytes());
        let predicted = predict(&log, &["--grub", &configuration]);
        seen.valid("predict", &predicted);
    }
    let foreign = put("foreign", &exported_log(&Machine::launched()));
    assert!(seen.valid("predict", &predict(&foreign, &tboot))["name"].is_null());
    seen.covers("predict", &[]);

    let machine = Machine::launched();
    let pins = machine.references(HashAlg::Sha256, &[17, 18]);
    let zeros = "00".repeat(32);
    let other = format!("launch \"then\" {{ pcr 17 sha256 {zeros} pcr 18 sha256 {zeros} }}\n");
    let texts = put("references", format!("{pins}{other}").as_bytes());
    let device = sysfs(&machine);
    let pruned = run(&with_sysfs(&device, &["--json", "prune", &texts]));
    assert_eq!(seen.valid("prune", &pruned)["dropped"][0], "then");
    let texts = put(
        "references",
        format!("version 1 references\n{other}").as_bytes(),
    );
    let refused = run(&with_sysfs(&device, &["--json", "prune", &texts]));
    assert!(!seen.valid("prune", &refused)["error"].is_null());
    seen.covers("prune", &[]);
}

/// A first line, a change, and the end.
#[test]
fn the_lines_of_watch_keep_their_schema() {
    let device = sysfs(&Machine::launched());
    let path = device.path().to_owned();
    fifo(&device, "waivers", move |reading| {
        let set = |name: &str, value: &str| {
            std::fs::write(path.join(name), value).expect("a file can be written");
        };
        match reading {
            // The first line is out before anything is read again.
            1 => {
                set("verdict", "failed");
                set("reason", "TXT-02 policy-file");
                set("checks/TXT-02", "fail");
                set("generation", "8");
            }
            3 => std::fs::remove_file(path.join("generation")).expect("removed"),
            _ => {}
        }
        b"HEAP-05\n".to_vec()
    });
    let watched = run(&with_sysfs(
        &device,
        &["--json", "watch", "--interval", "0.02"],
    ));
    let schema = schema("watch");
    let mut lines = Vec::new();
    for line in watched.stdout.lines() {
        let value: Value = serde_json::from_str(line).expect("a JSON line");
        let mut errors = Vec::new();
        check(&schema, &value, "watch", &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        lines.push(value);
    }
    assert_eq!(lines.len(), 3, "{watched:?}");
    assert_eq!(lines[1]["changes"][0]["now"], "fail");
    assert_eq!(lines[2]["gone"], true);
}

/// A schema that names no members, or lets others pass, checks nothing; one without words tells a
/// reader nothing.
#[test]
fn schemas_are_closed_and_described() {
    fn walk(schema: &Value, at: &str, errors: &mut Vec<String>) {
        let types = schema["type"].to_string();
        let properties = schema["properties"].as_object();
        let others = &schema["additionalProperties"];
        if types.contains("\"object\"") {
            match (properties, others) {
                (Some(_), Value::Bool(false)) | (None, Value::Object(_)) => {}
                _ => errors.push(format!("{at}: open")),
            }
        }
        if types.contains("\"array\"") && !schema["items"].is_object() {
            errors.push(format!("{at}: entries of any kind"));
        }
        for (name, schema) in properties.into_iter().flatten() {
            let at = format!("{at}.{name}");
            if schema["description"].as_str().is_none_or(str::is_empty) {
                errors.push(format!("{at}: no description"));
            }
            walk(schema, &at, errors);
        }
        for inner in [others, &schema["items"]] {
            if inner.is_object() {
                walk(inner, &format!("{at}[]"), errors);
            }
        }
        for inner in schema["anyOf"].as_array().into_iter().flatten() {
            walk(inner, at, errors);
        }
    }
    let mut errors = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the schemas") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        let name = name.trim_end_matches(".json");
        walk(&schema(name), name, &mut errors);
    }
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn every_check_is_explained() {
    let schema = schema("explain");
    for id in CheckId::ALL {
        let answer = run(&["explain", "--json", id.name()]);
        assert_eq!(answer.status, Some(0), "{answer:?}");
        let value = answer.json();
        let mut errors = Vec::new();
        check(&schema, &value, id.name(), &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(value["id"], id.name());
        let text = run(&["explain", id.name()]).stdout;
        assert!(text.starts_with(id.name()), "{text}");
    }
    assert_eq!(run(&["explain", "NONE-01"]).status, Some(2));
}

/// The checker itself finds what is wrong.
#[test]
fn the_checker_finds_what_is_wrong() {
    let schema = schema("status");
    let device = sysfs(&Machine::launched());
    let good = run(&with_sysfs(&device, &["--json", "status"])).json();
    let errors = |value: &Value| {
        let mut errors = Vec::new();
        check(&schema, value, "status", &mut errors);
        errors
    };
    assert_eq!(errors(&good), Vec::<String>::new());
    let mut wrong = good.clone();
    wrong["verdict"] = Value::from("fine");
    assert_eq!(errors(&wrong).len(), 1);
    let mut wrong = good.clone();
    wrong["generation"] = Value::from("7");
    assert!(!errors(&wrong).is_empty());
    let mut wrong = good.clone();
    wrong["checks"]["TXT-01"] = Value::from("perhaps");
    assert_eq!(errors(&wrong).len(), 1);
    let mut wrong = good.clone();
    wrong["new"] = Value::from(1);
    assert_eq!(errors(&wrong).len(), 1);
    let mut wrong = good.clone();
    for (address, right) in [
        ("0000:00:02.0", true),
        ("10000:00:02.7", true),
        ("000:00:02.0", false),
        ("0000:00:02.8", false),
        ("0000:00:02:0", false),
        ("123456789:00:02.0", false),
    ] {
        wrong["dma"]["exposed_devices"] = Value::from(vec![address]);
        assert_eq!(errors(&wrong).is_empty(), right, "{address}");
    }
    let mut wrong = good;
    wrong.as_object_mut().expect("an object").remove("reason");
    assert_eq!(errors(&wrong).len(), 1);
}
