// SPDX-License-Identifier: GPL-2.0

//! What every command prints with `--json`, against the schemas in Documentation/schema.

mod common;

use common::{directory, file, run, sysfs, with_sysfs, Run};
use launchguard_host_tests::exercise::Evidence;
use launchguard_host_tests::fixture::{acm, dmar, lcp, slrt, Machine};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::CheckId;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Documentation/schema")
}

fn schema(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|_| panic!("{}: no schema", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
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
        other => panic!("unknown pattern {other}"),
    }
}

/// The schemas that were looked at.
struct Seen(BTreeSet<String>);

impl Seen {
    /// Checks what a command printed; it may have found something good or not.
    fn valid(&mut self, name: &str, answer: &Run) -> Value {
        assert!(matches!(answer.status, Some(0 | 1)), "{name}: {answer:?}");
        let value = answer.json();
        let mut errors = Vec::new();
        check(&schema(name), &value, name, &mut errors);
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        self.0.insert(name.to_owned());
        value
    }
}

#[test]
fn every_command_keeps_its_schema() {
    let mut seen = Seen(BTreeSet::new());
    let place = directory();
    let put = |name: &str, bytes: &[u8]| file(&place, name, bytes).display().to_string();
    let machine = Machine::launched();
    let device = sysfs(&machine);
    for command in ["status", "enroll"] {
        seen.valid(command, &run(&with_sysfs(&device, &["--json", command])));
    }
    let evidence = device.path().join("evidence").display().to_string();
    seen.valid("report", &run(&["--json", "report", &evidence]));
    let page = put("page.html", b"");
    let report = run(&["--json", "report", &evidence, "--output", &page]);
    seen.valid("report", &report);
    let pins = put(
        "pins",
        machine.references(HashAlg::Sha256, &[17, 18]).as_bytes(),
    );
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
    let mle = put("mle", &mle);
    let narrow = put("narrow", &slrt::narrow());
    let wide = put("wide", &slrt::wide(true));
    let scopes = vec![dmar::ScopeSpec::endpoint(0, 2, 0)];
    let iommus = dmar::encode(
        38,
        1,
        &[
            dmar::Entry::unit(0xfed9_0000),
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

    // Every document is there for a command, and every command was asked.
    let mut documents = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).expect("the schemas") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        documents.insert(name.trim_end_matches(".json").to_owned());
    }
    let mine: BTreeSet<String> = documents.difference(&seen.0).cloned().collect();
    assert!(mine.is_empty(), "no command was asked for {mine:?}");
}

/// The lines of `watch` while something changes are checked where they are made.
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
    let mut wrong = good;
    wrong.as_object_mut().expect("an object").remove("reason");
    assert_eq!(errors(&wrong).len(), 1);
}
