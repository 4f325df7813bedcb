// SPDX-License-Identifier: GPL-2.0
//! What a scenario expects of the published judgement, and the comparison.

use std::collections::BTreeMap;

use anyhow::{bail, Context, Result};
use serde::Deserialize;

/// The verdict's words.
const VERDICTS: &[&str] = &[
    "pending", "verified", "unpinned", "failed", "unknown", "absent",
];

/// The check that notices every change of evidence, whatever else does.
pub const DRIFT: &str = "KRN-02";

/// What is expected of a judgement. What is left out is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Expect {
    /// The verdict's word.
    pub verdict: Option<String>,
    /// Checks that `reason` must name.
    pub reason: Vec<String>,
    /// The checks that fail, all of them. In a `corrupt` step: those that fail in addition to
    /// the ones that failed before.
    pub fails: Option<Vec<String>>,
    /// Results of single checks.
    pub checks: BTreeMap<String, String>,
    /// Text that the line of a check in debugfs must hold.
    pub says: BTreeMap<String, String>,
    /// In a `corrupt` step: what may become of the checks not named.
    pub others: Others,
    /// In a `corrupt` step: whether KRN-02 fails as well, without being named in `fails`.
    pub drift: Drift,
}

/// What may become of the other checks when evidence is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Others {
    /// Nothing: each says what it said before.
    #[default]
    Unchanged,
    /// They may lose what they looked at: `unknown` or `n/a`, but nothing else.
    Unread,
    /// Anything: the judgement is about another machine than before.
    Any,
}

/// What KRN-02 says of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It fails, as evidence that stays as it is was changed.
    #[default]
    Fails,
    /// It may fail, be unknown or pass: evidence went away, or what changed may change.
    Any,
}

impl Expect {
    /// Refuses words that no judgement holds.
    pub fn check(&self) -> Result<()> {
        if let Some(verdict) = &self.verdict {
            if !VERDICTS.contains(&verdict.as_str()) {
                bail!("no such verdict: {verdict}");
            }
        }
        let named = self
            .fails
            .iter()
            .flatten()
            .chain(&self.reason)
            .chain(self.checks.keys())
            .chain(self.says.keys());
        for id in named {
            let form = id.split_once('-').is_some_and(|(section, number)| {
                section.len() == 3 + usize::from(section == "HEAP")
                    && section.bytes().all(|letter| letter.is_ascii_uppercase())
                    && number.len() == 2
                    && number.bytes().all(|digit| digit.is_ascii_digit())
            });
            if !form {
                bail!("no such check: {id}");
            }
        }
        for word in self.checks.values() {
            if !["pass", "fail", "unknown", "n/a"].contains(&word.as_str()) {
                bail!("no such result: {word}");
            }
        }
        Ok(())
    }

