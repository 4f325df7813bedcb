// SPDX-License-Identifier: GPL-2.0

//! What a part must be like, so that no figure on the page is made of nothing.

use super::{Fact, Goal, Part, Row, Table};
use std::collections::BTreeSet;
use thiserror::Error;

/// What is wrong with a part.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each says it in its message")]
pub enum FormatError {
    #[error("{0:?} is no name: lower-case letters, digits and - are")]
    Slug(String),
    #[error("two tables are called {0}")]
    TableTwice(String),
    #[error("table {table}: {name:?} stands there twice")]
    Twice { table: String, name: String },
    #[error("table {0} has no rows or no contenders")]
    Empty(String),
    #[error("table {table}, row {row}: {contender:?} is none of its contenders")]
    Stranger {
        table: String,
        row: String,
        contender: String,
    },
    #[error(
        "table {table}, row {row}: {contender:?} has {found} samples, another contender {expected}"
    )]
    Unequal {
        table: String,
        row: String,
        contender: String,
        found: usize,
        expected: usize,
    },
    #[error("table {table}, row {row}: no samples")]
    NoSamples { table: String, row: String },
    #[error("table {table}, row {row}: {value} of {contender:?} is no sample: it is not finite, or below 0")]
    Sample {
        table: String,
        row: String,
        contender: String,
        value: f64,
    },
    #[error("table {table}, row {row}: an x belongs to each row of a table that has an axis, and to no other")]
    X { table: String, row: String },
    #[error("table {table}: {contender:?} is compared and is none of its contenders")]
    Contender { table: String, contender: String },
    #[error("table {table}, row {row}: {of:?} is compared with {over:?}, which has a sample of 0")]
    OverZero {
        table: String,
        row: String,
        of: String,
        over: String,
    },
    #[error("table {table}: a goal is judged in row {row:?}, which is not there")]
    NoRow { table: String, row: String },
    #[error("table {table}, row {row}: a goal needs {of:?} and {over:?}, and one has no samples")]
    GoalWithout {
        table: String,
        row: String,
        of: String,
        over: String,
    },
    #[error("table {table}: no row has both {of:?} and {over:?}")]
    NeverJudged {
        table: String,
        of: String,
        over: String,
    },
    #[error("{0}: a goal is either at_most or at_least, and finite")]
    Bounds(String),
    #[error("fact {0:?}: its value is not finite")]
    Fact(String),
}

impl Part {
    /// Whether every figure that the part promises can be worked out.
    ///
    /// # Errors
    ///
    /// The first that cannot.
    pub fn check(&self) -> Result<(), FormatError> {
        slug(&self.name)?;
        let mut names = BTreeSet::new();
        for table in &self.tables {
            slug(&table.name)?;
            if !names.insert(&table.name) {
                return Err(FormatError::TableTwice(table.name.clone()));
            }
            table.check()?;
        }
        self.facts.iter().try_for_each(Fact::check)
    }
}

fn slug(name: &str) -> Result<(), FormatError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err(FormatError::Slug(name.to_owned()));
    }
    Ok(())
}

impl Table {
    fn check(&self) -> Result<(), FormatError> {
        let table = || self.name.clone();
        if self.rows.is_empty() || self.contenders.is_empty() {
            return Err(FormatError::Empty(table()));
        }
        self.once(self.contenders.iter())?;
        self.once(self.rows.iter().map(|row| &row.name))?;
        for row in &self.rows {
            self.check_row(row)?;
        }
        for pair in self.pairs() {
            for contender in [&pair.of, &pair.over] {
                if !self.contenders.contains(contender) {
                    return Err(FormatError::Contender {
                        table: table(),
                        contender: contender.clone(),
                    });
                }
            }
            self.check_pair(&pair.of, &pair.over)?;
        }
        self.goals.iter().try_for_each(|goal| self.check_goal(goal))
    }

    fn once<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), FormatError> {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                return Err(FormatError::Twice {
                    table: self.name.clone(),
                    name: name.clone(),
                });
            }
        }
        Ok(())
    }

    fn check_row(&self, row: &Row) -> Result<(), FormatError> {
        let (table, name) = (|| self.name.clone(), || row.name.clone());
        if row.x.is_some() != self.x.is_some() || row.x.is_some_and(|x| !x.is_finite()) {
            return Err(FormatError::X {
                table: table(),
                row: name(),
            });
        }
        let mut expected = None;
        for (contender, samples) in &row.samples {
            let contender = || contender.clone();
            if !self.contenders.contains(&contender()) {
                return Err(FormatError::Stranger {
                    table: table(),
                    row: name(),
                    contender: contender(),
                });
            }
            let expected = *expected.get_or_insert(samples.len());
            if samples.len() != expected {
                return Err(FormatError::Unequal {
                    table: table(),
                    row: name(),
                    contender: contender(),
                    found: samples.len(),
                    expected,
                });
            }
            let wrong = |value: &&f64| !value.is_finite() || **value < 0.0;
            if let Some(value) = samples.iter().find(wrong) {
                return Err(FormatError::Sample {
                    table: table(),
                    row: name(),
                    contender: contender(),
                    value: *value,
                });
            }
        }
        if matches!(expected, None | Some(0)) {
            return Err(FormatError::NoSamples {
                table: table(),
                row: name(),
            });
        }
        Ok(())
    }

    fn check_pair(&self, of: &str, over: &str) -> Result<(), FormatError> {
        let mut compared = false;
        for row in &self.rows {
            let (Some(_), Some(divisors)) = (row.samples.get(of), row.samples.get(over)) else {
                continue;
            };
            compared = true;
            if divisors.contains(&0.0) {
                return Err(FormatError::OverZero {
                    table: self.name.clone(),
                    row: row.name.clone(),
                    of: of.to_owned(),
                    over: over.to_owned(),
                });
            }
        }
        if compared {
            return Ok(());
        }
        Err(FormatError::NeverJudged {
            table: self.name.clone(),
            of: of.to_owned(),
            over: over.to_owned(),
        })
    }

    fn check_goal(&self, goal: &Goal) -> Result<(), FormatError> {
        bounds(goal.at_most, goal.at_least)
            .filter(|bounds| *bounds == 1)
            .ok_or_else(|| FormatError::Bounds(format!("table {}", self.name)))?;
        for name in &goal.rows {
            let row = self.rows.iter().find(|row| row.name == *name);
            let row = row.ok_or_else(|| FormatError::NoRow {
                table: self.name.clone(),
                row: name.clone(),
            })?;
            let has = |contender| row.samples.contains_key(contender);
            if !has(&goal.of) || !has(&goal.over) {
                return Err(FormatError::GoalWithout {
                    table: self.name.clone(),
                    row: name.clone(),
                    of: goal.of.clone(),
                    over: goal.over.clone(),
                });
            }
        }
        Ok(())
    }
}

/// How many bounds there are; `None` when one is no number.
fn bounds(at_most: Option<f64>, at_least: Option<f64>) -> Option<usize> {
    let given = || at_most.into_iter().chain(at_least);
    given().all(f64::is_finite).then(|| given().count())
}

impl Fact {
    fn check(&self) -> Result<(), FormatError> {
        if !self.value.is_finite() {
            return Err(FormatError::Fact(self.name.clone()));
        }
        bounds(self.at_most, self.at_least)
            .filter(|bounds| *bounds <= 1)
            .map(drop)
            .ok_or_else(|| FormatError::Bounds(format!("fact {:?}", self.name)))
    }
}
