// SPDX-License-Identifier: GPL-2.0

//! Samples that belong together.

use std::collections::BTreeMap;

/// Something that is measured: its name in the table, and what takes one sample of it.
pub type Contender<'a, E> = (&'a str, Box<dyn FnMut() -> Result<f64, E> + 'a>);

/// Takes `count` samples of each contender, in turn: each round takes one of every contender and
/// begins with another one, so that none always runs in the caches that another one left. A round
/// before them is not counted.
///
/// # Errors
///
/// The first sample that could not be taken.
pub fn interleave<E>(
    count: usize,
    contenders: &mut [Contender<'_, E>],
) -> Result<BTreeMap<String, Vec<f64>>, E> {
    let mut samples: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let number = contenders.len();
    for round in 0..=count {
        for turn in 0..number {
            let (name, sample) = &mut contenders[(round + turn) % number];
            let value = sample()?;
            let taken = samples.entry((*name).to_owned()).or_default();
            if round > 0 {
                taken.push(value);
            }
        }
    }
    Ok(samples)
}
