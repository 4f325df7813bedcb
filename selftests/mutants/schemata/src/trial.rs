// SPDX-License-Identifier: GPL-2.0
//! Runs the tests: each by itself to see which mutants it reaches, and on each mutant those that do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::mutant::Id;

/// A test of the program.
#[derive(Debug)]
pub struct Test {
    /// As the program lists it.
    pub name: String,
    /// How long it takes by itself.
    pub takes: Duration,
    /// The mutants that it reaches.
    pub reaches: Vec<Id>,
}

/// A test program and how it is run.
pub struct Program<'p> {
    /// The program.
    pub path: &'p Path,
    /// Where its tests expect to be.
    pub folder: &'p Path,
    /// How many run at a time.
    pub jobs: usize,
}

// Much longer than any test takes: on a busy machine a shorter one would count as caught what no test
// noticed.
const LIMIT: Duration = Duration::from_secs(20);
const TIMES: u32 = 10;
// Without a mutant, where nothing depends on it.
const NO_HURRY: Duration = Duration::from_secs(1200);

// What part of the time of all tests a mutant gets. A few slow tests take most of it, and hardly a mutant is
// caught by these only.
const SHARE: u32 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    TookTooLong,
}

/// What the tests said about a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A test failed.
    Caught,
    /// A test did not end.
    TimedOut,
    /// The tests that were run passed.
    Survived,
}

impl Program<'_> {
    /// All tests, the quickest first. It is an error if one fails: no mutant is on.
    pub fn tests(&self, scratch: &Path) -> Result<Vec<Test>, String> {
        let names = self
            .command()
            .args(["--list", "--format", "terse"])
            .output();
        let names = names
            .map_err(|error| format!("{}: {error}", self.path.display()))?
            .stdout;
        let names = String::from_utf8_lossy(&names);
        let names: Vec<_> = names
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .collect();
        if names.is_empty() {
            return Err("no tests".into());
        }
        let all = self.run(self.command().args(["--exact"]).args(&names), NO_HURRY)?;
        if all != End::Passed {
            return Err("the tests fail without any mutant".into());
        }
        let tests = Mutex::new(Vec::new());
        self.share(names.len(), |index| {
            let file = scratch.join(format!("reached-{index}"));
            let began = Instant::now();
            let mut command = self.command();
            command
                .args(["--exact", names[index]])
                .env("LAUNCHGUARD_REACHED", &file);
            if self.run(&mut command, NO_HURRY)? != End::Passed {
                return Err(format!("{} fails without any mutant", names[index]));
            }
            let takes = began.elapsed();
            // There is none if nothing was reached.
            let reached = fs::read(&file).unwrap_or_default();
            let numbers = reached
                .chunks_exact(4)
                .filter_map(|bytes| bytes.try_into().ok());
            let reaches = numbers.map(Id::from_le_bytes).collect();
            let _ = fs::remove_file(&file);
            let test = Test {
                name: names[index].to_owned(),
                takes,
                reaches,
            };
            tests.lock().expect("no panic").push(test);
            Ok(())
        })?;
        let mut tests = tests.into_inner().expect("no panic");
        tests.sort_by(|a, b| (a.takes, &a.name).cmp(&(b.takes, &b.name)));
        Ok(tests)
    }

    /// Tries the mutants that a test reaches with some of these tests: those first that caught most mutants
    /// of the same file, and of these the quickest. Each verdict is told at once.
    pub fn tries<'m>(
        &self,
        tests: &[Test],
        file: impl Fn(Id) -> &'m str + Sync,
        tell: impl Fn(Id, Verdict) -> Result<(), String> + Sync,
    ) -> Result<(), String> {
        // In the order of the list, in which what a test catches lies close together.
        let mut of_mutants: BTreeMap<Id, Vec<&Test>> = BTreeMap::new();
        for test in tests {
            for id in &test.reaches {
                of_mutants.entry(*id).or_default().push(test);
            }
        }
        let of_mutants: Vec<_> = of_mutants.into_iter().collect();
        let budget = tests.iter().map(|test| test.takes).sum::<Duration>() / SHARE;
        let caught: Mutex<HashMap<(&str, &str), usize>> = Mutex::default();
        self.share(of_mutants.len(), |index| {
            let (id, tests) = &of_mutants[index];
            let mut tests = tests.clone();
            let file = file(*id);
            {
                let caught = caught.lock().expect("no panic");
                tests.sort_by_key(|test| Reverse(caught.get(&(file, test.name.as_str())).copied()));
            }
            let mut spent = Duration::ZERO;
            tests.retain(|test| {
                let left = spent <= budget;
                spent += test.takes;
                left
            });
            for test in tests {
                let end = self.with(*id, test)?;
                if end != End::Passed {
                    *caught
                        .lock()
                        .expect("no panic")
                        .entry((file, test.name.as_str()))
                        .or_default() += 1;
                    let in_time = end == End::Failed;
                    return tell(
                        *id,
                        if in_time {
                            Verdict::Caught
                        } else {
                            Verdict::TimedOut
                        },
                    );
                }
            }
            tell(*id, Verdict::Survived)
        })
    }

    fn with(&self, id: Id, test: &Test) -> Result<End, String> {
        let mut command = self.command();
        command
            .args(["--exact", &test.name])
            .env("LAUNCHGUARD_MUTANT", id.to_string());
        self.run(&mut command, LIMIT.max(test.takes * TIMES))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.path);
        // As cargo does it.
        command
            .current_dir(self.folder)
            .env("CARGO_MANIFEST_DIR", self.folder)
            .env_remove("LAUNCHGUARD_MUTANT")
            .env_remove("LAUNCHGUARD_REACHED");
        command
    }

    fn run(&self, command: &mut Command, limit: Duration) -> Result<End, String> {
        let began = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.map_err(|error| format!("{}: {error}", self.path.display()))?;
        let mut pause = Duration::from_micros(500);
        loop {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                return Ok(if status.success() {
                    End::Passed
                } else {
                    End::Failed
                });
            }
            if began.elapsed() > limit {
                let _ = child.kill();
                let _ = child.wait();
                return Ok(End::TookTooLong);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    // Shares out the work; the first error is the result.
    fn share(
        &self,
        count: usize,
        work: impl Fn(usize) -> Result<(), String> + Sync,
    ) -> Result<(), String> {
        let next = AtomicUsize::new(0);
        let worker = || -> Result<(), String> {
            loop {
                let index = next.fetch_add(1, Relaxed);
                if index >= count {
                    return Ok(());
                }
                if let Err(error) = work(index) {
                    // The others have no more to do.
                    next.store(count, Relaxed);
                    return Err(error);
                }
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().expect("no panic"))
        })
    }
}
