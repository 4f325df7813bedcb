// SPDX-License-Identifier: GPL-2.0

//! Lists on the host.

use crate::plan::{Lists, Sheet};
use crate::verify::policy::Policy;
use alloc::vec::Vec;
use core::convert::Infallible;

/// Memory of the host, which is always there.
#[derive(Clone, Copy, Debug)]
pub struct Heap;

impl Lists for Heap {
    type List<T> = Vec<T>;
    type Error = Infallible;

    fn list<T>(items: impl Iterator<Item = T>) -> Result<Vec<T>, Infallible> {
        Ok(items.collect())
    }
}

/// Reads `policy`.
pub fn sheet<'p>(policy: &Policy<'p>) -> Sheet<'p, Heap> {
    let Ok(sheet) = Sheet::of(policy);
    sheet
}
