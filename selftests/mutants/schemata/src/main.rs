// SPDX-License-Identifier: GPL-2.0
//! Which mutants the tests catch, found out with one build instead of one for each.
//!
//! `launchguard-schemata LIST.JSON NAMES ORIGINAL COPY OUT JOBS`: the mutants as cargo-mutants lists them,
//! the tree, a copy of it that is written into, the folder for what comes out, and how many tests run at a
//! time.
//!
//! Names of mutants that a test catches are added to `OUT/caught.txt`; those that are there already are
//! not tried again. `OUT/open.txt` has all others and why they are open; what these are, cargo-mutants
//! has to find out.

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

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [list, names, original, copy, out, jobs] = &arguments[..] else {
        eprintln!("usage: launchguard-schemata LIST.JSON NAMES ORIGINAL COPY OUT JOBS");
        return ExitCode::from(2);
    };
    let paths = Paths { list: list.as_ref(), names: names.as_ref(), original: original.as_ref(), copy: copy.as_ref(), out: out.as_ref() };
    match paths.stage(jobs.parse().unwrap_or(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mutants: in one binary: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Paths<'p> {
    list: &'p Path,
    names: &'p Path,
    original: &'p Path,
    copy: &'p Path,
    out: &'p Path,
}

impl Paths<'_> {
    fn stage(&self, jobs: usize) -> Result<(), String> {
        let read = |file: &Path| fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
        let caught_file = self.out.join("caught.txt");
        let before = fs::read_to_string(&caught_file).unwrap_or_default();
        let before: HashSet<&str> = before.lines().collect();
        let mut mutants = mutant::read(&read(self.list)?, &read(self.names)?)?;
        let all = mutants.len();
        mutants.retain(|mutant| !before.contains(mutant.name.as_str()));

        let began = Instant::now();
        let built = Tree::new(self.original, self.copy, &mutants).build()?;
        println!(
            "mutants: {} of {} in one binary, {} caught by it earlier; built in {} rounds, {} s",
            built.switched.len(),
            all,
            all - mutants.len(),
            built.rounds,
            began.elapsed().as_secs()
        );

        let began = Instant::now();
        let program = Program { path: &built.program, folder: self.copy, jobs };
        let tests = program.tests(self.out)?;
        let took = tests.iter().map(|test| test.takes).sum::<std::time::Duration>();
        println!("mutants: {} tests, {:.1} s one by one", tests.len(), took.as_secs_f64());

        let by_id: HashMap<Id, &Mutant> = mutants.iter().map(|mutant| (mutant.id, mutant)).collect();
        let caught = File::options().append(true).create(true).open(&caught_file).map_err(|error| error.to_string())?;
        let (caught, verdicts) = (Mutex::new(caught), Mutex::new(HashMap::new()));
        program.tries(&tests, |id, verdict| {
            if verdict != Verdict::Survived {
                let mut caught = caught.lock().expect("no panic");
                writeln!(caught, "{}", by_id[&id].name).map_err(|error| error.to_string())?;
            }
            verdicts.lock().expect("no panic").insert(id, verdict);
            Ok(())
        })?;
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

    fn open(&self, mutants: &[Mutant], switched: &[Id], verdicts: &HashMap<Id, Verdict>) -> Result<(), String> {
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
        fs::write(self.out.join("open.txt"), lines).map_err(|error| error.to_string())
    }
}
