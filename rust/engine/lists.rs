// SPDX-License-Identifier: GPL-2.0

//! Lists in the kernel's memory.

use crate::plan::Lists;
use kernel::prelude::*;

/// Memory of the kernel.
pub(crate) struct KernelLists;

impl Lists for KernelLists {
    type List<T> = KVVec<T>;
    type Error = Error;

    fn list<T>(items: impl Iterator<Item = T>) -> Result<KVVec<T>> {
        let mut list = KVVec::new();
        for item in items {
            list.push(item, GFP_KERNEL)?;
        }
        Ok(list)
    }
}
