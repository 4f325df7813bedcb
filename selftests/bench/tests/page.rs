// SPDX-License-Identifier: GPL-2.0

//! The page says what was measured, misses as openly as hits.

mod common;

use common::{part, row};
use launchguard_bench::figures::Judged;
use launchguard_bench::format::{Part, Table};
use launchguard_bench::page::page;

fn markdown(part: Part) -> String {
    let about = [("date".to_owned(), "today".to_owned())];
    page(&[part], &about, "benchmarks")
        .expect("a page")
        .markdown
}

/// The line of the page that starts with `start`.
fn line<'a>(page: &'a str, start: &str) -> &'a str {
    let found = page.lines().find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no line {start:?} in\n{page}"))
}

#[test]
fn a_goal_is_judged_by_its_worst_row() {
    let part = part();
    let table = &part.tables[0];
    let judged = Judged::new(table, &table.goals[0]).expect("a goal");
    assert!(!judged.is_hit());
    assert_eq!(judged.worst().row, "100 windows");
    assert_eq!(judged.worst().ratio.median, 2.0);
    let missed: Vec<&str> = judged.missed().map(|row| row.row).collect();
    assert_eq!(missed, ["100 windows"]);

    let mut goal = table.goals[0].clone();
    (goal.at_most, goal.at_least) = (None, Some(1.1));
    let judged = Judged::new(table, &goal).expect("a goal");
    assert_eq!(judged.worst().row, "1 window");
    assert!(judged.is_hit(), "a figure that equals its bound hits it");
}

#[test]
fn a_missed_goal_is_shown_as_missed() {
    let page = markdown(part());
    assert!(page.contains("\n1 of 2 goals are hit.\n"), "{page}");
    assert_eq!(
        line(&page, "| Windows | Mapping"),
        "| Windows | Mapping: ours / floor | at most 1.25 | 2.000 (2.000 to 2.000); 100 windows, the worst of 3 rows \
         | **missed** in 1 of 3 rows |"
    );
    assert_eq!(
        line(&page, "| 100 windows"),
        "| 100 windows | 19 µs | 9.50 µs | 2.000 (2.000 to 2.000) **missed** | 2 |"
    );
    assert_eq!(
        line(&page, "| 10 windows"),
        "| 10 windows | 1.26 µs | 1.05 µs | 1.200 (1.200 to 1.200) | 2 |"
    );
    assert_eq!(
        line(&page, "| Windows | reads"),
        "| Windows | reads of the TPM | at most 0 | 0 | hit |"
    );
    assert_eq!(line(&page, "| memory"), "| memory | 1.50 KiB |");
    assert!(page.ends_with("\nThe last one is missed.\n"), "{page}");
}

#[test]
fn a_goal_that_is_hit_is_shown_as_hit() {
    let mut part = part();
    part.tables[0].goals[0].rows = vec!["1 window".to_owned()];
    part.facts[0].value = 1.0;
    let page = markdown(part);
    assert_eq!(
        line(&page, "| Windows | Mapping"),
        "| Windows | Mapping: ours / floor | at most 1.25 | 1.100 (1.100 to 1.100); 1 window | hit |"
    );
    // Not judged, so not missed.
    assert!(!line(&page, "| 100 windows").contains("missed"));
    assert!(line(&page, "| reads").contains("**missed**"));
    assert!(line(&page, "| Windows | reads").ends_with("| **missed** |"));
}

#[test]
fn the_page_names_its_licence_what_it_was_measured_on_and_by_what() {
    let page = markdown(part());
    assert!(page.starts_with("<!-- SPDX-License-Identifier: GPL-2.0 -->\n"));
    assert_eq!(line(&page, "| date"), "| date | today |");
    assert!(page.contains("\n    bed bench windows\n"));
}

#[test]
fn rows_over_more_than_a_decade_are_drawn_over_x_and_others_as_ratios() {
    let svg = |part: Part| {
        let page = page(&[part], &[], "benchmarks").expect("a page");
        let plots: Vec<_> = page.plots.into_iter().collect();
        assert!(page
            .markdown
            .contains("![Mapping](benchmarks/windows-map.svg)"));
        let [(name, svg)] = plots.try_into().expect("one plot");
        assert_eq!(name, "windows-map.svg");
        assert!(svg.starts_with("<!-- SPDX-License-Identifier: GPL-2.0 -->\n<svg "));
        svg
    };
    let over_x = svg(part());
    assert!(!over_x.contains("red: the goal"));
    assert_eq!(svg(part()), over_x, "the same samples give the same bytes");

    let mut narrow = part();
    narrow.tables[0].rows = vec![row("1 window", Some(1.0), &[1.0], &[1.0])];
    assert!(svg(narrow).contains("red: the goal"));

    let mut without_x = part();
    without_x.tables[0].x = None;
    for row in &mut without_x.tables[0].rows {
        row.x = None;
    }
    assert!(svg(without_x).contains("red: the goal"));
}

#[test]
fn a_table_without_ratios_and_axis_has_no_plot() {
    let mut part = part();
    let table = &mut part.tables[0];
    *table = Table {
        x: None,
        goals: Vec::new(),
        rows: vec![row("all", None, &[1.0], &[0.0])],
        ..table.clone()
    };
    let page = page(&[part], &[], "benchmarks").expect("a page");
    assert!(page.plots.is_empty());
    assert!(!page.markdown.contains("!["));
}

#[test]
fn names_do_not_break_the_tables() {
    let mut part = part();
    part.tables[0].rows[0].name = "a|b".to_owned();
    assert!(markdown(part).contains("\n| a\\|b | 165 ns |"));
}
