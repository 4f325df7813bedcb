// SPDX-License-Identifier: GPL-2.0

//! The table "how each check was exercised", from the notes that tests leave in a directory.
//!
//! `exercised merge NOTES OUTPUT [partial]` writes OUTPUT/exercised.json and OUTPUT/exercised.md and
//! reports in KTAP whether each check was seen to pass and to fail; of a `partial` run nothing is
//! demanded. `exercised rst JSON` prints the page of the documentation.

mod notes;
mod page;
mod report;

use notes::Table;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

const USAGE: &str = "usage: exercised merge NOTES OUTPUT [partial] | exercised rst JSON";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["merge", notes, output] => merge(Path::new(notes), Path::new(output), false),
        ["merge", notes, output, "partial"] => merge(Path::new(notes), Path::new(output), true),
        ["rst", json] => rst(Path::new(json)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("exercised: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing is missing.
fn merge(notes: &Path, output: &Path, partial: bool) -> Result<bool, String> {
    let table = Table::read(notes, partial)?;
    write(output, "exercised.json", &table.to_json())?;
    write(output, "exercised.md", &page::markdown(&table))?;
    let report = report::ktap(&table);
    print!("{}", report.text);
    Ok(report.failed == 0)
}

fn rst(json: &Path) -> Result<bool, String> {
    let table = Table::from_json(&text(json)?)?;
    print!("{}", page::rst(&table));
    Ok(true)
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(directory: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = directory.join(name);
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}
