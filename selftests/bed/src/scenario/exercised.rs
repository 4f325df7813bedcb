// SPDX-License-Identifier: GPL-2.0
//! Notes which outcome of which check was seen on a machine, for the table "how each check was
//! exercised" (`selftests/host/examples/exercised`).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::expect::{Drift, Expect, State, DRIFT};

/// Environment variable that names the folder of the notes; nothing is written without it.
const VARIABLE: &str = "LAUNCHGUARD_EXERCISED";

/// What the checks said in one scenario, at judgements that came out as its steps expect.
#[derive(Default)]
pub struct Journal {
    /// Check and outcome.
    seen: RefCell<BTreeSet<(String, String)>>,
}

impl Journal {
    /// Notes the outcomes of `now`, which is what `expect` expects; `changed` after evidence was
    /// changed. A failure counts only when the step names it, or it is the drift that a change is
    /// compared with: what fails beside the point of a step is not shown to be right.
    pub fn note(&self, expect: &Expect, now: &State, changed: bool) {
        let drift = changed && expect.drift == Drift::Fails;
        let named = |id: &String| {
            (drift && id == DRIFT)
                || expect.checks.contains_key(id)
                || expect
                    .fails
                    .iter()
                    .flatten()
                    .chain(&expect.reason)
                    .any(|name| name == id)
        };
        let outcomes = now
            .checks
            .iter()
            .filter(|(id, word)| word.as_str() != "fail" || named(id))
            .map(|(id, word)| (id.clone(), word.clone()));
        self.seen.borrow_mut().extend(outcomes);
    }

    /// Writes the notes of `scenario` on a kernel of `series`.
    pub fn write(&self, scenario: &str, series: &str) -> Result<()> {
        let Some(folder) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
            return Ok(());
        };
        let path = Path::new(&folder).join(format!("machine-{series}-{scenario}.jsonl"));
        fs::write(&path, self.lines(scenario, series))
            .with_context(|| format!("{}", path.display()))
    }

    fn lines(&self, scenario: &str, series: &str) -> String {
        let mut text = String::new();
        for (check, outcome) in self.seen.borrow().iter() {
            let record = serde_json::json!({
                "check": check,
                "outcome": outcome,
                "how": "machine",
                "where": scenario,
                "kernel": series,
            });
            text += &format!("{record}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_when_the_step_names_it() {
        let now = State {
            checks: [("TXT-01", "pass"), ("TXT-06", "fail"), ("TXT-08", "fail")]
                .map(|(id, word)| (id.to_owned(), word.to_owned()))
                .into(),
            ..State::default()
        };
        let journal = Journal::default();
        let expect = Expect {
            fails: Some(vec!["TXT-06".into()]),
            ..Expect::default()
        };
        journal.note(&expect, &now, false);
        journal.note(&expect, &now, false);
        let text = journal.lines("x", "7.3");
        assert_eq!(text.lines().count(), 2, "{text}");
        let record: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!(record["check"], "TXT-06");
        assert_eq!(record["outcome"], "fail");
        assert_eq!(
            (&record["where"], &record["kernel"]),
            (&"x".into(), &"7.3".into())
        );
    }

    /// Every change of evidence is compared with a drift, unless the step says otherwise.
    #[test]
    fn a_drift_counts_where_it_is_expected() {
        let now = State {
            checks: [(DRIFT.to_owned(), "fail".to_owned())].into(),
            ..State::default()
        };
        for (changed, drift, lines) in [
            (true, Drift::Fails, 1),
            (true, Drift::Any, 0),
            (false, Drift::Fails, 0),
        ] {
            let journal = Journal::default();
            let expect = Expect {
                drift,
                ..Expect::default()
            };
            journal.note(&expect, &now, changed);
            assert_eq!(journal.lines("x", "7.3").lines().count(), lines);
        }
    }
}
