// SPDX-License-Identifier: GPL-2.0
//! The guests' side of `make bench`: each file of `selftests/bench/parts` is a machine, a script that measures
//! in it, and the tables that its measurements belong in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use launchguard_bench::format::{Axis, Fact, Goal, Pair, Part, Row, Table};
use serde::Deserialize;

use super::guest::Guest;
use super::place::{self, Kernel};
use super::suite::Bench;
use crate::scenario::MachineSpec;

/// The folder of the parts, in the checkout.
const PARTS: &str = "selftests/bench/parts";

/// What is measured, and how.
pub struct Options {
    /// A release or series; the newest when it is left out.
    pub kernel: Option<String>,
    /// Only parts with one of these in their name; all when empty.
    pub only: Vec<String>,
    /// Fewer rounds.
    pub quick: bool,
    /// The folder for the parts' JSON.
    pub output: PathBuf,
}

/// A file of [`PARTS`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Plan {
    name: String,
    title: String,
    text: String,
    rounds: u32,
    quick_rounds: u32,
    /// Seconds for the whole machine.
    timeout: u64,
    #[serde(default)]
    machine: MachineSpec,
    quick_machine: Option<MachineSpec>,
    #[serde(default, rename = "table")]
    tables: Vec<Layout>,
    script: Scripts,
    /// Bounds of facts, by their names.
    #[serde(default)]
    facts: BTreeMap<String, Bounds>,
    #[serde(default)]
    notes: Vec<String>,
}

/// A table without its rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    name: String,
    title: String,
    #[serde(default)]
    text: String,
    x: Option<Axis>,
    unit: String,
    contenders: Vec<String>,
    #[serde(default)]
    ratios: Vec<Pair>,
    #[serde(default)]
    goals: Vec<Goal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scripts {
    /// Runs in the guest, with `$ROUNDS`, and `$QUICK` when there are fewer.
    guest: String,
    /// Runs beside it in the toolchain root, with `$MODULE`.
    host: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    at_most: Option<f64>,
    at_least: Option<f64>,
}

/// Measures in the guests and writes a file for each part.
pub fn run(options: &Options) -> Result<bool> {
    let bench = Bench::new()?;
    let wanted = options.kernel.as_deref().unwrap_or("all");
    let kernel = place::kernels(&bench.checkout, wanted)?.remove(0);
    let plans = read_all(&bench.checkout.join(PARTS), &options.only)?;
    fs::create_dir_all(&options.output)?;
    let initrd = bench.ram_disk(&kernel)?;
    for plan in plans {
        let begin = Instant::now();
        eprintln!("bench: {} on {}", plan.name, kernel.release);
        let part = measure(&plan, &bench, &kernel, &initrd, options.quick)
            .with_context(|| plan.name.clone())?;
        let path = part.write(&options.output)?;
        let seconds = begin.elapsed().as_secs();
        eprintln!("bench: {} after {seconds} s", path.display());
    }
    Ok(true)
}

fn read_all(folder: &Path, only: &[String]) -> Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let plan: Plan = toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
        if only.is_empty() || only.iter().any(|name| plan.name.contains(name)) {
            plans.push(plan);
        }
    }
    ensure!(!plans.is_empty(), "no part is named {}", only.join(", "));
    plans.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(plans)
}

fn measure(
    plan: &Plan,
    bench: &Bench,
    kernel: &Kernel,
    initrd: &Path,
    quick: bool,
) -> Result<Part> {
    let (spec, rounds) = match quick {
        true => (plan.quick_machine.as_ref(), plan.quick_rounds),
        false => (None, plan.rounds),
    };
    let config = bench.config(spec.unwrap_or(&plan.machine), kernel, initrd)?;
    let timeout = Duration::from_secs(plan.timeout);
    let logs = bench.logs(kernel, &format!("bench-{}", plan.name));
    let progress = |text: &str| eprintln!("bench: {}: {text}", plan.name);
    let mut guest = Guest::start(&config, timeout, kernel.pace(), &logs, &progress)?;
    let quick = if quick { "1" } else { "" };
    let script = format!("ROUNDS={rounds} QUICK={quick}\n{}", plan.script.guest);
    let mut lines = guest.check(&script, timeout)?;
    guest.power_off().ok();
    if let Some(script) = &plan.script.host {
        lines.push_str(&on_host(script, &kernel.module)?);
    }
    part(plan, &lines)
}

