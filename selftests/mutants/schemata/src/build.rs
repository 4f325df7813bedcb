// SPDX-License-Identifier: GPL-2.0
//! Builds the tree with as many mutants as compile: what the compiler complains about is left out, until
//! it does not.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::mutant::{Id, Mutant, Places};
use crate::places;
use crate::rewrite::{rewrite, Rewritten};

/// A tree that is rewritten.
pub struct Tree<'t> {
    /// Where the original is.
    pub original: &'t Path,
    /// A copy, which the mutants are written into.
    pub copy: &'t Path,
    /// Those that are to be.
    pub mutants: &'t [Mutant],
    left_out: HashSet<Id>,
    // Those whose own text the compiler refuses.
    refused: HashSet<Id>,
    // Functions that something needs at compile time.
    constant: HashSet<String>,
    files: BTreeMap<String, Rewritten>,
}

/// What is tested.
pub struct Built {
    /// The test program.
    pub program: PathBuf,
    /// The mutants that are in it.
    pub switched: Vec<Id>,
    /// Those that do not compile in whatever way they are built.
    pub refused: HashSet<Id>,
    /// How often the compiler was asked.
    pub rounds: usize,
}

// More than the deepest chain of constant functions needs.
const ROUNDS: usize = 40;

impl<'t> Tree<'t> {
    /// Nothing is written yet.
    pub fn new(original: &'t Path, copy: &'t Path, mutants: &'t [Mutant]) -> Self {
        let (left_out, refused, constant, files) = Default::default();
        Tree {
            original,
            copy,
            mutants,
            left_out,
            refused,
            constant,
            files,
        }
    }

    /// The tree's tests, with all mutants that compile.
    pub fn build(&mut self) -> Result<Built, String> {
        self.add_switches()?;
        for round in 1..=ROUNDS {
            self.write()?;
            // Without code at first, which is quicker.
            let mut messages = cargo(self.copy, &["check", "--profile", "test"])?;
            if !messages.iter().any(is_error) {
                messages = cargo(self.copy, &["test", "--no-run"])?;
                if let Some(program) = messages.iter().find_map(program) {
                    let mut switched: Vec<_> =
                        self.files.values().flat_map(Rewritten::mutants).collect();
                    switched.sort_unstable();
                    switched.dedup();
                    return Ok(Built {
                        program,
                        switched,
                        refused: std::mem::take(&mut self.refused),
                        rounds: round,
                    });
                }
            }
            self.learn(&messages)?;
        }
        Err(format!("it does not compile after {ROUNDS} rounds"))
    }

    fn add_switches(&self) -> Result<(), String> {
        let last = self.mutants.last().map_or(0, |mutant| mutant.id);
        let count = format!("const COUNT: usize = {};", last + 1);
        let switches = include_str!("switch.rs").replace("const COUNT: usize = 1;", &count);
        write(&self.copy.join("mutant.rs"), &switches)?;
        let root = read(&self.original.join("mutants.rs"))?;
        write(
            &self.copy.join("mutants.rs"),
            &format!("{root}\npub mod mutant;\n"),
        )
    }

    fn write(&mut self) -> Result<(), String> {
        let mut of_files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in self.mutants {
            // A file whose mutants are all left out is written too: as it was.
            let of_file = of_files.entry(&mutant.file).or_default();
            if !self.left_out.contains(&mutant.id) {
                of_file.push(mutant);
            }
        }
        for (file, mutants) in of_files {
            let source = read(&self.original.join(file))?;
            let edits = places::edits(&source, &Places::new(mutants.into_iter()), &self.constant)
                .map_err(|error| format!("{file}: {error}"))?;
            let rewritten = rewrite(&source, &edits);
            write(&self.copy.join(file), &rewritten.text)?;
            self.files.insert(file.to_owned(), rewritten);
        }
        Ok(())
    }

    // Which mutants the errors are of, or which functions have to stay constant.
    fn learn(&mut self, messages: &[Value]) -> Result<(), String> {
        let before = (self.left_out.len(), self.constant.len());
        let mut unexplained = String::new();
        for error in messages.iter().filter(|message| is_error(message)) {
            let error = &error["message"];
            if error["code"]["code"] == "E0015" {
                self.constant
                    .extend(called(error["message"].as_str().unwrap_or_default()));
                continue;
            }
            let mut blamed = self.blamed(error);
            blamed.dedup();
            if let [id] = blamed[..] {
                // Which type has no default does not depend on what is around.
                let no_default = error["code"]["code"] == "E0277"
                    && error["message"]
                        .as_str()
                        .is_some_and(|message| message.contains(": Default` is not satisfied"));
                let verbatim =
                    |mutant: &&Mutant| mutant.id == id && (mutant.is_verbatim || no_default);
                self.refused
                    .extend(self.mutants.iter().find(verbatim).map(|mutant| mutant.id));
            }
            if blamed.is_empty() {
                unexplained.push_str(error["rendered"].as_str().unwrap_or_default());
            }
            self.left_out.extend(blamed);
        }
        if before == (self.left_out.len(), self.constant.len()) {
            return Err(format!(
                "what the compiler says is not about any mutant:\n{unexplained}"
            ));
        }
        Ok(())
    }

    fn blamed(&self, error: &Value) -> Vec<Id> {
        let spans = error["spans"].as_array().map_or(&[][..], Vec::as_slice);
        let of = |span: &Value| {
            let number = |key: &str| {
                span[key]
                    .as_u64()
                    .and_then(|number| usize::try_from(number).ok())
            };
            let file = self.files.get(span["file_name"].as_str()?)?;
            Some(
                file.blame(number("byte_start")?..number("byte_end")?)
                    .to_vec(),
            )
        };
        let (main, others): (Vec<_>, Vec<_>) =
            spans.iter().partition(|span| span["is_primary"] == true);
        // What the message is about, or else what it refers to.
        [main, others]
            .into_iter()
            .map(|spans| {
                spans
                    .into_iter()
                    .filter_map(of)
                    .flatten()
                    .collect::<Vec<_>>()
            })
            .find(|blamed| !blamed.is_empty())
            .unwrap_or_default()
    }
}

/// The function that "cannot call non-const associated function `a::Type::<'_>::name` in constants" names:
/// with its type, if it has one.
pub fn called(message: &str) -> Option<String> {
    let mut depth = 0;
    let mut plain = message.split('`').nth(1)?.to_owned();
    // Without generic arguments.
    plain.retain(|c| {
        depth += i32::from(c == '<');
        let outside = depth == 0;
        depth -= i32::from(c == '>');
        outside
    });
    let mut parts = plain.rsplit("::").filter(|part| !part.is_empty());
    let name = parts.next()?;
    let owner = parts
        .next()
        .filter(|owner| owner.starts_with(|c: char| c.is_ascii_uppercase()));
    Some(owner.map_or(name.to_owned(), |owner| format!("{owner}::{name}")))
}

fn is_error(message: &Value) -> bool {
    message["reason"] == "compiler-message" && message["message"]["level"] == "error"
}

fn program(message: &Value) -> Option<PathBuf> {
    message["executable"].as_str().map(PathBuf::from)
}

fn cargo(tree: &Path, arguments: &[&str]) -> Result<Vec<Value>, String> {
    let output = Command::new("cargo")
        .args(arguments)
        .args(["--quiet", "--lib", "--message-format=json"])
        .current_dir(tree)
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let messages: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if !output.status.success() && !messages.iter().any(is_error) {
        return Err(format!(
            "cargo {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(messages)
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

// Only what changes, for the compiler's sake.
fn write(file: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(file).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
