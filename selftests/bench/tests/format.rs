// SPDX-License-Identifier: GPL-2.0

//! What is no part of the bench.

mod common;

use common::part;
use launchguard_bench::format::{read_all, FileError, FormatError, Goal, Pair, Part};

#[test]
fn a_part_survives_being_written_and_read() {
    let place = tempfile::tempdir().expect("a directory");
    let path = part().write(place.path()).expect("written");
    assert_eq!(
        path.file_name().and_then(|name| name.to_str()),
        Some("windows.json")
    );
    assert_eq!(Part::read(&path).expect("read"), part());
}

/// What other programs write: what need not be there is not.
#[test]
fn a_part_in_as_few_words_as_possible_is_read() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("io.json");
    let json = r#"{"name": "io", "title": "Native I/O", "text": "Reads.", "tables": [{
        "name": "read", "title": "Reading", "unit": "bytes/s", "contenders": ["absent", "loaded"],
        "rows": [{"name": "nvme", "samples": {"absent": [100, 101], "loaded": [99, 101]}}],
        "goals": [{"of": "loaded", "over": "absent", "at_least": 0.99}]}]}"#;
    std::fs::write(&path, json).expect("written");
    let part = Part::read(&path).expect("read");
    assert_eq!(part.tables[0].rows[0].samples["loaded"], [99.0, 101.0]);

    let typo = json.replace("at_least", "atleast");
    std::fs::write(&path, typo).expect("written");
    assert!(matches!(Part::read(&path), Err(FileError::Json { .. })));

    let other = place.path().join("disk.json");
    std::fs::write(&other, json).expect("written");
    assert!(matches!(Part::read(&other), Err(FileError::Name { .. })));
}

#[test]
fn parts_come_in_the_order_of_the_page() {
    let place = tempfile::tempdir().expect("a directory");
    assert!(matches!(
        read_all(place.path()),
        Err(FileError::Empty { .. })
    ));
    for name in ["zebra", "size", "another", "verdict", "replay"] {
        let part = Part {
            name: name.to_owned(),
            ..part()
        };
        part.write(place.path()).expect("written");
    }
    let parts = read_all(place.path()).expect("parts");
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["verdict", "replay", "size", "another", "zebra"]);
}

/// A change to a part that makes sense, and a word of what is said about it.
type Case = (&'static str, fn(&mut Part));

fn samples<'a>(part: &'a mut Part, contender: &str) -> &'a mut Vec<f64> {
    let row = &mut part.tables[0].rows[1];
    row.samples.get_mut(contender).expect("a contender")
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases: [Case; 22] = [
        ("no name", |p| p.name = "Win dows".to_owned()),
        ("no name", |p| p.name.clear()),
        ("no name", |p| p.tables[0].name = "a/b".to_owned()),
        ("two tables", |p| p.tables.push(p.tables[0].clone())),
        ("no rows", |p| p.tables[0].rows.clear()),
        ("no rows", |p| p.tables[0].contenders.clear()),
        ("twice", |p| p.tables[0].contenders.push("ours".to_owned())),
        ("twice", |p| {
            p.tables[0].rows[1].name = "1 window".to_owned()
        }),
        ("none of its contenders", |p| {
            p.tables[0].contenders = vec!["ours".to_owned()];
        }),
        ("3 samples, another contender 2", |p| {
            samples(p, "ours").push(1.0)
        }),
        ("no samples", |p| p.tables[0].rows[1].samples.clear()),
        ("no samples", |p| {
            samples(p, "ours").clear();
            samples(p, "floor").clear();
        }),
        ("no sample", |p| samples(p, "ours")[0] = f64::NAN),
        ("no sample", |p| samples(p, "ours")[0] = -1.0),
        ("a sample of 0", |p| samples(p, "floor")[1] = 0.0),
        ("an x", |p| p.tables[0].rows[1].x = None),
        ("an x", |p| p.tables[0].x = None),
        ("is compared", |p| {
            p.tables[0].goals[0].over = "nobody".to_owned()
        }),
        ("is compared", |p| {
            let (of, over) = ("ours".to_owned(), "nobody".to_owned());
            p.tables[0].ratios.push(Pair { of, over });
        }),
        ("not there", |p| {
            p.tables[0].goals[0].rows = vec!["2 windows".to_owned()]
        }),
        ("either at_most or at_least", |p| {
            p.tables[0].goals[0].at_least = Some(1.0)
        }),
        ("either at_most or at_least", |p| {
            p.tables[0].goals[0].at_most = None
        }),
    ];
    assert_eq!(part().check(), Ok(()));
    for (number, (expected, change)) in cases.into_iter().enumerate() {
        let mut part = part();
        change(&mut part);
        let error = part.check().expect_err(expected).to_string();
        assert!(error.contains(expected), "case {number}: {error}");
    }
}

#[test]
fn a_contender_may_be_missing_where_no_goal_needs_it() {
    let mut part = part();
    part.tables[0].rows[1].samples.remove("floor");
    assert_eq!(part.check(), Ok(()));
    part.tables[0].goals[0].rows = vec!["10 windows".to_owned()];
    assert!(matches!(part.check(), Err(FormatError::GoalWithout { .. })));
    part.tables[0].goals = vec![Goal {
        rows: Vec::new(),
        ..part.tables[0].goals[0].clone()
    }];
    for row in &mut part.tables[0].rows {
        row.samples.remove("floor");
    }
    assert!(matches!(part.check(), Err(FormatError::NeverJudged { .. })));
}