    /// Compares a judgement with what is expected; the error lists every difference.
    pub fn compare(&self, now: &State, before: Option<&State>) -> Result<()> {
        let mut wrong = Vec::new();
        if let Some(verdict) = &self.verdict {
            if now.verdict != *verdict {
                wrong.push(format!("verdict is {}, expected {verdict}", now.verdict));
            }
        }
        for id in &self.reason {
            if !now.reason.split_whitespace().any(|word| word == id) {
                wrong.push(format!("reason is {:?}, expected {id} in it", now.reason));
            }
        }
        if before.is_some() && self.drift == Drift::Fails && now.check(DRIFT) != "fail" {
            wrong.push(format!("{DRIFT} is {}, expected fail", now.check(DRIFT)));
        }
        for (id, word) in &self.checks {
            let found = now.check(id);
            if found != word {
                wrong.push(format!("{id} is {found}, expected {word}"));
            }
        }
        for (id, text) in &self.says {
            if !now
                .details
                .get(id)
                .is_some_and(|line| line.contains(text.as_str()))
            {
                wrong.push(format!("{id} does not say {text:?}"));
            }
        }
        if let Some(fails) = &self.fails {
            for id in fails {
                if now.check(id) != "fail" {
                    wrong.push(format!("{id} is {}, expected fail", now.check(id)));
                }
            }
            let drift = |id: &str| before.is_some() && id == DRIFT;
            for (id, word) in now.checks.iter().filter(|(id, _)| !drift(id)) {
                let old = before.map(|state| state.check(id));
                let any = before.is_some() && self.others == Others::Any;
                if word == "fail" && !any && !fails.contains(id) && old != Some("fail") {
                    wrong.push(format!("{id} fails, which was not expected"));
                }
            }
        }
        if let Some(before) = before.filter(|_| self.others != Others::Any) {
            for (id, old) in before.checks.iter().filter(|(id, _)| *id != DRIFT) {
                let named = self.checks.contains_key(id)
                    || self.fails.iter().flatten().any(|failing| failing == id);
                let word = now.check(id);
                let unread = self.others == Others::Unread && ["unknown", "n/a"].contains(&word);
                if !named && word != old && !unread && word != "fail" {
                    wrong.push(format!("{id} went from {old} to {word}"));
                }
            }
        }
        if !wrong.is_empty() {
            wrong.push(format!("verdict {}, reason: {}", now.verdict, now.reason));
            for (id, line) in &now.details {
                let said = wrong.iter().any(|text| text.contains(id.as_str()));
                if said || now.reason.contains(id.as_str()) {
                    wrong.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
                }
            }
            bail!("{}", wrong.join("\n"));
        }
        Ok(())
    }
}

/// A judgement as sysfs shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// `verdict`
    pub verdict: String,
    /// `reason`
    pub reason: String,
    /// `launcher`
    pub launcher: String,
    /// `generation`
    pub generation: u64,
    /// `policy_error`
    pub policy_error: String,
    /// `policy_digest` and `references_digest`
    pub digests: [String; 2],
    /// `checks/<ID>`
    pub checks: BTreeMap<String, String>,
    /// The line of each check in debugfs, for the reader of a failure.
    pub details: BTreeMap<String, String>,
}

/// The script that prints a judgement, for [`State::parse`]: one process, many files.
pub const READ: &str = "cd /sys/devices/faux/launchguard && \
    grep -r '' verdict reason launcher generation policy_error policy_digest \
    references_digest checks\n\
    sed 's/^/detail:/' /sys/kernel/debug/launchguard/checks\n";

