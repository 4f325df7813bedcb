// SPDX-License-Identifier: GPL-2.0
//! The kernel's test report format (Documentation/dev-tools/ktap.rst): written for a whole run,
//! read from the kselftests that run inside the machines.

use std::fmt::Write;

/// What came out of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not, and why.
    Fail(String),
    /// It was not tried, and why.
    Skip(String),
}

/// One test and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name, in one line.
    pub name: String,
    /// What came out.
    pub outcome: Outcome,
}

impl Case {
    /// A test of this name and outcome.
    pub fn new(name: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            name: name.into(),
            outcome,
        }
    }
}

/// Tests that belong together: one machine, or one script in it.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Its name, in one line.
    pub name: String,
    /// Its tests.
    pub cases: Vec<Case>,
    /// Lines for the reader, e.g. where the logs are.
    pub notes: Vec<String>,
}

/// How many tests came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
}

impl Totals {
    /// Counts the cases of `group`.
    pub fn add(&mut self, group: &Group) {
        for case in &group.cases {
            match case.outcome {
                Outcome::Pass => self.passed += 1,
                Outcome::Fail(_) => self.failed += 1,
                Outcome::Skip(_) => self.skipped += 1,
            }
        }
    }

    /// The last lines of a report: kselftest's totals, and the words for people.
    pub fn report(&self) -> String {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        format!(
            "# Totals: pass:{passed} fail:{failed} xfail:0 xpass:0 skip:{skipped} error:0\n\
             # {passed} passed, {failed} failed, {skipped} skipped\n"
        )
    }
}

impl Group {
    /// Whether nothing in it failed. A group without any test has not shown anything.
    pub fn passed(&self) -> bool {
        !self.cases.is_empty()
            && !self
                .cases
                .iter()
                .any(|case| matches!(case.outcome, Outcome::Fail(_)))
    }

