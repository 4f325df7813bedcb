// SPDX-License-Identifier: GPL-2.0

//! What the samples say: ratios, and whether the goals are hit.

use crate::format::{Fact, Goal, Pair, Row, Table};
use crate::stats::{ratios, Quartiles};

/// What a figure is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bound {
    /// The bound that is given; `None` where there is none.
    pub fn given(at_most: Option<f64>, at_least: Option<f64>) -> Option<Self> {
        at_most.map(Self::AtMost).or(at_least.map(Self::AtLeast))
    }

    /// Whether `figure` is what it is to be.
    pub fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }

    /// The number alone.
    pub const fn value(self) -> f64 {
        match self {
            Self::AtMost(value) | Self::AtLeast(value) => value,
        }
    }

    /// Whether `a` is farther from what it is to be than `b`, or less far beyond.
    fn is_worse(self, a: f64, b: f64) -> bool {
        match self {
            Self::AtMost(_) => a > b,
            Self::AtLeast(_) => a < b,
        }
    }
}

/// The ratio of two contenders in one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio<'a> {
    /// The row's name.
    pub row: &'a str,
    /// The ratios of its pairs.
    pub ratio: Quartiles,
}

/// A goal with what came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged<'a> {
    /// What the ratio is to be.
    pub bound: Bound,
    /// The rows that it is judged in, with their ratios; never empty.
    pub rows: Vec<Ratio<'a>>,
}

impl<'a> Judged<'a> {
    /// Judges `goal` of `table` on the median of each row; `None` for a goal that [`check`] refuses.
    ///
    /// [`check`]: crate::format::Part::check
    pub fn new(table: &'a Table, goal: &Goal) -> Option<Self> {
        let judged = |row: &&Row| goal.rows.is_empty() || goal.rows.contains(&row.name);
        let rows: Vec<Ratio<'a>> = table
            .rows
            .iter()
            .filter(judged)
            .filter_map(|row| {
                Some(Ratio {
                    row: &row.name,
                    ratio: row.ratio(&goal.of, &goal.over)?,
                })
            })
            .collect();
        let bound = Bound::given(goal.at_most, goal.at_least)?;
        (!rows.is_empty()).then_some(Self { bound, rows })
    }

    /// The rows that miss the goal.
    pub fn missed(&self) -> impl Iterator<Item = &Ratio<'a>> {
        self.rows
            .iter()
            .filter(|row| !self.bound.holds(row.ratio.median))
    }

    /// Whether every row hits it.
    pub fn is_hit(&self) -> bool {
        self.missed().next().is_none()
    }

    /// The row that is nearest to a miss, or farthest into it.
    pub fn worst(&self) -> &Ratio<'a> {
        let mut worst = &self.rows[0];
        for row in &self.rows {
            if self.bound.is_worse(row.ratio.median, worst.ratio.median) {
                worst = row;
            }
        }
        worst
    }
}

impl Row {
    /// The quartiles of a contender's samples; `None` when it has none.
    pub fn quartiles(&self, contender: &str) -> Option<Quartiles> {
        Quartiles::of(self.samples.get(contender)?)
    }

    /// The quartiles of the ratios of the pairs; `None` when a contender has no samples.
    pub fn ratio(&self, of: &str, over: &str) -> Option<Quartiles> {
        Quartiles::of(&ratios(self.samples.get(of)?, self.samples.get(over)?))
    }
}

impl Table {
    /// The contenders that are compared, each pair once: those with a goal first.
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = Vec::new();
        let goals = self.goals.iter().map(|goal| Pair {
            of: goal.of.clone(),
            over: goal.over.clone(),
        });
        for pair in goals.chain(self.ratios.iter().cloned()) {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        pairs
    }
}

impl Fact {
    /// What it is to be, and whether it is so; `None` where it has no goal.
    pub fn judged(&self) -> Option<(Bound, bool)> {
        let bound = Bound::given(self.at_most, self.at_least)?;
        Some((bound, bound.holds(self.value)))
    }
}
