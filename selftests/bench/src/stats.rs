// SPDX-License-Identifier: GPL-2.0

//! Median and quartiles: nothing else is told of a sample, as a shared machine's times have no
//! distribution that a mean or a deviation would describe.

/// The three quartiles of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quartiles {
    /// A quarter of the values lies below it.
    pub low: f64,
    /// The second quartile.
    pub median: f64,
    /// A quarter of the values lies above it.
    pub high: f64,
}

impl Quartiles {
    /// The quartiles of `values`, between two of them in proportion (method 7 of Hyndman and Fan 1996,
    /// "inclusive" elsewhere); `None` when there is no value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            low: quantile(&sorted, 0.25)?,
            median: quantile(&sorted, 0.5)?,
            high: quantile(&sorted, 0.75)?,
        })
    }
}

/// The value below which `part` of `sorted` lies.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * part;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

/// The ratio of each pair: `of[i] / over[i]`.
pub fn ratios(of: &[f64], over: &[f64]) -> Vec<f64> {
    of.iter().zip(over).map(|(of, over)| of / over).collect()
}