    /// The group as test `number` of the report, its own tests nested.
    pub fn report(&self, number: usize) -> String {
        let mut text = format!(
            "    KTAP version 1\n    # Subtest: {}\n    1..{}\n",
            self.name,
            self.cases.len()
        );
        for (index, case) in self.cases.iter().enumerate() {
            let line = index + 1;
            // A '#' would start a directive.
            let name = case.name.replace('#', "").replace('\n', " ");
            match &case.outcome {
                Outcome::Pass => writeln!(text, "    ok {line} {name}"),
                Outcome::Skip(reason) => {
                    writeln!(text, "    ok {line} {name} # SKIP {}", one_line(reason))
                }
                Outcome::Fail(reason) => {
                    for part in reason.lines() {
                        writeln!(text, "    # {part}").ok();
                    }
                    writeln!(text, "    not ok {line} {name}")
                }
            }
            .ok();
        }
        for note in &self.notes {
            writeln!(text, "    # {note}").ok();
        }
        let word = if self.passed() { "ok" } else { "not ok" };
        writeln!(text, "{word} {number} {}", self.name).ok();
        text
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads the report of one script. What the script ends with (`status`: 0 passed, 4 skipped as a
/// whole, else failed) must agree with its lines; a plan that was not kept is a failure too.
pub fn parse(script: &str, output: &str, status: i32) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut plan = None;
    let mut notes: Vec<&str> = Vec::new();
    for line in output.lines().map(str::trim) {
        if let Some(count) = line.strip_prefix("1..") {
            plan = Some(count.split_whitespace().next().unwrap_or_default());
            if let Some((_, reason)) = line.split_once("# SKIP ") {
                return vec![Case::new(script, Outcome::Skip(reason.into()))];
            }
        } else if let Some(rest) = line.strip_prefix("ok ") {
            let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
            let outcome = match directive.strip_prefix("SKIP") {
                Some(reason) => Outcome::Skip(reason.trim().into()),
                None => Outcome::Pass,
            };
            cases.push(Case::new(title(script, name), outcome));
            notes.clear();
        } else if let Some(rest) = line.strip_prefix("not ok ") {
            let name = rest.split_once(" # ").map_or(rest, |(name, _)| name);
            cases.push(Case::new(
                title(script, name),
                Outcome::Fail(notes.join("\n")),
            ));
            notes.clear();
        } else {
            notes.push(line.trim_start_matches("# "));
        }
    }
    let failed = cases
        .iter()
        .any(|case| matches!(case.outcome, Outcome::Fail(_)));
    let tail = || {
        notes
            .iter()
            .rev()
            .take(8)
            .rev()
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    };
    if status == 4 && cases.is_empty() {
        return vec![Case::new(script, Outcome::Skip(tail()))];
    }
    let kept = plan.and_then(|count| count.parse::<usize>().ok()) == Some(cases.len());
    if !kept {
        let reason = format!("plan {plan:?}, {} results\n{}", cases.len(), tail());
        cases.push(Case::new(
            format!("{script}: plan kept"),
            Outcome::Fail(reason),
        ));
    }
    if (status != 0 && status != 4) != failed && kept {
        let reason = format!("exit status {status}\n{}", tail());
        cases.push(Case::new(
            format!("{script}: exit status"),
            Outcome::Fail(reason),
        ));
    }
    cases
}

/// `"3 name"` or `"3 - name"` as a name below the script's.
fn title(script: &str, numbered: &str) -> String {
    let name = numbered.split_once(' ').map_or("", |(_, name)| name);
    format!("{script}: {}", name.trim().trim_start_matches("- "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_a_script_is_read() {
        let text =
            "TAP version 13\n1..3\nok 1 first\n# why\nnot ok 2 second\nok 3 third # SKIP no TPM\n";
        let cases = parse("x.sh", text, 1);
        assert_eq!(
            cases,
            [
                Case::new("x.sh: first", Outcome::Pass),
                Case::new("x.sh: second", Outcome::Fail("why".into())),
                Case::new("x.sh: third", Outcome::Skip("no TPM".into())),
            ]
        );
    }

    #[test]
    fn a_plan_not_kept_and_a_lying_status_are_failures() {
        let cut = parse("x.sh", "1..3\nok 1 first\n", 0);
        assert!(matches!(cut.last().unwrap().outcome, Outcome::Fail(_)));
        let lying = parse("x.sh", "1..1\nok 1 first\n", 1);
        assert!(matches!(lying.last().unwrap().outcome, Outcome::Fail(_)));
        let silent = parse("x.sh", "", 0);
        assert!(matches!(silent.last().unwrap().outcome, Outcome::Fail(_)));
    }

    #[test]
    fn a_skipped_script_is_no_pass() {
        for text in [
            "1..0 # SKIP launchguard is not loaded\n",
            "# launchguard is not loaded\n",
        ] {
            let cases = parse("x.sh", text, 4);
            assert_eq!(
                cases,
                [Case::new(
                    "x.sh",
                    Outcome::Skip("launchguard is not loaded".into())
                )]
            );
        }
    }

    #[test]
    fn a_group_is_nested_and_counted() {
        let group = Group {
            name: "7.3 plain".into(),
            cases: vec![
                Case::new("a # b", Outcome::Pass),
                Case::new("c", Outcome::Skip("no\nreason".into())),
                Case::new("d", Outcome::Fail("x\ny".into())),
            ],
            notes: vec!["logs: here".into()],
        };
        assert_eq!(
            group.report(2),
            "    KTAP version 1\n    # Subtest: 7.3 plain\n    1..3\n    ok 1 a  b\n    \
             ok 2 c # SKIP no reason\n    # x\n    # y\n    not ok 3 d\n    # logs: here\n\
             not ok 2 7.3 plain\n"
        );
        let mut totals = Totals::default();
        totals.add(&group);
        assert_eq!((totals.passed, totals.failed, totals.skipped), (1, 1, 1));
        assert!(!Group::default().passed());
    }
}
