// SPDX-License-Identifier: GPL-2.0

//! A part that makes sense.

use launchguard_bench::format::{Axis, Fact, Goal, Part, Row, Table};

/// A row with samples of two contenders.
pub fn row(name: &str, x: Option<f64>, ours: &[f64], floor: &[f64]) -> Row {
    let samples = [("ours", ours), ("floor", floor)];
    Row {
        name: name.to_owned(),
        x,
        samples: samples
            .into_iter()
            .map(|(name, samples)| (name.to_owned(), samples.to_vec()))
            .collect(),
    }
}

/// Ours is 1.1, 1.2 and 2 times the floor; the goal is 1.25.
pub fn part() -> Part {
    let goal = Goal {
        of: "ours".to_owned(),
        over: "floor".to_owned(),
        at_most: Some(1.25),
        ..Goal::default()
    };
    Part {
        name: "windows".to_owned(),
        title: "Windows".to_owned(),
        text: "Mapping and unmapping.".to_owned(),
        commands: vec!["bed bench windows".to_owned()],
        tables: vec![Table {
            name: "map".to_owned(),
            title: "Mapping".to_owned(),
            x: Some(Axis {
                name: "windows".to_owned(),
                unit: String::new(),
            }),
            unit: "ns".to_owned(),
            contenders: vec!["ours".to_owned(), "floor".to_owned()],
            rows: vec![
                row("1 window", Some(1.0), &[110.0, 220.0], &[100.0, 200.0]),
                row(
                    "10 windows",
                    Some(10.0),
                    &[1200.0, 1320.0],
                    &[1000.0, 1100.0],
                ),
                row(
                    "100 windows",
                    Some(100.0),
                    &[20000.0, 18000.0],
                    &[10000.0, 9000.0],
                ),
            ],
            goals: vec![goal],
            ..Table::default()
        }],
        facts: vec![
            Fact {
                name: "reads of the TPM".to_owned(),
                value: 0.0,
                at_most: Some(0.0),
                ..Fact::default()
            },
            Fact {
                name: "memory".to_owned(),
                value: 1536.0,
                unit: "bytes".to_owned(),
                ..Fact::default()
            },
        ],
        notes: vec!["The last one is missed.".to_owned()],
    }
}
