// SPDX-License-Identifier: GPL-2.0

//! The format that every part of the bench writes: JSON, one file a part, named after it.

mod check;

pub use check::FormatError;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The parts in the order of the page; others come behind them.
pub const ORDER: [&str; 7] = [
    "verdict", "replay", "windows", "groups", "io", "faults", "size",
];

/// One subject of the bench: `NAME.json`, and a chapter of the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// A slug: lower-case letters, digits and `-`. Names the file and the plots.
    pub name: String,
    /// The chapter's heading.
    pub title: String,
    /// What is measured and how, as sentences in Markdown.
    pub text: String,
    /// The commands that were run to measure it.
    #[serde(default)]
    pub commands: Vec<String>,
    /// What was timed, or otherwise measured more than once.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// What is no sample: sizes, counters.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// What there is to say about the result, as sentences in Markdown: why a goal was missed.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Samples of one quantity: contenders side by side, in rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// A slug, different from the part's other tables': the plot is `PART-NAME.svg`.
    pub name: String,
    /// What stands above the table.
    pub title: String,
    /// More about it, as sentences in Markdown.
    #[serde(default)]
    pub text: String,
    /// What the rows' `x` is; none where the rows have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<Axis>,
    /// Unit of the samples. Those in `ns` and `bytes`, also `ns/...` and `bytes/...`, are shown with a
    /// prefix that suits them.
    pub unit: String,
    /// The columns in their order.
    pub contenders: Vec<String>,
    /// The rows in their order.
    pub rows: Vec<Row>,
    /// Ratios that are shown without a goal, beside those of `goals`.
    #[serde(default)]
    pub ratios: Vec<Pair>,
    /// What the ratios are to be.
    #[serde(default)]
    pub goals: Vec<Goal>,
}

/// What `x` stands for in the rows of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The quantity.
    pub name: String,
    /// Its unit; empty for a number of things.
    #[serde(default)]
    pub unit: String,
}

/// One row of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What stands in the first column; different from the table's other rows'.
    pub name: String,
    /// Its place on the table's axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// The samples of each contender, in the order in which they were taken and as many of each:
    /// those with the same index belong together. A contender that has nothing to show in this row
    /// is left out.
    pub samples: BTreeMap<String, Vec<f64>>,
}

/// Two contenders that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The contender whose samples are divided.
    pub of: String,
    /// The contender that they are divided by.
    pub over: String,
}

/// What the ratio of two contenders is to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// The contender whose samples are divided.
    pub of: String,
    /// The contender that they are divided by.
    pub over: String,
    /// Most that the ratio may be. Either this or `at_least` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Least that the ratio may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The rows that it is judged in; empty for every row that has both contenders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
}

/// A single number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it says.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its unit, as in [`Table::unit`]; empty for a number of things.
    #[serde(default)]
    pub unit: String,
    /// Most that it may be, where it has a goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Least that it may be, where it has a goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// A file of the bench that cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not JSON of this format.
    #[error("{path}: {source}", path = path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// What it says contradicts itself.
    #[error("{path}: {source}", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What.
        source: Box<FormatError>,
    },
    /// It is not named after its part.
    #[error("{path}: holds the part {name}", path = path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// The part's name.
        name: String,
    },
    /// There is no part in it.
    #[error("{path}: no part of the bench (*.json)", path = path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
    },
}

impl Part {
    /// Reads a part and checks it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is no part that makes sense.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let path_of = || path.to_owned();
        let bytes = std::fs::read(path).map_err(|source| FileError::Io {
            path: path_of(),
            source,
        })?;
        let part: Self = serde_json::from_slice(&bytes).map_err(|source| FileError::Json {
            path: path_of(),
            source,
        })?;
        part.check().map_err(|source| FileError::Format {
            path: path_of(),
            source: Box::new(source),
        })?;
        if path.file_stem().and_then(|stem| stem.to_str()) != Some(&part.name) {
            return Err(FileError::Name {
                path: path_of(),
                name: part.name,
            });
        }
        Ok(part)
    }

    /// Checks the part and writes it to `NAME.json` in `directory`.
    ///
    /// # Errors
    ///
    /// When it makes no sense, or the file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<PathBuf, FileError> {
        let path = directory.join(format!("{}.json", self.name));
        self.check().map_err(|source| FileError::Format {
            path: path.clone(),
            source: Box::new(source),
        })?;
        let json = serde_json::to_string_pretty(self).map_err(|source| FileError::Json {
            path: path.clone(),
            source,
        })?;
        std::fs::write(&path, json + "\n").map_err(|source| FileError::Io {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }
}

/// Reads every part in `directory`, in the order of the page: those of [`ORDER`]
/// first, others behind them by name.
///
/// # Errors
///
/// The first file that cannot be used, or that there is none.
pub fn read_all(directory: &Path) -> Result<Vec<Part>, FileError> {
    let failed = |source| FileError::Io {
        path: directory.to_owned(),
        source,
    };
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            parts.push(Part::read(&path)?);
        }
    }
    if parts.is_empty() {
        return Err(FileError::Empty {
            path: directory.to_owned(),
        });
    }
    let place = |part: &Part| {
        let known = ORDER.iter().position(|name| *name == part.name);
        known.unwrap_or(ORDER.len())
    };
    parts.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
    Ok(parts)
}
