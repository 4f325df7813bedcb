// SPDX-License-Identifier: GPL-2.0

//! `Documentation/benchmarks.md`, made of what the parts measured.

use crate::figures::{Bound, Judged};
use crate::format::{Fact, Part, Row, Table};
use crate::numbers;
use crate::plot;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

/// The page, and the plots that belong in the directory that it names them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The page in Markdown.
    pub markdown: String,
    /// SVG by file name.
    pub plots: BTreeMap<String, String>,
}

const INTRODUCTION: &str = "\
What launchguard costs, beside what it is compared with, measured by `make bench`: each part in one run, \
and some parts perhaps later than others (`PART=`). They run in the guests of \
the test bed, whose processor is emulated, or on the host where it says so.

**Read the ratios.** Absolute times on a shared machine, and those of an emulated processor, mean nothing \
elsewhere: they are here so that the ratios can be checked. The samples of a row are taken in turn, one of each \
contender, so that those with the same number were taken under the same load; a ratio is the median of the ratios \
of such pairs, and the numbers in brackets are its quartiles. A goal is hit when that median is within it, before \
any rounding, in every row that it is judged in. The goals were set before anything was measured; those that are \
missed stand here as the others do.
";

/// Makes the page of `parts`, in their order. `about` says what it was measured on: names and values;
/// the plots are to lie in the directory `plots` beside it.
///
/// # Errors
///
/// When a plot cannot be drawn. The parts are those that [`Part::check`] lets pass.
pub fn page(
    parts: &[Part],
    about: &[(String, String)],
    plots: &str,
) -> Result<Page, Box<dyn Error + Send + Sync>> {
    let mut page = Page {
        markdown: String::from(
            "<!-- SPDX-License-Identifier: GPL-2.0 -->\n\
             <!-- Written by \"make bench\": what is changed by hand is lost. -->\n\n# Benchmarks\n\n",
        ),
        plots: BTreeMap::new(),
    };
    let out = &mut page.markdown;
    out.push_str(INTRODUCTION);
    if !about.is_empty() {
        out.push_str("\n| measured | |\n|---|---|\n");
        for (name, value) in about {
            line(out, &[cell(name), cell(value)]);
        }
    }
    summary(out, parts);
    for part in parts {
        chapter(out, part);
        for table in &part.tables {
            section(out, table);
            if let Some(svg) = plot::plot(table)? {
                let file = format!("{}-{}.svg", part.name, table.name);
                let _ = write!(out, "\n![{}]({plots}/{file})\n", table.title);
                page.plots.insert(file, svg);
            }
        }
        facts(out, &part.facts);
        for note in &part.notes {
            let _ = write!(out, "\n{}\n", note.trim());
        }
    }
    Ok(page)
}

/// Every goal with its figure.
fn summary(out: &mut String, parts: &[Part]) {
    let mut lines = Vec::new();
    for part in parts {
        for table in &part.tables {
            lines.extend(goals(part, table));
        }
        let judged = part.facts.iter().filter_map(|fact| {
            let (bound, hit) = fact.judged()?;
            Some([
                cell(&part.title),
                cell(&fact.name),
                limit(bound, |value| numbers::quantity(value, &fact.unit)),
                numbers::quantity(fact.value, &fact.unit),
                result(hit).to_owned(),
            ])
        });
        lines.extend(judged);
    }
    if lines.is_empty() {
        return;
    }
    let hits = lines.iter().filter(|line| line[4] == result(true)).count();
    let _ = write!(
        out,
        "\n## Goals\n\n{hits} of {} goals are hit.\n\n\
         | part | figure | goal | measured | result |\n|---|---|---|---|---|\n",
        lines.len()
    );
    for cells in &lines {
        line(out, cells);
    }
}

