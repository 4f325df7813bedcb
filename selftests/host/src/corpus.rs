// SPDX-License-Identifier: GPL-2.0

//! Evidence of real machines: event logs, register dumps and what their sources say about them.
//!
//! It is not part of the project (parts of it may not be redistributed). `LAUNCHGUARD_CORPUS` names
//! the directory; without it, `shared/corpus` beside the checkout is looked at.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Environment variable that names the directory.
pub const VARIABLE: &str = "LAUNCHGUARD_CORPUS";

/// The corpus directory.
#[derive(Clone, Debug)]
pub struct Corpus {
    root: PathBuf,
}

impl Corpus {
    /// The corpus, or the reason why there is none.
    pub fn find() -> Result<Self, String> {
        let root = env::var_os(VARIABLE).map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
            PathBuf::from,
        );
        if root.join("cases").is_dir() {
            Ok(Self { root })
        } else {
            Err(format!(
                "no corpus of real machines: set {VARIABLE} to its directory"
            ))
        }
    }

    /// The bytes of `bin/<name>`.
    ///
    /// # Panics
    ///
    /// When the file cannot be read: a corpus that is there must be whole.
    pub fn binary(&self, name: &str) -> Vec<u8> {
        read(&self.root.join("bin").join(name))
    }

    /// The text of a file in the corpus directory itself, for example `"failures.md"`.
    ///
    /// # Panics
    ///
    /// When the file cannot be read, or is not text.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(read(&self.root.join(name)))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The case whose file name starts with `number`, for example `"02"`.
    ///
    /// # Panics
    ///
    /// When there is no such case, or more than one.
    pub fn case(&self, number: &str) -> Case {
        let prefix = format!("{number}-");
        let mut description = None;
        let mut log = None;
        for path in files(&self.root.join("cases")) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with(&prefix) {
                continue;
            }
            let slot = if name.ends_with(".json") {
                &mut description
            } else {
                &mut log
            };
            assert!(slot.is_none(), "case {number} has {name} twice");
            *slot = Some(path);
        }
        let description = description.unwrap_or_else(|| panic!("the corpus has no case {number}"));
        Case {
            json: serde_json::from_slice(&read(&description))
                .unwrap_or_else(|error| panic!("{}: {error}", description.display())),
            log: log.map(|path| read(&path)),
        }
    }
}

/// One machine's evidence.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the source printed: registers, heap, events, PCRs.
    pub json: Value,
    /// The event log's bytes, where the source has them.
    pub log: Option<Vec<u8>>,
}

impl Case {
    /// A stated PCR value in hex, as the source prints it: `pcrs.<bank>.<index>`.
    pub fn pcr(&self, bank: &str, index: u32) -> Option<&str> {
        self.json["pcrs"][bank][index.to_string()].as_str()
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths
}