impl State {
    /// Reads the output of [`READ`].
    pub fn parse(output: &str) -> Result<Self> {
        let mut state = Self::default();
        let mut generation = None;
        for line in output.lines() {
            let Some((file, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim().to_owned();
            match file {
                "verdict" => state.verdict = value,
                "reason" => state.reason = value,
                "launcher" => state.launcher = value,
                "generation" => generation = Some(value.parse().context("generation")?),
                "policy_error" => state.policy_error = value,
                "policy_digest" => state.digests[0] = value,
                "references_digest" => state.digests[1] = value,
                "detail" => {
                    let id = value
                        .split_whitespace()
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    state.details.insert(id, value);
                }
                _ => {
                    if let Some(id) = file.strip_prefix("checks/") {
                        state.checks.insert(id.to_owned(), value);
                    }
                }
            }
        }
        state.generation = generation.with_context(|| format!("no judgement: {output}"))?;
        Ok(state)
    }

    /// The word of a check, `missing` when there is no such file.
    pub fn check(&self, id: &str) -> &str {
        self.checks.get(id).map_or("missing", String::as_str)
    }

    /// The same but for the number of the snapshot.
    pub fn same_as(&self, other: &Self) -> Result<()> {
        let all = Expect {
            verdict: Some(other.verdict.clone()),
            checks: other.checks.clone(),
            ..Expect::default()
        };
        all.compare(self, None)?;
        if self.checks.len() != other.checks.len() {
            bail!(
                "{} checks, before {}",
                self.checks.len(),
                other.checks.len()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(checks: &[(&str, &str)], verdict: &str) -> State {
        State {
            verdict: verdict.into(),
            checks: checks
                .iter()
                .map(|(id, word)| (id.to_string(), word.to_string()))
                .collect(),
            ..State::default()
        }
    }

    /// The state after a change of evidence, which KRN-02 notices.
    fn changed(checks: &[(&str, &str)], verdict: &str) -> State {
        let mut state = state(checks, verdict);
        state.checks.insert(DRIFT.into(), "fail".into());
        state
    }

    #[test]
    fn every_change_is_drift() {
        let expect = Expect {
            fails: Some(vec!["TXT-06".into()]),
            ..Expect::default()
        };
        let before = state(&[("TXT-06", "pass"), (DRIFT, "pass")], "unpinned");
        let noticed = changed(&[("TXT-06", "fail")], "failed");
        expect.compare(&noticed, Some(&before)).unwrap();
        let missed = state(&[("TXT-06", "fail"), (DRIFT, "pass")], "failed");
        assert!(expect.compare(&missed, Some(&before)).is_err());
        let any = Expect {
            drift: Drift::Any,
            ..expect
        };
        any.compare(&missed, Some(&before)).unwrap();
    }

    #[test]
    fn sysfs_is_read() {
        let state = State::parse(
            "verdict:failed\nreason:TXT-01 TXT-13\ngeneration:7\nchecks/TXT-01:fail\nchecks/TXT-02:n/a\n",
        )
        .unwrap();
        assert_eq!(state.verdict, "failed");
        assert_eq!(state.generation, 7);
        assert_eq!(state.check("TXT-02"), "n/a");
        assert_eq!(state.check("TXT-09"), "missing");
        assert!(State::parse("grep: verdict: No such file or directory").is_err());
    }

    #[test]
    fn a_corruption_must_hit_its_check_and_nothing_else() {
        let before = state(
            &[("TXT-01", "pass"), ("TXT-06", "pass"), ("TXT-04", "fail")],
            "unpinned",
        );
        let expect = Expect {
            verdict: Some("failed".into()),
            fails: Some(vec!["TXT-06".into()]),
            ..Expect::default()
        };
        let good = changed(
            &[("TXT-01", "pass"), ("TXT-06", "fail"), ("TXT-04", "fail")],
            "failed",
        );
        expect.compare(&good, Some(&before)).unwrap();
        let missed = changed(
            &[("TXT-01", "pass"), ("TXT-06", "pass"), ("TXT-04", "fail")],
            "failed",
        );
        assert!(expect.compare(&missed, Some(&before)).is_err());
        let more = changed(
            &[("TXT-01", "fail"), ("TXT-06", "fail"), ("TXT-04", "fail")],
            "failed",
        );
        assert!(expect.compare(&more, Some(&before)).is_err());
        let lost = changed(
            &[
                ("TXT-01", "unknown"),
                ("TXT-06", "fail"),
                ("TXT-04", "fail"),
            ],
            "failed",
        );
        assert!(expect.compare(&lost, Some(&before)).is_err());
        let unread = Expect {
            others: Others::Unread,
            ..expect
        };
        unread.compare(&lost, Some(&before)).unwrap();
        let healed = changed(
            &[("TXT-01", "pass"), ("TXT-06", "fail"), ("TXT-04", "pass")],
            "failed",
        );
        assert!(unread.compare(&healed, Some(&before)).is_err());
    }

    #[test]
    fn the_failing_checks_are_all_of_them() {
        let expect = Expect {
            fails: Some(vec![]),
            ..Expect::default()
        };
        expect
            .compare(&state(&[("TXT-01", "pass")], "unpinned"), None)
            .unwrap();
        assert!(expect
            .compare(&state(&[("TXT-01", "fail")], "failed"), None)
            .is_err());
    }
}
