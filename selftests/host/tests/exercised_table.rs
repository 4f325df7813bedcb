// SPDX-License-Identifier: GPL-2.0

//! What "make test" demands of the table "how each check was exercised".

#[path = "../examples/exercised/notes.rs"]
#[allow(dead_code, reason = "the table's page is not looked at here")]
mod notes;
#[path = "../examples/exercised/report.rs"]
mod report;

use launchguard_pure::verify::catalogue::{CheckId, Weight};
use notes::Table;
use serde_json::{json, Value};

/// How each outcome of a check was seen: "machine", "recorded", "injected" or, for none, "".
type Seen = dyn Fn(CheckId, &str) -> &'static str;

/// The result for `check`, and how many failed, of a table that `seen` tells of.
fn result(check: CheckId, partial: bool, seen: &Seen) -> (String, usize) {
    let ways = |how: &str| match how {
        "machine" => json!({"machines": {"x": ["7.3"]}, "recorded": [], "injected": false}),
        "recorded" => json!({"machines": {}, "recorded": ["01"], "injected": false}),
        how => json!({"machines": {}, "recorded": [], "injected": how == "injected"}),
    };
    let outcomes = |id| json!({"pass": ways(seen(id, "pass")), "fail": ways(seen(id, "fail"))});
    let checks: Vec<Value> = CheckId::ALL
        .into_iter()
        .map(|id| json!({"id": id.name(), "outcomes": outcomes(id)}))
        .collect();
    let table = json!({"partial": partial, "checks": checks}).to_string();
    let table = Table::from_json(&table).expect("a table");
    let report = report::ktap(&table);
    let name = format!("{check} was seen to pass and to fail");
    let line = report.text.lines().find(|line| line.contains(&name));
    (line.expect("a result").to_owned(), report.failed)
}

/// Outcomes that the emulated launch cannot bring about, or that there are not.
fn out_of_reach(check: CheckId, outcome: &str) -> bool {
    use CheckId::*;
    match check {
        Cpu10 | Cpu03 | Cpu04 | Cpu05 | Map03 | Map04 | Map05 | Map06 | Map07 | Map08 | Dma02 => {
            true
        }
        Txt03 | Dma11 | Dma13 | Tpm15 => outcome == "fail",
        _ => false,
    }
}

/// A run of all tests as it should be.
fn good(check: CheckId, outcome: &str) -> &'static str {
    match check {
        CheckId::Cpu10 => "",
        CheckId::Txt03 if outcome == "fail" => "",
        _ if out_of_reach(check, outcome) => "injected",
        _ => "machine",
    }
}

#[test]
fn a_good_run_fails_nothing() {
    for partial in [false, true] {
        let (_, failed) = result(CheckId::Txt01, partial, &good);
        assert_eq!(failed, 0);
    }
    for never in [CheckId::Cpu10, CheckId::Txt03] {
        let (line, _) = result(never, false, &good);
        assert!(
            line.starts_with("ok") && line.contains("only reports"),
            "{line}"
        );
    }
}

/// A fixture shows that the code works, not that the machine does.
#[test]
fn a_required_check_needs_a_machine() {
    for check in CheckId::ALL {
        for outcome in ["pass", "fail"] {
            if out_of_reach(check, outcome) {
                continue;
            }
            for way in ["injected", "recorded", ""] {
                let seen = move |id: CheckId, word: &str| {
                    if (id, word) == (check, outcome) {
                        way
                    } else {
                        good(id, word)
                    }
                };
                let (line, failed) = result(check, false, &seen);
                let required = check.weight() == Weight::Required;
                assert_eq!(failed, usize::from(required), "{way}: {line}");
                assert_eq!(line.starts_with("not ok"), required, "{way}: {line}");
            }
        }
    }
}

/// A part of the tests proves nothing, so nothing is demanded of it.
#[test]
fn a_partial_run_is_asked_for_nothing() {
    for way in ["injected", ""] {
        let seen = move |id, outcome: &str| match good(id, outcome) {
            "" => "",
            _ => way,
        };
        let (_, failed) = result(CheckId::Txt01, true, &seen);
        assert_eq!(failed, 0);
    }
}

/// What is excused must stay true.
#[test]
fn an_excuse_that_is_not_needed_is_found() {
    for check in CheckId::ALL {
        for outcome in ["pass", "fail"] {
            if !out_of_reach(check, outcome) {
                continue;
            }
            let seen = move |id: CheckId, word: &str| {
                if (id, word) == (check, outcome) {
                    "machine"
                } else {
                    good(id, word)
                }
            };
            let (line, failed) = result(check, false, &seen);
            assert_eq!(failed, 1, "{check} {outcome}: {line}");
            assert!(line.starts_with("not ok"), "{line}");
        }
    }
}