fn on_host(script: &str, module: &Path) -> Result<String> {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env("MODULE", module)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("bash")?;
    ensure!(output.status.success(), "the host's script failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// A part of the lines that its scripts printed.
fn part(plan: &Plan, lines: &str) -> Result<Part> {
    let mut part = Part {
        name: plan.name.clone(),
        title: plan.title.clone(),
        text: plan.text.trim().to_owned(),
        commands: vec![format!(
            "`make bench`: the script of `{PARTS}/{}.toml`",
            plan.name
        )],
        tables: plan.tables.iter().map(Layout::table).collect(),
        notes: plan.notes.clone(),
        ..Part::default()
    };
    for line in lines.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        match *fields.as_slice() {
            ["sample", table, row, contender, value] => {
                let value: f64 = value.parse().with_context(|| line.to_owned())?;
                add(&mut part.tables, table, row, contender, value)
                    .with_context(|| line.to_owned())?;
            }
            ["fact", name, value, unit] => {
                let bounds = plan.facts.get(name);
                part.facts.push(Fact {
                    name: name.to_owned(),
                    value: value.parse().with_context(|| line.to_owned())?,
                    unit: unit.to_owned(),
                    at_most: bounds.and_then(|bounds| bounds.at_most),
                    at_least: bounds.and_then(|bounds| bounds.at_least),
                });
            }
            _ => {}
        }
    }
    for name in plan.facts.keys() {
        let told = part.facts.iter().any(|fact| fact.name == *name);
        ensure!(told, "the script does not tell: {name}");
    }
    Ok(part)
}

/// Adds a sample to its row, which is a new one when it has none yet.
fn add(tables: &mut [Table], table: &str, row: &str, contender: &str, value: f64) -> Result<()> {
    let Some(table) = tables.iter_mut().find(|known| known.name == table) else {
        bail!("there is no such table");
    };
    let at = match table.rows.iter().position(|known| known.name == row) {
        Some(at) => at,
        None => {
            let x = table.x.as_ref().map(|_| row.parse()).transpose()?;
            let name = row.to_owned();
            table.rows.push(Row {
                name,
                x,
                samples: BTreeMap::new(),
            });
            table.rows.len() - 1
        }
    };
    let samples = table.rows[at].samples.entry(contender.to_owned());
    samples.or_default().push(value);
    Ok(())
}

impl Layout {
    fn table(&self) -> Table {
        Table {
            name: self.name.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
            x: self.x.clone(),
            unit: self.unit.clone(),
            contenders: self.contenders.clone(),
            rows: Vec::new(),
            ratios: self.ratios.clone(),
            goals: self.goals.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        toml::from_str(
            "name = 'p'\ntitle = 't'\ntext = 'x'\nrounds = 2\nquick-rounds = 1\ntimeout = 1\n\
             facts = { size = { at_most = 5.0 } }\n[script]\nguest = ''\n\
             [[table]]\nname = 'a'\ntitle = 't'\nunit = 'ns'\nx = { name = 'n' }\ncontenders = ['one', 'two']\n",
        )
        .unwrap()
    }

    #[test]
    fn lines_become_rows_in_their_order() {
        let lines =
            "noise\nsample|a|10|one|5\nsample|a|10|two|7.5\nsample|a|1|one|2\nsample|a|10|one|6\n\
                     fact|size|4|bytes\n";
        let part = part(&plan(), lines).unwrap();
        let rows = &part.tables[0].rows;
        assert_eq!((rows[0].x, rows[1].x), (Some(10.0), Some(1.0)));
        assert_eq!(rows[0].samples["one"], [5.0, 6.0]);
        assert_eq!(rows[0].samples["two"], [7.5]);
        assert_eq!(
            (part.facts[0].value, part.facts[0].at_most),
            (4.0, Some(5.0))
        );
    }

    #[test]
    fn what_cannot_be_placed_is_an_error() {
        let told = "fact|size|4|bytes\n";
        for line in [
            "sample|b|10|one|5",
            "sample|a|ten|one|5",
            "sample|a|10|one|",
            "fact|size|much|bytes",
        ] {
            assert!(part(&plan(), &format!("{told}{line}\n")).is_err(), "{line}");
        }
        assert!(part(&plan(), "").is_err(), "a fact with a bound is missing");
        assert!(part(&plan(), told).is_ok());
    }

    #[test]
    fn the_parts_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/parts");
        let plans = read_all(&folder, &[]).unwrap();
        for plan in &plans {
            for goal in plan.tables.iter().flat_map(|table| &table.goals) {
                assert!(
                    goal.at_most.is_some() != goal.at_least.is_some(),
                    "{}",
                    plan.name
                );
            }
        }
        assert!(plans.len() >= 6);
    }
}
