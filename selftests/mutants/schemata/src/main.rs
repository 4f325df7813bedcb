// SPDX-License-Identifier: GPL-2.0
//! Which mutants the tests catch, found out with one build instead of one for each.
//!
//! `launchguard-schemata FOLDER ORIGINAL COPY JOBS`: a folder for what is known of the mutants, the tree, a
//! copy of it that is written into, and how many tests run at a time.
//!
//! In the folder are `list.json` and `names.txt`, the mutants as cargo-mutants lists them, and perhaps
//! `known.txt`, the names of those that need not be tried. Names of mutants that a test catches are added
//! to `caught.txt`; those that are there already are not tried again. Names of those that cannot compile
//! are added to `unviable.txt`. `open.txt` has all others and why they are open; what these are,
//! cargo-mutants has to find out.

mod build;
mod mutant;
mod places;
mod rewrite;
#[cfg(test)]
mod switch;
#[cfg(test)]
mod tests;
mod trial;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use crate::build::Tree;
use crate::mutant::{Id, Mutant};
use crate::trial::{Program, Verdict};

const UNVIABLE: &str = "unviable.txt";
// For fewer, cargo-mutants is as quick by itself.
const WORTH_IT: usize = 50;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder, original, copy, jobs] = &arguments[..] else {
        eprintln!("usage: launchguard-schemata FOLDER ORIGINAL COPY JOBS");
        return ExitCode::from(2);
    };
    let stage = Stage {
        folder: folder.as_ref(),
        original: original.as_ref(),
        copy: copy.as_ref(),
    };
    match stage.run(jobs.parse().unwrap_or(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mutants: in one binary: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Stage<'s> {
    folder: &'s Path,
    original: &'s Path,
    copy: &'s Path,
}

impl Stage<'_> {
    fn run(&self, jobs: usize) -> Result<(), String> {
        let read = |name: &str| {
            fs::read_to_string(self.folder.join(name)).map_err(|error| format!("{name}: {error}"))
        };
        let known =
            ["known.txt", "caught.txt", UNVIABLE].map(|name| read(name).unwrap_or_default());
        let known: HashSet<&str> = known.iter().flat_map(|names| names.lines()).collect();
        let mut mutants = mutant::read(&read("list.json")?, &read("names.txt")?)?;
        let all = mutants.len();
        mutants.retain(|mutant| !known.contains(mutant.name.as_str()));
        println!(
            "mutants: {all}, {} of them known from earlier runs",
            all - mutants.len()
        );
        if mutants.len() < WORTH_IT {
            return Ok(());
        }

        let began = Instant::now();
        let built = Tree::new(self.original, self.copy, &mutants).build()?;
        println!(
            "mutants: {} of {} in one binary, {} cannot compile, built in {} rounds, {} s",
            built.switched.len(),
            mutants.len(),
            built.refused.len(),
            built.rounds,
            began.elapsed().as_secs()
        );

        let mut unviable = String::new();
        for mutant in mutants.iter().filter(|one| built.refused.contains(&one.id)) {
            unviable.push_str(&format!("{}\n", mutant.name));
        }
        fs::write(
            self.folder.join(UNVIABLE),
            read(UNVIABLE).unwrap_or_default() + &unviable,
        )
        .map_err(|error| error.to_string())?;
        mutants.retain(|mutant| !built.refused.contains(&mutant.id));

        let began = Instant::now();
        let program = Program {
            path: &built.program,
            folder: self.copy,
            jobs,
        };
        let tests = program.tests(self.folder)?;
        let took = tests
            .iter()
            .map(|test| test.takes)
            .sum::<std::time::Duration>();
        println!(
            "mutants: {} tests, {:.1} s one by one",
            tests.len(),
            took.as_secs_f64()
        );

        let by_id: HashMap<Id, &Mutant> =
            mutants.iter().map(|mutant| (mutant.id, mutant)).collect();
        let caught = File::options()
            .append(true)
            .create(true)
            .open(self.folder.join("caught.txt"))
            .map_err(|error| error.to_string())?;
        let (caught, verdicts) = (Mutex::new(caught), Mutex::new(HashMap::new()));
        program.tries(
            &tests,
            |id| &by_id[&id].file,
            |id, verdict| {
                if verdict != Verdict::Survived {
                    let mut caught = caught.lock().expect("no panic");
                    writeln!(caught, "{}", by_id[&id].name).map_err(|error| error.to_string())?;
                }
                verdicts.lock().expect("no panic").insert(id, verdict);
                Ok(())
            },
        )?;
        let verdicts = verdicts.into_inner().expect("no panic");
        self.open(&mutants, &built.switched, &verdicts)?;
        let count = |verdict| verdicts.values().filter(|found| **found == verdict).count();
        println!(
            "mutants: in one binary {} caught, {} timed out, {} not, {} not reached, in {} s",
            count(Verdict::Caught),
            count(Verdict::TimedOut),
            count(Verdict::Survived),
            built.switched.len() - verdicts.len(),
            began.elapsed().as_secs()
        );
        Ok(())
    }

    fn open(
        &self,
        mutants: &[Mutant],
        switched: &[Id],
        verdicts: &HashMap<Id, Verdict>,
    ) -> Result<(), String> {
        let mut lines = String::new();
        for mutant in mutants {
            let why = match verdicts.get(&mutant.id) {
                Some(Verdict::Survived) => "survived",
                Some(Verdict::Caught | Verdict::TimedOut) => continue,
                None if switched.binary_search(&mutant.id).is_ok() => "not reached",
                None => "left out",
            };
            lines.push_str(&format!("{why}\t{}\n", mutant.name));
        }
        fs::write(self.folder.join("open.txt"), lines).map_err(|error| error.to_string())
    }
}