fn goals<'a>(part: &'a Part, table: &'a Table) -> impl Iterator<Item = [String; 5]> + 'a {
    table.goals.iter().filter_map(move |goal| {
        let judged = Judged::new(table, goal)?;
        let worst = judged.worst();
        let count = judged.rows.len();
        let mut figure = numbers::ratio_with_spread(&worst.ratio);
        if count > 1 {
            let _ = write!(figure, "; {}, the worst of {count} rows", cell(worst.row));
        } else {
            let _ = write!(figure, "; {}", cell(worst.row));
        }
        let missed = judged.missed().count();
        let mut outcome = result(judged.is_hit()).to_owned();
        if missed > 0 && count > 1 {
            let _ = write!(outcome, " in {missed} of {count} rows");
        }
        Some([
            cell(&part.title),
            format!(
                "{}: {} / {}",
                cell(&table.title),
                cell(&goal.of),
                cell(&goal.over)
            ),
            limit(judged.bound, numbers::plain),
            figure,
            outcome,
        ])
    })
}

const fn result(hit: bool) -> &'static str {
    if hit {
        "hit"
    } else {
        "**missed**"
    }
}

fn limit(bound: Bound, text: impl Fn(f64) -> String) -> String {
    match bound {
        Bound::AtMost(most) => format!("at most {}", text(most)),
        Bound::AtLeast(least) => format!("at least {}", text(least)),
    }
}

fn chapter(out: &mut String, part: &Part) {
    let _ = write!(out, "\n## {}\n\n{}\n", part.title, part.text.trim());
    if !part.commands.is_empty() {
        out.push_str("\nMeasured by:\n\n");
        for command in &part.commands {
            let _ = writeln!(out, "    {command}");
        }
    }
}

fn section(out: &mut String, table: &Table) {
    let _ = write!(out, "\n### {}\n\n", table.title);
    if !table.text.trim().is_empty() {
        let _ = write!(out, "{}\n\n", table.text.trim());
    }
    let pairs = table.pairs();
    let mut head = vec![String::new()];
    head.extend(table.contenders.iter().map(|name| cell(name)));
    head.extend(
        pairs
            .iter()
            .map(|pair| format!("{} / {}", cell(&pair.of), cell(&pair.over))),
    );
    head.push("samples".to_owned());
    line(out, &head);
    let numbers = "---:|".repeat(head.len() - 1);
    let _ = writeln!(out, "|---|{numbers}");
    for row in &table.rows {
        let mut cells = vec![cell(&row.name)];
        cells.extend(table.contenders.iter().map(|name| {
            let quartiles = row.quartiles(name);
            quartiles.map_or("–".to_owned(), |quartiles| {
                numbers::quantity(quartiles.median, &table.unit)
            })
        }));
        cells.extend(pairs.iter().map(|pair| {
            let Some(ratio) = row.ratio(&pair.of, &pair.over) else {
                return "–".to_owned();
            };
            let mut text = numbers::ratio_with_spread(&ratio);
            if misses(table, row, &pair.of, &pair.over) {
                text.push_str(" **missed**");
            }
            text
        }));
        let samples = row.samples.values().next().map_or(0, Vec::len);
        cells.push(samples.to_string());
        line(out, &cells);
    }
}

/// Whether `row` misses a goal of these two.
fn misses(table: &Table, row: &Row, of: &str, over: &str) -> bool {
    table
        .goals
        .iter()
        .filter(|goal| goal.of == of && goal.over == over)
        .filter_map(|goal| Judged::new(table, goal))
        .any(|judged| judged.missed().any(|ratio| ratio.row == row.name))
}

fn facts(out: &mut String, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    out.push_str("\n| | |\n|---|---:|\n");
    for fact in facts {
        let mut value = numbers::quantity(fact.value, &fact.unit);
        if let Some((bound, hit)) = fact.judged() {
            let goal = limit(bound, |value| numbers::quantity(value, &fact.unit));
            let _ = write!(value, " ({goal}: {})", result(hit));
        }
        line(out, &[cell(&fact.name), value]);
    }
}

/// `text` in one cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn line(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}
