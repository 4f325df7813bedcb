// SPDX-License-Identifier: GPL-2.0

//! The notes of all tests, by check.

use launchguard_pure::verify::catalogue::CheckId;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Outcomes, as `checks/<ID>` spells them, and the columns that they stand in.
pub const COLUMNS: [(&str, &[&str]); 3] = [
    ("passes on", &["pass"]),
    ("fails on", &["fail"]),
    ("unknown or n/a on", &["unknown", "n/a"]),
];

/// How an outcome was brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Scenarios of the emulated launch, and the kernel series that each ran on.
    pub machines: BTreeMap<String, BTreeSet<String>>,
    /// Cases of the corpus of real machines.
    pub recorded: BTreeSet<String>,
    /// A fixture of the host tests.
    pub injected: bool,
}

impl Ways {
    /// Whether it was not brought about at all.
    pub fn is_empty(&self) -> bool {
        self.machines.is_empty() && self.recorded.is_empty() && !self.injected
    }

    fn add(&mut self, other: &Self) {
        for (scenario, kernels) in &other.machines {
            let known = self.machines.entry(scenario.clone()).or_default();
            known.extend(kernels.iter().cloned());
        }
        self.recorded.extend(other.recorded.iter().cloned());
        self.injected |= other.injected;
    }

    fn to_json(&self) -> Value {
        json!({
            "machines": self.machines,
            "recorded": self.recorded,
            "injected": self.injected,
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let mut ways = Self {
            injected: value["injected"].as_bool()?,
            ..Self::default()
        };
        for case in value["recorded"].as_array()? {
            ways.recorded.insert(case.as_str()?.to_owned());
        }
        for (scenario, kernels) in value["machines"].as_object()? {
            let kernels = kernels.as_array()?.iter();
            let kernels: Option<_> = kernels
                .map(|name| name.as_str().map(str::to_owned))
                .collect();
            ways.machines.insert(scenario.clone(), kernels?);
        }
        Some(ways)
    }
}

/// What is known about every check.
pub struct Table {
    /// Whether only a part of the tests ran.
    pub partial: bool,
    ways: BTreeMap<(CheckId, String), Ways>,
}

impl Table {
    /// Reads all notes of a directory.
    pub fn read(directory: &Path, partial: bool) -> Result<Self, String> {
        let place = |path: &Path, error| format!("{}: {error}", path.display());
        let entries = fs::read_dir(directory).map_err(|error| place(directory, error))?;
        let mut table = Self {
            partial,
            ways: BTreeMap::new(),
        };
        for entry in entries {
            let path = entry.map_err(|error| place(directory, error))?.path();
            let text = fs::read_to_string(&path).map_err(|error| place(&path, error))?;
            for line in text.lines() {
                table
                    .add(line)
                    .map_err(|error| format!("{}: {error}: {line}", path.display()))?;
            }
        }
        Ok(table)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let note: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let word = |key: &str| {
            let word = note[key].as_str().map(str::to_owned);
            word.ok_or_else(|| format!("no {key}"))
        };
        let name = word("check")?;
        let check = CheckId::from_name(&name).ok_or("no such check")?;
        let outcome = word("outcome")?;
        if !COLUMNS
            .iter()
            .any(|(_, words)| words.contains(&outcome.as_str()))
        {
            return Err("no such outcome".to_owned());
        }
        let ways = self.ways.entry((check, outcome)).or_default();
        match word("how")?.as_str() {
            "machine" => {
                let kernels = ways.machines.entry(word("where")?).or_default();
                kernels.insert(word("kernel")?);
            }
            "recorded" => {
                ways.recorded.insert(word("where")?);
            }
            "injected" => ways.injected = true,
            _ => return Err("no such way".to_owned()),
        }
        Ok(())
    }

    /// How one of `outcomes` of `check` was brought about.
    pub fn ways(&self, check: CheckId, outcomes: &[&str]) -> Ways {
        let mut sum = Ways::default();
        for outcome in outcomes {
            if let Some(ways) = self.ways.get(&(check, (*outcome).to_owned())) {
                sum.add(ways);
            }
        }
        sum
    }

    /// The table for programs.
    pub fn to_json(&self) -> String {
        let checks: Vec<Value> = CheckId::ALL
            .into_iter()
            .map(|check| {
                let outcomes: BTreeMap<&str, Value> = COLUMNS
                    .iter()
                    .flat_map(|(_, words)| *words)
                    .map(|word| (*word, self.ways(check, &[word]).to_json()))
                    .collect();
                json!({
                    "id": check.name(),
                    "severity": check.severity().word(),
                    "weight": check.weight().word(),
                    "outcomes": outcomes,
                })
            })
            .collect();
        let table = json!({ "partial": self.partial, "checks": checks });
        format!("{table:#}\n")
    }

    /// Reads [`Table::to_json`].
    pub fn from_json(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut table = Self {
            partial: json["partial"].as_bool().ok_or("no \"partial\"")?,
            ways: BTreeMap::new(),
        };
        for entry in json["checks"].as_array().ok_or("no checks")? {
            let check = entry["id"].as_str().and_then(CheckId::from_name);
            let check = check.ok_or_else(|| format!("no such check: {}", entry["id"]))?;
            let outcomes = entry["outcomes"].as_object().ok_or("no outcomes")?;
            for (outcome, ways) in outcomes {
                let ways = Ways::from_json(ways).ok_or_else(|| format!("malformed: {ways}"))?;
                table.ways.insert((check, outcome.clone()), ways);
            }
        }
        Ok(table)
    }
}
